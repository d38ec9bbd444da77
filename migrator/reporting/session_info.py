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
    info: dict[str, Any] = {"id": row.id, "slug": row.slug, "projectID": row.project_id}
    if row.workspace_id is not None:
        info["workspaceID"] = row.workspace_id
    info["directory"] = row.directory
    if row.path is not None:
        info["path"] = row.path
    if row.parent_id is not None:
        info["parentID"] = row.parent_id
    if row.summary_additions is not None or row.summary_deletions is not None or row.summary_files is not None:
        info["summary"] = {
            "additions": row.summary_additions or 0,
            "deletions": row.summary_deletions or 0,
            "files": row.summary_files or 0,
        }
    if row.cost is not None:
        info["cost"] = row.cost
    if row.tokens_input is not None:
        info["tokens"] = {
            "input": row.tokens_input,
            "output": row.tokens_output,
            "reasoning": row.tokens_reasoning,
            "cache": {"read": row.tokens_cache_read, "write": row.tokens_cache_write},
        }
    if row.share_url is not None:
        info["share"] = {"url": row.share_url}
    info["title"] = row.title
    if row.agent is not None:
        info["agent"] = row.agent
    if (model := _model(row.model)) is not None:
        info["model"] = model
    info["version"] = row.version
    info["time"] = time = {"created": row.time_created, "updated": row.time_updated}
    if row.time_compacting is not None:
        time["compacting"] = row.time_compacting
    if row.time_archived is not None:
        time["archived"] = row.time_archived
    return info


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
