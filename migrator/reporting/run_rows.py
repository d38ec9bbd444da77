"""Runs as rows: what `log` lists."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from migrator.reporting.rows import Column, ColumnKind, field

if TYPE_CHECKING:
    from collections.abc import Mapping


def _status(row: Mapping[str, Any]) -> str:
    if row["undoneBy"]:
        return "undone"
    if row["status"] not in {"running", "rolling-back"}:
        return str(row["status"])
    return {True: "cut off", False: "going on", None: "cut off or going on"}[row["cutOff"]]


def _status_style(row: Mapping[str, Any]) -> dict[str, Any]:
    status = _status(row)
    return {"fg": "red"} if status.startswith("cut off") else {"dim": True} if status == "undone" else {}


RUN_COLUMNS = {
    "run": field("Run", "run"),
    "started": field("When", "started", ColumnKind.TIME),
    "sessions": field("Sessions", "sessions", ColumnKind.NUMBER),
    "status": Column("Status", _status, style=_status_style),
    "command": Column("Command", lambda row: row["command"].removeprefix("opencode-migrator "), ColumnKind.TEXT),
    "database": Column(
        "Database",
        itemgetter("database"),
        ColumnKind.PATH,
        lambda row: row["database"] or f"not found; it was {row['store']}",
    ),
}

RUN_SHOWN = ("run", "started", "sessions", "status", "command")
"""Those of every run; where runs are on several databases, `database` comes last."""
