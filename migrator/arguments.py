"""What a face asks for: one frozen request for each verb, the choices of options, and the keywords of the Python API.

The command line, the server and the Python API build the same requests; operations/ can't tell which one asked.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from migrator.errors import BadInput
from migrator.model import FolderState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from migrator.choices import FileUndoPolicy, OnConflict, OnDuplicate, SearchedIn, Subdirs
    from migrator.output.output_file import OutputFile

    OneOrMore = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
    When = str | date
    Folders = Mapping[str | os.PathLike[str], str | os.PathLike[str]]

KEEP = "keep"
"""A destination or project that means each session's own."""


# -- requests --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SelectRequest:
    """Which sessions are meant.

    `options` are the values of the selectors' options, those of plug-ins too, by their Python names, as click reads
    them. `match_any` makes all that chooses add up; `with_forks` takes along what opencode 2 forked from the selected.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    match_any: bool = False
    with_forks: bool = False


@dataclass(frozen=True, slots=True)
class ListRequest:
    """List one page of the selected sessions, of those of every project (`everywhere`), or of what opencode lists here.

    `roots` leaves out children, False lists them too; by default a child is listed only if it is asked for (selected,
    searched for, or in the directory or project that is) and its parent isn't. `limit` 0 means all; by default a list
    of what is here has at most 100. `cursor` is where the page before ended; `counted` asks for how many sessions all
    pages have. The other fields are those of `ListFilter`.
    """

    select: SelectRequest = SelectRequest()
    everywhere: bool = False
    directory: str | None = None
    roots: bool | None = None
    start: int | None = None
    search: str | None = None
    workspace: str | None = None
    hide_archived: bool = False
    limit: int | None = None
    cursor: str | None = None
    project_id: str | None = None
    counted: bool = False


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """Move the selected sessions to one directory.

    `to_dir`: a directory, KEEP, or None for the default; `to_project`: id, name, path, KEEP or None, as typed with
    `project_option`. `announce` tells the model of opencode 2 of another directory.
    """

    select: SelectRequest = SelectRequest()
    to_dir: str | None = None
    to_project: str | None = None
    subdirs: Subdirs = "nearest"
    undo_files: FileUndoPolicy = "auto"
    announce: bool = True
    project_option: str = "--to-project"


@dataclass(frozen=True, slots=True)
class MigrateRequest:
    """Move one session, named by its id or the start of it, with its tree; the other fields are those of a move."""

    session: str
    directory: str | None = None
    project: str | None = None
    undo_files: FileUndoPolicy = "auto"
    announce: bool = True
    with_forks: bool = False
    project_option: str = "--project"


@dataclass(frozen=True, slots=True)
class ConsolidateRequest:
    """Move the sessions of a repository's workspaces to one of them, by default to the main working copy.

    `repository` is a directory in any workspace, or a project; `only` and `but` are patterns that name workspaces.
    """

    repository: str
    to_dir: str | None = None
    only: Sequence[str] = ()
    but: Sequence[str] = ()
    subdirs: Subdirs = "nearest"
    undo_files: FileUndoPolicy = "auto"
    announce: bool = True


@dataclass(frozen=True, slots=True)
class RelocateRequest:
    """Follow folders that moved; `state` says where they are.

    `words` are `OLD NEW` or any number of `OLD=NEW`; `listed` the lines of a map and the name of its file; `folders`
    pairs of an old and a new path. With `copied` the old folders may still be there. `project`, an id, name or path,
    takes only what is bound to it: something else may be where the old folders were.
    """

    words: Sequence[str] = ()
    listed: tuple[Sequence[str], str] = ((), "")
    state: FolderState = FolderState.MOVED
    copied: bool = False
    undo_files: FileUndoPolicy = "auto"
    announce: bool = True
    project: str | None = None
    folders: Sequence[tuple[str, str]] = ()


def folder_state(given: Mapping[str, bool]) -> FolderState:
    """Return what the options `will-move`, `foreign` and `copied` say, in this order, under whatever names.

    Raises BadInput if several are given.
    """
    if sum(given.values()) > 1:
        named = " and ".join(name for name, is_given in given.items() if is_given)
        raise BadInput(f"{named} exclude each other: they say where the folder is.")
    will_move, foreign, _ = given.values()
    return FolderState.WILL_MOVE if will_move else FolderState.FOREIGN if foreign else FolderState.MOVED


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """Where to look for the homes of lost sessions: below `directories`, `depth` levels deep (None: the default)."""

    directories: Sequence[str] = ()
    depth: int | None = None


@dataclass(frozen=True, slots=True)
class OrphansRequest:
    """List lost sessions: those that `rules` find, all without one; of the selected sessions, if any are selected.

    `rule_option` is what the names of rules were typed with.
    """

    rules: Sequence[str] = ()
    search: SearchRequest = SearchRequest()
    select: SelectRequest = SelectRequest()
    rule_option: str = "--rule"


@dataclass(frozen=True, slots=True)
class RescueRequest:
    """Bring lost sessions home: those that `rules` find, all without one; of the selected sessions, if any are.

    With `likely`, to likely homes too. `rule_option` is what the names of rules were typed with.
    """

    rules: Sequence[str] = ()
    likely: bool = False
    search: SearchRequest = SearchRequest()
    undo_files: FileUndoPolicy = "auto"
    announce: bool = True
    select: SelectRequest = SelectRequest()
    rule_option: str = "--rule"


@dataclass(frozen=True, slots=True)
class ProtectRequest:
    """Mend or detach the file undo that would delete files, of the selected sessions or of all."""

    select: SelectRequest = SelectRequest()
    undo_files: FileUndoPolicy = "auto"


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """Bring the selected sessions of the database `other`, all of them without a selector, into this one.

    Without `other` it is that of a release `channel`, which lies beside this one.

    `words` are `OLD=NEW`, mapping directories of the other database to some that are here; `to_dir` is one directory
    for all. With `foreign` sessions whose directories aren't here are taken as they are. `remove` takes out of the
    other database what is here afterwards. `with_opencode` is the user's opencode 2, which makes sessions of opencode 1
    its own; without it none come into a database of opencode 2.
    """

    other: str | None
    select: SelectRequest = SelectRequest()
    to_dir: str | None = None
    words: Sequence[str] = ()
    foreign: bool = False
    subdirs: Subdirs = "nearest"
    on_duplicate: OnDuplicate = "longer"
    undo_files: FileUndoPolicy = "auto"
    announce: bool = True
    remove: bool = False
    channel: str | None = None
    with_opencode: str | None = None


PlanRequest = MoveRequest | RescueRequest | RelocateRequest | ConsolidateRequest | ProtectRequest | MergeRequest


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """How a plan is carried out.

    `command` is what the journal says of the request. `chunk_size` is sessions in one transaction, None lets it follow
    the time that a chunk takes. `wait` is seconds to wait for others that have the database open, `backup` a file to
    copy it to first. `progress` is called with the number of sessions of each chunk that is written.
    `trust_locks` lets it write where locks may not keep others out.
    """

    command: str = ""
    chunk_size: int | None = None
    on_conflict: OnConflict = "abort"
    wait: float = 0.0
    backup: OutputFile | None = None
    progress: Callable[[int], None] = lambda _: None
    trust_locks: bool = False


# -- keywords of programs --------------------------------------------------------------------------------------------


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
    containing: OneOrMore
    containing_in: SearchedIn | list[SearchedIn]
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
    undo_files: FileUndoPolicy
    announce: bool


class RescueKeywords(SelectKeywords, total=False):
    """Which lost sessions to bring home, all without a selector, and how: the options of `rescue`."""

    rule: OneOrMore
    likely: bool
    search: OneOrMore
    search_depth: int | None
    undo_files: FileUndoPolicy
    announce: bool


class RelocateKeywords(TypedDict, total=False):
    """How to follow folders that moved: the options of `relocate`."""

    will_move: bool
    foreign: bool
    copied: bool
    from_project: str
    undo_files: FileUndoPolicy
    announce: bool


class ConsolidateKeywords(TypedDict, total=False):
    """How to gather the sessions of a repository's workspaces: the options of `consolidate`; `but` is `--except`."""

    to_dir: str | os.PathLike[str] | None
    only: OneOrMore
    but: OneOrMore
    subdirs: Subdirs
    undo_files: FileUndoPolicy
    announce: bool


