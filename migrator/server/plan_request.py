"""The body of POST /plan: each name is a long option of `move`, those of plug-ins' selectors too."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, get_args

import click

from migrator.arguments import MoveRequest, SelectRequest
from migrator.choices import FileUndoPolicy, Subdirs
from migrator.errors import BadInput
from migrator.plugins import selector_options
from migrator.selection.options import may_stand_alone, read_options
from migrator.server.parameters import Parameter, object_schema, read_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

DESTINATION = (
    Parameter(
        "match",
        {"type": "string", "enum": ["all", "any"], "default": "all"},
        "Must a session meet every kind of `from-...`, or any?",
    ),
    Parameter("with-forks", {"type": "boolean", "default": False}, "Take along the forks, as opencode 2 knows them."),
    Parameter(
        "to-dir",
        {"type": "string", "minLength": 1},
        "Where they go; `keep` leaves each where it is. Default: the project root of the server's directory.",
    ),
    Parameter(
        "to-project",
        {"type": "string", "minLength": 1},
        "Insist on this project, or on each session's own (`keep`); refused where opencode resolves another.",
    ),
    Parameter(
        "subdirs",
        {"type": "string", "enum": [*get_args(Subdirs)], "default": "nearest"},
        "A session in MATCH/sub goes to DIR/sub. Without one: to the nearest directory above, or refuse (keep). "
        "flatten: all into DIR.",
    ),
    Parameter(
        "undo-files",
        {"type": "string", "enum": [*get_args(FileUndoPolicy)], "default": "auto"},
        "What becomes of opencode's file undo.",
    ),
    Parameter(
        "announce",
        {"type": "boolean", "default": True},
        "Tell the model of opencode 2 that the directory is another now.",
    ),
)


@cache
def _selector_options() -> Mapping[str, click.Option]:
    """Map the name of each selector's option, without its dashes, to it."""
    return {next(name for name in o.opts if name.startswith("--"))[2:]: o for o in selector_options().values()}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the body."""
    description = "Which sessions (`from-...`, `orphans`, and filters that narrow), and where they go."
    destination = object_schema(DESTINATION, description)
    selectors = {name: _schema(option) for name, option in _selector_options().items()}
    return {**destination, "properties": {**selectors, **destination["properties"]}}


def _schema(option: click.Option) -> dict[str, Any]:
    description = {"description": option.help or ""}
    if option.is_flag:
        return {"type": "boolean", **description}
    if isinstance(option.type, click.Choice):
        return {"enum": list(option.type.choices), **description}
    text = {"type": "string", "minLength": 1}
    if not option.multiple:
        return {**text, **description}
    several = [{"type": "array", "items": text}, text]
    return {"anyOf": [*several, {"type": "boolean"}] if may_stand_alone(option) else several, **description}


def read_request(body: Any) -> MoveRequest:
    """Return the request that a body makes. Raises BadInput for a name or value that isn't allowed."""
    if not isinstance(body, dict):
        raise BadInput("The body must be a JSON object.")
    known = _selector_options()
    destination = [field.name for field in DESTINATION]
    for name, value in body.items():
        if name not in known and name not in destination:
            raise BadInput(f"There is no option {name[:40]!r}; known: {', '.join([*known, *destination])}.")
        if "-" in (value if isinstance(value, list) else [value]):
            raise BadInput(f"{name} must not be -, which is standard input; send the values themselves.")
    values = read_fields({name: body.get(name) for name in destination}, DESTINATION)
    options = read_options(known, {name: value for name, value in body.items() if name in known})
    return MoveRequest(
        SelectRequest(options, values["match"] == "any", values["with-forks"]),
        values["to-dir"],
        values["to-project"],
        values["subdirs"],
        values["undo-files"],
        values["announce"],
    )
