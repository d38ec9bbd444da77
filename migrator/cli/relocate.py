"""`relocate`: a folder was renamed or moved, and everything that opencode has in it follows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.confirm import show_or_apply
from migrator.cli.options import (
    announce_option,
    database_options,
    json_option,
    undo_files_option,
    verbose_option,
    writing_options,
)
from migrator.cli.terminal import workbench
from migrator.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from migrator.model import FolderState
    from migrator.operations.context import RelocateRequest

    Command = Callable[..., Any]


def folder_options(function: Command) -> Command:
    """Add what says which folders moved, and where they are."""
    for option in reversed(
        (
            click.argument("words", nargs=-1, metavar="OLD NEW | OLD=NEW ..."),
            click.option(
                "--map", "map_file", metavar="FILE", help="Read OLD=NEW from FILE, one a line; - is standard input."
            ),
            click.option(
                "--will-move", is_flag=True, help="The folder is still at OLD, and I move it to NEW next: NEW is free."
            ),
            click.option(
                "--foreign",
                is_flag=True,
                help="OLD and NEW are in another home, disk or container: map paths without looking at them.",
            ),
            click.option("--copied", is_flag=True, help="OLD is still there; its sessions go to NEW all the same."),
            undo_files_option,
            announce_option,
        ),
    ):
        function = option(function)
    return function


@click.command("relocate", short_help="Follow a folder that was renamed or moved.")
@folder_options
@click.option("--dry-run", "-n", is_flag=True, help="Only show what would change.")
@writing_options
@verbose_option
@json_option
@database_options
def command(**values: Any) -> None:
    r"""Let the sessions at OLD and below it, in every project, follow the folder to NEW.

    Sub-paths are kept, and project rows go along. In OLD=NEW and in FILE, \= stands for a = that belongs to a path
    and \\ for a backslash; lines that begin with # say nothing.
    """
    with workbench(values) as context:
        plan = context.relocate(moving(values))
    show_or_apply(plan, values, "Relocate")


def moving(values: dict[str, Any]) -> RelocateRequest:
    """Return the values of `folder_options` as the planner takes them."""
    from migrator.operations.context import RelocateRequest

    name = values["map_file"]
    listed = ((), "") if name is None else (_lines(name), "standard input" if name == "-" else name)
    return RelocateRequest(
        values["words"], listed, _whereabouts(values), values["copied"], values["undo_files"], values["announce"]
    )


def _whereabouts(values: dict[str, Any]) -> FolderState:
    from migrator.model import FolderState

    said = [option for option in ("will_move", "foreign", "copied") if values[option]]
    if len(said) > 1:
        named = " and ".join("--" + option.replace("_", "-") for option in said)
        raise BadInput(f"{named} exclude each other: they say where the folder is.")
    return (
        FolderState.WILL_MOVE
        if values["will_move"]
        else FolderState.FOREIGN
        if values["foreign"]
        else FolderState.MOVED
    )


def _lines(name: str) -> Sequence[str]:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).expanduser().read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is no UTF-8 text"
        raise BadInput(f"--map {name}: {reason}") from None
    return text.split("\n")
