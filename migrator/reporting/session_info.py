"""Sessions as opencode's own API returns them: the types Session and GlobalSession of its SDK (1.18.34)."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from migrator.model import Project
    from migrator.store.history_copy import SessionInfo


def session_info(row: SessionInfo) -> dict[str, Any]:
    """Return a Session; what the row holds no value for is left out, as opencode does. Times in milliseconds."""
    info: dict[str, Any] = {
        "id": row.id,
        "slug": row.slug,
        "projectID": row.project_id,
        "directory": row.directory,
        "title": row.title,
        "version": row.version,
        "time": {"created": row.time_created, "updated": row.time_updated},
    }
    for name, value in zip(_RARER, row[-len(_RARER) :], strict=True):
        if value is not None:
            info[name] = value
    if row.summary_additions is not None or row.summary_files is not None:
        info["summary"] = _summary(row)
    if row.tokens_input is not None:
        info["tokens"] = {
            "input": row.tokens_input,
            "output": row.tokens_output,
            "reasoning": row.tokens_reasoning,
            "cache": {"read": row.tokens_cache_read, "write": row.tokens_cache_write},
        }
    if row.model is not None:
        _add_model(info, row.model)
    if row.share_url is not None:
        info["share"] = {"url": row.share_url}
    if row.time_compacting is not None:
        info["time"]["compacting"] = row.time_compacting
    if row.time_archived is not None:
        info["time"]["archived"] = row.time_archived
    return info


# The last fields of SessionInfo, as opencode calls them.
_RARER = ("workspaceID", "path", "parentID", "cost", "agent")


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


def _summary(row: SessionInfo) -> dict[str, int]:
    counts = (row.summary_additions, row.summary_deletions, row.summary_files)
    return dict(zip(("additions", "deletions", "files"), (count or 0 for count in counts), strict=True))


def _add_model(info: dict[str, Any], text: str) -> None:
    """Add `{id, providerID, variant}`, but nothing else, which no client of opencode's could use."""
    model = _model(text)
    if model is not None:
        info["model"] = {**model}


@lru_cache(maxsize=1000)
def _model(text: str) -> dict[str, str] | None:
    try:
        model = json.loads(text)
    except ValueError:
        return None
    if not isinstance(model, dict) or not all(isinstance(model.get(key), str) for key in ("id", "providerID")):
        return None
    return {key: model[key] for key in ("id", "providerID", "variant") if isinstance(model.get(key), str)}
