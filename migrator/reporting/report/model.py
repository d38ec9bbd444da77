"""What a report says, whatever it is of and however it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.reporting.next_steps import Step


class Tone(StrEnum):
    """How good the news is; it decides a colour, which never stands alone."""

    GOOD = "good"
    CAUTION = "caution"
    BAD = "bad"
    PLAIN = "plain"


class Fact(NamedTuple):
    """One answer to what a person asks first."""

    label: str
    value: str
    detail: str = ""
    tone: Tone = Tone.PLAIN


class Share(NamedTuple):
    """So many sessions of which the same is true."""

    words: str
    sessions: int
    tone: Tone


class Link(NamedTuple):
    """Sessions that go the same way, in the same tone; `words` say what the tone means."""

    source: str
    target: str
    part: Share


@dataclass(frozen=True, slots=True)
class Flow:
    """Where sessions come from and go to; `title` says it in words, the headings stand above both sides.

    `colour_heading` says what the colours tell.
    """

    title: str
    source_heading: str
    target_heading: str
    colour_heading: str
    links: tuple[Link, ...]


class Values(NamedTuple):
    """A field of so many sessions, before and after."""

    field: str
    before: str
    after: str
    sessions: int


class ReportRow(NamedTuple):
    """One session: `cells` for the columns of its group, each with any number of lines."""

    title: str
    id: str
    note: str
    cells: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Sessions of which the same is said; `hidden` more have no row, and `hidden_values` more values aren't listed.

    `target` is where they go or what becomes of them, in the `target_tone`; None where they only stay.
    """

    source: str
    target: str | None
    sessions: int
    detail: str
    parts: tuple[Share, ...] = ()
    reasons: tuple[tuple[str, str], ...] = ()
    commands: tuple[str, ...] = ()
    values: tuple[Values, ...] = ()
    hidden_values: int = 0
    columns: tuple[str, ...] = ()
    rows: tuple[ReportRow, ...] = ()
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """Groups under one heading; `hidden_groups` more, with `hidden` sessions, aren't listed."""

    heading: str
    groups: tuple[Group, ...]
    hidden_groups: int = 0
    hidden: int = 0


class Note(NamedTuple):
    """What a person should know before going on, and the commands that settle it; `alike` are more of its kind."""

    label: str
    text: str
    commands: tuple[str, ...] = ()
    tone: Tone = Tone.CAUTION
    alike: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A report. `verdict` answers whether anything is lost; `whole` is the command that prints all of it as JSON.

    Every second piece of `lead` is a directory. `changes` are lines on what changes besides sessions. `database` is the
    path of opencode's database.
    """

    title: str
    lead: tuple[str, ...]
    verdict: Note
    facts: tuple[Fact, ...]
    database: str
    flow: Flow | None = None
    notes: tuple[Note, ...] = ()
    hidden_notes: int = 0
    changes: tuple[Values, ...] = ()
    sections: tuple[Section, ...] = ()
    steps: tuple[Step, ...] = ()
    whole: str | None = None


ROWS, ROWS_OF_GROUP, GROUPS = 5_000, 200, 300
"""How many rows and groups a page has at most, so that it opens at once: it is then about 3 MB."""

NOTES, REASONS, VALUES = 50, 5, 10


def shares(sizes: Iterable[int]) -> Sequence[int]:
    """Return how many rows each group gets, the first groups first."""
    left, found = ROWS, []
    for size in sizes:
        found.append(min(size, ROWS_OF_GROUP, left))
        left -= found[-1]
    return found
