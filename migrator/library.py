"""`import migrator`: what the command line does, for programs; every public name here can be imported from `migrator`.

The examples run on the data of `opencode-migrator demo`.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.arguments import (
    ListRequest,
    MergeRequest,
    MoveRequest,
    OrphansRequest,
    RescueRequest,
    SearchRequest,
    SelectKeywords,
    SelectRequest,
    WriteRequest,
    plain_values,
)
from migrator.choices import FileUndoPolicy, OnConflict, OnDuplicate, Subdirs, check_choice
from migrator.errors import BadInput, MigratorError
from migrator.face import PYTHON, facing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Unpack

    from migrator.model import Listed, LoggedRun, Orphan, Plan, Project, Run, Selection
    from migrator.operations.context import CommandContext
    from migrator.operations.list import DatabasesList

    Progress = Callable[[int, int], None]
    """Called now and then with the number of sessions written so far, and of how many."""

_PAGE = 1000


def open_store(path: str | os.PathLike[str] | None = None, *, channel: str | None = None) -> OpenStore:
    """Find opencode's database, the one at `path` or the one that opencode would open, and check that it can be read.

    `channel` is the release channel whose database is meant. Raises MigratorError if there is none, or if it isn't a
    database of opencode of a version that we know; DatabaseInUse if another process has locked it.

    >>> import migrator
    >>> store = migrator.open_store()
    >>> store.path.name
    'opencode.db'
    >>> migrator.open_store("nowhere.db")
    Traceback (most recent call last):
        ...
    migrator.errors.MigratorError: There is no opencode database at nowhere.db (given by path); ...
    """
    from migrator.store.location import locate
    from migrator.store.reader import Store

    found = locate(None if path is None else str(path), channel, why="given by path").path
    Store(found).close()
    named = [] if path is None else ["--db", str(found)]
    return OpenStore(found, (*named, *([] if channel is None else ["--channel", channel])))


@dataclass(frozen=True, slots=True)
class OpenStore:
    """opencode's database at `path`.

    The file is open only while it is read, so it doesn't keep a plan from being applied.
    """

    path: Path
    _database_words: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @contextmanager
    def _open_context(self) -> Iterator[CommandContext]:
        from migrator.operations.context import CommandContext

        with facing(PYTHON), CommandContext(self.path, database_words=self._database_words) as context:
            yield context

    def history(  # noqa: PLR0913 - the parameters of opencode's session history proposal, by keyword
        self,
        *,
        directory: str | os.PathLike[str] | None = None,
        roots: bool = False,
        start: int | None = None,
        search: str | None = None,
        archived: bool = False,
        workspace: str | None = None,
        limit: int | None = None,
        channel: str | None = None,
    ) -> Iterator[Listed]:
        """Iterate over the sessions of every project, last updated first; a page is read when it is needed.

        `directory` is theirs, a path of Windows in any spelling, `start` the earliest update in milliseconds, `search`
        a part of the title; `archived` shows those too. At most `limit` sessions. No session is skipped or shown twice,
        unless it is updated meanwhile. With `channel`, a name or a pattern as `*`, they are those of the databases of
        these release channels beside this one, which are only read; each row has its `database` then. Raises
        MigratorError if one of them can't be read.

        >>> for listed in migrator.open_store().history(search="readme", limit=2):
        ...     print(listed.session.title, "|", Path(listed.session.directory).name)
        Summarise the README | shop-search
        """
        from migrator.model import Listed
        from migrator.operations.list import list_databases, list_sessions
        from migrator.store.location import databases_of_channels

        request = ListRequest(
            SelectRequest(), True, _text(directory), bool(roots), start, search, workspace, hide_archived=not archived
        )
        several = None if channel is None else databases_of_channels(str(self.path), [channel])
        left = limit
        while left is None or left > 0:
            request = replace(request, limit=_PAGE if left is None else min(_PAGE, left))
            if several is not None:
                listed, after = _listed_together(list_databases(several, request))
            else:
                with self._open_context() as context:
                    page = list_sessions(context, request)
                projects = {project.id: project for project in page.projects}
                listed = [Listed(session, projects.get(session.project_id)) for session in page.sessions]
                after = str(page.next) if page.next else None
            yield from listed
            if after is None:
                return
            request = replace(request, cursor=after)
            left = None if left is None else left - len(listed)

    def orphans(
        self, *rules: str, search: Sequence[str | os.PathLike[str]] = (), depth: int | None = None
    ) -> tuple[Orphan, ...]:
        """Return the sessions that opencode can't show or resume where they belong, last used first.

        `rules` keeps those that one of these rules finds. `search` are directories to search for what was
        moved, `depth` levels deep (default 5). Raises BadInput if there is no such rule.

        >>> lost = migrator.open_store().orphans("missing-directory")
        >>> lost[0].reasons[0].rule, lost[0].reasons[0].certainty.value
        ('missing-directory', 'certain')
        """
        from migrator.operations.orphans import list_orphans

        searched = SearchRequest([str(directory) for directory in search], depth)
        with self._open_context() as context:
            found = list_orphans(context, OrphansRequest(rules, searched, rule_option="orphans()"))
        return tuple(found.orphans)

    def projects(self) -> tuple[Project, ...]:
        """Return every project row.

        >>> sorted(project.label for project in migrator.open_store().projects())
        ['global', 'shop-api', 'shop-search']
        """
        with self._open_context() as context:
            return tuple(context.selector_context.projects())

    def runs(self) -> tuple[LoggedRun, ...]:
        """Return the runs on this database so far, newest first."""
        from migrator.operations.log import list_runs

        return tuple(list_runs(self.path))


def select(store: OpenStore, **keywords: Unpack[SelectKeywords]) -> Selection:
    """Select sessions; a selected session takes its whole tree along.

    Raises NothingMatched if there are none, BadInput for a value that makes no sense or if no keyword chooses any.

    >>> store = migrator.open_store()
    >>> selection = migrator.select(store, from_dir="~/src/shop-*", exclude_dir="~/src/shop-checkout")
    >>> len(selection.sessions)
    16
    >>> migrator.select(store, from_project="nosuch")
    Traceback (most recent call last):
        ...
    migrator.errors.NothingMatched: ...
    """
    from migrator.operations.select import select_sessions

    request = _select_request(keywords)
    with store._open_context() as context:  # noqa: SLF001 - the other half of this file
        return select_sessions(context, request)


def plan(  # noqa: PLR0913 - the options of `move`, by keyword
    store: OpenStore,
    selection: Selection,
    to_dir: str | os.PathLike[str] | None = None,
    *,
    to_project: str | None = None,
    subdirs: Subdirs = "nearest",
    undo_files: FileUndoPolicy = "auto",
    announce: bool = True,
) -> Plan:
    """Plan to move the selected sessions to a directory; nothing is written.

    Each keyword means what the option of its name does. Without `to_dir` they go to the root of the project
    `to_project`, or of the current directory's. Raises MigratorError if opencode would not find them there.

    >>> store = migrator.open_store()
    >>> moving = migrator.plan(store, migrator.select(store, from_dir="~/src/shop-*"), to_dir="~/src/shop")
    >>> len(moving.changes), sorted({Path(change.after.directory).name for change in moving.changes})
    (17, ['deep', 'shop'])
    """
    from migrator.operations.move import plan_selection

    check_choice("subdirs", subdirs, Subdirs)
    check_choice("undo_files", undo_files, FileUndoPolicy)
    request = MoveRequest(SelectRequest(), _text(to_dir), to_project, subdirs, undo_files, announce)
    with store._open_context() as context:  # noqa: SLF001 - as above
        return plan_selection(context, selection, request)


def plan_rescue(  # noqa: PLR0913 - the options of `rescue`, by keyword
    store: OpenStore,
    *,
    rule: str | Sequence[str] = (),
    likely: bool = False,
    search: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    search_depth: int | None = None,
    undo_files: FileUndoPolicy = "auto",
    announce: bool = True,
    **select: Unpack[SelectKeywords],
) -> Plan:
    """Plan to bring lost sessions home, all of them or those among the selected sessions; nothing is written.

    Each keyword means what the option of its name does. A warning with the code `still-lost` names each session that
    can't be brought home; its `lost` says why in parts. Raises NothingMatched if nothing is selected.

    >>> rescuing = migrator.plan_rescue(migrator.open_store(), from_dir="~/src/shop-*")
    >>> rescuing.warnings[0].code, rescuing.warnings[0].lost.rule
    ('still-lost', 'missing-directory')
    """
    from migrator.operations.rescue import plan_rescue as plan_it

    check_choice("undo_files", undo_files, FileUndoPolicy)
    texts = plain_values({"rule": rule, "search": search})
    searched = SearchRequest(texts["search"], search_depth)
    request = RescueRequest(
        texts["rule"], likely, searched, undo_files, announce, _select_request(select), rule_option="rule"
    )
    with store._open_context() as context:  # noqa: SLF001 - as above
        return plan_it(context, request)


def plan_merge(  # noqa: PLR0913 - the options of `merge`, by keyword
    store: OpenStore,
    other: str | os.PathLike[str] | None = None,
    *,
    from_channel: str | None = None,
    to_dir: str | os.PathLike[str] | None = None,
    map: Mapping[str, str] | None = None,  # noqa: A002 - as the option is called
    foreign: bool = False,
    on_duplicate: OnDuplicate = "longer",
    subdirs: Subdirs = "nearest",
    undo_files: FileUndoPolicy = "auto",
    announce: bool = True,
    remove_from_other: bool = False,
    with_opencode: str | os.PathLike[str] | None = None,
    **select: Unpack[SelectKeywords],
) -> Plan:
    """Plan to bring sessions of the database at `other` into this one, all of them or those that are selected there.

    Without `other`, those of the database of the release channel `from_channel` beside this one. Nothing is written,
    and the other database is only read, also when the plan is applied, unless `remove_from_other` says that they leave
    it. `map` maps directories of the other database to those that they are here. Each other keyword means what the
    option of its name does. The plan's `merge` compares every session with what is here. `with_opencode` is a program:
    it runs here, and again when the plan is applied.
    Raises MigratorError if rows of that database can't be rows of this one.

    >>> store = migrator.open_store()
    >>> migrator.plan_merge(store, store.path)
    Traceback (most recent call last):
        ...
    migrator.errors.BadInput: ... is the database that sessions would come into; name another one.
    """
    from migrator.operations.merge import plan_merge as plan_it

    for name, value, choices in (
        ("on_duplicate", on_duplicate, OnDuplicate),
        ("subdirs", subdirs, Subdirs),
        ("undo_files", undo_files, FileUndoPolicy),
    ):
        check_choice(name, value, choices)
    folders = [tuple(path.replace("\\", "\\\\").replace("=", "\\=") for path in pair) for pair in (map or {}).items()]
    words = ["=".join(pair) for pair in folders]
    request = MergeRequest(
        _text(other), _select_request(select), _text(to_dir), words, foreign, subdirs, on_duplicate, undo_files,
        announce, remove_from_other, from_channel, _text(with_opencode),
    )  # fmt: skip
    with store._open_context() as context:  # noqa: SLF001 - as above
        return plan_it(context, request)


def apply(  # noqa: PLR0913 - the options of every command that writes, by keyword
    plan: Plan,
    *,
    store: OpenStore | None = None,
    progress: Progress | None = None,
    on_conflict: OnConflict = "abort",
    chunk_size: int | None = None,
    wait: float = 0.0,
    backup: str | os.PathLike[str] | None = None,
    trust_locks: bool = False,
) -> Run:
    """Carry out a plan on the database that it was made for, or on `store`, if that has the rows of the plan.

    `progress` is called with how many sessions were written so far, and of how many. `wait` is how many seconds to wait
    for other processes that have the database open, `backup` a file to copy it to first. `trust_locks` writes where
    locks may not keep others out, as on network file systems. Raises DatabaseInUse if one has it open, StalePlan, which
    names the rows, if rows changed since the plan was made; then nothing is written.

    >>> store = migrator.open_store()
    >>> moving = migrator.plan(store, migrator.select(store, from_dir="~/src/shop-*"), to_dir="~/src/shop")
    >>> run = migrator.apply(moving, progress=lambda done, total: print(f"{done} of {total}"))
    17 of 17
    >>> run.status.value, run.sessions, run.verified
    ('applied', 17, 17)
    >>> migrator.undo(run).status.value
    'applied'
    """
    from migrator.operations.apply import apply_plan, find_database

    path = store.path if store else find_database(plan, "FILE")
    write = _write_request(
        "migrator.apply()", len(plan.changes), progress, on_conflict, chunk_size, wait, backup, trust_locks
    )
    with facing(PYTHON, trusts_locks=trust_locks):
        return apply_plan(plan, path, write)


def undo(  # noqa: PLR0913 - as above
    run: Run | LoggedRun | str,
    *,
    store: OpenStore | None = None,
    progress: Progress | None = None,
    on_conflict: OnConflict = "abort",
    chunk_size: int | None = None,
    wait: float = 0.0,
    backup: str | os.PathLike[str] | None = None,
    trust_locks: bool = False,
) -> Run:
    """Take a run back, value for value; one that was cut off is rolled back. Keywords and errors are those of `apply`.

    Without `store`, that is on the database that has its rows, if it is known: the one that opencode would open, or
    where the run was made. The undo is a run too, and can be taken back.
    """
    from migrator.operations.undo import find_run_to_undo, undo_run

    id_ = run if isinstance(run, str) else run.id
    if id_ is None:
        raise BadInput("This run wrote nothing, so there is nothing to take back.")
    entry, path, _ = find_run_to_undo(id_, store.path if store else None)
    write = _write_request(
        "migrator.undo()", entry.sessions, progress, on_conflict, chunk_size, wait, backup, trust_locks
    )
    with facing(PYTHON, trusts_locks=trust_locks):
        return undo_run(path, entry.id, write)


def runs() -> tuple[LoggedRun, ...]:
    """Return the runs so far, newest first, of every database; `OpenStore.runs` has those of one.

    >>> migrator.runs()[0].command
    'migrator.undo()'
    """
    from migrator.operations.log import list_runs

    return tuple(list_runs())


def _listed_together(found: DatabasesList) -> tuple[list[Listed], str | None]:
    """Return the rows of a page of several databases, and the cursor of the next."""
    from migrator.model import Listed

    for path, why in found.unread.items():
        raise MigratorError(f"{path} can't be listed: {why}.")
    projects = {part.label: {project.id: project for project in part.page.projects} for part in found.databases}
    rows = zip(found.page.sessions, found.databases, strict=True)
    return [
        Listed(session, projects[part.label].get(session.project_id), str(part.path)) for session, part in rows
    ], found.next


def _select_request(keywords: SelectKeywords) -> SelectRequest:
    """Return the request of these keywords. Raises TypeError for an unknown one, BadInput for a value it can't have."""
    from migrator.plugins import selector_options
    from migrator.selection.options import read_options

    options = selector_options()
    known = {*options, "match", "with_forks"}
    for name in keywords:
        if name not in known:
            raise TypeError(f"{name} selects nothing; there are {', '.join(sorted(known))}")
    values = plain_values(keywords)
    match, with_forks = values.pop("match", "all"), values.pop("with_forks", False)
    return SelectRequest(read_options(options, values), match == "any", with_forks)


def _write_request(  # noqa: PLR0913, PLR0917 - the keywords of `apply` and `undo`
    command: str,
    total: int,
    progress: Progress | None,
    on_conflict: OnConflict,
    chunk_size: int | None,
    wait: float,
    backup: str | os.PathLike[str] | None,
    trust_locks: bool,
) -> WriteRequest:
    check_choice("on_conflict", on_conflict, OnConflict)
    if chunk_size is not None and chunk_size < 1:
        raise BadInput(f"The chunk_size is {chunk_size}; it must be 1 or more.")
    done = 0

    def tell(number: int) -> None:
        nonlocal done
        done += number
        if number and progress is not None:
            progress(done, total)

    from migrator.output.kinds import BACKUP
    from migrator.output.output_file import OutputFile

    target = None if backup is None else OutputFile(str(Path(backup)), BACKUP)
    return WriteRequest(command, chunk_size, on_conflict, wait, target, tell, trust_locks)


def _text(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.fspath(path)
