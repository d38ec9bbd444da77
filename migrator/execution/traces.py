"""Which runs a database has seen, told by its rows: its file may have been moved, renamed or copied since.

A journal names every row that its run changed, with the value before and after, and no two databases give the same id
to a session. So a database that has rows as a run left them is the one that it was made on, or a copy of that. The path
in a journal decides only between databases that both have the rows.

A merge is the exception: the sessions are in the database that they came from, too, and the rows don't tell which is
which. So that database, at the path in the journal, has not seen the run; and where the run was made still has it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from migrator.disk.status import is_gone, status_of
from migrator.errors import MigratorError
from migrator.execution.project_edits import column_edits
from migrator.execution.run_log import open_run, refuse_while_going_on, run_entries, run_statuses
from migrator.model import MergeVerdict, RunStatus
from migrator.paths import FolderMap, renamed_folder
from migrator.store.location import default_database, is_same_file
from migrator.store.reader import Store
from migrator.store.sql import WHOLE
from migrator.text import count, our_command

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from migrator.execution.journal_reader import JournalReader
    from migrator.execution.journal_rows import RunEntry
    from migrator.model import Merge

    Key = str | tuple[str, str, str]
    """What a run changed: the binding of the session with this id, or the value in (table, column, key)."""

    Marks = dict[Key, tuple[Any, Any]]
    """Before and after of what a run changed."""


ABSENT = object()
"""Stands for the binding of a session that isn't there: a merge brings it, and an undo of that takes it out."""

_NEVER = -1
"""The place of a run that would account for a value whatever came later."""

_FIRST = 500
"""How many sessions are looked up before all of them are: mostly these tell."""

LOOK_SECONDS = 0.2
"""How long to wait for a database that is looked at only to say what is in it."""


class SeenRun(NamedTuple):
    """A run that a database has seen, with the status that it has there.

    `is_recorded`: the journal names this database. `has_rows`: rows of the run are in it, and `is_whole`: all of them
    are, as the run left them, and no other database than a copy has them so.
    """

    entry: RunEntry
    is_recorded: bool
    has_rows: bool
    is_whole: bool


class _Trace(NamedTuple):
    """What a database has of a run: of the `changed` values how many are there, as the run left and as it found them.

    `changed` is 0 for a run that wrote to no row, as one that only brought snapshots back; `found` is 1 if a session of
    it is there. `is_merge`: the sessions came or went as a whole, so that another database has them too.
    """

    changed: int
    found: int
    as_left: int
    as_found: int
    is_merge: bool


def seen_runs(store: Store) -> list[SeenRun]:
    """Return the runs that a database has seen, and those that were made at its path, oldest first."""
    runs = run_entries(str(store.path))
    present = {run.id for run in runs if _has_rows(store, run)}
    elsewhere = {run.id for run in runs if run.id in present and not _is_recorded(store, run)}
    traces = _traces(store, runs, elsewhere)
    seen = []
    for run in runs:
        if _is_recorded(store, run):
            seen.append(SeenRun(run, is_recorded=True, has_rows=run.id in present, is_whole=run.id in present))
        elif run.id in traces and _was_seen(run, traces[run.id]):
            trace = traces[run.id]
            there = trace.as_left + (trace.as_found if run.unfinished else 0)
            entry = replace(run, status=_status(run, trace))
            is_whole = there == trace.changed and not trace.is_merge
            seen.append(SeenRun(entry, is_recorded=False, has_rows=True, is_whole=is_whole))
    return seen


def runs_on(store: Store) -> list[RunEntry]:
    """Return the runs that a database has seen, and those that were made at its path, oldest first."""
    return [run.entry for run in seen_runs(store)]


def unfinished_on(store: Store) -> list[RunEntry]:
    """Return the runs that haven't ended and of which rows are in a database, oldest first."""
    runs = run_entries(str(store.path))
    if not any(run.unfinished or _may_be_half_there(store.path, run.status, run.store) for run in runs):
        return []
    return [run.entry for run in seen_runs(store) if run.entry.unfinished and run.has_rows]


def may_be_unfinished(database: Path) -> bool:
    """Tell quickly, by the status in each journal, whether a run on a database may be unfinished.

    So may one on a copy of it. It is true where a journal can't be read.
    """
    ends = {RunStatus.APPLIED, RunStatus.ROLLED_BACK}
    said = run_statuses(str(database))
    return said is None or any(
        status not in ends or _may_be_half_there(database, status, made_on) for status, made_on in said
    )


