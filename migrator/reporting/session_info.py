"""Sessions as opencode's own API returns them: the type GlobalSession of its SDK (1.18.34)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from migrator.model import Project
    from migrator.store.history_copy import Info


def global_sessions(rows: Iterable[Info], projects: Mapping[str, Project]) -> list[str]:
    """Return the JSON of each session with its project, null where it has no row."""
    written: dict[str, str] = {}
    found = []
    for row in rows:
        project = written.get(row.project_id)
        if project is None:
            project = written[row.project_id] = _project(projects.get(row.project_id))
        found.append(f'{row.json[:-1]},"project":{project}}}')
    return found


def _project(project: Project | None) -> str:
    if project is None:
        return "null"
    named = {} if project.name is None else {"name": project.name}
    return json.dumps({"id": project.id, **named, "worktree": project.worktree}, ensure_ascii=False)
