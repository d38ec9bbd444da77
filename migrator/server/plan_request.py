"""The body of POST /plan: a command, and the values of its options, those of plug-ins' selectors too.

Each name is that of a long option in camel case, `fromDir` for `--from-dir`. Bodies become the typed requests that the
command line makes, too; a command more is a tuple of fields here, a request, and its operation in `routes/plan.py`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, get_args

import click

from migrator.arguments import (
    ConsolidateRequest,
    MergeRequest,
    MoveRequest,
    PlanRequest,
    ProtectRequest,
    RelocateRequest,
    RescueRequest,
    SearchRequest,
    SelectRequest,
    folder_state,
)
from migrator.choices import FileUndoPolicy, OnDuplicate, Subdirs
from migrator.errors import BadInput
from migrator.planning.relocation.arguments import Pair
from migrator.plugins import selector_options
from migrator.selection.options import may_stand_alone, read_options
from migrator.server.parameters import TEXT, TEXTS, Parameter, camel_case, object_schema, read_fields
from migrator_selectors.exclude_from import TEXTS as EXCLUDE_LINES_VALUE

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILES = (click.Path, click.File)
_SWITCH = {"type": "boolean", "default": False}
_MATCH = Parameter(
    "match",
    {"type": "string", "enum": ["all", "any"], "default": "all"},
    "Must a session meet every kind of `from...`, or any?",
)
_FORKS = Parameter("withForks", _SWITCH, "Take along the forks, as opencode 2 knows them.")
_UNDO_FILES = Parameter(
    "undoFiles",
    {"type": "string", "enum": [*get_args(FileUndoPolicy)], "default": "auto"},
    "What becomes of opencode's file undo.",
)
_ANNOUNCE = Parameter(
    "announce",
    {"type": "boolean", "default": True},
    "Tell the model of opencode 2 that the directory is another now.",
)
_TO_DIR = Parameter(
    "toDir",
    TEXT,
    "Where they go; in `move`, `keep` leaves each where it is. Default: the project root of the server's directory, in "
    "`consolidate` the main working copy, in `merge` each one's own directory.",
)
_SUBDIRS = Parameter(
    "subdirs",
    {"type": "string", "enum": [*get_args(Subdirs)], "default": "nearest"},
    "A session in MATCH/sub goes to DIR/sub. Without one: to the nearest directory above, or refuse (keep). "
    "flatten: all into DIR.",
)
_PAIR = {
    "type": "object",
    "required": ["old", "new"],
    "properties": {
        "old": {**TEXT, "description": "Where it was, or is for the other database."},
        "new": {**TEXT, "description": "Where it is, or will be."},
    },
    "additionalProperties": False,
}
_FOLDERS = Parameter(
    "folders", {"type": "array", "minItems": 1, "items": _PAIR}, "The folders that moved, or that are elsewhere here."
)
_FOREIGN = Parameter(
    "foreign",
    _SWITCH,
    "In `relocate`: they are in another home, disk or container, so map paths and look at nothing. In `merge`: take "
    "sessions whose directories aren't here as they are.",
)

FIELDS = {
    "move": (
        _TO_DIR,
        Parameter(
            "toProject",
            TEXT,
            "Insist on this project, or on each session's own (`keep`); refused where opencode resolves another.",
        ),
        _SUBDIRS,
        _UNDO_FILES,
        _ANNOUNCE,
    ),
    "rescue": (
        Parameter("rule", TEXTS, "Only what these rules of `orphans` find."),
        Parameter("likely", _SWITCH, "Take homes that are only likely, too."),
        Parameter("search", TEXTS, "Look below these directories for what was moved."),
        Parameter(
            "searchDepth",
            {"type": "integer", "minimum": 0, "maximum": 100},
            "How many levels below each `search` to look. Default: 5.",
        ),
        _UNDO_FILES,
        _ANNOUNCE,
    ),
    "relocate": (
        _FOLDERS,
        Parameter("willMove", _SWITCH, "They are still at `old`, and go to `new` next."),
        _FOREIGN,
        Parameter("copied", _SWITCH, "They are still at `old`; their sessions go to `new` anyway."),
        Parameter("fromProject", TEXT, "Only what belongs to this project: its id, name or path."),
        _UNDO_FILES,
        _ANNOUNCE,
    ),
    "consolidate": (
        Parameter("repository", {**TEXT, "default": "."}, "A directory in any of its workspaces, or a project."),
        _TO_DIR,
        Parameter("only", TEXTS, "Only the workspaces with such a name; with a slash in it: in such a directory."),
        Parameter("except", TEXTS, "Not these workspaces."),
        _SUBDIRS,
        _UNDO_FILES,
        _ANNOUNCE,
    ),
    "merge": (
        Parameter("other", TEXT, "The other database, a path where the server is. It is only read."),
        Parameter("fromChannel", TEXT, "Instead of `other`: the channel of one that lies beside the server's own."),
        _TO_DIR,
        _FOLDERS,
        _FOREIGN,
        Parameter(
            "onDuplicate",
            {"type": "string", "enum": [*get_args(OnDuplicate)], "default": "longer"},
            "A session is in both, and longer in the other: take what was added, keep ours, or refuse.",
        ),
        _SUBDIRS,
        _UNDO_FILES,
        _ANNOUNCE,
    ),
    "protect": (_UNDO_FILES,),
}
"""The fields that each command has of its own."""

SELECTING = ("move", "rescue", "merge", "protect")
"""The commands that take what selects sessions."""

COMMAND = Parameter(
    "command",
    {"type": "string", "enum": [*FIELDS], "default": "move"},
    "The command whose options the other names are.",
)
EXCLUDE_LINES = click.Option(
    ["--exclude-lines", EXCLUDE_LINES_VALUE],
    multiple=True,
    help="Leave out the directories that these lines list, in gitignore syntax, seen from /: the text of a whole list.",
)


@cache
def _all_selector_options() -> Mapping[str, click.Option]:
    """Map the name of each selector's option to it."""
    return {
        camel_case(next(name for name in o.opts if name.startswith("--"))[2:]): o for o in selector_options().values()
    }


