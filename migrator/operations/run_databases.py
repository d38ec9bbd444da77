"""Find the database that each run belongs to: the one that was named, else the one that has its rows."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from migrator.disk.status import is_gone
from migrator.errors import CantTell, MigratorError, NoSuchRun, StalePlan
from migrator.execution.run_log import UnreadableRuns, open_run, refuse_while_going_on, run_entries, undone_by
from migrator.execution.traces import LOOK_SECONDS, entry_on, has_written_nothing, seen_runs, where_made, why_not_here
from migrator.store.location import databases_beside, default_database, is_same_file
from migrator.store.reader import Store
from migrator.store.untouched import look_into
from migrator.text import our_command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.execution.journal_rows import RunEntry
    from migrator.execution.traces import SeenRun


class LocatedRun(NamedTuple):
    """A run, with the status that it has in the database at `path`; None if no database has its rows.

    `undone_by` is the run that took it back there.
    """

    entry: RunEntry
    path: Path | None
    undone_by: str | None


class FoundRun(NamedTuple):
    """A run to finish or to take back, with the status that it has in the database at `path`.

    `note` says that it was made on a database at another path, and what is there.
    """

    entry: RunEntry
    path: Path
    note: str | None


def runs_located(named: Path | None = None) -> list[LocatedRun]:
    """Return the runs so far, oldest first; with `named`, those that this database has seen.

    What a database that can't be looked at has is taken from the journals.
    """
    if named is not None:
        try:
            with Store(named, busy_seconds=LOOK_SECONDS) as store:
                return runs_located_on(store)
        except UnreadableRuns:
            raise
        except MigratorError:
            return runs_recorded(named)
    databases = _Databases()
    paths = [databases.path_of(run) for run in databases.runs]
    runs = [databases.entry_on(run, path) for run, path in zip(databases.runs, paths, strict=True)]
    where = {run.id: path or Path(run.store) for run, path in zip(runs, paths, strict=True)}
    undone = {path: undone_by([run for run in runs if where[run.id] == path]) for path in where.values()}
    return [LocatedRun(run, path, undone[where[run.id]].get(run.id)) for run, path in zip(runs, paths, strict=True)]


def runs_located_on(store: Store) -> list[LocatedRun]:
    """Return the runs that an open database has seen, oldest first."""
    seen = seen_runs(store)
    undone = undone_by([run.entry for run in seen])
    return [LocatedRun(run.entry, store.path if run.has_rows else None, undone.get(run.entry.id)) for run in seen]


def runs_recorded(path: Path) -> list[LocatedRun]:
    """Return the runs that were made at a path or at one that is gone, for a database that can't be looked at now."""
    runs = run_entries(str(path))
    return as_recorded([run for run in runs if is_same_file(run.store, path) or is_gone(run.store)])


def as_recorded(runs: Sequence[RunEntry]) -> list[LocatedRun]:
    """Return runs on the databases that the journals name, where those are not known to be gone."""
    undone = undone_by(runs)
    return [LocatedRun(run, None if is_gone(run.store) else Path(run.store), undone.get(run.id)) for run in runs]


def find_run(wanted: str, named: Path | None, verb: str) -> FoundRun:
    """Return the run with this id, or with the only id that starts so, on the database `named` or on that of its rows.

    Raises DatabaseInUse if the run is going on, NoSuchRun if there is no such run, or nothing of it in the database;
    the message names the command of this `verb` that goes on.
    """
    with open_run(wanted, str(named) if named else None) as journal:
        run = journal.entry
    refuse_while_going_on(run, str(named) if named else None)
    databases, recorded = _Databases(), Path(os.path.realpath(run.store))
    path = named or databases.path_of(run) or (None if is_gone(recorded) else recorded)
    if path is None:
        raise NoSuchRun(f"Run {run.id} was made on {run.store}, which is gone; {_advice(databases, run, verb)}")
    with Store(path) as store:
        note = check_here(store, run, verb) or where_made(store, run)
        if named is None:
            databases.check_only(store, run, verb)
        return FoundRun(entry_on(store, run), path, note)


