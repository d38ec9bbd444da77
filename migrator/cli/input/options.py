"""Options that several commands share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import click

from migrator.choices import FileUndoPolicy, OnConflict, Subdirs
from migrator.cli.terminal.printing import use_color, use_no_pager, use_quiet
from migrator.errors import BadInput
from migrator.face import COMMAND_LINE, TRUST_LOCKS, facing
from migrator.selection.completion import completes
from migrator.text import our_command

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from migrator.arguments import SearchRequest, SelectRequest
    from migrator.output.output_file import OutputFile

    Command = Callable[..., Any]
    Option = Callable[[Command], Command]

UNLIMITED_WAIT = 3600.0


def combine(*options: Option) -> Option:
    """Return a decorator that adds all of these options, in this order."""

    def add(function: Command) -> Command:
        for option in reversed(options):
            function = option(function)
        return function

    return add


class WholeNumber(click.IntRange):
    """A whole number. Anything else is refused in plain words."""

    name = "whole number"


class Seconds(click.FloatRange):
    """A number of seconds. FloatRange accepts NaN, which no wait ever reaches; this doesn't."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse NaN."""
        if str(value).strip().lower() in {"nan", "+nan", "-nan"}:
            self.fail(f"{value!r} is no number of seconds.", param, ctx)
        return super().convert(value, param, ctx)


class TypedPath(click.Path):
    """A path as somebody types it: a shell leaves the ~ of `--search=~/src` as it is."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Expand a leading ~."""
        return super().convert(os.path.expanduser(value), param, ctx)


FILE_TO_READ = TypedPath(readable=False)
"""A file to read. Whoever opens it says why it can't be read: that is no wrong usage."""


# -- how to print, and of which database -----------------------------------------------------------------------------

_db_option = click.option(
    "--db", type=FILE_TO_READ, metavar="PATH", help="The database, if it isn't where opencode keeps it."
)
_home_option = click.option(
    "--home", type=click.Path(file_okay=False), metavar="DIR", help="What a leading ~ means in patterns."
)
database_options = combine(
    _db_option,
    click.option(
        "--channel",
        metavar="NAME",
        shell_complete=completes("channel"),
        help="Take opencode-NAME.db, of another release channel.",
    ),
    _home_option,
)
"""They may stand before or after the command's name."""


def _one_or_more(_context: click.Context, _parameter: click.Parameter, names: tuple[str, ...]) -> Any:
    """Return one name as other commands have it, None for none."""
    return names if names[1:] else next(iter(names), None)


databases_options = combine(
    _db_option,
    click.option(
        "--channel",
        multiple=True,
        metavar="NAME",
        callback=_one_or_more,
        shell_complete=completes("channel"),
        help="Take opencode-NAME.db, of another release channel; may be repeated, or a pattern such as '*': then the "
        "databases of all are listed together.",
    ),
    _home_option,
)
"""Those of a command that can look into several databases at once: see `several_databases`."""


