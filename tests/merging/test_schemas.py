"""From whatever version to whatever version: what can be merged is, and what can't is refused with the reason."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

import migrator
from tests.support.home import V1_FIXTURES, build_home
from tests.support.merging import built, bytes_around
from tests.support.other_process import held_open
from tests.support.rows import rows, session_table

if TYPE_CHECKING:
    from pathlib import Path

_AGES = [fixture for fixture in V1_FIXTURES if fixture not in {"1.18.34", "1.18.34-messages"}]
PAIRS = [
    pytest.param(old, new, marks=[] if {old, new} == {"1.2.1", "real-1.18.34"} else pytest.mark.long)
    for old, new in product(_AGES, repeat=2)
]
PAIRS_OF_2 = [
    ("v2-run-fresh", "v2-run-upgraded"),
    pytest.param("v2-run-upgraded", "v2-run-fresh", marks=pytest.mark.long),
    pytest.param("v2-run-upgraded", "v2-run-upgraded", marks=pytest.mark.long),
    pytest.param("v2-fresh", "v2-run-fresh", marks=pytest.mark.long),
]


class Pair:
    """A database with sessions, and one of another age without, in this process."""

    def __init__(self, path: Path, other: str, ours: str, patch: pytest.MonkeyPatch) -> None:
        self.home = build_home(path / "home", ours)
        self.other = built(self.home, other, self.home.database.with_name("opencode-dev.db"))
        self.home.empty("project", "instruction_blob", "__drizzle_migrations")
        for name, value in {"HOME": self.home.path, "XDG_STATE_HOME": path / "state"}.items():
            patch.setenv(name, str(value))
        patch.delenv("XDG_DATA_HOME", raising=False)
        self.store = migrator.open_store(self.home.database)

    def plan(self) -> migrator.Plan:
        return migrator.plan_merge(self.store, self.other.database, foreign=True)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_every_pair_of_opencode_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    pair = Pair(tmp_path, old, new, monkeypatch)
    if _AGES.index(old) > _AGES.index(new):
        with pytest.raises(migrator.MigratorError, match=r"is of a newer opencode than .* upgrades it, then merge"):
            pair.plan()
        return
    before, there = rows(pair.home), rows(pair.other)
    run = migrator.apply(pair.plan())
    assert run.sessions == run.verified == len(there["session"])
    here = rows(pair.home)
    for table in ("message", "part", "todo"):
        assert here[table] == there[table]
    for id_, session in there["session"].items():
        added = here["session"][id_].items() - session.items()
        assert {value for key, value in added if key not in session} <= {None, 0}, "as opencode's own upgrade"
    assert not pair.plan().changes
    assert migrator.undo(run).verified == run.sessions
    assert rows(pair.home) == before


@pytest.mark.parametrize(("old", "new"), PAIRS_OF_2)
def test_every_pair_of_opencode_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    pair = Pair(tmp_path, old, new, monkeypatch)
    before, there = rows(pair.home), rows(pair.other)
    run = migrator.apply(pair.plan())
    assert run.sessions == run.verified == len(there["session_v2"])
    here = rows(pair.home)
    assert {id_: row["data"] for id_, row in here["session_message"].items()} == {
        id_: row["data"] for id_, row in there["session_message"].items()
    }
    assert here["session_v2"].keys() == there["session_v2"].keys()
    assert not pair.plan().changes
    assert migrator.undo(run).verified == run.sessions
    assert rows(pair.home) == before


def test_what_goes_on_in_opencode_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its messages are numbered: what comes must not take a number that is given here."""
    pair = Pair(tmp_path, "v2-run-fresh", "v2-run-fresh", monkeypatch)
    migrator.apply(pair.plan())
    before = rows(pair.home)
    ((session, last),) = pair.other.query(
        "SELECT aggregate_id, seq FROM event_sequence JOIN session_v2 ON id = aggregate_id ORDER BY id LIMIT 1"
    )
    row = {"session_id": session, "type": "user", "time_created": 1, "time_updated": 1, "data": '{"text":"And?"}'}
    pair.other.insert("session_message", row | {"id": "msg_z", "seq": last + 1})
    pair.other.execute("UPDATE event_sequence SET seq = ? WHERE aggregate_id = ?", [last + 1, session])
    plan = pair.plan()
    assert [change.session for change in plan.changes] == [session]
    run = migrator.apply(plan)
    assert rows(pair.home)["session_message"]["msg_z"]["seq"] == last + 1
    assert pair.home.query("SELECT seq FROM event_sequence WHERE aggregate_id = ?", [session]) == [(last + 1,)]
    migrator.undo(run)
    assert rows(pair.home) == before


def test_while_the_other_opencode_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a byte of its database changes, nor of the log in which it has written something."""
    pair = Pair(tmp_path, "real-1.18.34", "1.18.34", monkeypatch)
    with held_open(pair.other.database):
        pair.other.execute("PRAGMA journal_mode = WAL")
        pair.other.execute("UPDATE session SET title = 'In the log'")
        assert pair.other.database.with_name("opencode-dev.db-wal").stat().st_size
        before = bytes_around(pair.other.database)
        run = migrator.apply(pair.plan())
        after = bytes_around(pair.other.database)
        changed = {name for name in after if "dev" in name and after[name] != before.get(name)}
        assert changed <= {"opencode-dev.db-shm"}, "in which SQLite's readers write who reads"
    titles = {row["title"] for row in rows(pair.home)[session_table(pair.home)].values()}
    assert (run.sessions, titles) == (18, {"In the log"})
