"""Our command line with something bad happening at one exact point of it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any, NamedTuple

from migrator.execution import file_undo
from migrator.execution.journal import Journal
from migrator.state_dir import state_directory
from migrator.store.staging import Staging
from migrator.store.writer import Writer
from tests.support import forked
from tests.support.forked import Running
from tests.support.rows import Pristine, query_journals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.forked import Finished
    from tests.support.home import Home

_POINTS = (
    (file_undo, "carry"),
    (Journal, "begin"),
    (Journal, "__init__"),
    (Journal, "intend"),
    (Journal, "forget"),
    (Journal, "mark"),
    (Writer, "register"),
    (Writer, "unregister"),
    (Staging, "attach_journal"),
    (Staging, "rebind"),
    (Writer, "edit"),
    (Writer, "remove_row"),
    (Writer, "insert_row"),
    (Writer, "close"),
)


class Fault(NamedTuple):
    """`deed` happens at the `number`th point whose name contains `point`: "before intend", "after COMMIT", ...

    Each function in _POINTS is such a point before and after it is called, and so is each transaction's BEGIN, COMMIT.
    """

    deed: str
    number: int = 1
    point: str = ""
    gate: str = ""

    @property
    def lay(self) -> Callable[[], None]:
        """A function that lays this fault in the process in which it is called."""
        return partial(_lay, self)


class Gate:
    """A place at which a run waits until it may go on, so that nobody has to be quicker than the run."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "gate"

    def at(self, number: int, point: str) -> Fault:
        """Put the gate at the `number`th such point."""
        return Fault("wait", number, point, str(self._path))

    @property
    def is_reached(self) -> bool:
        return self._path.with_suffix(".reached").exists()

    def open(self) -> None:
        self._path.with_suffix(".open").touch()


def start(home: Home, *words: str | Path, fault: Fault) -> Running:
    """Start `opencode-migrator WORDS`."""
    return Running(words, home.env(), home.path, first=fault.lay)


def run(home: Home, *words: str | Path, fault: Fault | None = None) -> Finished:
    """Run `opencode-migrator WORDS`; the code of a killed process is minus the signal."""
    return forked.run(words, home.env(), home.path, first=fault and fault.lay)


Steps = Callable[[], Iterator[int]]
"""Counts the steps of a run at which a fault is laid, from the first."""


class Interruptible:
    """A home with a command that writes, which can be killed, and the home as it was before."""

    def __init__(self, home: Home, *words: str | Path) -> None:
        self.home = home
        self.words = words
        self.pristine = Pristine(home)

    def kill(self, *words: str | Path, fault: Fault) -> str | None:
        """Kill a command, the one that writes unless told otherwise; where that was, or None if it was done before."""
        killed = run(self.home, *(words or self.words), fault=fault)
        assert killed.code in {0, -signal.SIGKILL}, killed.stderr
        return killed.stderr.splitlines()[-1] if killed.code else None

    @property
    def cut_off(self) -> bool:
        return is_cut_off(self.home)


def is_cut_off(home: Home) -> bool:
    """Tell whether a run has begun and not ended."""
    statuses = {status for (status,) in query_journals(home, "SELECT status FROM run")}
    return bool(statuses & {"running", "rolling-back"})


def _lay(fault: Fault) -> None:
    left = fault.number

    def reach(point: str, subject: Any) -> None:
        nonlocal left
        if fault.point in point:
            left -= 1
            if left == 0 or fault.deed in _EVERY_TIME:
                if fault.gate:
                    _wait(Path(fault.gate))
                    return
                os.write(2, f"[{fault.deed} {point}]\n".encode())
                _DEEDS[fault.deed](subject)

    for owner, name in _POINTS:
        setattr(owner, name, _watched(getattr(owner, name), name, reach))
    transaction = Writer.transaction

    @contextmanager
    def watched_transaction(writer: Writer) -> Iterator[None]:
        reach("before BEGIN", writer)
        with transaction(writer):
            yield
            reach("before COMMIT", writer)
        reach("after COMMIT", writer)

    setattr(Writer, "transaction", watched_transaction)  # noqa: B010 - mypy knows no other way


def _watched(method: Callable[..., Any], name: str, reach: Callable[[str, Any], None]) -> Callable[..., Any]:
    def watched(subject: Any, *args: Any, **kwargs: Any) -> Any:
        reach(f"before {name}", subject)
        result = method(subject, *args, **kwargs)
        reach(f"after {name}", subject)
        return result

    return watched


def _meddle(staging: Staging) -> None:
    staging.store.connection.execute(
        "UPDATE main.session SET directory = '/elsewhere' WHERE id = "
        "(SELECT session FROM temp.change WHERE seq = (SELECT max(seq) FROM temp.change))",
    )


def _peek(_: Any) -> None:
    newest = max((state_directory() / "runs").glob("*.db"))
    reader = sqlite3.connect(f"file:{newest}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM run").fetchall()
    Timer(0.3, reader.close).start()


def _wait(gate: Path) -> None:
    gate.with_suffix(".reached").touch()
    while not gate.with_suffix(".open").exists():
        time.sleep(0.002)


_KNOCK = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0).execute("SELECT count(*) FROM session").fetchone()
    sys.stderr.write("knock: open\\n")
except sqlite3.OperationalError as error:
    sys.stderr.write(f"knock: {error}\\n")
"""


def _knock(writer: Writer) -> None:
    subprocess.run([sys.executable, "-S", "-c", _KNOCK, str(writer.path)], check=True)


def _fail(_: Any) -> None:
    raise sqlite3.OperationalError("disk I/O error")


_DEEDS: Mapping[str, Callable[[Any], object]] = {
    "kill": lambda _: os.kill(os.getpid(), signal.SIGKILL),
    "interrupt": lambda _: os.kill(os.getpid(), signal.SIGINT),
    "terminate": lambda _: os.kill(os.getpid(), signal.SIGTERM),
    "fail": _fail,
    "meddle": _meddle,
    "peek": _peek,
    "seal": lambda journal: journal.connection.execute("PRAGMA query_only = ON"),
    "dawdle": lambda _: time.sleep(0.02),
    "knock": _knock,
}
_EVERY_TIME = {"dawdle", "knock"}
"""`fail`: SQLite reports an error once. `meddle`: the last session of the run changes. `peek`: somebody reads the
journal for a moment. `seal`: from now on SQLite refuses to write to it. `knock`: another process tries to open the
database. `wait`, which a `Gate` makes: the run waits there.
"""
