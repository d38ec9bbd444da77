"""The terminal UI of opencode 1, in a terminal that is read letter by letter."""

from __future__ import annotations

import os
import re
import select
import signal
import struct
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.opencode.opencode_1 import OpenCode

_SEQUENCE = re.compile(
    rb"\x1b(?:\[[0-9;?:<>=$ ]*[A-Za-z@`~]|[\]P_^][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|.)", re.DOTALL
)
START_PAGE = "Ask anything"
"""What the prompt of the page says that is shown where no session is open."""

_ROWS, _COLUMNS = 60, 140
_SECONDS = 60.0
"""How long opencode may take to start."""

_QUIET_SECONDS = 3.0
"""After so long without anything new on the screen, no more comes: a list is there within a fraction of it."""


class TerminalUi:
    """`opencode ARGUMENTS` with somebody at it."""

    def __init__(self, opencode: OpenCode, cwd: Path, *arguments: str, scratch: str) -> None:
        fcntl, pty, termios = map(pytest.importorskip, ("fcntl", "pty", "termios"))
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        environ = opencode.environment(cwd) | {"TERM": "xterm-256color", "TMPDIR": scratch}
        self._process = subprocess.Popen(
            [str(opencode.binary), *arguments],
            cwd=cwd,
            env=environ,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self._shown = b""

    def type(self, text: str) -> None:
        """Type this, and forget what was shown before."""
        self._shown = b""
        os.write(self._master, text.encode())

    def shows(self, words: str) -> bool:
        """Whether these words were written to the terminal since something was typed, or will be in a moment."""
        return self._wait(words, _QUIET_SECONDS)

    def shows_soon(self, words: str) -> bool:
        """Whether these words come to the terminal once opencode has started."""
        return self._wait(words, _SECONDS)

    def open_list(self) -> None:
        """Open the list of sessions, with the keys ctrl+x l."""
        assert self.shows_soon(START_PAGE), self.text
        self.type("\x18")
        time.sleep(0.3)
        os.write(self._master, b"l")
        assert self._wait("Sessions", _SECONDS), self.text

    @property
    def text(self) -> str:
        """What came to the terminal since something was typed, without escape sequences."""
        return _SEQUENCE.sub(b"", self._shown).decode(errors="replace")

    def _wait(self, words: str, quiet_seconds: float) -> bool:
        """Wait for words until nothing new came for so long."""
        deadline = time.monotonic() + _SECONDS
        while words not in self.text and time.monotonic() < deadline:
            ready, _, _ = select.select([self._master], [], [], quiet_seconds)
            if not ready:
                return False
            self._shown += os.read(self._master, 1 << 16)
        return words in self.text

    def close(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._master)


@contextmanager
def terminal_ui(opencode: OpenCode, cwd: Path, *arguments: str) -> Iterator[TerminalUi]:
    """The terminal UI in `cwd`; nothing of it is left after the block."""
    with tempfile.TemporaryDirectory() as scratch:
        ui = TerminalUi(opencode, cwd, *arguments, scratch=scratch)
        try:
            yield ui
        finally:
            ui.close()
