"""What a person may want done: how its plan is made, and how it is carried out once the plan was shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.arguments import MoveRequest, SelectRequest
from migrator.operations.apply import apply_plan
from migrator.operations.move import plan_move
from migrator.operations.undo import plan_undo, undo_run
from migrator.text import our_command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from migrator.arguments import WriteRequest
    from migrator.model import Plan, Run
    from migrator.operations.context import CommandContext

NAMED = 3
"""Up to so many sessions, the command that does the same names each; else it reads their ids."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """`verb` is what it does, for a question; `command` the command line that does the same, for the journal.

    `can_save`: whether its plan may be saved for later.
    """

    verb: str
    command: str
    make: Callable[[CommandContext], Plan]
    carry_out: Callable[[Plan, WriteRequest], Run] = lambda plan, write: apply_plan(plan, Path(plan.store), write)
    can_save: bool = True


def move(sessions: Sequence[str], to_dir: str) -> Proposal:
    """Propose to move these sessions, with their trees, to a directory."""
    ids = [word for id_ in sessions for word in ("--from-id", id_)] if len(sessions) <= NAMED else ["--from-id", "-"]
    request = MoveRequest(SelectRequest({"from_id": tuple(sessions)}), to_dir)
    return Proposal("Move", our_command("move", *ids, "--to-dir", to_dir), partial(plan_move, request=request))


def undo(run: str, path: Path) -> Proposal:
    """Propose to take a run back."""
    return Proposal(
        "Take back",
        our_command("undo", run),
        lambda _: plan_undo(path, run),
        lambda _, write: undo_run(path, run, write),
        can_save=False,
    )
