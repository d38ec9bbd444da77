"""The JSON Schemas of what only the server returns; those of what the command line prints too are in documents/."""

from __future__ import annotations

from typing import Any

from migrator.documents.schemas import schema

_TEXT = {"type": "string"}
_COUNT = {"type": "integer"}
_TIME = {"type": "integer", "description": "Milliseconds since 1970."}

_LOST = schema("orphans", "#/components/schemas/{name}")["$defs"]

SESSION_PROPERTIES: dict[str, Any] = {
    "id": {"type": "string", "description": "The session's id."},
    "slug": {"type": "string", "description": "Its short name."},
    "projectID": {"type": "string", "description": "The id of its project; `global` outside any repository."},
    "workspaceID": {"type": "string", "description": "The opencode workspace it is in."},
    "directory": {"type": "string", "description": "The directory it is bound to."},
    "path": {"type": "string", "description": "The directory relative to its checkout, empty at the top."},
    "parentID": {"type": "string", "description": "The session whose subagent it is."},
    "summary": {
        "type": "object",
        "description": "What its turns changed.",
        "required": ["additions", "deletions", "files"],
        "properties": {"additions": _COUNT, "deletions": _COUNT, "files": _COUNT},
    },
    "cost": {"type": "number", "description": "What it cost, in US dollars."},
    "tokens": {
        "type": "object",
        "description": "How many tokens it took.",
        "required": ["input", "output", "reasoning", "cache"],
        "properties": {
            "input": _COUNT,
            "output": _COUNT,
            "reasoning": _COUNT,
            "cache": {
                "type": "object",
                "required": ["read", "write"],
                "properties": {"read": _COUNT, "write": _COUNT},
            },
        },
    },
    "share": {
        "type": "object",
        "description": "Where it is shared.",
        "required": ["url"],
        "properties": {"url": _TEXT},
    },
    "title": {"type": "string", "description": "Its title."},
    "agent": {"type": "string", "description": "The agent of its last turn."},
    "model": {
        "type": "object",
        "description": "The model of its last turn.",
        "required": ["id", "providerID"],
        "properties": {"id": _TEXT, "providerID": _TEXT, "variant": _TEXT},
    },
    "version": {"type": "string", "description": "The version of opencode that made it."},
    "time": {
        "type": "object",
        "required": ["created", "updated"],
        "properties": {"created": _TIME, "updated": _TIME, "compacting": _TIME, "archived": _TIME},
    },
}

_REQUIRED = ["id", "slug", "projectID", "directory", "title", "version", "time"]

_PROJECT = {
    "description": "The session's project; null where it has no row.",
    "type": ["object", "null"],
    "required": ["id", "worktree"],
    "properties": {
        "id": {"type": "string", "description": "Its id."},
        "name": {"type": "string", "description": "Its name, if somebody gave it one."},
        "worktree": {"type": "string", "description": "The directory it was first opened in."},
    },
}

_WHY_LOST = ("reasons", "suggestion", "rivals", "commands")

_DATABASE = {
    "description": "The database it is of, in a list of several.",
    "type": "object",
    "required": ["channel", "path"],
    "properties": {
        "channel": {"type": ["string", "null"], "description": "The release channel; null for a copy by another name."},
        "path": {"type": "string", "description": "The file."},
    },
}

SCHEMAS: dict[str, Any] = {
    "Session": {
        "description": "A session as opencode returns it, without what grows with its conversation.",
        "type": "object",
        "required": _REQUIRED,
        "properties": SESSION_PROPERTIES,
    },
    "GlobalSession": {
        "description": "A session and its project.",
        "type": "object",
        "required": [*_REQUIRED, "project"],
        "properties": {**SESSION_PROPERTIES, "project": _PROJECT, "database": _DATABASE},
    },
    "Orphan": {
        "description": "A session that got lost. One that is only in the JSON storage of opencode before 1.2 has an "
        "empty `slug` and `version`.",
        "type": "object",
        "required": [*_REQUIRED, "project", *_WHY_LOST],
        "properties": {
            **SESSION_PROPERTIES,
            "project": _PROJECT,
            **{key: _LOST["OrphanDocument"]["properties"][key] for key in _WHY_LOST},
        },
    },
    **{name: _LOST[name] for name in ("Certainty", "ReasonDocument", "SuggestionDocument")},
    "LoggedRun": schema("log")["$defs"]["LoggedRunDocument"],
}
