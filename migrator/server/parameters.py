"""Parameters of queries and fields of bodies: defined once, to read them and to describe them in the API."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migrator.errors import BadInput
from migrator.store.paging import DEFAULT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request

MAX_PAGE = 1000
"""The largest page."""

TEXT = {"type": "string", "minLength": 1}
TEXTS: Mapping[str, Any] = {"anyOf": [{"type": "array", "items": TEXT}, TEXT]}
"""The schema of a field that may have several values."""


def camel_case(name: str) -> str:
    """Return the name of an option as a field is called: `fromDir` for `from-dir`."""
    first, *rest = name.split("-")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def with_camel_case(body: Any) -> Any:
    """Return a body with the names that its fields have today: before, they were those of options, as `from-dir`.

    Raises BadInput if that gives one of them twice.
    """
    if not isinstance(body, dict):
        return body
    named = {camel_case(name): value for name, value in body.items()}
    if len(named) < len(body):
        twice = next(name for name, times in Counter(map(camel_case, body)).items() if times > 1)
        raise BadInput(f"{twice[:40]} is given twice, as it is called today and as it was called before.")
    return named


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
                    raise BadInput(f"{self.name} must be true or false, not {text!r}.")
                return text == "true"
            case "integer":
                return self._integer(text)
        return text

    def _integer(self, text: str) -> int:
        least, most = self.schema["minimum"], self.schema["maximum"]
        if not re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII) or not least <= int(text) <= most:
            raise BadInput(f"{self.name} must be a whole number from {least} to {most}, not {text[:40]!r}.")
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
            raise BadInput(f"{name} is given twice.")
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
        name: field.schema.get("default", () if field.schema is TEXTS else None)
        if body.get(name) is None
        else _check_field(field, body[name])
        for name, field in known.items()
    }


def _check_field(field: Parameter, value: Any) -> Any:
    schema = field.schema
    match schema.get("type"):
        case None:  # TEXTS
            texts = value if isinstance(value, list) else [value]
            return [_check_field(Parameter(field.name, TEXT, ""), text) for text in texts]
        case "array":
            _check_objects(field, value)
        case "boolean":
            if not isinstance(value, bool):
                raise BadInput(f"{field.name} must be true or false.")
        case "string":
            if not isinstance(value, str) or not value or "\0" in value:
                raise BadInput(f"{field.name} must be a string that isn't empty.")
            if value not in schema.get("enum", [value]):
                *others, last = schema["enum"]
                raise BadInput(f"{field.name} must be {', '.join(others)} or {last}, not {value[:40]!r}.")
        case "integer" | "number" as kind:
            least, most = schema["minimum"], schema["maximum"]
            kinds = (int,) if kind == "integer" else (int, float)
            if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
                what = "a whole number" if kind == "integer" else "a number"
                raise BadInput(f"{field.name} must be {what} from {least} to {most}.")
    return value


def _check_objects(field: Parameter, value: Any) -> None:
    """Check an array of objects, each of which has all of its properties."""
    properties = field.schema["items"]["properties"]
    if not isinstance(value, list) or not value:
        raise BadInput(f"{field.name} must be an array that isn't empty.")
    for item in value:
        if not isinstance(item, dict) or item.keys() != properties.keys():
            raise BadInput(f"{field.name} must be objects with {' and '.join(properties)}, and nothing else.")
        for name, inner in properties.items():
            _check_field(Parameter(f"{field.name}.{name}", inner, ""), item[name])


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
