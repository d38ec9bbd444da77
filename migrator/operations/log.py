"""`log`: the runs so far, and one of them in full."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from migrator.errors import MigratorError, NoSuchRun
from migrator.execution.run_log import UnreadableRuns, open_run, redone
from migrator.execution.run_record import run_record
from migrator.model import LoggedRun, RunStatus
from migrator.operations.redo import undo_to_redo
from migrator.operations.run_databases import as_recorded, runs_located
from migrator.text import our_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from migrator.model import RunRecord
    from migrator.operations.run_databases import LocatedRun


def list_runs(only: Path | None = None, limit: int | None = None) -> list[LoggedRun]:
    """Return the runs so far, newest first, at most `limit`; with `only`, those that this database has seen."""
    return logged(runs_located(only), limit)


def logged(runs: Iterable[LocatedRun], limit: int | None = None) -> list[LoggedRun]:
    """Return runs, which come oldest first, as the log has them, newest first and at most `limit`."""
    located = [*runs]
    redos = redone(run.entry for run in located)
    return [_logged(run, redos) for run in located[::-1][:limit]]


def _logged(located: LocatedRun, redos: Mapping[str, str]) -> LoggedRun:
    run, path, undone_by = located
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    merge = None
    # It was read a moment ago; if it can't be any more, the row is as good without.
    with suppress(MigratorError), open_run(run.id, str(path or run.store)) as journal:
        sources, destinations = journal.directories()
        merge = journal.merge
    return LoggedRun(
        run.id, run.status, run.started, run.sessions, run.command, run.store, run.undoes, undone_by,
        None if path is None else str(path), run.cut_off, redos.get(run.id), run.finished, sources, destinations,
        merge.other if merge else None, bool(merge and merge.taken_out),
    )  # fmt: skip


def read_run_record(wanted: str, only: Path | None = None) -> tuple[RunRecord, UnreadableRuns | None]:
    """Return the run with this id, or with the only id that starts so, in full (with `only`, on this database).

    Also the error that names the journals of others, if they can't be read: one of those may have taken the run back.
    Raises NoSuchRun if there is no such run, MigratorError if its own journal can't be read.
    """
    with open_run(wanted, str(only) if only else None) as journal:
        id_, unreadable = journal.entry.id, None
        try:
            located = runs_located(only)
        except UnreadableRuns as error:
            located, unreadable = as_recorded(error.entries), error
        found = next((run for run in located if run.entry.id == id_), None)
        if found is None:
            raise NoSuchRun(f"Run {id_} was not made on {only}; `{our_command('log')}` lists all runs.")
        run = _logged(found, redone(each.entry for each in located))
        following = () if journal.is_given_up else _following(run, located, only)
        return run_record(journal, run, [*following]), unreadable


def _following(run: LoggedRun, located: Sequence[LocatedRun], only: Path | None) -> Iterator[tuple[str, str]]:
    """Yield what may follow a run, each with its command."""
    if run.database is None:
        return
    redo, came_after = undo_to_redo(located)

    def undo(id_: str) -> str:
        return our_command("redo", db=only) if id_ == redo and came_after is None else our_command("undo", id_, db=only)

    if run.cut_off is not False:
        yield "Finish it", our_command("resume", run.id, db=only)
        yield "Take back what it wrote", our_command("undo", run.id, db=only)
    elif run.status is RunStatus.APPLIED and run.undone_by is not None:
        if any(entry.id == run.undone_by and undone_by for entry, _, undone_by in located):
            return  # it was brought about again by a run of its own, which may be taken back
        yield "Redo it" if run.redoes or not run.undoes else "Take that back", undo(run.undone_by)
    elif run.status is RunStatus.APPLIED:
        yield "Redo what it took back" if run.undoes and not run.redoes else "Take it back", undo(run.id)
