"""What programs say of sessions, by keyword: the options of the command line under their Python names."""

from __future__ import annotations

import os
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from migrator.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    OneOrMore = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
    When = str | date

Subdirs = Literal["nearest", "keep", "flatten"]
UndoFiles = Literal["auto", "carry", "detach"]
OnConflict = Literal["abort", "skip"]


class SelectKeywords(TypedDict, total=False):
    """Which sessions are meant; whole trees are. Each means what the option of its name does.

    `from_...` and `orphans` choose: those of one kind add up, different kinds narrow each other, unless `match` is
    "any". `with_forks` takes along what opencode 2 forked from them; the others take away. `orphans` is True, or the
    names of rules; `since` and `until` are texts as the command line takes them, or times of Python, which are local
    where they have no zone.
    """

    from_dir: OneOrMore
    exact: bool
    from_project: OneOrMore
    from_id: OneOrMore
    from_workspaces: OneOrMore
    orphans: bool | OneOrMore
    exclude_dir: OneOrMore
    exclude_from: OneOrMore
    title: OneOrMore
    since: When
    until: When
    archived: bool
    match: Literal["all", "any"]
    with_forks: bool


class MoveKeywords(SelectKeywords, total=False):
    """Which sessions to move, and where to: the options of `move`."""

    to_dir: str | os.PathLike[str] | None
    to_project: str | None
    subdirs: Subdirs
    undo_files: UndoFiles
    announce: bool


class ListKeywords(TypedDict, total=False):
    """Which sessions a list shows: the parameters of opencode's session history proposal.

    `directory` is compared as opencode stored it, `start` is the earliest update in milliseconds, `search` a part of
    the title; `archived` shows those too. At most `limit` sessions.
    """

    directory: str | os.PathLike[str] | None
    roots: bool
    start: int | None
    search: str | None
    archived: bool
    workspace: str | None
    limit: int | None


class WriteKeywords(TypedDict, total=False):
    """How something is carried out: the options of every command that writes.

    `wait` is how many seconds to wait for whoever has the database open, `chunk_size` the sessions in one transaction.
    """

    on_conflict: OnConflict
    chunk_size: int | None
    wait: float


_PLURAL = frozenset(
    {"from_dir", "from_project", "from_id", "from_workspaces", "orphans", "exclude_dir", "exclude_from", "title"}
)


def plain_values(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return keywords as JSON could hold them, what is None left out: lists of strings, strings, booleans, numbers."""
    found: dict[str, Any] = {}
    for name, value in said.items():
        if value is None or (name == "orphans" and value is False):
            continue
        if isinstance(value, date):
            found[name] = _moment(value)
        elif isinstance(value, (bool, int, float)) or not (name in _PLURAL or isinstance(value, (list, tuple))):
            found[name] = os.fspath(value) if isinstance(value, os.PathLike) else value
        else:
            found[name] = _texts(name, value)
    return found


def as_typed_values(said: SelectKeywords) -> dict[str, Any]:
    """Return selectors as the command line has them once they were read."""
    from migrator_selectors.from_orphans import EVERY_RULE

    check_keywords(said)
    found = plain_values(said)
    return found | ({"orphans": [EVERY_RULE]} if found.get("orphans") is True else {})


def _texts(name: str, value: Any) -> list[str]:
    several: Iterable[Any] = (value,) if isinstance(value, (str, os.PathLike)) else value
    texts = [os.fspath(text) for text in several]
    if name == "from_id" and "-" in texts:
        raise BadInput("from_id: - is standard input on the command line only; give the ids.")
    return texts


def _moment(value: date) -> str:
    return (value.astimezone() if isinstance(value, datetime) and value.tzinfo is None else value).isoformat()


def check_keywords(said: Mapping[str, Any]) -> None:
    """Raise TypeError where a keyword is none; those of selectors that other packages bring are known."""
    from migrator.selection.query import selector_plugins

    names = {option.name for plugin in selector_plugins() for option in plugin.options()} | {"match", "with_forks"}
    for name in said:
        if name not in names:
            raise TypeError(f"{name} selects nothing; there are {', '.join(sorted(filter(None, names)))}")


def check_choice(name: str, value: str, allowed: Sequence[str]) -> None:
    """Raise BadInput where a keyword has a value that it can't have."""
    if value not in allowed:
        raise BadInput(f"{name} is {value!r}; it can be {', '.join(allowed[:-1])} or {allowed[-1]}.")
