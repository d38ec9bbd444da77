"""Parameters of queries and fields of bodies: defined once, to read them and to describe them in the API."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migrator.errors import BadInput
from migrator.store.paging import DEFAULT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request

MAX_PAGE = 1000
"""The largest page."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a query or a field of a body; `schema` is its JSON Schema."""

    name: str
    schema: Mapping[str, Any]
    description: str

    def read(self, text: str) -> Any:
        """Return the value of the text in a query. Raises BadInput if it isn't of this type."""
        match self.schema["type"]:
            case "boolean":
                if text not in {"true", "false"}:
                    raise BadInput(f"The value of {self.name} must be true or false, not {text!r}.")
                return text == "true"
            case "integer":
                return self._integer(text)
        return text

    def _integer(self, text: str) -> int:
        least, most = self.schema["minimum"], self.schema["maximum"]
        if not re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII) or not least <= int(text) <= most:
            raise BadInput(
                f"The value of {self.name} must be a whole number from {least} to {most}, not {text[:40]!r}."
            )
        return int(text)

    def document(self) -> dict[str, Any]:
        """Return the parameter as OpenAPI describes it."""
        return {
            "name": self.name,
            "in": "query",
            "required": False,
            "description": self.description,
            "schema": dict(self.schema),
        }


def limit_parameter(description: str) -> Parameter:
    """Return the parameter that says how many rows to return at most."""
    schema = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_LIMIT}
    return Parameter("limit", schema, description)


def read_query(request: Request, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Return the values of a request's query, or their defaults. Raises BadInput for what isn't allowed.

    An empty string counts as absent: opencode's clients send `directory=` so that theirs isn't filled in.
    """
    known = {parameter.name: parameter for parameter in parameters}
    values = {name: parameter.schema.get("default") for name, parameter in known.items()}
    seen: set[str] = set()
    for name, text in request.query_params.multi_items():
        if name not in known:
            names = ", ".join(known) or "none at all"
            raise BadInput(f"There is no parameter {name[:40]!r} here; known: {names}.")
        if name in seen:
            raise BadInput(f"The value of {name} is given twice.")
        seen.add(name)
        if text:
            values[name] = known[name].read(text)
    return values


def read_fields(body: Any, fields: Sequence[Parameter]) -> dict[str, Any]:
    """Return the values of a JSON object, or their defaults. Raises BadInput for a name or value that isn't allowed."""
    if not isinstance(body, dict):
        raise BadInput("The body must be a JSON object.")
    known = {parameter.name: parameter for parameter in fields}
    for name in body:
        if name not in known:
            raise BadInput(f"There is no {name[:40]!r} in the body; known: {', '.join(known)}.")
    return {
        name: field.schema.get("default") if body.get(name) is None else _check_field(field, body[name])
        for name, field in known.items()
    }


def _check_field(field: Parameter, value: Any) -> Any:
    schema = field.schema
    match schema["type"]:
        case "boolean":
            if not isinstance(value, bool):
                raise BadInput(f"The value of {field.name} must be true or false.")
        case "string":
            if not isinstance(value, str) or not value or "\0" in value:
                raise BadInput(f"The value of {field.name} must be a string that isn't empty.")
            if value not in schema.get("enum", [value]):
                *others, last = schema["enum"]
                raise BadInput(f"The value of {field.name} must be {', '.join(others)} or {last}, not {value[:40]!r}.")
        case "integer" | "number" as kind:
            least, most = schema["minimum"], schema["maximum"]
            kinds = (int,) if kind == "integer" else (int, float)
            if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
                what = "a whole number" if kind == "integer" else "a number"
                raise BadInput(f"The value of {field.name} must be {what} from {least} to {most}.")
    return value


def object_schema(fields: Sequence[Parameter], description: str, **more: Any) -> dict[str, Any]:
    """Return the JSON Schema of an object with these optional fields, and with those in `more`, which are required."""
    return {
        "type": "object",
        "description": description,
        **({"required": [*more]} if more else {}),
        "properties": {
            **more,
            **{field.name: {**field.schema, "description": field.description} for field in fields},
        },
        "additionalProperties": False,
    }
