"""The body of POST /plan: each name is a long option of `move` or `rescue`, those of plug-ins' selectors too."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, get_args

import click

from migrator.arguments import MoveRequest, RescueRequest, SearchRequest, SelectRequest
from migrator.choices import FileUndoPolicy, Subdirs
from migrator.errors import BadInput
from migrator.plugins import selector_options
from migrator.selection.options import may_stand_alone, read_options
from migrator.server.parameters import Parameter, object_schema, read_fields
from migrator_selectors.exclude_from import TEXTS

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILES = (click.Path, click.File)
COMMAND = Parameter(
    "command",
    {"type": "string", "enum": ["move", "rescue"], "default": "move"},
    "The command whose options the other names are.",
)
BOTH = (
    Parameter(
        "match",
        {"type": "string", "enum": ["all", "any"], "default": "all"},
        "Must a session meet every kind of `from-...`, or any?",
    ),
    Parameter("with-forks", {"type": "boolean", "default": False}, "Take along the forks, as opencode 2 knows them."),
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
DESTINATION = (
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
)
HOMES = (
    Parameter("likely", {"type": "boolean", "default": False}, "Of `rescue`: take homes that are only likely, too."),
    Parameter(
        "search-depth",
        {"type": "integer", "minimum": 0, "maximum": 100},
        "Of `rescue`: how many levels below each `search` to look. Default: 5.",
    ),
)
LISTED_HOMES = {
    "rule": click.Option(["--rule"], multiple=True, help="Of `rescue`: only what this rule of `orphans` finds."),
    "search": click.Option(
        ["--search"], multiple=True, help="Of `rescue`: look below this directory for what was moved."
    ),
}
EXCLUDE_LINES = click.Option(
    ["--exclude-lines", TEXTS],
    multiple=True,
    help="Leave out the directories that these lines list, in gitignore syntax, seen from /: the text of a whole list.",
)


@cache
def _all_selector_options() -> Mapping[str, click.Option]:
    """Map the name of each selector's option, without its dashes, to it."""
    return {next(name for name in o.opts if name.startswith("--"))[2:]: o for o in selector_options().values()}


def _selector_options() -> Mapping[str, click.Option]:
    """Return the options that a body can have. None names a file, since a server opens no file for its clients."""
    named = {name: option for name, option in _all_selector_options().items() if not isinstance(option.type, _FILES)}
    return {**named, "exclude-lines": EXCLUDE_LINES}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the body."""
    description = (
        "Which sessions (`from-...`, `orphans`, and filters that narrow), and where they go; or with the `command` "
        "`rescue`, which lost sessions go home: all of them, if none are selected."
    )
    rest = object_schema((COMMAND, *BOTH, *DESTINATION, *HOMES), description)
    several = {name: _schema(option) for name, option in {**_selector_options(), **LISTED_HOMES}.items()}
    return {**rest, "properties": {**several, **rest["properties"]}}


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


def read_request(body: Any) -> MoveRequest | RescueRequest:
    """Return the request that a body makes. Raises BadInput for a name or value that isn't allowed."""
    if not isinstance(body, dict):
        raise BadInput("The body must be a JSON object.")
    command = read_fields({"command": body.get("command")}, [COMMAND])["command"]
    fields = {field.name: field for field in (*BOTH, *(DESTINATION if command == "move" else HOMES))}
    known = {**_selector_options(), **({} if command == "move" else LISTED_HOMES)}
    for name, value in body.items():
        if name in _all_selector_options() and name not in known:
            instead = "send its text as exclude-lines" if name == "exclude-from" else "leave it out"
            raise BadInput(f"The option {name} names a file, and the server opens no file for a client; {instead}.")
        if name not in {*known, *fields, COMMAND.name}:
            names = ", ".join([*known, *fields, COMMAND.name])
            raise BadInput(f"There is no option {name[:40]!r} of {command}; known: {names}.")
        if "-" in (value if isinstance(value, list) else [value]):
            raise BadInput(f"The value of {name} must not be -, which is standard input; send the values themselves.")
    values = read_fields({name: body.get(name) for name in fields}, [*fields.values()])
    options = read_options(known, {name: value for name, value in body.items() if name in known})
    rules, search = options.pop("rule", ()), options.pop("search", ())
    select = SelectRequest(options, values["match"] == "any", values["with-forks"])
    undo_files, announce = values["undo-files"], values["announce"]
    if command == "move":
        return MoveRequest(select, values["to-dir"], values["to-project"], values["subdirs"], undo_files, announce)
    homes = SearchRequest(search, values["search-depth"])
    return RescueRequest(rules, values["likely"], homes, undo_files, announce, select, rule_option="rule")
