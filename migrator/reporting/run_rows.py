"""Runs as rows: what `log` lists."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from migrator.reporting.rows import Column, ColumnKind, field
from migrator.text import places

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    """Return from where to where a run moved sessions, and which run it takes back or brings about again by that."""
    what = "file undo" if row["sessions"] else "project rows"
    if row["to"]:
        what = f"{places(row['from'])} -> {places(row['to'])}"
    other = row["redoes"] or row["undoes"]
    return f"{'redo' if row['redoes'] else 'undo'}: {what} (of {other})" if other else what


RUN_COLUMNS = {
    "run": field("Run", "run"),
    "started": field("When", "started", ColumnKind.TIME),
    "finished": field("Ended", "finished", ColumnKind.TIME),
    "sessions": field("Sessions", "sessions", ColumnKind.NUMBER),
    "status": Column("Status", status, style=_status_style),
    "what": Column("What", _what, ColumnKind.TEXT),
    "undoes": field("Undoes", "undoes"),
    "redoes": field("Redoes", "redoes"),
    "undoneBy": field("Undone by", "undoneBy"),
    "command": Column("Command", lambda row: row["command"].removeprefix("opencode-migrator "), ColumnKind.TEXT),
    "database": Column(
        "Database",
        itemgetter("database"),
        ColumnKind.PATH,
        lambda row: row["database"] or f"not found; it was {row['store']}",
    ),
}

RUN_SHOWN = ("run", "started", "sessions", "status", "what")
"""Those of every run; where runs are on several databases, `database` comes last."""
