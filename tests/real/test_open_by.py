"""While opencode has the database open, nothing is written: it would write its own idea of a session back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.disk.processes import lock_holder
from migrator.store.open_by import _LOCK_BYTES
from tests.support.opencode.database import all_rows
from tests.support.opencode.migrator_command import answer, move, run_migrator

if TYPE_CHECKING:
    from tests.support.opencode.lab import Lab

pytestmark = pytest.mark.long


def test_move_refuses_while_opencode_serves_and_names_it(lab: Lab) -> None:
    with lab.opencode.serve(lab.a) as pid:
        lab.opencode.call("GET", "/session", directory=lab.a)
        before = all_rows(lab.opencode.database)
        outcome = run_migrator(lab.opencode, "move", "--from-dir", lab.a, "--to-dir", lab.b, "--yes", cwd=lab.a)
        assert outcome.returncode == 4, outcome.stderr
        assert "opencode" in outcome.stderr
        assert str(pid) in outcome.stderr
        assert all_rows(lab.opencode.database) == before


def test_doctor_says_the_same_without_a_word_to_opencode(lab: Lab) -> None:
    """An opencode that only waits has its lock on the database, and nothing of it is touched by asking."""
    with lab.opencode.serve(lab.a) as pid:
        lab.opencode.call("GET", "/session", directory=lab.a)
        before = all_rows(lab.opencode.database)
        assert [holder["pid"] for holder in answer(lab.opencode, "doctor", cwd=lab.a)["openBy"]] == [pid]
        assert lock_holder(lab.opencode.database, _LOCK_BYTES) == pid
        for _ in range(2000):
            lock_holder(lab.opencode.database, _LOCK_BYTES)
        lab.opencode.call("GET", "/session", directory=lab.a)
        assert all_rows(lab.opencode.database) == before
    assert answer(lab.opencode, "doctor", cwd=lab.a)["openBy"] == []
    assert lock_holder(lab.opencode.database, _LOCK_BYTES) is None


def test_undo_refuses_while_opencode_serves(lab: Lab) -> None:
    run = move(lab.opencode, lab.a, lab.b)
    with lab.opencode.serve(lab.a) as pid:
        lab.opencode.call("GET", "/session", directory=lab.a)
        before = all_rows(lab.opencode.database)
        outcome = run_migrator(lab.opencode, "undo", run, "--yes", cwd=lab.a)
        assert outcome.returncode == 4, outcome.stderr
        assert str(pid) in outcome.stderr
        assert all_rows(lab.opencode.database) == before


def test_move_goes_ahead_once_opencode_is_gone(lab: Lab) -> None:
    """opencode leaves its `-wal` and `-shm` files behind, which is no sign of life."""
    with lab.opencode.serve(lab.a):
        lab.opencode.call("GET", "/session", directory=lab.a)
    assert lab.opencode.database.with_name("opencode.db-wal").exists()
    move(lab.opencode, lab.a, lab.b)
