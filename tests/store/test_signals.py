from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from migrator.store import signals
from migrator.store.connection import translate_errors
from migrator.store.signals import ending_signals, hear_interrupts
from tests.support.forked import ENDING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

needs_sighup = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ENDING}
    yield
    signals._heard.clear()  # noqa: SLF001 - nobody else goes on after one
    for number, handler in before.items():
        signal.signal(number, handler)


@needs_sighup
def test_nohup_holds() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert signal.SIGHUP not in ending_signals()


@needs_sighup
def test_a_closed_terminal_ends_once_and_a_later_signal_counts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python drops what is raised while it writes a question: who sends SIGHUP again must be heard."""
    now = 1000.0
    monkeypatch.setattr(signals, "time", SimpleNamespace(monotonic=lambda: now))
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    hear_interrupts()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGHUP)
    signal.raise_signal(signal.SIGHUP)  # the shell's, which follows the kernel's
    now += 1.1
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGHUP)


def test_ctrl_c_in_an_sql_function_is_no_error_of_the_database(tmp_path: Path) -> None:
    """It comes wherever Python is just then, and SQLite says that the function failed."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it
    hear_interrupts()
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        connection.create_function("pressed", 1, lambda _: signal.raise_signal(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt), translate_errors(tmp_path / "x.db"):
            connection.execute("SELECT pressed(1)").fetchall()
