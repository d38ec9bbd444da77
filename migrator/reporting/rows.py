"""Lists of things as table, JSON, NDJSON or CSV: columns are described once, and every list has the same options."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from enum import Enum, auto
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from migrator.reporting.style import styled
from migrator.text import (
    SHORT_ID,
    cells,
    iso_time,
    json_text,
    local_time,
    one_line,
    printable,
    relative_time,
    shortened,
    shortened_path,
    tilde,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Row = Mapping[str, Any]


class ColumnKind(Enum):
    """What a column holds, which says how a table shows it.

    A WORD stays whole. An ID does, unless its list says how it may be shortened, or cutting everything else isn't
    enough. TEXT is cut at its end, a PATH at its beginning. A NUMBER is on the right. A TIME is in milliseconds.
    """

    WORD = auto()
    ID = auto()
    TEXT = auto()
    PATH = auto()
    NUMBER = auto()
    TIME = auto()


_CUT = frozenset({ColumnKind.TEXT, ColumnKind.PATH})
_LARGEST_FIRST = frozenset({ColumnKind.NUMBER, ColumnKind.TIME})


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list: its heading, and its exact value, for sorting and CSV; None where a row has none.

    `text` is what a table shows, if that isn't the value as its kind is shown; `style` are the keywords of
    `style.styled` for a row, and only stresses what the text says too.
    """

    heading: str
    value: Callable[[Row], Any]
    kind: ColumnKind = ColumnKind.WORD
    text: Callable[[Row], str] | None = None
    style: Callable[[Row], Mapping[str, Any]] | None = None


def field(
    heading: str, key: str, kind: ColumnKind = ColumnKind.WORD, text: Callable[[Row], str] | None = None
) -> Column:
    """Return a column that has the value of a key of its rows."""
    return Column(heading, itemgetter(key), kind, text)


@dataclass(frozen=True, slots=True)
class View:
    """How rows are listed, as the options of every command that lists say.

    `columns` and `sort` are names of columns; without `columns` the list decides. `limit` 0 is no limit, None lets the
    list decide. `width` is that of the terminal, None if there is none; `now`, in milliseconds, makes times relative.
    `short` says how ids are written for people.
    """

    form: str = "table"
    columns: tuple[str, ...] = ()
    sort: str | None = None
    reverse: bool = False
    limit: int | None = None
    width: int | None = None
    now: int | None = None
    short: Mapping[str, str] = dataclass_field(default_factory=dict)

    @property
    def sorts(self) -> bool:
        """Whether the rows come in another order than that of their list."""
        return self.reverse or self.sort is not None

    @property
    def chosen(self) -> bool:
        """Whether somebody said which rows or columns they want, and so wants rows."""
        return self.sorts or bool(self.columns) or self.limit is not None

    def time(self, milliseconds: int) -> str:
        """Return a time as it is shown."""
        return local_time(milliseconds) if self.now is None else relative_time(milliseconds, self.now)

    def id(self, id_: str) -> str:
        """Return an id as it is shown."""
        return self.short.get(id_, id_)


def rows_text(
    rows: Iterable[Row],
    view: View,
    columns: Mapping[str, Column],
    shown: Sequence[str] = (),
    below: Callable[[Row], Iterable[str]] | None = None,
) -> Iterator[str]:
    """Yield the lines of `rows` in a format: table, json, ndjson or csv.

    `columns` are all there are, by name; `shown` those of a table, if nobody asks for others: by default all. JSON has
    the exact values. Text in CSV is `printable`, with an apostrophe before what a spreadsheet would run, and times are
    ISO 8601. On a terminal a line of a table fits: directories and free text are cut. Where the columns don't fit for
    all that, each row is a block with a line for each column, as in psql. `below` yields what stands below a row.
    """
    if view.form == "json":
        yield from _json(rows)
    elif view.form == "ndjson":
        yield from _lines(rows)
    elif view.form == "csv":
        yield from _csv(list(rows), columns, view.columns)
    else:
        yield from _table(list(rows), [columns[name] for name in view.columns or shown or columns], view, below)


