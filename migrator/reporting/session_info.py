"""Sessions as opencode's own API returns them: the types Session and GlobalSession of its SDK (1.18.34)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from migrator.model import Project
    from migrator.store.history_copy import SessionInfo


def session_info(row: SessionInfo) -> dict[str, Any]:
    """Return a Session; what the row holds no value for is left out, as opencode does. Times in milliseconds."""
    info = {
        "id": row.id,
        "slug": row.slug,
        "projectID": row.project_id,
        "workspaceID": row.workspace_id,
        "directory": row.directory,
        "path": row.path,
        "parentID": row.parent_id,
        "summary": _summary(row),
        "cost": row.cost,
        "tokens": _tokens(row),
        "share": {"url": row.share_url} if row.share_url is not None else None,
        "title": row.title,
        "agent": row.agent,
        "model": _model(row.model),
        "version": row.version,
        "time": {"created": row.time_created, "updated": row.time_updated, **_rarer_times(row)},
    }
    return {name: value for name, value in info.items() if value is not None}


def _summary(row: SessionInfo) -> dict[str, int] | None:
    counts = (row.summary_additions, row.summary_deletions, row.summary_files)
    if counts == (None, None, None):
        return None
    return dict(zip(("additions", "deletions", "files"), (count or 0 for count in counts), strict=True))


def _tokens(row: SessionInfo) -> dict[str, Any] | None:
    if row.tokens_input is None:
        return None
    return {
        "input": row.tokens_input,
        "output": row.tokens_output,
        "reasoning": row.tokens_reasoning,
        "cache": {"read": row.tokens_cache_read, "write": row.tokens_cache_write},
    }


def _rarer_times(row: SessionInfo) -> dict[str, int]:
    times = {"compacting": row.time_compacting, "archived": row.time_archived}
    return {name: time for name, time in times.items() if time is not None}


def global_session(row: SessionInfo, projects: Mapping[str, Project]) -> dict[str, Any]:
    """Return a GlobalSession: a Session with its project, null where it has no row."""
    info = session_info(row)
    project = projects.get(row.project_id)
    if project is None:
        info["project"] = None
        return info
    info["project"] = {"id": project.id, "worktree": project.worktree}
    if project.name is not None:
        info["project"]["name"] = project.name
    return info


def _model(text: str | None) -> dict[str, str] | None:
    """Return `{id, providerID, variant}`; None for anything else, which no client of opencode's could use."""
    if text is None:
        return None
    try:
        model = json.loads(text)
    except ValueError:
        return None
    if not isinstance(model, dict) or not all(isinstance(model.get(key), str) for key in ("id", "providerID")):
        return None
    return {key: model[key] for key in ("id", "providerID", "variant") if isinstance(model.get(key), str)}
