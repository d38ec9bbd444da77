"""The JSON Schemas of all that programs read, made from the types that describe it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.json import schema_components

from migrator.documents.listings import DoctorDocument, ExplanationDocument, OrphanDocument, SessionDocument
from migrator.documents.types import LOG, PLAN, RUN, LoggedRunDocument, PlanDocument, RunDocument, RunRecordDocument

if TYPE_CHECKING:
    from collections.abc import Sequence

DOCUMENTS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "plan": (PLAN, (PlanDocument,)),
    "run": (RUN, (RunDocument,)),
    "list": ("opencode-migrator/list@1", (list[SessionDocument],)),
    "orphans": ("opencode-migrator/orphans@1", (list[OrphanDocument], ExplanationDocument)),
    "doctor": ("opencode-migrator/doctor@1", (DoctorDocument,)),
    "log": (LOG, (RunRecordDocument, list[LoggedRunDocument])),
}
"""The title of each document, and what it may be."""


def schema(name: str, refs: str = "#/$defs/{name}") -> dict[str, Any]:
    """Return the JSON Schema of one of DOCUMENTS, with its parts in `$defs`; `refs` is how they are referred to."""
    title, kinds = DOCUMENTS[name]
    choices, parts = schema_components(kinds, ref_template=refs)
    for part in parts.values():
        if "description" in part:
            part["description"] = " ".join(part["description"].split())  # a docstring
        if "properties" in part:
            _require(part)
    whole = choices[0] if len(kinds) == 1 else {"anyOf": [*choices]}
    whole = parts.pop(kinds[0].__name__) if "$ref" in whole else whole
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:{title.replace('/', ':')}"}
    return {**head, **whole, "title": title, **_RULES.get(name, {}), "$defs": parts}


def _require(part: dict[str, Any]) -> None:
    """Require the keys with a default, too: they are always written."""
    required: Sequence[str] = part["required"]
    part["required"] = [key for key, value in part["properties"].items() if key in required or "default" in value]
    for value in part["properties"].values():
        value.pop("default", None)


_RULES: dict[str, dict[str, Any]] = {
    "plan": {
        "if": {"properties": {"store": {"properties": {"dialect": {"const": "v1"}}}}},
        "then": {"properties": {"announce": {"const": False}}},
    },
    "run": {
        "additionalProperties": False,
        "oneOf": [
            {
                "description": "Every session that was written was verified.",
                "properties": {"status": {"const": "applied"}, "run": {"type": "string"}, "undo": {"type": "string"}},
                "anyOf": [
                    {"properties": {"sessions": {"minimum": 1}, "chunks": {"minimum": 1}}},
                    {"properties": {"sessions": {"const": 0}, "chunks": {"const": 0}, "projects": {"minimum": 1}}},
                ],
            },
            {
                "description": "A run that was cut off and taken back is over.",
                "properties": {"status": {"const": "rolled-back"}, "run": {"type": "string"}, "undo": {"type": "null"}},
            },
            {
                "description": "No run came about.",
                "properties": {
                    "status": {"const": "unchanged"},
                    **{key: {"type": "null"} for key in ("run", "undo")},
                    **{key: {"const": 0} for key in ("sessions", "chunks", "verified")},
                },
            },
        ],
    },
}
"""What holds of several keys at once."""