def arranged(rows: Iterable[Row], view: View, columns: Mapping[str, Column]) -> Iterable[Row]:
    """Return rows in the order that was asked for, as many as were asked for.

    Text is sorted by the alphabet, the latest time and the largest number come first; what has no value is last.
    """
    if view.sort is not None:
        column = columns[view.sort]
        valued = [(column.value(row), row) for row in rows]
        known = [pair for pair in valued if pair[0] is not None]
        known.sort(key=_sort_key, reverse=(column.kind in _LARGEST_FIRST) != view.reverse)
        rows = [row for _, row in known] + [row for value, row in valued if value is None]
    elif view.reverse:
        rows = list(rows)[::-1]
    return islice(rows, min(view.limit, sys.maxsize)) if view.limit else rows


def _sort_key(pair: tuple[Any, Row]) -> tuple[bool, Any]:
    value = pair[0]
    return (True, value.casefold()) if isinstance(value, str) else (False, value)


READABLE = 1000
"""Up to so many rows, JSON is indented: that takes Python ten times as long."""


def _json(rows: Iterable[Row]) -> Iterator[str]:
    """Yield one array; of very many rows, each on a line of its own."""
    waiting = iter(rows)
    first = list(islice(waiting, READABLE + 1))
    if len(first) <= READABLE:
        yield json_text(first, indent=2)
        return
    yield "["
    lines = _lines(chain(first, waiting))
    last = next(lines)
    for more in lines:
        yield last.replace("\n", ",\n") + ","
        last = more
    yield last.replace("\n", ",\n")
    yield "]"


def _lines(rows: Iterable[Row]) -> Iterator[str]:
    """Yield each row as JSON on a line of its own, many at a time; no line ends inside of a row: JSON escapes them."""
    from msgspec.json import Encoder

    encoder, waiting = Encoder(), iter(rows)
    while some := list(islice(waiting, READABLE)):
        try:
            yield encoder.encode_lines(some).decode().removesuffix("\n")
        except UnicodeEncodeError:  # a name on the disk that is no UTF-8, which JSON has to escape
            yield "\n".join(map(json.dumps, some))


_GAP = "  "
_NARROWEST = 8


def _table(
    rows: Sequence[Row], columns: Sequence[Column], view: View, below: Callable[[Row], Iterable[str]] | None
) -> Iterator[str]:
    if not rows:
        return
    headings = [column.heading for column in columns]
    lines = [[_shown(column, row, view) for column in columns] for row in rows]
    widths = [max(map(cells, texts)) for texts in zip(headings, *lines, strict=True)]
    if view.width is not None:
        _narrow(widths, [at for at, column in enumerate(columns) if column.kind in _CUT], view.width, _NARROWEST)
        _narrow(widths, [at for at, column in enumerate(columns) if column.kind is ColumnKind.ID], view.width, SHORT_ID)
    as_blocks = view.width is not None and sum(widths) + len(_GAP) * (len(widths) - 1) > view.width
    if not as_blocks:
        yield _line(columns, headings, widths, None)
    for at, (row, line) in enumerate(zip(rows, lines, strict=True)):
        if as_blocks:
            yield from [""] * (at > 0)
            yield from _block(columns, line, row, view.width or 0)
        else:
            yield _line(columns, line, widths, row)
        yield from below(row) if below else ()


def _line(columns: Sequence[Column], texts: Sequence[str], widths: Sequence[int], row: Row | None) -> str:
    """Return a line of a table; without a row, of its headings."""
    fitted = []
    for column, text, room in zip(columns, texts, widths, strict=True):
        cut = _cut(column, text, room)
        word, gap = _painted(column, cut, row), " " * (room - cells(cut))
        fitted.append(gap + word if column.kind is ColumnKind.NUMBER else word + gap)
    return _GAP.join(fitted).rstrip()