def refuse_while_unfinished(store: Store) -> None:
    """Raise MigratorError if a run on this database was cut off, or is going on."""
    if found := unfinished_on(store):
        refuse_while_going_on(found[0], str(store.path))
        raise MigratorError(
            f"Run {found[0].id} on this database was cut off; first `{command('resume', found[0], store)}` to finish "
            f"it or `{command('undo', found[0], store)}` to take it back.",
        )


def command(verb: str, run: RunEntry, store: Store) -> str:
    """Return the command that undoes or resumes a run on this database."""
    return our_command(verb, run.id, db=None if _is_recorded(store, run) else store.path)


def entry_on(store: Store, run: RunEntry) -> RunEntry:
    """Return a run with the status that it has in a database."""
    if not _may_be_half_there(store.path, run.status, run.store):
        return run
    return replace(run, status=_status(run, _traces(store, run_entries(str(store.path)), {run.id})[run.id]))


def where_made(store: Store, run: RunEntry) -> str | None:
    """Return in words that the run was made on a database at another path, and what is there; None if at this one."""
    if _is_recorded(store, run):
        return None
    made = f"Run {run.id} was made on {run.store}"
    try:
        trace = _trace_where_made(store, run)
    except MigratorError as error:
        return f"{made}, which can't be looked at ({str(error).rstrip('.')}); this is {store.path}."
    if trace is None:
        return f"{made}, which is gone; its rows are in {store.path} now.{_along(store, run)}"
    if trace.as_left:
        return f"{made}, which has its rows too and stays as it is; this is {store.path}."
    what = "is not as the run left it any more" if trace.found else "is another database now"
    return f"{made}, which {what}; this is {store.path}."


def _along(store: Store, run: RunEntry) -> str:
    """Return a sentence for people if the folders of the sessions were renamed together with the database."""
    if (folder := renamed_with(store, run.store)) is None:
        return ""
    with open_run(run.id, str(store.path)) as journal:
        directories = {binding.directory for change in journal.changes() for binding in (change.before, change.after)}
    new_paths = filter(None, map(FolderMap([folder]).new_path, directories))
    if not any(map(os.path.isdir, new_paths)):
        return ""
    then = following(store, folder)
    return f" {folder[0]} is {folder[1]} now; once this is done, `{then}` lets all sessions follow."


def renamed_with(store: Store, recorded: str) -> tuple[str, str] | None:
    """Return old and new path of the folder that was renamed with a database recorded at a path; None if none was."""
    folder = renamed_folder(recorded, str(store.path))
    return folder if folder and is_gone(folder[0]) else None


def following(store: Store, folder: tuple[str, str]) -> str:
    """Return the command line by which the sessions of a database follow a folder that was renamed."""
    return our_command("relocate", *folder, db=None if store.path == default_database() else store.path)


def _trace_where_made(store: Store, run: RunEntry) -> _Trace | None:
    """Return what the database at the path in the journal has of a run on `store`; None if there is no file.

    Raises MigratorError if it can't be looked at.
    """
    if status_of(run.store) is None:
        return None
    runs = run_entries(str(store.path))
    with Store(Path(run.store), busy_seconds=LOOK_SECONDS) as other:
        return _traces(other, runs, {run.id}, str(store.path))[run.id]


def why_not_here(store: Store, run: RunEntry) -> str | None:
    """Return in words that nothing of a run is in a database; None if there is."""
    recorded = _is_recorded(store, run)
    if not _has_rows(store, run):
        return _why_no_rows(store, run)
    if (recorded and _has_some_as_left(store, run)) or not _is_as_before(store, run):
        return None
    same = f"In {store.path} everything is as before run {run.id}"
    if run.status is RunStatus.APPLIED:
        return same + (", as if a copy from before had been put back" if recorded else "")
    if recorded or not run.unfinished:
        return None
    try:  # going on here would forget what it has written there
        trace = _trace_where_made(store, run)
    except MigratorError as error:
        return f"{same}, and {run.store}, on which it was made, can't be looked at ({str(error).rstrip('.')})"
    return f"{same}, which was cut off on {run.store}" if trace and trace.as_left else None


def _why_no_rows(store: Store, run: RunEntry) -> str:
    with open_run(run.id, str(store.path)) as journal:
        if _may_be_other_of_merge(store, run, journal):
            made, here = f"Run {run.id} was made on {run.store}", str(store.path)
            if journal.other is not None and is_gone(journal.other):
                return f"{made}, and {here} may be {journal.other}, from where its sessions came; put that back first"
            return f"{made}, and {here} is the other database of that merge"
    what = f"None of the {count(run.sessions, 'session')}" if run.sessions else "No project row"
    gone = " any more: deleted, or another database is there now" if _is_recorded(store, run) else ""
    return f"{what} of run {run.id} is in {store.path}{gone}"


