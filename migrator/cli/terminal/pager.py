"""A pager for output that is longer than the terminal, started as git starts its own."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from migrator.paths import on_windows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Pager:
    """Lines for a terminal: printed at its end if they fit on the screen, else handed to a pager as they come.

    While there is a pager, Ctrl-C is for it: less stops reading then, and its user leaves it with q, which ends our
    output too.
    """

    def __init__(self, words: Sequence[str], echo: Callable[[str, bool], None]) -> None:
        self._words = words
        self._echo = echo
        self._held: list[tuple[str, bool]] = []
        self._rows = 0
        self._process: subprocess.Popen[str] | None = None
        self._at_interrupt = signal.getsignal(signal.SIGINT)

    @property
    def is_running(self) -> bool:
        """Whether the terminal is the pager's now."""
        return self._process is not None

    def write(self, line: str, rows: int, *, err: bool) -> None:
        """Take a line that fills so many rows of the screen; `err` says that it is none of the results."""
        if self._process is not None:
            self._send(line)
            return
        self._held.append((line, err))
        self._rows += rows
        if self._rows >= shutil.get_terminal_size().lines:
            self._start()

    def close(self) -> None:
        """Print what is held, or wait until the pager is left."""
        if self._process is None:
            self._flush()
            return
        try:
            self._process.communicate()  # which minds no pipe that is closed
        finally:
            signal.signal(signal.SIGINT, self._at_interrupt)

    def _start(self) -> None:
        environ = {"LESS": "FRX", "LV": "-c", **os.environ}
        if sys.stdout.encoding.lower() == "utf-8":
            environ = {"LESSCHARSET": "utf-8", **environ}
        try:
            self._process = subprocess.Popen(
                self._words,
                stdin=subprocess.PIPE,
                env=environ,
                encoding=sys.stdout.encoding,
                errors="backslashreplace",
            )
        except OSError:
            self._words = ()
            self._flush()
            return
        self._at_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
        for line, _ in self._held:
            self._send(line)

    def _send(self, line: str) -> None:
        """Hand a line on; once the pager was left, nobody wants the rest."""
        assert self._process is not None  # noqa: S101 - for the type checker
        assert self._process.stdin is not None  # noqa: S101 - as above
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n")

    def _flush(self) -> None:
        held, self._held = self._held, []
        for line, err in held:
            self._echo(line, err)


def pager_words() -> list[str]:
    """Return the words of the pager's command, [] if there is to be none."""
    named = os.environ.get("PAGER")
    try:
        words = _split("less" if named is None else named)
    except ValueError:
        return []
    usable = words and words[0] != "cat" and os.environ.get("TERM") != "dumb" and shutil.which(words[0])
    return words if usable else []


def _split(command: str) -> list[str]:
    r"""Return the words of a command; on Windows, `\` is a slash, and a path with spaces may go without quotes."""
    if not on_windows():
        return shlex.split(command)
    return [command] if shutil.which(command) else [word.strip('"') for word in shlex.split(command, posix=False)]
