"""Runs as rows: what `log` lists."""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from migrator.reporting.rows import Column, ColumnKind, field
from migrator.text import places, tilde

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def status(row: Mapping[str, Any]) -> str:
    """Return what became of a run, in a word or two."""
    if row["undoneBy"]:
        return "undone"
    if row["status"] not in {"running", "rolling-back"}:
        return str(row["status"])
    return {True: "cut off", False: "going on", None: "cut off or going on"}[row["cutOff"]]


def _status_style(row: Mapping[str, Any]) -> dict[str, Any]:
    text = status(row)
    return {"fg": "red"} if text.startswith("cut off") else {"dim": True} if text == "undone" else {}


def _what(row: Mapping[str, Any]) -> str:
    """Return from where to where a run moved sessions, and which run it takes back or brings about again by that.

    A row for a terminal has `short`, which says how ids are written there.
    """
    what = "file undo" if row["sessions"] else "project rows"
    other = row["redoes"] or row["undoes"]
    if row["other"]:
        what = _merged(row)
    elif row["to"]:
        what = f"{places(row['from'])} -> {places(row['to'])}"
    return (
        f"{'redo' if row['redoes'] else 'undo'}: {what} (of {row.get('short', {}).get(other, other)})"
        if other
        else what
    )


def _merged(row: Mapping[str, Any]) -> str:
    """Return from where a merge brought sessions to where; of a run that takes that back or does it again, the same."""
    is_back = bool(row["undoes"] and not row["redoes"])
    if row["takenOut"] != is_back:
        return f"taken out, being in {tilde(row['other'])}"
    return f"from {tilde(row['other'])} -> {places(row['from' if is_back else 'to'])}"


RUN_COLUMNS = {
    "run": field("Run", "run", ColumnKind.ID),
    "started": field("When", "started", ColumnKind.TIME),
    "finished": field("Ended", "finished", ColumnKind.TIME),
    "sessions": field("Sessions", "sessions", ColumnKind.NUMBER),
    "status": Column("Status", status, style=_status_style),
    "what": Column("What", _what, ColumnKind.TEXT),
    "undoes": field("Undoes", "undoes", ColumnKind.ID),
    "redoes": field("Redoes", "redoes", ColumnKind.ID),
    "undoneBy": field("Undone by", "undoneBy", ColumnKind.ID),
    "command": Column("Command", lambda row: row["command"].removeprefix("opencode-migrator "), ColumnKind.TEXT),
    "database": Column(
        "Database",
        itemgetter("database"),
        ColumnKind.PATH,
        lambda row: row["database"] or f"not found; it was {row['store']}",
    ),
}


def short_run_ids(ids: Iterable[str]) -> dict[str, str]:
    """Return what people may call each run: the last part of its id, or all of it where another one ends so."""
    ends = {id_: id_.rpartition("-")[2] for id_ in ids}
    runs = Counter(ends.values())
    return {id_: end if runs[end] == 1 else id_ for id_, end in ends.items()}


RUN_SHOWN = ("run", "started", "sessions", "status", "what")
"""Those of every run; where runs are on several databases, `database` comes last."""