def check_here(store: Store, run: RunEntry, verb: str) -> str | None:
    """Raise NoSuchRun if nothing of a run is in a database; StalePlan if it was made on this one.

    One that was cut off may be taken back all the same where it was made, if no other database is known to have its
    rows: nothing is written then. Returns what to say of that.
    """
    why = why_not_here(store, run)
    if why is None:
        return None
    databases, is_recorded = _Databases(), is_same_file(run.store, store.path)
    message = f"{why}; {_advice(databases, run, verb, store.path)}"
    if is_recorded and run.unfinished and verb == "undo" and databases.look_around(run, store.path) is None:
        return message
    raise (StalePlan if is_recorded else NoSuchRun)(message)


def _advice(databases: _Databases, run: RunEntry, verb: str, but: Path | None = None) -> str:
    """Return what to do where a run isn't in the database `but`, or in any that is known."""
    if (path := databases.look_around(run, but)) is not None:
        return f"its rows are in {path}: `{our_command(verb, run.id, db=path)}`."
    return "if its database was moved, name it with --db FILE; `opencode-migrator log` lists all runs."


class _Databases:
    """The databases that runs may be of: the one that opencode would open, and those in the journals that exist."""

    def __init__(self) -> None:
        self.runs = run_entries()
        self._default = default_database()
        recorded = (Path(os.path.realpath(run.store)) for run in self.runs if not is_gone(run.store))
        self._paths = list(dict.fromkeys([*([self._default] if self._default else []), *recorded]))
        self._seen = cache(self._look)

    def path_of(self, run: RunEntry) -> Path | None:
        """Return the database that has the rows of a run; None if none has.

        Of several it is the one that opencode would open, if that has all of them and they aren't those of a merge,
        which are in two databases, else the one in the journal.
        """
        having = [path for path in self._paths if self._has_rows(run, path)]
        recorded = [path for path in having if is_same_file(run.store, path)]
        default = [path for path in having if path == self._default and self._has_all(run, path)]
        return next(iter([*default, *recorded, *having]), None)

    def look_around(self, run: RunEntry, but: Path | None) -> Path | None:
        """Return a database that has the rows of a run, other than `but`; also one beside those that are known."""
        return next((path for path in self._all_around(run) if path != but and self._has_rows(run, path)), None)

    def _all_around(self, run: RunEntry) -> Iterator[Path]:
        yield from self._paths
        for path in (*self._paths, Path(run.store)):
            with suppress(CantTell):
                yield from databases_beside(path)

    def check_only(self, store: Store, run: RunEntry, verb: str) -> None:
        """Refuse to choose a database if the run was cut off before it wrote anything: a copy is the same in all."""
        if not run.unfinished or self._default in {None, store.path} or not has_written_nothing(store, run):
            return
        with Store(self._default) as other:
            if has_written_nothing(other, run):
                ways = " or ".join(f"`{our_command(verb, run.id, db=path)}`" for path in (store.path, other.path))
                raise MigratorError(
                    f"Run {run.id} was cut off before it had written anything, and {store.path}, on which it was made, "
                    f"and {other.path} are both as before it; say which is meant: {ways}.",
                )

    def entry_on(self, run: RunEntry, path: Path | None) -> RunEntry:
        """Return a run with the status that it has in a database."""
        seen = self._seen(path) if path else None
        return seen[run.id].entry if seen else run

    def _has_rows(self, run: RunEntry, path: Path) -> bool:
        seen = self._seen(path)
        return is_same_file(run.store, path) if seen is None else run.id in seen and seen[run.id].has_rows

    def _has_all(self, run: RunEntry, path: Path) -> bool:
        seen = self._seen(path)
        return seen is None or seen[run.id].is_whole

    def _look(self, path: Path) -> dict[str, SeenRun] | None:
        """Return the runs that a database has seen, by id; None if it can't be looked at."""
        try:
            if path not in self._paths:  # nobody has named it, so nothing may appear beside it
                return look_into(path, _seen_by_id)
            with Store(path, busy_seconds=LOOK_SECONDS) as store:
                return _seen_by_id(store)
        except UnreadableRuns:
            raise
        except MigratorError:
            return None


def _seen_by_id(store: Store) -> dict[str, SeenRun]:
    return {run.entry.id: run for run in seen_runs(store)}
