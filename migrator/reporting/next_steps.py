"""What can be done next: how it is said is decided here, whatever was done."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from migrator.text import in_directory, our_command, shell_join, with_variables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from migrator.model import LoggedRun, Plan, Run


class Step(NamedTuple):
    """What can be done next, as `To take it back:`, and the whole command for it, to be copied."""

    what: str
    command: str


def step_lines(steps: Iterable[Step]) -> Iterator[str]:
    """Yield each step as two lines: a command stands alone on a line, so that it can be copied, however wide it is."""
    for what, command in steps:
        yield what
        yield f"  {command}"


def steps_after(run: Run, plan: Plan | None = None) -> Iterator[Step]:
    """Yield what can be done after a run: go on with the session, if it was one and is there, and take the run back."""
    from migrator.model import RunStatus

    if run.id is None or run.status is not RunStatus.APPLIED:
        yield Step("To see what was done so far:", our_command("log"))
        return
    if plan is not None and run.moved and not run.conflicts and plan.dialect == "v1":
        there = run.merge.continued if run.merge is not None and run.merge.taken_out else None
        roots = {change.root: change.after.directory for change in plan.changes if change.session == change.root}
        roots = {root: roots[root] for root in roots if there is None or root in there}
        (root, directory), *others = roots.items() or [("", "")]
        if not others and os.path.isdir(directory):
            yield Step("To go on with it:", opening_command(directory, root, plan.store))
    if is_undo(run):
        yield Step("To redo it:", our_command("redo"))
    elif run.removal is not None:
        yield Step("To put them back into the other database:", our_command("undo", run.removal))
        yield Step("And then to take them out of this one:", our_command("undo", run.id))
    else:
        yield Step("To take it back:", our_command("undo", run.id))


def opening_command(directory: str, session: str, database: str | Path) -> str:
    """Return the command that opens a session of opencode 1 (1.18.34 has `-s`), which looks in its project only.

    opencode itself would open another database, if this one was given by --db: then a variable names it.
    """
    from migrator.store.location import default_database, is_same_file

    command = shell_join(["opencode", "-s", session])
    default = default_database()
    if default is None or not is_same_file(str(database), default):
        command = with_variables({"OPENCODE_DB": os.path.abspath(database)}, command)
    return in_directory(directory, command)


def is_undo(run: Run | LoggedRun) -> bool:
    """Tell whether a run takes another back, and doesn't bring one about again by that."""
    return run.undoes is not None and run.redoes is None
