"""The command group. The module of a command is imported only when the command is used, so that we start quickly."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import click

from migrator import __version__
from migrator.cli.input.command_line import command_as_typed
from migrator.cli.input.environment import let_variables_set_options, note_unknown_variables, note_yes, with_parents
from migrator.cli.input.options import EXIT_CODE_ASKED, UncheckedOutput, database_options, terminal_options
from migrator.errors import BadInput, DatabaseInUse
from migrator.plugins import commands, load_command
from migrator.text import PROGRAM, is_utf_8

SECTIONS = {
    "Look": ("ui", "list", "projects", "workspaces"),
    "Find what is lost": ("orphans", "rescue", "protect", "doctor"),
    "Move": ("move", "migrate", "relocate", "consolidate", "merge", "plan", "show", "apply"),
    "Take back": ("log", "undo", "redo", "resume", "gc"),
    "For programs": ("serve", "schema", "completion", "install-skill"),
    "Try it": ("demo",),
}
"""The commands as --help groups them; each is in the module of its name beside this one, with `_` for `-`."""

COMMANDS = tuple(name for names in SECTIONS.values() for name in names)

ALIASES = {"rebind": "migrate", "detached": "orphans"}


class ReaderGone(Exception):
    """The reader of our output has closed it, as in `list | head`: that is no error.

    `exit_code` is 0, or 1 where --exit-code was given: what wasn't printed was not all looked at, so 0 would be untrue.
    """

    def __init__(self, exit_code: int) -> None:
        super().__init__()
        self.exit_code = exit_code


class CheckedContext(click.Context):
    """A command whose options variables may set, whose arguments are checked, and whose help is ours."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        let_variables_set_options(self, ALIASES)
        if asks_for_help := self.command.get_help_option(self):
            asks_for_help.callback = _show_help

    def get_help(self) -> str:
        """Return the help, with examples and groups."""
        from migrator.cli.help.help_text import help_text

        return help_text(self)

    def invoke(self, callback: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a command, unless an argument isn't UTF-8, or names a file to write that may not be written.

        Names of files may be any bytes, as on any Unix; directories are compared with those that opencode stores.
        """
        for parameter in self.command.get_params(self):
            value = self.params.get(parameter.name or "")
            for text in value if isinstance(value, (tuple, list)) else [value]:
                if isinstance(text, str) and not _names_a_file(parameter) and not is_utf_8(text):
                    is_option = isinstance(parameter, click.Option)
                    name = parameter.opts[0] if is_option else parameter.make_metavar(self).strip("[]")
                    or_rename = "" if parameter.metavar in {"TEXT", "GLOB"} else ", or rename the directory"
                    raise BadInput(
                        f"The value {os.fsencode(text)!r} of {name} is not UTF-8, and opencode stores only UTF-8: "
                        f"type it in UTF-8{or_rename}."
                    )
        note_yes(self)
        if not isinstance(self.command, click.Group):
            note_unknown_variables(self, [*COMMANDS, *commands({*COMMANDS, *ALIASES})], ALIASES)
        outputs = {name: value for name, value in kwargs.items() if isinstance(value, UncheckedOutput)}
        for name, value in outputs.items():
            others = [other.name for other in outputs.values() if other is not value]
            kwargs[name] = value.check(self._files_read(), others)
        try:
            return super().invoke(callback, *args, **kwargs)
        except DatabaseInUse as error:
            if error.can_wait and self.params.get("wait") == 0 and not error.command:
                error.command = command_as_typed("--wait", "60")
            raise

    def _files_read(self) -> list[str]:
        """Return the files that the command reads: its own, and those named before its name."""
        found: list[str] = []
        for context in with_parents(self):
            for parameter in context.command.get_params(context):
                value = context.params.get(parameter.name or "")
                if isinstance(parameter.type, click.Path):
                    found += value if isinstance(value, (tuple, list)) else [] if value is None else [value]
        return [spelling for name in found for spelling in (name, os.path.expanduser(name))]


def _show_help(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    from migrator.cli.help.help_text import show_help

    show_help(context, parameter, wanted)


def _names_a_file(parameter: click.Parameter) -> bool:
    return isinstance(parameter.type, click.Path) and parameter.type.file_okay


class LazyGroup(click.Group):
    """A group that knows its commands by name."""

    context_class = CheckedContext
    sections = SECTIONS

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read `help move` as `move --help`, and `help help` as `--help`."""
        if args[:1] != ["help"]:
            return super().parse_args(ctx, args)
        words = [word for word in args[1:] if word != "help"]
        named = [word for word in words if not word.startswith("-")]
        if named[1:] and not isinstance(self.get_command(ctx, named[0]), click.Group):
            one_each = ", ".join(f"`{PROGRAM} help {word}`" for word in named)
            ctx.fail(f"`help` shows one command at a time: {one_each}.")
        return super().parse_args(ctx, [*words, "--help"])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. A closed pipe becomes ReaderGone, since click would exit with 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderGone(int(ctx.meta.get(EXIT_CODE_ASKED, False))) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of --help, those of plug-ins last."""
        del ctx
        return [*COMMANDS, *commands({*COMMANDS, *ALIASES})]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was typed; if there is none, suggest those with a similar name."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:  # click looks for similar names among commands it has loaded
            from migrator.cli.help.guesses import no_such_command

            ctx.fail(no_such_command(error.command_name, [*self.list_commands(ctx), *ALIASES]))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        del ctx
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in COMMANDS and name not in commands():
            return None
        module = f"migrator.cli.{name.replace('-', '_')}"
        command = import_module(module).command if name in COMMANDS else load_command(commands()[name])
        assert isinstance(command, click.Command)  # noqa: S101 - for the type checker
        for each in (command, *(command.commands.values() if isinstance(command, click.Group) else ())):
            each.context_class = CheckedContext
            taken = {name for option in each.params for name in option.opts}
            each.params += [option for option in terminal_options() if taken.isdisjoint(option.opts)]
        return command


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=f"`{PROGRAM} help COMMAND` shows the options of a command, and examples. Variables set options too: "
    "OPENCODE_MIGRATOR_MOVE_TO_DIR that of `move`, OPENCODE_MIGRATOR_DB that of all commands.",
)
@database_options
@click.version_option(__version__, "-V", "--version", prog_name=PROGRAM)
@click.pass_context
def app(ctx: click.Context, /, **values: Any) -> None:
    """Move opencode sessions in bulk: show it first, take it back, lose no file."""
    ctx.obj = values


app.params += terminal_options()
