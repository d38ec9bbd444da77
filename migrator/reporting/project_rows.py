"""Projects as rows: what `projects` lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.reporting.rows import Column, ColumnKind, field
from migrator.text import size_text, tilde

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import ListedProject


def project_rows(projects: Sequence[ListedProject]) -> list[dict[str, Any]]:
    """Return one JSON object per project; without a row, its name, worktree and vcs are null.

    `exists` is null where that can't be told, and `reason` says why; and for `global`, which has no worktree. `updated`
    is when one of its sessions was used last, null without any. `lost` (sessions) and `size` (bytes) are there if they
    were asked for.
    """
    return [
        {
            "id": listed.id,
            "name": listed.project and listed.project.name,
            "worktree": listed.project and listed.project.worktree,
            "vcs": listed.project and listed.project.vcs,
            "sessions": listed.sessions,
            "exists": listed.exists,
            "reason": listed.reason,
            "updated": listed.updated,
        }
        | ({} if listed.lost is None else {"lost": listed.lost})
        | ({} if listed.size is None else {"size": listed.size})
        for listed in projects
    ]


def _label(row: Mapping[str, Any]) -> str:
    from migrator.model import Project

    return "" if row["worktree"] is None else Project(row["id"], row["worktree"], row["vcs"], row["name"]).label


def _exists(row: Mapping[str, Any]) -> str:
    return {True: "yes", False: "no", None: "can't tell" if row["reason"] else ""}[row["exists"]]


def _exists_style(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"fg": "red"} if row["exists"] is False else {"fg": "yellow"} if row["reason"] else {}


def _worktree(row: Mapping[str, Any]) -> str:
    from migrator.model import GLOBAL

    if row["worktree"] is None:
        return "(no project row)"
    return "(none of its own)" if row["id"] == GLOBAL else tilde(row["worktree"])


def _size(row: Mapping[str, Any]) -> str:
    return "" if row.get("size") is None else size_text(row["size"])


def _lost_style(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"fg": "red"} if row["lost"] else {}


PROJECT_COLUMNS = {
    "id": Column("Project", lambda row: row["id"], text=lambda row: row["id"][:12]),
    "name": field("Name", "name", ColumnKind.TEXT, _label),
    "sessions": field("Sessions", "sessions", ColumnKind.NUMBER),
    "lost": Column("Lost", lambda row: row.get("lost"), ColumnKind.NUMBER, style=_lost_style),
    "size": Column("Size", lambda row: row.get("size"), ColumnKind.NUMBER, _size),
    "updated": field("Last used", "updated", ColumnKind.TIME),
    "vcs": field("VCS", "vcs"),
    "exists": Column("Exists", lambda row: row["exists"], text=_exists, style=_exists_style),
    "worktree": field("Worktree", "worktree", ColumnKind.PATH, _worktree),
}

PROJECT_SHOWN = ("id", "name", "sessions", "updated", "vcs", "exists", "worktree")
"""Those that cost nothing: `lost` looks at the disk as `orphans` does, `size` reads all that was said."""
