"""Lists of things as table, JSON, NDJSON or CSV."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from migrator.reporting.words import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

FORMATS = ("table", "json", "ndjson", "csv")


def rows_text(
    rows: Sequence[Mapping[str, Any]],
    form: str,
    columns: Mapping[str, Callable[[Mapping[str, Any]], str]],
    width: int | None = None,
) -> Iterator[str]:
    """Yield the lines of `rows` in one of FORMATS.

    `columns` are the headings of the table and how to fill them; the other formats show the rows as they are. With
    `width` the last column is cut so that a line fits.
    """
    if form == "json":
        yield json.dumps(rows, indent=2, ensure_ascii=False)
    elif form == "ndjson":
        for row in rows:
            yield json.dumps(row, ensure_ascii=False)
    elif form == "csv":
        yield from _csv(rows)
    elif rows:
        yield from _table([[fill(row) for fill in columns.values()] for row in rows], list(columns), width)


def _table(cells: list[list[str]], headings: list[str], width: int | None) -> Iterator[str]:
    from tabulate import tabulate

    if width is not None:
        used = sum(max(len(row[i]) for row in [headings, *cells]) + 2 for i in range(len(headings) - 1))
        for row in cells:
            row[-1] = shortened(row[-1], max(width - used, 20))
    yield from tabulate(cells, headings, tablefmt="plain", disable_numparse=True).splitlines()


def _csv(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    import csv
    import io

    out = io.StringIO()
    flat = [_flat(row) for row in rows]
    if flat:
        names = dict.fromkeys(name for row in flat for name in row)
        writer = csv.DictWriter(out, list(names), lineterminator="\n")
        writer.writeheader()
        writer.writerows(flat)
    yield from out.getvalue().splitlines()


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Write nested objects as `project.name`, lists as JSON."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": item for inner, item in value.items()}
        else:
            flat[key] = json.dumps(value) if isinstance(value, list) else value
    return flat