def _is_as_before(store: Store, run: RunEntry) -> bool:
    trace = _traces(store, run_entries(str(store.path)), {run.id})[run.id]
    return bool(trace.changed) and not trace.as_left and trace.as_found == trace.found


def has_written_nothing(store: Store, run: RunEntry) -> bool:
    """Tell whether a database is, in all that a run would change, as it was before the run."""
    trace = _traces(store, run_entries(str(store.path)), {run.id})[run.id]
    return trace.changed == trace.as_found and _has_rows(store, run)


def _is_recorded(store: Store, run: RunEntry) -> bool:
    return is_same_file(run.store, store.path)


def _may_be_other_of_merge(store: Store, run: RunEntry, journal: JournalReader) -> bool:
    """Tell whether a database may be the one that a merge brought sessions from, or that a removal left them in.

    It is, at that path. If nothing is there, one at a new path may be it, which matters for a run that was cut off: a
    rollback keeps no rows. opencode 2 may bring what only opencode 1 has into the same database: then there is no
    other one.
    """
    if (other := journal.other) is None or is_same_file(other, Path(run.store)):
        return False
    is_moved = run.unfinished and not _is_recorded(store, run) and is_gone(other)
    return is_moved or is_same_file(other, store.path)


def _was_seen(run: RunEntry, trace: _Trace) -> bool:
    """Tell whether a database that isn't at the path in the journal has seen the run.

    Where everything is as before the run, it has only if no file is at that path any more.
    """
    if trace.as_left:
        return True
    if run.status is RunStatus.APPLIED and trace.changed:
        return False
    return trace.as_found == (trace.found if trace.changed else 0) and is_gone(run.store)


def _may_be_half_there(database: Path, status: str, made_on: str) -> bool:
    """Tell whether a run was rolled back elsewhere: a copy of the database may still have what it wrote."""
    return status == RunStatus.ROLLED_BACK and not is_same_file(made_on, database)


def _status(run: RunEntry, trace: _Trace) -> RunStatus:
    """Return the status that a run has in a database that isn't at the path in the journal."""
    half_there = run.status is RunStatus.ROLLED_BACK and trace.as_left
    return RunStatus.ROLLING_BACK if half_there else run.status


def _has_some_as_left(store: Store, run: RunEntry) -> bool:
    """Tell, of a run that was made at this path, whether one of the first sessions is as it left it: mostly so."""
    with open_run(run.id, str(store.path)) as journal:
        if journal.other is not None:
            return False
        after = {change.session: change.after for change in journal.changes(1, _FIRST) if change.moves}
    return any(after[id_] == binding for id_, (binding, _) in store.bindings(after).items())


def _has_rows(store: Store, run: RunEntry, journals: str | None = None) -> bool:
    """Tell whether a database has a session of the run or, if it is about none, a project."""
    with open_run(run.id, journals or str(store.path)) as journal:
        if _may_be_other_of_merge(store, run, journal):
            return False
        if journal.other is not None and _is_recorded(store, run):
            return True  # what was taken out isn't there, and that is as it should be
        sessions = sorted(journal.session_ids())
        if sessions:
            return bool(store.existing(sessions[:_FIRST]) or store.existing(sessions[_FIRST:]))
        return bool(store.project_rows([update.id for update in journal.updates()]))


def _traces(
    store: Store, runs: Sequence[RunEntry], wanted: Collection[str], journals: str | None = None
) -> dict[str, _Trace]:
    """Map the ids of the `wanted` runs to what a database has of them; `runs` are all so far, oldest first.

    Their journals are where those of runs on the database `journals` may be, by default on this one.
    """
    if not wanted:
        return {}
    where = journals or str(store.path)
    marks = {run.id: _marks(store, run, where) for run in runs if run.id in wanted}
    keys = {key for changed in marks.values() for key in changed}
    marks |= {run.id: _marks(store, run, where, keys) for run in runs if run.id not in wanted}
    merged = {key for changed in marks.values() for key, pair in changed.items() if ABSENT in pair}
    now = dict.fromkeys(merged, ABSENT) | _values(store, keys)
    recorded = [run for run in runs if _is_recorded(store, run)]
    # What runs at this path explain is not the doing of others: a move may have been tried on a copy first.
    explained: dict[Key, int] = {}
    places = {run.id: place for place, run in enumerate(runs)}
    for run, as_left, _ in _played_back(now, recorded, marks, {}):
        explained.update(dict.fromkeys(as_left, places[run.id]))
    since = {
        run.id: explained | dict.fromkeys(_came_after(run, marks[run.id], now), _NEVER)
        for run in runs
        if run not in recorded
    }
    found = {}
    for run, as_left, as_found in _played_back(now, runs, marks, since):
        if run.id in wanted:
            of_run = marks[run.id]
            there = len(of_run.keys() & now.keys()) if of_run else int(_has_rows(store, run, where))
            is_merge = not merged.isdisjoint(of_run)
            found[run.id] = _Trace(len(of_run), there, len(as_left), len(as_found), is_merge)
    return found


