"""A terminal of 80 columns with somebody at it, for what a command does only there."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PATIENCE_SECONDS = 60.0
AGAIN_SECONDS = 2.0


def _hear_ctrl_c() -> None:
    """A shell lets what it runs in the background ignore Ctrl-C, and that is handed down: the tests may run there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """Our command in a terminal; `stdout=PIPE` is `command | cat`, where only the questions reach the terminal."""

    def __init__(
        self,
        home: Home,
        *words: str | Path,
        cwd: Path | None = None,
        color: bool = True,
        columns: int = 80,
        stdout: int | None = None,
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        environ = {name: value for name, value in home.env().items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
        environ |= {"TERM": "xterm-256color", "PAGER": home.environ.get("PAGER", "cat")} | (
            {} if color else {"NO_COLOR": "1"}
        )
        self._process = subprocess.Popen(
            home.command(*words),
            cwd=cwd or home.path,
            env=environ,
            stdin=slave,
            stdout=slave if stdout is None else stdout,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_hear_ctrl_c,  # noqa: PLW1509 - no thread can hold what this one call needs
        )
        os.close(slave)
        self.raw = ""
        """Everything that came to the terminal so far, escape sequences and all."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()
        os.close(self._master)

    @property
    def text(self) -> str:
        """What came to the terminal, as it can be read: without escape sequences."""
        return ESCAPE.sub("", self.raw).replace("\r\n", "\n")

    def wait_for(self, words: str) -> None:
        """Read until these words are on the screen."""
        while words not in self.text:
            assert self._read(), f"{words!r} never came: {self.text}"

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def interrupt(self, number: int) -> None:
        """Send a signal until something comes of it, as one presses Ctrl-C again.

        Python may miss one that comes just before it reads: the handler runs once it is done reading, which is never.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            self._process.send_signal(number)
            if select.select([self._master], [], [], AGAIN_SECONDS)[0]:
                return
        raise AssertionError(f"nothing came of signal {number}: {self.text}")

    def finish(self) -> int:
        """Read to the end; return the exit code."""
        while self._read():
            pass
        return self._process.wait(PATIENCE_SECONDS)

    def piped(self) -> str:
        """Read what went to standard output, which is a pipe; call before `finish`."""
        assert self._process.stdout is not None
        return self._process.stdout.read().decode()

    def _read(self) -> bool:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self._master], [], [], 0.2)
            if not ready:
                continue
            try:
                data = os.read(self._master, 65536)
            except OSError as error:  # Linux says EIO where others say end of file
                if error.errno != errno.EIO:
                    raise
                data = b""
            self.raw += data.decode(errors="replace")
            return bool(data)
        raise AssertionError(f"nothing came for {PATIENCE_SECONDS:.0f} s after: {self.text}")
