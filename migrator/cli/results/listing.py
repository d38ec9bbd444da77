"""The options of every command that lists something, and printing what they ask for."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.input.environment import is_typed
from migrator.cli.input.options import WholeNumber, combine
from migrator.cli.terminal.printing import echo_json_lines, echo_lines, width
from migrator.reporting.rows import View, rows_text
from migrator.text import SHORT_ID, did_you_mean, nearest, short_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from click.shell_completion import CompletionItem

    from migrator.model import Session
    from migrator.reporting.rows import Column, Row

    Command = Callable[..., Any]


class ColumnName(click.ParamType[str]):
    """A column, by its name or by the heading that a table gives it."""

    name = "column"

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self.names = [*columns]
        self._meant = {_folded(column.heading): name for name, column in columns.items()}
        self._meant |= {_folded(name): name for name in columns}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name; refuse what is none."""
        if (name := self._meant.get(_folded(value))) is None:
            meant = did_you_mean(nearest(str(value), self.names, 1))
            self.fail(f"no column is called {value!r}.{meant} There are {', '.join(self.names)}.", param, ctx)
        return name

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the columns."""
        from click.shell_completion import CompletionItem

        del ctx, param
        return [CompletionItem(name) for name in self.names if name.startswith(incomplete)]


class ColumnNames(ColumnName):
    """Several of these, with commas between them."""

    name = "columns"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return their names, each once."""
        if isinstance(value, tuple):
            return value
        typed = [word for word in map(str.strip, str(value).split(",")) if word]
        if not typed:
            self.fail(f"name at least one of {', '.join(self.names)}.", param, ctx)
        return tuple(dict.fromkeys(super(ColumnNames, self).convert(word, param, ctx) for word in typed))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the columns that aren't named yet."""
        before, comma, name = incomplete.rpartition(",")
        offered = [item for item in super().shell_complete(ctx, param, name) if item.value not in before.split(",")]
        for item in offered:
            item.value = before + comma + item.value
        return offered


def _folded(text: str) -> str:
    return text.casefold().replace(" ", "").replace("-", "")


def listing_options(columns: Mapping[str, Column], *more_formats: str) -> Callable[[Command], Command]:
    """Return the options of a command that lists rows with these columns, by their names; see `take_view`."""
    return combine(
        click.option(
            "--columns",
            type=ColumnNames(columns),
            metavar="A,B,C",
            help=f"Show these columns, in this order: {', '.join(columns)}.",
        ),
        click.option(
            "--sort",
            type=ColumnName(columns),
            metavar="COLUMN",
            help="Sort by this column: text from A to Z, the latest time and the largest number first.",
        ),
        click.option("--reverse", is_flag=True, help="The other way round."),
        click.option("--limit", "--max-count", "-n", type=WholeNumber(0), metavar="N", help="At most N; 0 for all."),
        click.option(
            "--time",
            type=click.Choice(("relative", "absolute")),
            help="How a table shows times.  [default: relative on a terminal, else absolute]",
        ),
        click.option(
            "--format",
            "form",
            type=click.Choice(("table", "json", "ndjson", "csv", *more_formats)),
            default="table",
            show_default=True,
            help="How to print rows. csv escapes formulas and control characters; json has the exact text.",
        ),
        click.option("--json", "form", flag_value="json", help="The same as --format json."),
    )


def take_view(values: dict[str, Any]) -> View:
    """Return the values of `listing_options`. Raises UsageError for columns of what has none."""
    form, columns = values["form"], values["columns"] or ()
    if columns and form in {"json", "ndjson"}:
        raise click.UsageError("--columns is for tables and CSV: JSON has every key.", click.get_current_context())
    room = width()
    relative = values["time"] == "relative" or (values["time"] is None and room is not None)
    now = int(time.time() * 1000) if relative else None
    return View(form, columns, values["sort"], values["reverse"], values["limit"], room, now)


def refuse_listing_options(values: dict[str, Any], command: str) -> None:
    """Refuse what only a list has, for a command that shows one thing. Raises UsageError."""
    names = [f"--{name}" for name in ("columns", "sort", "reverse", "limit", "time") if is_typed(name)]
    if values["form"] == "csv":
        names.append("--format csv")
    if names:
        raise click.UsageError(
            f"`{command}` doesn't show a list, so leave out {' and '.join(names)}.", click.get_current_context()
        )


def with_short_ids(view: View, sessions: Iterable[Session], others: Iterable[str]) -> View:
    """Return a view in which the ids of these sessions and of their projects are short, if it is a terminal's table.

    `others` are the ids of all sessions that there are, or of those that come right before and after these in order.
    """
    if view.width is None or view.form != "table":
        return view
    listed = [*sessions]
    projects = {session.project_id: session.project_id[:SHORT_ID] for session in listed}
    return replace(view, short=projects | short_ids([each.id for each in listed], others))


def echo_rows(
    rows: Iterable[Row],
    view: View,
    columns: Mapping[str, Column],
    shown: Sequence[str] = (),
    below: Callable[[Row], Iterable[str]] | None = None,
) -> None:
    """Print rows, which are `arranged` already, in the format that `view` says; see `rows_text`."""
    texts = rows_text(rows, view, columns, shown, below)
    if view.form in {"table", "csv"}:
        echo_lines(texts)
    else:
        echo_json_lines(texts)
