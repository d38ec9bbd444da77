from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from migrator.store import signals
from migrator.store.connection import translate_errors
from migrator.store.signals import ending_signals, hear_interrupts
from migrator.store.sql import joined
from tests.support.forked import ENDING

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("word", "expected"), [("OR", 1), ("AND", 0)])
def test_sqlite_takes_any_number_of_conditions(word: str, expected: int) -> None:
    conditions = [f"{number} = 5" for number in range(3000)]
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute(f"SELECT {joined(conditions, word)}").fetchone() == (expected,)
        with pytest.raises(sqlite3.OperationalError, match="too large"):
            connection.execute(f"SELECT {f' {word} '.join(conditions)}")


def test_no_condition_is_true() -> None:
    assert joined([], "AND") == "TRUE"


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has none")
def test_nohup_holds() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert signal.SIGHUP not in ending_signals()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ctrl_c_in_an_sql_function_is_no_error_of_the_database(tmp_path: Path) -> None:
    """It comes wherever Python is just then, and SQLite says that the function failed."""
    before = {number: signal.getsignal(number) for number in ENDING}
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it
    hear_interrupts()
    try:
        with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
            connection.create_function("pressed", 1, lambda _: signal.raise_signal(signal.SIGINT))
            with pytest.raises(KeyboardInterrupt), translate_errors(tmp_path / "x.db"):
                connection.execute("SELECT pressed(1)").fetchall()
    finally:
        signals._heard.clear()  # noqa: SLF001 - nobody else goes on after one
        for number, handler in before.items():
            signal.signal(number, handler)
