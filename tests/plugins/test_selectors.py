"""A selector that somebody else wrote: installed next to opencode-migrator, its option is there and selects."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.home import FIXTURES
from tests.support.plugins import pip_install

if TYPE_CHECKING:
    from pathlib import Path

SATURDAY = 1_767_441_600_000  # 2026-01-03T12:00Z
DAY = 24 * 3_600_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the example distribution in it, as pip puts it there; nothing is downloaded."""
    return pip_install("example_plugin", tmp_path_factory.mktemp("site"))


def migrator(site: Path | None, *args: str) -> str:
    """Run `python -m migrator` with `site` on the path and return what it printed."""
    environ = os.environ | {"TZ": "UTC0", "NO_COLOR": "1"}
    environ.pop("PYTHONPATH", None)
    if site:
        environ["PYTHONPATH"] = str(site)
    command = [sys.executable, "-m", "migrator", *args]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Seven sessions of a real opencode, one for each day of a week, those of a directory on days far apart."""
    path = tmp_path / "opencode.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript((FIXTURES / "1.18.34.sql").read_text(encoding="utf-8"))
        ids = [id_ for (id_,) in connection.execute("SELECT id FROM session ORDER BY id")]
        updates = [(SATURDAY + number * 3 % 7 * DAY, id_) for number, id_ in enumerate(ids)]
        connection.executemany("UPDATE session SET time_updated = ? WHERE id = ?", updates)
    return path


def listed(site: Path, database: Path, *args: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(
        migrator(site, "list", "--db", str(database), "--all", "--no-roots", "--json", *args)
    )
    return rows


def test_its_option_is_there_once_it_is_installed(site: Path) -> None:
    assert "--from-weekday" in migrator(site, "move", "--help")
    assert "--from-weekday" not in migrator(None, "move", "--help")


def test_it_selects_without_knowing_sql(site: Path, database: Path) -> None:
    everything = listed(site, database)
    days = [datetime.fromtimestamp(row["updated"] / 1000, UTC).strftime("%A").lower() for row in everything]
    assert len(set(days)) > 2
    expected = [row["id"] for row, day in zip(everything, days, strict=True) if day == "saturday"]
    assert [row["id"] for row in listed(site, database, "--from-weekday", "saturday")] == expected


def test_it_adds_up_and_is_narrowed_like_any_other(site: Path, database: Path) -> None:
    weekend = listed(site, database, "--from-weekday", "saturday", "--from-weekday", "sunday")
    assert {datetime.fromtimestamp(row["updated"] / 1000, UTC).weekday() for row in weekend} == {5, 6}
    directory = weekend[0]["directory"]
    both = listed(site, database, "--from-weekday", "saturday", "--from-weekday", "sunday", "--from-dir", directory)
    below = [row for row in weekend if f"{row['directory']}/".startswith(f"{directory}/")]
    assert both == below
    assert len(listed(site, database, "--from-dir", directory)) > len(below)
