"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.operations.context import MoveRequest, RescueRequest

    Command = Callable[..., Any]

UNLIMITED_WAIT = 3600.0


def database_options(function: Command) -> Command:
    """Add --db, --channel and --home; they may stand before or after the command's name."""
    for option in reversed(
        (
            click.option("--db", metavar="PATH", help="The database, if it isn't where opencode keeps it."),
            click.option("--channel", metavar="NAME", help="Take opencode-NAME.db, of another release channel."),
            click.option("--home", metavar="DIR", help="What a leading ~ means in patterns."),
        ),
    ):
        function = option(function)
    return function


def format_options(function: Command) -> Command:
    """Add --format and --json."""
    function = click.option("--json", "form", flag_value="json", help="The same as --format json.")(function)
    return click.option(
        "--format",
        "form",
        type=click.Choice(("table", "json", "ndjson", "csv")),
        default="table",
        show_default=True,
        help="How to print rows.",
    )(function)


def json_option(function: Command) -> Command:
    """Add --json, for commands that print one thing."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(function)


def verbose_option(function: Command) -> Command:
    """Add --verbose."""
    return click.option("--verbose", "-v", is_flag=True, help="Show every session, not only groups.")(function)


def destination_options(function: Command) -> Command:
    """Add what says where sessions go and what happens to sub-paths and file undo."""
    for option in reversed(
        (
            click.option(
                "--to-dir",
                "--to-directory",
                metavar="DIR|keep",
                help="Where they go. Default: the project root of the current directory.",
            ),
            click.option(
                "--to-project",
                metavar="P|keep",
                help="Insist on this project; refused where opencode resolves another.",
            ),
            subdirs_option,
            undo_files_option,
            with_forks_option,
            announce_option,
        ),
    ):
        function = option(function)
    return function


def consolidating_options(function: Command) -> Command:
    """Add what says which workspaces of which repository are meant, and where their sessions go."""
    for option in reversed(
        (
            click.argument("repository", default=".", required=False),
            click.option(
                "--to-dir", "--to-directory", metavar="DIR", help="Where they go. Default: the main working copy."
            ),
            click.option(
                "--only",
                "only_workspaces",
                multiple=True,
                metavar="PATTERN",
                help="Only the workspaces with this name, or with a slash in it: in this directory.",
            ),
            click.option(
                "--except", "except_workspaces", multiple=True, metavar="PATTERN", help="Not these workspaces."
            ),
            subdirs_option,
            undo_files_option,
            announce_option,
        ),
    ):
        function = option(function)
    return function


subdirs_option = click.option(
    "--subdirs",
    type=click.Choice(("nearest", "keep", "flatten")),
    default="nearest",
    show_default=True,
    help="A session in MATCH/sub goes to DIR/sub. Without one: to the nearest directory above, "
    "or refuse (keep). flatten: all into DIR.",
)

undo_files_option = click.option(
    "--undo-files",
    type=click.Choice(("auto", "carry", "detach")),
    default="auto",
    show_default=True,
    help="What becomes of opencode's file undo.",
)


announce_option = click.option(
    "--announce/--no-announce",
    default=True,
    help="Tell the model of opencode 2 that the directory is another now, or don't.  [default: announce]",
)

with_forks_option = click.option(
    "--with-forks", is_flag=True, help="Take along the forks of what is selected, as opencode 2 knows them."
)


def wish(values: dict[str, Any]) -> MoveRequest:
    """Return the values of `destination_options` as a Wish."""
    from migrator.operations.context import MoveRequest

    return MoveRequest(
        values["to_dir"],
        values["to_project"],
        values["subdirs"],
        values["undo_files"],
        announce=values["announce"],
        with_forks=values["with_forks"],
    )


class Directory(click.Path):
    """A directory; a shell leaves the ~ of `--search=~/src` as it is."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Write a leading ~ out."""
        return super().convert(os.path.expanduser(value), param, ctx)


def search_options(function: Command) -> Command:
    """Add where to look for what lost sessions were in."""
    for option in reversed(
        (
            click.option(
                "--search",
                multiple=True,
                type=Directory(exists=True, file_okay=False, resolve_path=True),
                metavar="DIR",
                help="Look below DIR for repositories and folders that were moved.",
            ),
            click.option(
                "--search-depth",
                type=click.IntRange(0, 100),
                metavar="N",
                help="How many levels below DIR to look.  [default: 5]",
            ),
        ),
    ):
        function = option(function)
    return function


def rescue_options(function: Command) -> Command:
    """Add what says which lost sessions are brought home, and where to look for their homes."""
    for option in reversed(
        (
            click.option(
                "--rule", "rules", multiple=True, metavar="NAME", help="Only what this rule of `orphans` finds."
            ),
            click.option(
                "--certain/--likely",
                "certain",
                default=True,
                show_default=True,
                help="Take only homes that are certain, or those that a search found too.",
            ),
            search_options,
            undo_files_option,
            announce_option,
        ),
    ):
        function = option(function)
    return function


def rescue_wish(values: dict[str, Any]) -> RescueRequest:
    """Return the values of `rescue_options` as a RescueRequest."""
    from migrator.operations.context import RescueRequest

    likely = not values["certain"]
    return RescueRequest(
        values["rules"], likely, values["search"], values["search_depth"], values["undo_files"], values["announce"]
    )


class Seconds(click.FloatRange):
    """A number of seconds; `nan`, which is in every range, is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse what would never be over."""
        if str(value).strip().lower() in {"nan", "+nan", "-nan"}:
            self.fail(f"{value!r} is no number of seconds.", param, ctx)
        return super().convert(value, param, ctx)


def writing_options(function: Command) -> Command:
    """Add what every command that writes has."""
    for option in reversed(
        (
            click.option("--yes", "-y", is_flag=True, help="Don't ask."),
            click.option(
                "--wait", type=Seconds(0, UNLIMITED_WAIT), default=0, metavar="SECONDS",
                help="Wait this long for whoever has the database open.",
            ),
            click.option(
                "--chunk-size", type=click.IntRange(1), metavar="N",
                help="Sessions in one transaction.  [default: what takes a quarter of a second]",
            ),
            click.option(
                "--on-conflict", type=click.Choice(("abort", "skip")), default="abort", show_default=True,
                help="When a session changed meanwhile: roll all back, or leave its tree out.",
            ),
            click.option(
                "--backup", type=click.Path(path_type=Path), metavar="FILE",
                help="Copy the database to FILE before the first write.",
            ),
        ),
    ):  # fmt: skip
        function = option(function)
    return function


class SelectingCommand(click.Command):
    """A command with the options of all selectors, those of third parties too, asked for only when it is used."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the selectors' options before the command's own."""
        if not hasattr(self, "_with_selectors"):
            from migrator.selection.query import selector_plugins

            options = [option for plugin in selector_plugins() for option in plugin.options()]
            options.append(
                click.Option(
                    ["--match"],
                    type=click.Choice(("all", "any")),
                    default="all",
                    show_default=True,
                    help="Must a session meet every kind of --from, or any?",
                ),
            )
            self.params = [*options, *self.params]
            self._with_selectors = True
        return super().get_params(ctx)
