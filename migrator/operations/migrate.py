"""`migrate`: one session goes to a directory, with its tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.arguments import MoveRequest, SelectRequest

if TYPE_CHECKING:
    from migrator.arguments import FileUndoPolicy


def migrate_request(  # noqa: PLR0913 - what a move of one session can say
    session: str,
    directory: str | None,
    project: str | None,
    *,
    project_option: str = "--project",
    undo_files: FileUndoPolicy = "auto",
    announce: bool = True,
    with_forks: bool = False,
) -> MoveRequest:
    """Return the request that moves one session, by its id or the only beginning of it, with its tree."""
    select = SelectRequest({"from_id": (session,)}, with_forks=with_forks)
    return MoveRequest(
        select, directory, project, undo_files=undo_files, announce=announce, project_option=project_option
    )
