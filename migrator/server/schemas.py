"""The JSON Schemas of what only the server returns; plan@1 and run@1 have files of their own in documents/."""

from __future__ import annotations

from typing import Any

from migrator.documents.schemas import schema

_TEXT = {"type": "string"}
_COUNT = {"type": "integer"}
_TIME = {"type": "integer", "description": "Milliseconds since 1970."}

_CERTAINTY = {"description": "How sure that is.", "enum": ["certain", "likely", "unknown"]}

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
        "required": [*_REQUIRED, "project", "reasons", "suggestion", "rivals"],
        "properties": {
            **SESSION_PROPERTIES,
            "project": _PROJECT,
            "reasons": {
                "type": "array",
                "description": "Why it is lost.",
                "items": {
                    "type": "object",
                    "required": ["rule", "evidence", "certainty"],
                    "properties": {
                        "rule": {"type": "string", "description": "The rule that found it."},
                        "evidence": {"type": "string", "description": "The fact that was seen."},
                        "certainty": _CERTAINTY,
                    },
                },
            },
            "suggestion": {
                "description": "Where it belongs; null where nobody knows.",
                "type": ["object", "null"],
                "required": ["directory", "projectId", "certainty", "because"],
                "properties": {
                    "directory": {"type": "string", "description": "A directory that is there."},
                    "projectId": {"type": "string", "description": "What opencode makes of it."},
                    "certainty": _CERTAINTY,
                    "because": {"type": "string", "description": "Why there."},
                },
            },
            "rivals": {
                "type": "array",
                "description": "Directories of equal rank, none of which is suggested.",
                "items": _TEXT,
            },
            "commands": {
                "type": "array",
                "description": "The command line that takes the session to each of the rivals, in their order.",
                "items": _TEXT,
            },
        },
    },
    "LoggedRun": schema("log")["$defs"]["LoggedRunDocument"],
}