def _selector_options() -> Mapping[str, click.Option]:
    """Return the options that a body can have. None names a file, since a server opens no file for its clients."""
    named = {name: option for name, option in _all_selector_options().items() if not isinstance(option.type, _FILES)}
    return {**named, "excludeLines": EXCLUDE_LINES}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the body."""
    description = (
        "What to plan, which sessions (`from...`, `orphans`, and filters that narrow; the others than `move` take all "
        "if none are selected), and where they go. Names of before, such as `from-dir`, are understood too."
    )
    fields = {field.name: _of_commands(field) for fields in FIELDS.values() for field in fields}
    rest = object_schema((COMMAND, _MATCH, _FORKS, *fields.values()), description)
    return {**rest, "properties": {**rest["properties"], **{n: _schema(o) for n, o in _selector_options().items()}}}


def _of_commands(field: Parameter) -> Parameter:
    """Return a field with the commands that have it, where not most do."""
    having = [f"`{name}`" for name, fields in FIELDS.items() if field in fields]
    of = "" if len(having) > 2 else f"Of {' and '.join(having)}: "  # noqa: PLR2004 - of six
    return Parameter(field.name, field.schema, of + field.description)


def _schema(option: click.Option) -> dict[str, Any]:
    description = {"description": option.help or ""}
    if option.is_flag:
        return {"type": "boolean", **description}
    one = {"enum": list(option.type.choices)} if isinstance(option.type, click.Choice) else TEXT
    if not option.multiple:
        return {**one, **description}
    alone = [{"type": "boolean"}] if may_stand_alone(option) else []
    return {"anyOf": [{"type": "array", "items": one}, one, *alone], **description}


def read_request(body: Any) -> PlanRequest:
    """Return the request that a body makes. Raises BadInput for a name or value that isn't allowed."""
    if not isinstance(body, dict):
        raise BadInput("The body must be a JSON object.")
    command = read_fields({"command": body.get("command")}, [COMMAND])["command"]
    selectors = _selector_options() if command in SELECTING else {}
    fields = [*FIELDS[command], *((_MATCH, _FORKS) if command in SELECTING else ())]
    known = [*selectors, *(field.name for field in fields), COMMAND.name]
    for name, value in body.items():
        if selectors and name in _all_selector_options() and name not in selectors:
            instead = "send its text as excludeLines" if name == "excludeFrom" else "leave it out"
            raise BadInput(f"{name} names a file, and the server opens no file for a client; {instead}.")
        if name not in known:
            raise BadInput(f"There is no option {name[:40]!r} of {command}; known: {', '.join(known)}.")
        if "-" in (value if isinstance(value, list) else [value]):
            raise BadInput(f"{name} must not be -, which is standard input; send the values themselves.")
    values = read_fields({field.name: body.get(field.name) for field in fields}, fields)
    options = read_options(selectors, {name: value for name, value in body.items() if name in selectors})
    select = SelectRequest(options, values.get("match") == "any", values.get("withForks", False))
    return _request(command, select, values)


def _request(command: str, select: SelectRequest, values: Mapping[str, Any]) -> PlanRequest:
    undo_files, announce = values["undoFiles"], values.get("announce", True)
    folders = [Pair(folder["old"], folder["new"]) for folder in values.get("folders") or ()]
    match command:
        case "move":
            return MoveRequest(
                select, values["toDir"], values["toProject"], values["subdirs"], undo_files, announce, "toProject"
            )
        case "rescue":
            search = SearchRequest(values["search"], values["searchDepth"])
            return RescueRequest(
                values["rule"], values["likely"], search, undo_files, announce, select, rule_option="rule"
            )
        case "relocate":
            if not folders:
                raise BadInput("folders is missing: what moved, each with old and new.")
            given = {name: values[name] for name in ("willMove", "foreign", "copied")}
            return RelocateRequest(
                folders=[(pair.old, pair.new) for pair in folders],
                state=folder_state(given),
                copied=values["copied"],
                undo_files=undo_files,
                announce=announce,
                project=values["fromProject"],
            )
        case "consolidate":
            only, but, to_dir = values["only"], values["except"], values["toDir"]
            return ConsolidateRequest(values["repository"], to_dir, only, but, values["subdirs"], undo_files, announce)
        case "merge":
            if values["other"] is None and values["fromChannel"] is None:
                raise BadInput("other is missing: the path of the other database; or say fromChannel.")
            words, subdirs = [pair.word for pair in folders], values["subdirs"]
            return MergeRequest(
                values["other"], select, values["toDir"], words, values["foreign"], subdirs, values["onDuplicate"],
                undo_files, announce, channel=values["fromChannel"],
            )  # fmt: skip
    return ProtectRequest(select, undo_files)
