"""The JSON Schemas of plan@1 and run@1, made from the types that read and write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.json import schema_components

from migrator.documents.types import PLAN, RUN, PlanDocument, RunDocument

if TYPE_CHECKING:
    from collections.abc import Sequence


def schema(name: str, refs: str = "#/$defs/{name}") -> dict[str, Any]:
    """Return the JSON Schema of "plan" or "run", with its parts in `$defs`; `refs` is how they are referred to."""
    kind, title = {"plan": (PlanDocument, PLAN), "run": (RunDocument, RUN)}[name]
    _, parts = schema_components([kind], ref_template=refs)
    for part in parts.values():
        if "description" in part:
            part["description"] = " ".join(part["description"].split())  # a docstring
        if "properties" in part:
            _require(part)
    whole = parts.pop(kind.__name__)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:{title.replace('/', ':')}"}
    return {**head, **whole, "title": title, **_RULES[name], "$defs": parts}


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