def _block(columns: Sequence[Column], texts: Sequence[str], row: Row, width: int) -> Iterator[str]:
    """Yield a line for each column of a row, its heading first."""
    widest = max(cells(column.heading) for column in columns)
    for column, text in zip(columns, texts, strict=True):
        heading = _painted(column, column.heading, None) + " " * (widest - cells(column.heading))
        cut = _cut(column, text, max(width - widest - len(_GAP), _NARROWEST)) if column.kind in _CUT else text
        yield f"{heading}{_GAP}{_painted(column, cut, row)}".rstrip()


def _cut(column: Column, text: str, room: int) -> str:
    return (shortened_path if column.kind is ColumnKind.PATH else shortened)(text, room)


def _painted(column: Column, text: str, row: Row | None) -> str:
    """Return a cell in the colour of its row; without a row, as a heading."""
    how = {"bold": True} if row is None else column.style(row) if column.style else {}
    return styled(text, **how) if how and text else text


def _shown(column: Column, row: Row, view: View) -> str:
    """Return the text of a cell, before it is cut."""
    if column.text is not None:
        return printable(column.text(row))
    value = column.value(row)
    if value is None:
        return ""
    if column.kind is ColumnKind.TIME:
        return view.time(value)
    if column.kind is ColumnKind.NUMBER:
        return f"{value:,}"
    text = value if isinstance(value, str) else _plain(value)
    if column.kind is ColumnKind.TEXT:
        return one_line(text)
    return printable(tilde(text) if column.kind is ColumnKind.PATH else view.id(text))


def _narrow(widths: list[int], cut: Sequence[int], width: int, narrowest: int) -> None:
    """Take from whichever of the columns `cut` is widest until all of it fits, or none is wider than `narrowest`."""
    while cut and sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        widest = max(cut, key=widths.__getitem__)
        if widths[widest] <= narrowest:
            return
        widths[widest] -= 1


def _csv(rows: Sequence[Row], columns: Mapping[str, Column], chosen: Sequence[str]) -> Iterator[str]:
    """Yield the columns that were chosen; else every key of the rows."""
    import csv
    from types import SimpleNamespace

    if not rows:
        return
    if chosen:
        flat: list[dict[str, Any]] = [{name: columns[name].value(row) for name in chosen} for row in rows]
        names = dict.fromkeys(chosen)
    else:
        nested = {key for row in rows for key, value in row.items() if isinstance(value, dict)}
        flat = [_flat(row) for row in rows]
        names = dict.fromkeys(name for row in flat for name in row if name not in nested)
    times = {name for name in names if name in columns and columns[name].kind is ColumnKind.TIME}
    lines: list[str] = []
    writer = csv.writer(SimpleNamespace(write=lines.append), lineterminator="")
    writer.writerow(names)
    writer.writerows([_cell(row.get(name), is_time=name in times) for name in names] for row in flat)
    yield from lines


_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
"""What begins text that a spreadsheet runs (OWASP, "CSV injection"), in both widths; a tab or line end is escaped."""


def _cell(value: Any, *, is_time: bool) -> Any:
    """Return a value for a cell: text that is printable and that no spreadsheet runs, a number as it is."""
    if is_time and isinstance(value, int):
        return iso_time(value)
    if value is None or type(value) in {int, float}:
        return value
    if not isinstance(value, str):
        return _plain(value)
    text = printable(value)
    return f"'{text}" if text[:1] in _FORMULA else text


def _plain(value: Any) -> str:
    """Return a value that is no text in words that no language owns: `true`, `12`, and lists as JSON."""
    return json_text(list(value) if isinstance(value, tuple) else value)


def _flat(row: Row) -> dict[str, Any]:
    """Write nested objects as `project.name`, but for an id that the row has already, as `projectId`."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": item for inner, item in value.items() if f"{key}{inner.title()}" not in row}
        else:
            flat[key] = value
    return flat
