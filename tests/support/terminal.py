"""A terminal of 80 columns with somebody at it, for what a command does only there."""

from __future__ import annotations

import errno
import os
import re
import select
import struct
import time
from typing import TYPE_CHECKING, Self

import pytest

from tests.support.forked import PROCESSES, run_on_terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.home import Home

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PATIENCE_SECONDS = 120.0
AGAIN_SECONDS = 2.0
INSIST_SECONDS = 0.5


class Terminal:
    """Our command in a terminal; `stdout` is a file, as after `>`: then only questions and notes reach the terminal.

    `first` is called in its process before anything else, and has to be picklable.
    """

    def __init__(  # noqa: PLR0913 - what may be different about a terminal
        self,
        home: Home,
        *words: str | Path,
        cwd: Path | None = None,
        color: bool = True,
        columns: int = 80,
        stdout: Path | None = None,
        first: Callable[[], object] | None = None,
    ) -> None:
        fcntl, pty, termios = map(pytest.importorskip, ("fcntl", "pty", "termios"))
        self._master, slave = pty.openpty()
        self._is_open = True
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        environ = {name: value for name, value in home.env().items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
        environ |= {"TERM": "xterm-256color", "PAGER": "cat"} | home.environ
        environ |= {} if color else {"NO_COLOR": "1"}
        if stdout is not None:
            stdout.touch()
        terminal = os.ttyname(slave)
        self._process = PROCESSES.Process(
            target=run_on_terminal,
            args=(
                [*map(str, words)],
                environ,
                str(cwd or home.path),
                [terminal, terminal if stdout is None else str(stdout), terminal],
                first or home.first,
            ),
        )
        self._process.start()
        self._slave: int | None = slave  # what nobody has open any more looks like a command that has ended
        self.raw = ""
        """Everything that came to the terminal so far, escape sequences and all."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Close the terminal, as one closes its window: what runs in it gets SIGHUP from the kernel."""
        self._let_go()
        if self._is_open:
            os.close(self._master)
            self._is_open = False

    def send(self, *numbers: int) -> None:
        """Send signals, one soon after the other."""
        for number in numbers:
            os.kill(self._process.pid or 0, number)
            time.sleep(0.1)

    def wait_for_end(self) -> None:
        """Wait until it has ended; read what it writes meanwhile, where the terminal is still open."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        if self._is_open:
            while self._read():
                assert time.monotonic() < deadline, f"it goes on: {self.text}"
        self._process.join(PATIENCE_SECONDS)
        assert self._process.exitcode is not None, f"it hangs: {self.text}"

    @property
    def text(self) -> str:
        """What came to the terminal, as it can be read: without escape sequences."""
        return ESCAPE.sub("", self.raw).replace("\r\n", "\n")

    def wait_for(self, words: str, *, after: int = 0) -> None:
        """Read until these words are on the screen, `after` so many characters of `text`."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while words not in self.text[after:]:
            goes_on = time.monotonic() < deadline and self._read()  # the UI draws for ever
            assert goes_on, f"{words!r} never came: {self.text}"

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def insist(self, key: str, words: str) -> None:
        """Press a key until these words come: a yes isn't heard before its question can be read."""
        after, deadline = len(self.text), time.monotonic() + PATIENCE_SECONDS
        self.type(key)
        while words not in self.text[after:]:
            assert time.monotonic() < deadline, f"{words!r} never came: {self.text}"
            if select.select([self._master], [], [], INSIST_SECONDS)[0]:
                assert self._read(), f"{words!r} never came: {self.text}"
            else:
                self.type(key)

    def interrupt(self, number: int) -> None:
        """Send a signal until something comes of it, as one presses Ctrl-C again.

        Python may miss one that comes just before it reads: the handler runs once it is done reading, which is never.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            os.kill(self._process.pid or 0, number)
            if select.select([self._master], [], [], AGAIN_SECONDS)[0]:
                return
        raise AssertionError(f"nothing came of signal {number}: {self.text}")

    def finish(self) -> int:
        """Read to the end; return the exit code."""
        self.wait_for_end()
        return int(self._process.exitcode or 0)

    def _let_go(self) -> None:
        """Close our end of the command's side of the terminal, so that its end can be seen."""
        if self._slave is not None:
            os.close(self._slave)
            self._slave = None

    def _read(self) -> bool:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self._master], [], [], 0.2)
            if not ready:
                if not self._process.is_alive():
                    self._let_go()
                continue
            try:
                data = os.read(self._master, 65536)
            except OSError as error:  # Linux says EIO where others say end of file
                if error.errno != errno.EIO:
                    raise
                data = b""
            self._let_go()  # who has printed has opened it
            self.raw += data.decode(errors="replace")
            return bool(data)
        raise AssertionError(f"nothing came for {PATIENCE_SECONDS:.0f} s after: {self.text}")
