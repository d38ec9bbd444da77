"""Projects as rows: what `projects` lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.model import GLOBAL
from migrator.text import tilde

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from migrator.model import ListedProject


def project_rows(projects: Sequence[ListedProject]) -> list[dict[str, Any]]:
    """Return one JSON object per project; without a row, its name, worktree and vcs are null.

    `exists` is null where that can't be told, and `reason` says why; and for `global`, which has no worktree.
    """
    return [
        {
            "id": id_,
            "name": project and project.name,
            "worktree": project and project.worktree,
            "vcs": project and project.vcs,
            "sessions": sessions,
            "exists": exists,
            "reason": reason,
        }
        for id_, project, sessions, exists, reason in projects
    ]


def project_columns(projects: Sequence[ListedProject]) -> dict[str, Callable[[Any], str]]:
    """Return the columns of the table."""
    labels = {id_: project.label for id_, project, *_ in projects if project}
    return {
        "Project": lambda row: row["id"][:12],
        "Name": lambda row: labels.get(row["id"], ""),
        "Sessions": lambda row: f"{row['sessions']:,}",
        "VCS": lambda row: row["vcs"] or "",
        "Exists": lambda row: {True: "yes", False: "no", None: "can't tell" if row["reason"] else ""}[row["exists"]],
        "Worktree": _worktree,
    }


def _worktree(row: Mapping[str, Any]) -> str:
    if row["worktree"] is None:
        return "(no project row)"
    return "(none of its own)" if row["id"] == GLOBAL else tilde(row["worktree"])
