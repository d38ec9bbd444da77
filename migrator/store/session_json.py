"""A row of `session` as JSON, written by SQLite: the type Session of opencode's SDK (1.18.34), times in milliseconds.

What the row holds no value for is left out, as opencode does. So is what grows with the conversation or is nobody's
business in a list: the diffs of `summary`, `revert`, `permission`, `metadata`. Python takes three times as long.
"""

from __future__ import annotations

from typing import NamedTuple


class SessionJson(NamedTuple):
    """A session: `json` is the object that opencode's own lists return for it."""

    updated: int
    id: str
    project_id: str
    json: str


def _always(key: str, column: str) -> str:
    return f"""',"{key}":' || json_quote({column})"""


def _maybe(key: str, column: str, value: str | None = None) -> str:
    """Write a value, unless this column is NULL."""
    return f"""iif({column} IS NULL, '', ',"{key}":' || {value or f"json_quote({column})"})"""


def _counts(columns: dict[str, str]) -> str:
    return ", ".join(f"'{key}', coalesce({column}, 0)" for key, column in columns.items())


_SUMMARY = {"additions": "summary_additions", "deletions": "summary_deletions", "files": "summary_files"}
_TOKENS = {"input": "tokens_input", "output": "tokens_output", "reasoning": "tokens_reasoning"}
_CACHE = {"read": "tokens_cache_read", "write": "tokens_cache_write"}
_MODEL = ("id", "providerID", "variant")

# A model that lacks what the type demands is left out: no client of opencode's could use it.
_HAS_MODEL = "CASE WHEN json_valid(model) THEN " + " AND ".join(
    f"json_type(model, '$.{key}') = 'text'" for key in _MODEL[:2]
)

COLUMNS = (
    "id", "slug", "project_id", "workspace_id", "directory", "path", "parent_id", *_SUMMARY.values(), "cost",
    *_TOKENS.values(), *_CACHE.values(), "share_url", "title", "agent", "model", "version", "time_created",
    "time_updated", "time_compacting", "time_archived",
)  # fmt: skip
"""The columns that are read; where an older schema lacks one, NULL is."""

SESSION = " || ".join(
    (
        """'{"id":' || json_quote(id)""",
        _always("slug", "slug"),
        _always("projectID", "project_id"),
        _maybe("workspaceID", "workspace_id"),
        _always("directory", "directory"),
        _maybe("path", "path"),
        _maybe("parentID", "parent_id"),
        _maybe("summary", f"coalesce({', '.join(_SUMMARY.values())})", f"json_object({_counts(_SUMMARY)})"),
        _maybe("cost", "cost"),
        _maybe("tokens", "tokens_input", f"json_object({_counts(_TOKENS)}, 'cache', json_object({_counts(_CACHE)}))"),
        _maybe("share", "share_url", "json_object('url', share_url)"),
        _always("title", "title"),
        _maybe("agent", "agent"),
        f"""iif({_HAS_MODEL} END, ',"model":' || json_patch('{{}}', json_object("""
        + ", ".join(f"'{key}', json_extract(model, '$.{key}')" for key in _MODEL)
        + ")), '')",
        _always("version", "version"),
        """',"time":{"created":' || json_quote(time_created)""",
        _always("updated", "time_updated"),
        _maybe("compacting", "time_compacting"),
        _maybe("archived", "time_archived"),
        "'}}'",
    )
)
"""The SQL expression."""
