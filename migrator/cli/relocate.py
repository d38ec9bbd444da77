"""`relocate`: a folder was renamed or moved, and everything that opencode has in it follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.cli.input.database import open_context
from migrator.cli.input.options import FILE_TO_READ, announce_option, change_options, combine, undo_files_option
from migrator.cli.results.confirm import show_or_apply
from migrator.errors import BadInput
from migrator.selection.completion import completes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.arguments import RelocateRequest
    from migrator.model import Plan

options = combine(
    click.argument("words", nargs=-1, metavar="OLD NEW | OLD=NEW ...", shell_complete=completes("folders")),
    click.option(
        "--map",
        "map_file",
        type=FILE_TO_READ,
        metavar="FILE",
        help="Read OLD=NEW from FILE, one a line; - is standard input.",
    ),
    click.option(
        "--will-move", is_flag=True, help="The folder is still at OLD, and I move it to NEW next: NEW is free."
    ),
    click.option(
        "--foreign",
        is_flag=True,
        help="OLD and NEW are in another home, disk or container: map paths without looking at them.",
    ),
    click.option("--copied", is_flag=True, help="OLD is still there; its sessions go to NEW anyway."),
    click.option(
        "--from-project",
        "project",
        shell_complete=completes("project"),
        metavar="ID|NAME|PATH",
        help="Only what belongs to this project: another repository is at OLD now.",
    ),
    undo_files_option,
    announce_option,
)


@click.command("relocate", short_help="Follow a folder that was renamed or moved.")
@options
@change_options
def command(**values: Any) -> None:
    r"""Let the sessions at OLD and below it, in every project, follow the folder to NEW.

    Sub-paths are kept, and project rows go along. In OLD=NEW and in FILE, \= stands for a = that belongs to a path
    and \\ for a backslash; lines that begin with # are comments.
    """
    show_or_apply(make_plan(values), values, "Relocate")


def make_plan(values: dict[str, Any]) -> Plan:
    """Return the plan for these options."""
    from migrator.operations.relocate import plan_relocate

    with open_context(values) as context:
        return plan_relocate(context, _request(values))


def _request(values: dict[str, Any]) -> RelocateRequest:
    from migrator.arguments import RelocateRequest, folder_state

    name = values["map_file"]
    listed = ((), "") if name is None else (_read_lines(name), "standard input" if name == "-" else name)
    return RelocateRequest(
        values["words"],
        listed,
        folder_state({"--" + name.replace("_", "-"): values[name] for name in ("will_move", "foreign", "copied")}),
        values["copied"],
        values["undo_files"],
        values["announce"],
        values["project"],
    )


def _read_lines(name: str) -> Sequence[str]:
    from migrator.text_input import read_lines, why_no_text

    try:
        return read_lines(name)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"--map {name} can't be read: {why_no_text(error)}; name a file with OLD=NEW on each line."
        ) from None
