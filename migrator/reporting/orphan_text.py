"""Lost sessions for people: those of one directory and with the same reasons together; readable at 80 columns."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.model import Certainty
from migrator.orphans.hidden import DAYS, LISTED, HiddenBy
from migrator.orphans.other_machine import folder_to_follow
from migrator.paths import comparable, looks_foreign
from migrator.reporting.rows import View
from migrator.reporting.style import SHOWS_ALL, styled
from migrator.store.other_databases import OTHER_DATABASE
from migrator.text import (
    agree,
    and_more,
    cells,
    count,
    our_command,
    printable,
    shortened,
    shortened_path,
    tilde,
    tilde_in,
    title_text,
    wrapped,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from migrator.model import Orphan, Reason
    from migrator.orphans.hidden import HiddenCounts
    from migrator.store.other_databases import OtherDatabase

ALL_SHOWN = 30
"""Up to so many lost sessions, each has its line."""

SHOWN = 3
"""Sessions shown of each group where there are more than ALL_SHOWN in all."""

_EVIDENCE_SHOWN = 2


def orphan_text(
    orphans: Sequence[Orphan],
    width: int = 80,
    view: View | None = None,
    *,
    verbose: bool = False,
) -> Iterator[str]:
    """Yield the lines: for each group the directory, every reason with its evidence, where it belongs, sessions.

    `view` says how times and ids are written.
    """
    view = view or View()
    shown = len(orphans) if verbose or len(orphans) <= ALL_SHOWN else SHOWN
    for group in grouped_orphans(orphans):
        told = [orphan.session for orphan in group[:shown]]
        ids, times = _padded([view.id(each.id) for each in told]), _padded([view.time(each.updated) for each in told])
        lines = [f"{id_}  {time}  {title_text(each.title)}" for id_, time, each in zip(ids, times, told, strict=True)]
        yield from _group(group, width, lines)
        yield ""


def _padded(texts: Sequence[str]) -> list[str]:
    width = max(map(cells, map(printable, texts)), default=0)
    return [text + " " * (width - cells(printable(text))) for text in texts]


def summary(orphans: Sequence[Orphan], counts: Mapping[str, int]) -> str:
    """Return how many there are, and how many of them each rule found."""
    rules = ", ".join(f"{name} {number:,}" for name, number in counts.items())
    return f"{count(len(orphans), 'lost session')} in {_directories(orphans)}: {rules}."


def in_place_text(
    hidden: HiddenCounts | None, commands: Sequence[str], only_in_2: int, others: Iterable[OtherDatabase]
) -> Iterator[str]:
    """Yield what else people should know: which sessions are in place and hidden, or not seen by opencode 1.

    Also which other databases nobody could look into. `commands` list all sessions and explain one.
    """
    if hidden and hidden.sessions:
        numbers = {reason: hidden.by[reason] for reason in HiddenBy if hidden.by.get(reason, 0)}
        reasons = ", ".join(f"{number:,} {_hidden(reason, number)}" for reason, number in numbers.items())
        one = hidden.sessions == 1
        they, them = ("is where it belongs", "it") if one else ("are where they belong", "them")
        yield (
            f"{count(hidden.sessions, 'session')} {they}, but not in every list of opencode's: "
            f"{reasons}. `{commands[0]}` shows {them}, `{commands[1]}` says which list"
            f"{'' if one else ' leaves out one of them'} and how to open it."
        )
    if only_in_2:
        yield (
            f"Looked at as opencode 2 does, whose database it is now: {count(only_in_2, 'session')} only opencode 2 "
            "has, and opencode 1 doesn't show."
        )
    for other in (each for each in others if each.unread):
        yield (
            f"{other.path.name} beside this database can't be read ({other.unread}), so nobody can tell whether it has "
            "sessions that aren't here."
        )


def other_system_text(orphans: Iterable[Orphan]) -> Iterator[str]:
    """Yield how sessions of another system are followed of which nothing tells where they may be here."""
    found = [each.session.directory for each in orphans if not each.commands and not each.suggestion]
    spelled = [folder_to_follow(directory) for directory in found if looks_foreign(directory)]
    folders = Counter(comparable(folder) for folder in spelled)
    if folders:
        ((name, inside),) = folders.most_common(1)
        folder = next(folder for folder in spelled if comparable(folder) == name)
        command = our_command("relocate", "--foreign", folder, "NEW")
        part = f", {inside} of them in {folder}" if len(folders) > 1 else ""
        yield (
            f"{count(folders.total(), 'session')} of another system{part}: `{command}` follows "
            f"{'that folder' if part else f'the folder {folder}'} to what it is here, NEW."
        )


def tie_question(folder: str, sessions: int) -> str:
    """Ask where the sessions of a folder belong that several directories may be now."""
    lost = "does the session" if sessions == 1 else f"do these {count(sessions, 'session')}"
    return f"Where {lost} of {tilde(folder)} belong?"


def _hidden(reason: HiddenBy, number: int) -> str:
    """Return why a list leaves out so many sessions, as the rest of a sentence that begins with their number."""
    if reason is HiddenBy.AGE:
        return f"{agree(number, 'was')} last used more than {DAYS} days ago"
    if reason is HiddenBy.NUMBER:
        return f"{agree(number, 'comes')} after the first {LISTED}"
    return f"{agree(number, 'is')} archived"


def grouped_orphans(orphans: Iterable[Orphan]) -> list[list[Orphan]]:
    """Group orphans that differ in nothing but evidence, the largest group first; each other database is one."""
    groups: dict[tuple[object, ...], list[Orphan]] = {}
    kinds: dict[tuple[Reason, ...], tuple[object, ...]] = {}
    for orphan in orphans:
        why = orphan.reasons
        kind = kinds.get(why) or kinds.setdefault(why, tuple((reason.rule, reason.certainty) for reason in why))
        where = why if _is_elsewhere(orphan) else orphan.session.directory
        groups.setdefault((where, kind, orphan.suggestion, orphan.rivals), []).append(orphan)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0].session.directory))


def place_of(group: Sequence[Orphan]) -> str:
    """Return where the sessions of a group are, as its heading."""
    if _is_elsewhere(group[0]):
        return f"not in this database, in {_directories(group)}"
    return tilde(group[0].session.directory) or "(no directory known)"


def _is_elsewhere(orphan: Orphan) -> bool:
    return orphan.reasons[0].rule == OTHER_DATABASE


def _directories(orphans: Sequence[Orphan]) -> str:
    return count(len({orphan.session.directory for orphan in orphans}), "directory", "directories")


def _group(group: Sequence[Orphan], width: int, lines: Sequence[str]) -> Iterator[str]:
    first = group[0]
    counted = count(len(group), "session")
    yield styled(shortened_path(place_of(group), width - cells(counted) - 2), fg="cyan") + f"  {counted}"
    for number, reason in enumerate(first.reasons):
        yield from _reason(reason, [orphan.reasons[number] for orphan in group], width)
    yield from _home(first, width)
    yield from (styled(f"  {shortened(line, width - 2)}", dim=True) for line in lines)
    if len(group) > len(lines):
        yield styled(f" {and_more(len(group) - len(lines))}; {SHOWS_ALL.get()}", dim=True)


def _reason(reason: Reason, alike: Sequence[Reason], width: int) -> Iterator[str]:
    evidences = list(dict.fromkeys(other.evidence for other in alike))
    more = f" (and {len(evidences) - _EVIDENCE_SHOWN:,} like it)" if len(evidences) > _EVIDENCE_SHOWN else ""
    text = "; ".join(evidences[:_EVIDENCE_SHOWN]) + more
    sure = "" if reason.certainty is Certainty.CERTAIN else f" ({reason.certainty.value})"
    color = "red" if reason.certainty is Certainty.CERTAIN else "yellow"
    yield from labelled_lines(reason.rule + sure, text, width, color)


def _home(orphan: Orphan, width: int) -> Iterator[str]:
    home = orphan.suggestion
    if home is not None:
        where = "stays where it is" if home.directory == orphan.session.directory else home.directory
        yield from labelled_lines(f"home ({home.certainty.value})", f"{where}; {home.because}", width, "green")
    elif orphan.rivals:
        yield from tie_lines(orphan, width)


def tie_lines(orphan: Orphan, width: int) -> Iterator[str]:
    """Yield the directories where a lost session may belong, and the commands that say which it is, each whole."""
    yield from labelled_lines("home", f"{' or '.join(orphan.rivals)}; {to_settle(orphan.commands)}", width, "yellow")
    yield from (f"    {command}" for command in orphan.commands)


def to_settle(commands: Sequence[str]) -> str:
    """Return the words before the commands that say which of several directories it is, or that it is the only one."""
    return "nothing tells which. To say which it is:" if len(commands) > 1 else "nothing here proves it. To say so:"


def labelled_lines(label: str, text: str, width: int, color: str) -> Iterator[str]:
    """Yield `label: text` in as many indented lines as it takes; the home directory is written as ~."""
    first, *rest = wrapped(tilde_in(printable(f"{label}: {text}")), width - 2, "  ")
    head, colon, tail = first.partition(":")
    yield f"  {styled(head, fg=color)}{colon}{tail}"
    yield from (f"  {line}" for line in rest)


def labelled_line(label: str, text: str, width: int, color: str) -> str:
    """Return `label: text` as the first of these lines, cut where it doesn't fit."""
    head, colon, tail = shortened(tilde_in(f"{label}: {text}"), width - 2).partition(":")
    return f"  {styled(head, fg=color)}{colon}{tail}"
