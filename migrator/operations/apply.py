"""`apply`: a plan is carried out on the database that it was made for."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.execution import runs
from migrator.execution.interrupts import deferred_interrupts
from migrator.model import Run, RunStatus
from migrator.operations.context import places_of
from migrator.planning.recheck import recheck
from migrator.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from migrator.arguments import WriteRequest
    from migrator.model import Plan


def apply_plan(plan: Plan, path: Path, write: WriteRequest) -> Run:
    """Carry out a plan under the exclusive lock. Raises StalePlan if rows changed since it was made, DatabaseInUse."""
    if plan.store != str(path):
        raise MigratorError(f"The plan is for {plan.store}, not for {path}; name its database with --db.")
    if not plan.writes:
        return Run(None, RunStatus.UNCHANGED)
    with open_writer(path, write) as (writer, request):
        if writer.schema.dialect != plan.dialect:
            raise MigratorError(
                f"The plan is for a {plan.dialect} database, and {path} is {writer.schema.dialect} now."
            )
        places = places_of(writer)
        return runs.apply(writer, recheck(plan, writer, places), request, places)


@contextmanager
def open_writer(path: Path, write: WriteRequest) -> Iterator[tuple[Writer, WriteRequest]]:
    """Open the database for writing, back it up if that was asked for, and yield it with the request for the run.

    Interrupts are deferred to the moments at which the `progress` of that request is called.
    """
    with (
        deferred_interrupts(write.progress) as progress,
        Writer(path, write.wait, lambda: progress(0)) as writer,
    ):
        if write.backup is not None:
            writer.back_up(write.backup, lambda: progress(0))
        yield writer, replace(write, progress=progress)
