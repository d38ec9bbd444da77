"""Lists of things as table, JSON, NDJSON or CSV."""

from __future__ import annotations

import json
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from migrator.text import cells, json_text, printable, shortened, shortened_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


def rows_text(
    rows: Iterable[Mapping[str, Any]],
    form: str,
    columns: Mapping[str, Callable[[Mapping[str, Any]], str]],
    width: int | None = None,
) -> Iterator[str]:
    """Yield the lines of `rows` in a format: table, json, ndjson or csv.

    `columns` are the headings of the table and how to fill them; the other formats show the rows. JSON has the exact
    values. Text in CSV is `printable`, with an apostrophe before what a spreadsheet would run. With `width` a line of a
    table fits: directories and free text are cut, ids stay whole, so that they can be copied.
    """
    if form == "json":
        yield from _json(rows)
    elif form == "ndjson":
        yield from _lines(rows)
    elif form == "csv":
        yield from _csv(list(rows))
    elif cells_ := [[printable(fill(row)) for fill in columns.values()] for row in rows]:
        yield from _table([list(columns), *cells_], width)


READABLE = 1000
"""Up to so many rows, JSON is indented: that takes Python ten times as long."""


def _json(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
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


def _lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield each row as JSON on a line of its own, many at a time; no line ends inside of a row: JSON escapes them."""
    from msgspec.json import Encoder

    encoder, waiting = Encoder(), iter(rows)
    while some := list(islice(waiting, READABLE)):
        try:
            yield encoder.encode_lines(some).decode().removesuffix("\n")
        except UnicodeEncodeError:  # a name on the disk that is no UTF-8, which JSON has to escape
            yield "\n".join(map(json.dumps, some))


_GAP = "  "
_PATHS = frozenset({"Directory", "Worktree"})
_CUT = _PATHS | {"Project", "Name", "Title", "Command"}
_NARROWEST = 8


def _table(lines: list[list[str]], width: int | None) -> Iterator[str]:
    widths = [max(map(cells, column)) for column in zip(*lines, strict=True)]
    if width is not None:
        _narrow(widths, [index for index, heading in enumerate(lines[0]) if heading in _CUT], width)
    for line in lines:
        cut = [
            (shortened_path if heading in _PATHS else shortened)(text, room)
            for heading, text, room in zip(lines[0], line, widths, strict=True)
        ]
        padded = [text + " " * (room - cells(text)) for text, room in zip(cut, widths, strict=True)]
        yield _GAP.join(padded).rstrip()


def _narrow(widths: list[int], cut: Sequence[int], width: int) -> None:
    """Take from whichever of the columns `cut` is widest until all of it fits, or they are as narrow as can be."""
    while sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        widest = max(cut, key=widths.__getitem__)
        if widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1


def _csv(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    import csv
    from types import SimpleNamespace

    if rows:
        nested = {key for row in rows for key, value in row.items() if isinstance(value, dict)}
        flat = [_flat(row) for row in rows]
        names = dict.fromkeys(name for row in flat for name in row if name not in nested)
        lines: list[str] = []
        writer = csv.writer(SimpleNamespace(write=lines.append), lineterminator="")
        writer.writerow(names)
        writer.writerows([_cell(row.get(name)) for name in names] for row in flat)
        yield from lines


_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
"""What begins text that a spreadsheet runs (OWASP, "CSV injection"), in both widths; a tab or line end is escaped."""


def _cell(value: Any) -> Any:
    """Return a value for a cell: text that is printable and that no spreadsheet runs, a number as it is."""
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text[:1] in _FORMULA else text


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Write nested objects as `project.name`, lists as JSON."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": item for inner, item in value.items()}
        else:
            flat[key] = json.dumps(value) if isinstance(value, (list, tuple)) else value
    return flat
