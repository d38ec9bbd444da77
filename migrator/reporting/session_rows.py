"""Sessions as rows: the fields of opencode's session history proposal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.text import local_time, tilde

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from migrator.model import Project, Session


def session_rows(sessions: Iterable[Session], projects: Iterable[Project]) -> list[dict[str, Any]]:
    """Return one JSON object per session."""
    known = project_rows_by_id(projects)
    return [session_row(session, known) for session in sessions]


def session_row(session: Session, projects: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a session as JSON; times in milliseconds, `project` null where it has no row in `projects`."""
    id_, parent_id, title, (project_id, directory, path, _), created, updated, archived = session
    return {
        "id": id_,
        "title": title,
        "created": created,
        "updated": updated,
        "projectId": project_id,
        "project": projects.get(project_id),
        "directory": directory,
        "path": path,
        "parentId": parent_id,
        "archived": archived,
    }


def project_rows_by_id(projects: Iterable[Project]) -> dict[str, Mapping[str, Any]]:
    """Return what the row of a session says of its project, by the project's id."""
    return {project.id: {"id": project.id, "name": project.name, "worktree": project.worktree} for project in projects}


NARROW = 100


def session_columns(*, with_project: bool, width: int | None = None) -> dict[str, Callable[[Mapping[str, Any]], str]]:
    """Return the columns of the table; on a narrow terminal the directory alone must say which project."""
    found: dict[str, Callable[[Mapping[str, Any]], str]] = {
        "Session ID": lambda row: row["id"],
        "Updated": lambda row: local_time(row["updated"]),
    }
    if with_project:
        if width is None or width >= NARROW:
            found["Project"] = _project
        found["Directory"] = lambda row: tilde(row["directory"])
    found["Title"] = lambda row: row["title"] + (" (archived)" if row["archived"] else "")
    return found


def _project(row: Mapping[str, Any]) -> str:
    project = row["project"]
    if project is None:
        return f"{row['projectId'][:8]} (no row)"
    return str(project["name"] or project["worktree"].rstrip("/").rpartition("/")[2] or project["id"])
