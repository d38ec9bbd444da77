"""Query parameters: said once, for reading them and for the description of the API."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migrator.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a query; `schema` is its JSON Schema, of type string, integer or boolean."""

    name: str
    schema: Mapping[str, Any]
    description: str

    def read(self, text: str) -> Any:
        """Return the value that `text` means; BadInput where it means none."""
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


def read(request: Request, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Return the values of a request's query, defaults where nothing was said; BadInput for what can't be meant.

    An empty string counts as nothing: opencode's clients send `directory=` so that theirs isn't filled in.
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