class MergeKeywords(SelectKeywords, total=False):
    """Which sessions of another database to bring in, all without a selector, and how: the options of `merge`.

    `folders` has the old path of each folder with its new one, as `--map` does. `from_channel` names the database of a
    release channel, if no other is named.
    """

    from_channel: str | None
    to_dir: str | os.PathLike[str] | None
    folders: Folders
    foreign: bool
    on_duplicate: OnDuplicate
    subdirs: Subdirs
    undo_files: FileUndoPolicy
    announce: bool


class ListKeywords(TypedDict, total=False):
    """Which sessions a list shows: the parameters of opencode's session history proposal.

    `directory` is compared as opencode stored it, `start` is the earliest update in milliseconds, `search` a part of
    the title; `archived` shows those too. At most `limit` sessions. `channel`, a name or a pattern as `*`, means the
    databases of these release channels beside this one; each row has its `database` then.
    """

    directory: str | os.PathLike[str] | None
    roots: bool
    start: int | None
    search: str | None
    archived: bool
    workspace: str | None
    limit: int | None
    channel: str | None


class WriteKeywords(TypedDict, total=False):
    """How a plan is carried out or a run taken back: the options of every command that writes.

    `wait` is how many seconds to wait for other processes that have the database open, `chunk_size` the sessions in one
    transaction. `trust_locks` says that nobody else has the database open, on whatever machine.
    """

    on_conflict: OnConflict
    chunk_size: int | None
    wait: float
    trust_locks: bool


_PLURAL = frozenset({
    "from_dir", "from_project", "from_id", "from_workspaces", "orphans", "containing", "containing_in",
    "exclude_dir", "exclude_from", "title", "rule", "search",
})  # fmt: skip


def plain_values(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return keywords as JSON could hold them, without those that are None: text, lists of it, booleans, numbers."""
    found: dict[str, Any] = {}
    for name, value in keywords.items():
        if value is None or (name == "orphans" and value is False):
            continue
        if isinstance(value, date):
            found[name] = _moment(value)
        elif isinstance(value, (bool, int, float)) or not (name in _PLURAL or isinstance(value, (list, tuple))):
            found[name] = os.fspath(value) if isinstance(value, os.PathLike) else value
        else:
            found[name] = _texts(name, value)
    return found


def _texts(name: str, value: Any) -> list[str]:
    several: Iterable[Any] = (value,) if isinstance(value, (str, os.PathLike)) else value
    texts = [os.fspath(text) for text in several]
    if name == "from_id" and "-" in texts:
        raise BadInput("A from_id of - is standard input on the command line only; give the ids.")
    return texts


def _moment(value: date) -> str:
    return (value.astimezone() if isinstance(value, datetime) and value.tzinfo is None else value).isoformat()