def _color(_context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        use_color(value)


def _no_pager(_context: click.Context, _parameter: click.Parameter, value: bool | None) -> None:
    if value:
        use_no_pager()


def _quiet(_context: click.Context, _parameter: click.Parameter, value: bool | None) -> None:
    if value:
        use_quiet()


def terminal_options() -> list[click.Option]:
    """Return the options that every command has, and that may stand before its name too."""
    return [
        click.Option(
            ["--color"],
            type=click.Choice(("auto", "always", "never")),
            callback=_color,
            expose_value=False,
            help="Print in colour.  [default: on a terminal, unless NO_COLOR is set; FORCE_COLOR: always]",
        ),
        click.Option(
            ["--no-pager"],
            is_flag=True,
            default=None,
            callback=_no_pager,
            expose_value=False,
            help="Print what is longer than the terminal without $PAGER (less).",
        ),
        click.Option(
            ["--quiet", "-q"],
            is_flag=True,
            default=None,
            is_eager=True,
            callback=_quiet,
            expose_value=False,
            help="Print errors and what was asked for, nothing else: no notes, warnings, progress or next steps.",
        ),
    ]


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
verbose_option = click.option("--verbose", "-v", is_flag=True, help="Show every session, not only groups.")
dry_run_option = click.option("--dry-run", "-n", is_flag=True, is_eager=True, help="Only show what would change.")


EXIT_CODE_ASKED = "migrator.exit_code"
"""Where click's context keeps whether --exit-code was given."""


def exit_code_option(something: str, *, only_dry: bool = False) -> Option:
    """Return the option that lets a command exit with 1 if there is `something` to do; `exit_if_asked` does so.

    With `only_dry` it needs --dry-run, whose option must be eager: a run has exit codes of its own.
    """

    def check(context: click.Context, _parameter: click.Parameter, value: bool) -> bool:
        if value and only_dry and not context.params["dry_run"]:
            raise BadInput("--exit-code is for --dry-run: a run has exit codes of its own.")
        context.meta[EXIT_CODE_ASKED] = value
        return value

    with_dry_run = "With --dry-run: exit" if only_dry else "Exit"
    help_ = f"{with_dry_run} with 1 if {something}, and with 0 if not."
    return click.option("--exit-code", is_flag=True, callback=check, help=help_)


def exit_if_asked(values: dict[str, Any], *, something: bool) -> None:
    """Exit with 1 if there is something to do, and --exit-code was given."""
    if values["exit_code"] and something:
        click.get_current_context().exit(1)


# -- what a plan does ------------------------------------------------------------------------------------------------


def to_dir_option(help: str, *, words: Sequence[str] = ()) -> Option:  # noqa: A002 - as click calls it
    """Return the option that says where sessions go: to a directory, or what one of `words` means."""
    return click.option(
        "--to-dir",
        "--to-directory",
        metavar="|".join(["DIR", *words]),
        shell_complete=completes("directory", words=words),
        help=help,
    )


subdirs_option = click.option(
    "--subdirs",
    type=click.Choice(get_args(Subdirs)),
    default="nearest",
    show_default=True,
    help="A session in MATCH/sub goes to DIR/sub. Without one: to the nearest directory above, "
    "or refuse (keep). flatten: all into DIR.",
)
undo_files_option = click.option(
    "--undo-files",
    type=click.Choice(get_args(FileUndoPolicy)),
    default="auto",
    show_default=True,
    help="What becomes of opencode's file undo.",
)
announce_option = click.option(
    "--announce/--no-announce",
    default=True,
    help="Add the message by which opencode 2 tells its model of the new directory and finds the changes of earlier "
    "turns, or leave it out.  [default: announce]",
)
with_forks_option = click.option(
    "--with-forks", is_flag=True, help="Take along the forks of what is selected, as opencode 2 knows them."
)
search_options = combine(
    click.option(
        "--search",
        multiple=True,
        type=TypedPath(exists=True, file_okay=False, resolve_path=True),
        metavar="DIR",
        help="Look below DIR for repositories and folders that were moved.",
    ),
    click.option(
        "--search-depth",
        type=WholeNumber(0, 100),
        metavar="N",
        help="How many levels below DIR to look.  [default: 5]",
    ),
)


def search_request(values: dict[str, Any]) -> SearchRequest:
    """Return the values of `search_options`."""
    from migrator.arguments import SearchRequest

    return SearchRequest(values["search"], values["search_depth"])


# -- what to write -----------------------------------------------------------------------------------------------------

force_option = click.option(
    "--force",
    is_flag=True,
    is_eager=True,
    help="Replace FILE even if it is a file of another kind; a database is never replaced.",
)


def output_option(*names: str, kind: str, help: str) -> Option:  # noqa: A002 - as click calls it
    """Return an option that names a file to write, of a kind in `output.kinds`; one that we may not write is refused.

    The command needs `force_option` too.
    """

    def later(context: click.Context, _parameter: click.Parameter, value: str | None) -> UncheckedOutput | None:
        return None if value is None else UncheckedOutput(value, kind, context.params["force"])

    return click.option(*names, metavar="FILE", callback=later, shell_complete=completes("file"), help=help)


@dataclass(frozen=True, slots=True)
class UncheckedOutput:
    """A file to write, as it was typed: whether we may is known once all arguments are read."""

    name: str
    kind: str
    force: bool

    def check(self, inputs: Collection[str], others: Collection[str]) -> OutputFile:
        """Return the file; `inputs` are those that the command reads, `others` those that it writes besides.

        Raises MigratorError if we may not write it.
        """
        from migrator.output import kinds
        from migrator.output.output_file import OutputFile

        return OutputFile(os.path.expanduser(self.name), getattr(kinds, self.kind), self.force, inputs, others)


def _is_json(context: click.Context, _parameter: click.Parameter, value: bool) -> bool:
    return value or context.params.get("form") == "json"


plan_format_options = combine(
    click.option(
        "--format",
        "form",
        type=click.Choice(("text", "json", "markdown")),
        default="text",
        show_default=True,
        is_eager=True,
        help="How to print it. markdown is for a pull request or a chat.",
    ),
    click.option("--json", "as_json", is_flag=True, callback=_is_json, help="The same as --format json."),
)
html_option = output_option("--html", kind="REPORT", help="Write it to FILE too, as a page to look at and to send.")
"""The command needs `force_option` too."""
report_options = combine(html_option, force_option, database_options)
"""Those of a command that only shows something."""

# -- how to write ----------------------------------------------------------------------------------------------------

yes_option = click.option("--yes", "-y", is_flag=True, help="Don't ask.")
wait_option = click.option(
    "--wait",
    type=Seconds(0, UNLIMITED_WAIT),
    default=0,
    metavar="SECONDS",
    help="Wait this long for other processes that have the database open.",
)


def _trust_locks(context: click.Context, _: click.Parameter, trusts: bool) -> bool:
    context.with_resource(facing(COMMAND_LINE, trusts_locks=trusts))
    return trusts


trust_locks_option = click.option(
    TRUST_LOCKS,
    is_flag=True,
    is_eager=True,
    callback=_trust_locks,
    help="Write to a database on a file system of other machines (NFS, SMB, 9p, FUSE), where no lock keeps them out.",
)
writing_options = combine(
    yes_option,
    wait_option,
    trust_locks_option,
    click.option(
        "--chunk-size",
        type=WholeNumber(1),
        metavar="N",
        help="Sessions in one transaction.  [default: what takes a quarter of a second]",
    ),
    click.option(
        "--on-conflict",
        type=click.Choice(get_args(OnConflict)),
        default="abort",
        show_default=True,
        help="When a session changed meanwhile: roll all back, or leave it and its subagents' sessions out.",
    ),
    output_option("--backup", kind="BACKUP", help="Copy the database to FILE before the first write."),
    force_option,
)
change_options = combine(
    dry_run_option,
    exit_code_option("something would change", only_dry=True),
    writing_options,
    html_option,
    verbose_option,
    plan_format_options,
    database_options,
)
"""The options of every command that shows a plan and carries it out."""


# -- which sessions --------------------------------------------------------------------------------------------------


class SelectingCommand(click.Command):
    """A command with the options of all selectors, those of plug-ins too, which are loaded only when it is used."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the selectors' options before the command's own."""
        if not hasattr(self, "selecting"):
            from migrator.plugins import usable_options

            match = click.Option(
                ["--match"],
                type=click.Choice(("all", "any")),
                default="all",
                show_default=True,
                help="Must a session meet every kind of --from, or any?",
            )
            options = usable_options(self.params)
            self.selecting = frozenset(options)
            self.params = [*options, match, *self.params]
        return super().get_params(ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Say what may be meant by words that belong to no option."""
        ctx.allow_extra_args = True
        rest = super().parse_args(ctx, args)
        if ctx.args and not ctx.resilient_parsing:
            ctx.fail(_what_words_may_mean(ctx))
        return rest


def _what_words_may_mean(ctx: click.Context) -> str:
    command, words = str(ctx.info_name), ctx.args
    message = f"Got unexpected extra argument{'s'[: len(words) != 1]} ({' '.join(words)})."
    expanded = bool(ctx.params.get("from_dir"))
    if len(words) == 1 and not expanded:
        return f"{message} For the sessions in that directory: `{our_command(command, '--from-dir', *words)}`."
    if len(words) == 2 and "to_dir" in ctx.params and not expanded:  # noqa: PLR2004 - old and new
        old, new = words
        return (
            f"{message} If the folder was renamed: `{our_command('relocate', old, new)}`; to put its sessions into "
            f"another: `{our_command(command, '--from-dir', old, '--to-dir', new)}`."
        )
    return f"{message} A pattern must be quoted, or the shell expands it: --from-dir '~/src/shop-*'."


def select_request(values: dict[str, Any]) -> SelectRequest:
    """Return the values of the options of a SelectingCommand."""
    from migrator.arguments import SelectRequest

    return SelectRequest(values, values["match"] == "any", values.get("with_forks", False))
