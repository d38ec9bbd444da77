"""Planning `consolidate`: which sessions of which workspaces, where to, and what stays behind and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.errors import BadInput, NothingMatched
from migrator.model import PlanWarning
from migrator.operations.context import MoveRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from migrator.model import Plan
    from migrator.operations.context import CommandContext
    from migrator.workspaces.sessions import RepositorySessions


def plan_consolidation(
    context: CommandContext, repository: str, values: Mapping[str, Any]
) -> tuple[Plan, RepositorySessions]:
    """Return the plan, and the workspaces it is about; nothing is written.

    `repository` is a directory in any workspace, or a project. `values` are those of `consolidating_options`. Raises
    the errors of selecting and planning, and BadInput where a bare repository has no main working copy to go to.
    """
    found = context.selector_context.workspaces(repository, "REPOSITORY")
    if not found.owners:
        raise NothingMatched(f"No session is in any workspace of {found.repository.home}.")
    to_dir = values["to_dir"] if values["to_dir"] is not None else found.repository.main
    if to_dir is None:
        raise BadInput(
            f"{found.repository.home} is a bare repository and has no main working copy; "
            "say where its sessions should be with --to-dir DIR, one of its worktrees for example."
        )
    wish = MoveRequest(to_dir, subdirs=values["subdirs"], undo_files=values["undo_files"], announce=values["announce"])
    selection = context.chosen({**values, "from_workspaces": (repository,)})
    return context.plan_move(selection, wish, warnings=left_out_warnings(found), one_repository=True), found


def left_out_warnings(found: RepositorySessions) -> Iterator[PlanWarning]:
    """Yield what is left out, and what could not be read."""
    for look_alike in found.look_alikes:
        sessions = "1 session" if look_alike.sessions == 1 else f"{look_alike.sessions:,} sessions"
        yield PlanWarning("look-alike", f"{sessions} in {look_alike.directory} left out: {look_alike.because}.")
    for note in found.repository.notes:
        yield PlanWarning("workspaces", f"{note}.")
