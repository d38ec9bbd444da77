"""`workspaces`: the jj workspaces and git worktrees of a repository, with their sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import PlanWarning
from migrator.text import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.operations.context import CommandContext
    from migrator.workspaces.model import RepositorySessions


def list_workspaces(context: CommandContext, repository: str) -> RepositorySessions:
    """Return the workspaces, alive or gone, of the repository that a directory or project is of."""
    return context.selector_context.workspaces(repository, "REPOSITORY")


def left_out_warnings(found: RepositorySessions) -> Iterator[PlanWarning]:
    """Yield what is left out, and what could not be read."""
    for look_alike in found.look_alikes:
        sessions = count(look_alike.sessions, "session")
        yield PlanWarning("look-alike", f"{sessions} in {look_alike.directory} left out: {look_alike.because}.")
    for note in found.repository.notes:
        yield PlanWarning("workspaces", f"{note}.")
