"""Workspaces as rows: what `workspaces` lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.text import tilde
from migrator.workspaces.model import WorkspaceState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from migrator.workspaces.model import RepositorySessions


def workspace_rows(found: RepositorySessions) -> list[dict[str, Any]]:
    """Return one JSON object per workspace."""
    return [
        {
            "name": workspace.name,
            "path": workspace.path,
            "kind": workspace.kind,
            "state": workspace.state.value,
            "main": workspace.main,
            "locked": workspace.locked,
            "formerly": list(workspace.formerly),
            "sessions": found.session_counts.get(workspace, 0),
            "evidence": workspace.evidence or None,
            "repository": found.repository.home,
        }
        for workspace in found.repository.workspaces
    ]


def state_words(row: Mapping[str, Any]) -> str:
    """Return the state of a workspace, and whether it is the main one or locked."""
    state = "main" if row["main"] and row["state"] == WorkspaceState.ALIVE.value else row["state"]
    return f"{state}, locked" if row["locked"] is not None else str(state)


COLUMNS: dict[str, Callable[[Any], str]] = {
    "Name": lambda row: row["name"],
    "Kind": lambda row: row["kind"],
    "State": state_words,
    "Sessions": lambda row: f"{row['sessions']:,}",
    "Directory": lambda row: tilde(row["path"]),
}
