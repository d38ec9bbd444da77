"""From a plan to a run: what the faces share of carrying out, taking back, finishing and cleaning up."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.errors import MigratorError, NoSuchDirectory, StalePlan
from migrator.execution.interrupts import deferred_interrupts
from migrator.model import RunStatus
from migrator.operations.context import places_of
from migrator.store.reader import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from migrator.execution.gc import Leftover
    from migrator.execution.journal import Journal
    from migrator.execution.runs import RunOptions
    from migrator.model import Plan, Run
    from migrator.store.writer import Writer


def apply_plan(
    plan: Plan, path: Path, options: RunOptions, wait_seconds: float = 0.0, backup: Path | None = None
) -> Run:
    """Carry out a plan on the database it was made for, under the exclusive lock."""
    from migrator.execution.runs import apply
    from migrator.model import Run
    from migrator.planning.recheck import recheck

    if plan.store != str(path):
        raise MigratorError(f"The plan is for {plan.store}, not for {path}; name its database with --db.")
    if not plan.writes:
        return Run(None, RunStatus.UNCHANGED)
    with deferred_interrupts(options.progress) as progress, _writer(path, wait_seconds, backup, progress) as writer:
        if writer.schema.dialect != plan.dialect:
            raise MigratorError(
                f"The plan is for a {plan.dialect} database, and {path} is {writer.schema.dialect} now."
            )
        places = places_of(writer)
        return apply(writer, recheck(plan, writer, places), replace(options, progress=progress), places)


@contextmanager
def _writer(path: Path, wait_seconds: float, backup: Path | None, progress: Callable[[int], None]) -> Iterator[Writer]:
    """Open the database for writing; `progress` is called now and then, since interrupts are held off."""
    from migrator.store.backup import back_up
    from migrator.store.writer import Writer

    with Writer(path, wait_seconds, lambda: progress(0)) as writer:
        if backup is not None:
            back_up(writer, backup, lambda: progress(0))
        yield writer


def remove_leftovers(path: Path, older_than: int | None = None, wait_seconds: float = 0.0) -> list[Leftover]:
    """Remove the snapshot repositories that our runs left behind and nobody needs; return all, judged under the lock.

    Runs that began before `older_than`, in milliseconds, can't be taken back any more where that would need one.
    """
    from migrator.execution.gc import find_leftovers, remove

    with deferred_interrupts() as progress, _writer(path, wait_seconds, None, progress) as writer:
        found = find_leftovers(writer, places_of(writer), older_than)
        remove(leftover for leftover in found if leftover.why_kept is None)
        return found


def plan_undo(path: Path, run: str) -> Plan:
    """Return the plan that takes a finished run back."""
    from migrator.execution.run_log import open_run
    from migrator.execution.runs import check_undoable, inverse_job

    with Store(path) as store, open_run(run) as journal:
        check_undoable(journal)
        return inverse_job(store, journal).plan


def undo_run(path: Path, run: str, options: RunOptions, wait_seconds: float = 0.0, backup: Path | None = None) -> Run:
    """Take a run back; an unfinished one is rolled back."""
    from migrator.execution.run_log import open_run
    from migrator.execution.runs import undo

    with (
        deferred_interrupts(options.progress) as progress,
        _writer(path, wait_seconds, backup, progress) as writer,
        open_run(run) as journal,
    ):
        return undo(writer, journal, replace(options, progress=progress))


def resume_run(path: Path, run: str, options: RunOptions, wait_seconds: float = 0.0, backup: Path | None = None) -> Run:
    """Finish a run that was cut off."""
    from migrator.execution.run_log import open_run
    from migrator.execution.runs import resume

    with (
        deferred_interrupts(options.progress) as progress,
        _writer(path, wait_seconds, backup, progress) as writer,
        open_run(run) as journal,
    ):
        _check_still_there(writer, journal)
        return resume(writer, journal, replace(options, progress=progress))


def _check_still_there(store: Store, run: Journal) -> None:
    """Refuse to finish a move to a directory that has gone since it was cut off; taking back asks for none.

    Nor does following a folder: its sub-paths are kept, whether or not they exist, and it may be on another machine.
    """
    entry = run.entry
    if entry.undoes or entry.relocates or entry.status is not RunStatus.RUNNING:
        return
    places = places_of(store)
    for directory in {change.after.directory for change in run.changes()}:
        try:
            places.find(directory)
        except NoSuchDirectory as gone:
            raise StalePlan(
                f"Run {entry.id} can't be finished: {gone}; or take it back with `opencode-migrator undo {entry.id}`.",
            ) from gone
