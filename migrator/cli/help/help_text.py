"""What `--help` shows: what a command does, a few examples of it, then its options in groups."""

from __future__ import annotations

import sys
from shutil import get_terminal_size
from typing import TYPE_CHECKING

import click

from migrator.cli.terminal.printing import echo_lines, paged
from migrator.text import PROGRAM, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SELECTING = "Which sessions"
_OTHERS = "Other options"

_OPTIONS = {
    _SELECTING: "from-channel match from-project rule certain only except all search search-depth roots workspace "
    "with-forks",
    "Where to": "to-dir to-project project subdirs",
    "Where the folder is": "map will-move foreign copied",
    "Safety": "dry-run yes wait trust-locks chunk-size on-conflict on-duplicate remove-from-other undo-files "
    "older-than backup force",
    "Output": "explain undo limit cursor columns sort reverse time verbose format json html exit-code output color "
    "no-pager quiet",
    "opencode 2": "announce",
    "Which database": "db channel home",
    _OTHERS: "",
}
"""The groups in their order, and the options of each; those of selectors come first of all."""


def show_help(context: click.Context, _parameter: object = None, wanted: object = True, *, err: bool = False) -> None:
    """Print the help of a command, through the pager where it is longer than the terminal; the callback of --help.

    --help is read before other options, so that --no-pager is looked for here, wherever it stands.
    """
    if not wanted or context.resilient_parsing:
        return
    for option in context.command.get_params(context):
        if option.name == "no_pager":
            option.handle_parse_result(context, {"no_pager": True} if "--no-pager" in sys.argv else {}, [])
    with paged():
        echo_lines(help_text(context).split("\n"), err=err)
    if not err:
        context.exit()


class _Formatter(click.HelpFormatter):
    """Breaks no line at a hyphen, as within an option's name, and fits a terminal that is narrower than 50 columns."""

    _KEPT = "\u2011"
    """The hyphen at which no line is broken: it stands for every other one until it is written."""

    def __init__(self, max_width: int | None) -> None:
        super().__init__(max_width=max_width)
        self.width = min(self.width, max(get_terminal_size().columns - 2, 20))

    def write(self, string: str) -> None:
        super().write(string.replace(self._KEPT, "-"))

    def write_text(self, text: str) -> None:
        wrapping = super().write_text
        wrapping(text.replace("-", self._KEPT))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        col_max = max(min(col_max, self.width - 26), 6)  # a name that is longer has a line of its own
        super().write_dl([(name, text.replace("-", self._KEPT)) for name, text in rows], col_max, col_spacing)


def help_text(context: click.Context) -> str:
    """Return the help of a command as it may be printed: plug-ins have a say in it."""
    command, formatter = context.command, _Formatter(max_width=context.max_content_width)
    command.format_usage(context, formatter)
    command.format_help_text(context, formatter)
    _write_examples(context, formatter)
    command.format_arguments(context, formatter)
    if isinstance(command, click.Group):
        _write_commands(command, context, formatter)
    _write_options(context, formatter)
    command.format_epilog(context, formatter)
    return "\n".join(map(printable, formatter.getvalue().rstrip("\n").split("\n")))


def _write_examples(context: click.Context, formatter: click.HelpFormatter) -> None:
    from migrator.cli.help.examples import EXAMPLES

    _, _, name = context.command_path.partition(" ")
    if examples := EXAMPLES.get(name):
        with formatter.section("Examples" if name else "Start here"):
            for what, words in examples:
                formatter.write(f"{'':{formatter.current_indent}}# {what}\n")
                formatter.write(f"{'':{formatter.current_indent}}{PROGRAM} {words}\n")


def _write_options(context: click.Context, formatter: click.HelpFormatter) -> None:
    groups = {group: names.split() for group, names in _OPTIONS.items()}
    grouped: dict[str, list[tuple[str, str]]] = {group: [] for group in groups}
    parameters = context.command.get_params(context)  # which is when a command learns which of them select
    selecting: frozenset[click.Option] = getattr(context.command, "selecting", frozenset())
    for option in parameters:
        record = option.get_help_record(context)
        if record is not None and isinstance(option, click.Option):
            name = next(name for name in option.opts if name.startswith("--")).removeprefix("--")
            grouped[_SELECTING if option in selecting else _group_of(name, groups, _OTHERS)].append(record)
    _write_groups(grouped, formatter)


def _write_commands(group: click.Group, context: click.Context, formatter: click.HelpFormatter) -> None:
    sections: Mapping[str, Sequence[str]] = getattr(group, "sections", {})
    grouped: dict[str, list[tuple[str, str]]] = {section: [] for section in sections}
    otherwise = "Plug-ins" if sections else "Commands"
    names = group.list_commands(context)
    widest = max(map(len, names))
    for name in names:
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            section = _group_of(name, sections, otherwise)
            summary = command.get_short_help_str(limit=100)
            grouped.setdefault(section, []).append((name.ljust(widest), summary))
    _write_groups(grouped, formatter)


def _group_of(name: str, groups: Mapping[str, Sequence[str]], otherwise: str) -> str:
    return next((group for group, names in groups.items() if name in names), otherwise)


def _write_groups(groups: Mapping[str, Sequence[tuple[str, str]]], formatter: click.HelpFormatter) -> None:
    for group, rows in groups.items():
        if rows:
            with formatter.section(group):
                formatter.write_dl(rows)