def _came_after(run: RunEntry, marks: Marks, now: Mapping[Key, Any]) -> Iterator[Key]:
    """Yield the sessions that this database has, and that a run took out of another one, which still exists.

    That they were once missing here is no trace of the run: they were missing before they came.
    """
    gone = [key for key, (_, after) in marks.items() if after is ABSENT is not now.get(key, ABSENT)]
    if gone and not is_gone(run.store):
        yield from gone


def _played_back(
    now: Mapping[Key, Any],
    runs: Sequence[RunEntry],
    marks: Mapping[str, Marks],
    explained: Mapping[str, Mapping[Key, int]],
) -> Iterator[tuple[RunEntry, set[Key], set[Key]]]:
    """Yield each run, the newest first, with the keys of what is as it left it and of what is as it found it.

    Where a value is as a run left it, it was as the run found it before. `explained` has, by the id of a run made at
    another path, the place in `runs` of the run at this path that accounts for a value: if the other comes later, it
    didn't leave the value so.
    """
    then = dict(now)
    for place, run in reversed([*enumerate(runs)]):
        present = {key: pair for key, pair in marks[run.id].items() if key in then}
        others = explained.get(run.id, {})
        as_left = {key for key, (_, after) in present.items() if then[key] == after and others.get(key, place) >= place}
        as_found = {key for key, (before, _) in present.items() if then[key] == before}
        if run.status is not RunStatus.ROLLED_BACK:
            then.update((key, present[key][0]) for key in as_left)
        yield run, as_left, as_found


def _marks(store: Store, run: RunEntry, journals: str, among: Collection[Key] | None = None) -> Marks:
    """Return what a run changed: the bindings of sessions, or if it moved none, other values; only what is `among`."""
    with open_run(run.id, journals) as journal:
        if _may_be_other_of_merge(store, run, journal):
            return {}
        if (merge := journal.merge) is not None:
            return _marks_of_merge(journal, merge, among)
        sessions = None if among is None else [key for key in among if isinstance(key, str)]
        moved: Marks = {id_: pair for id_, pair in journal.moves(sessions).items()}  # noqa: C416 - for the type checker
        if moved or (among is not None and all(isinstance(key, str) for key in among)):
            return moved
        edits = [edit for edit in journal.edits() if edit.column != WHOLE and edit.table != "event_sequence"]
        edits = edits or [edit for update in journal.updates() for edit in column_edits(update)]
    marks: Marks = {(e.table, e.column, e.key): (e.before, e.after) for e in edits if e.before != e.after}
    return marks if among is None else {key: marks[key] for key in marks.keys() & set(among)}


def _marks_of_merge(journal: JournalReader, merge: Merge, among: Collection[Key] | None) -> Marks:
    """Return the sessions that a merge brought whole or took out; one that only went on is where it was."""
    whole = {session.session for session in merge.sessions if session.verdict is not MergeVerdict.LONGER}
    changes = [c for c in journal.changes() if c.session in whole and (among is None or c.session in among)]
    return {c.session: (c.before, ABSENT) if merge.taken_out else (ABSENT, c.after) for c in changes}


def _values(store: Store, keys: Collection[Key]) -> dict[Key, Any]:
    """Return what the database has now under these keys."""
    found: dict[Key, Any] = {}
    columns: dict[tuple[str, str], list[str]] = {}
    for key in keys:
        if not isinstance(key, str):
            columns.setdefault(key[:2], []).append(key[2])
    for id_, (binding, _) in store.bindings(key for key in keys if isinstance(key, str)).items():
        found[id_] = binding
    for (table, column), rows in columns.items():
        if column in store.columns_of(table):  # the database may be of another opencode
            found |= {(table, column, row): value for row, value in store.values(table, column, rows).items()}
    return found
