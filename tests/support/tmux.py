"""A real terminal with somebody at it: tmux, whose screen can be read."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.required import NotAvailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

PATIENCE_SECONDS = 60.0


class Tmux:
    """A program in a terminal of its own."""

    def __init__(self, socket: Path) -> None:
        self._words = ["tmux", "-S", str(socket), "-f", "/dev/null"]

    def run(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        return subprocess.run([*self._words, *words], env=env, capture_output=True, text=True, check=True).stdout

    @property
    def screen(self) -> str:
        return self.run("capture-pane", "-p")

    def keys(self, *keys: str) -> None:
        """Press keys, by the names that tmux has for them."""
        self.run("send-keys", *keys)

    def type(self, text: str) -> None:
        self.run("send-keys", "-l", text)

    def insist(self, key: str, words: str) -> None:
        """Press a key until these words are there: a yes isn't heard before its question can be read."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while words not in self.screen:
            assert time.monotonic() < deadline, f"{words!r} never came:\n{self.screen}"
            self.keys(key)
            time.sleep(0.5)

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while words not in self.screen:
            assert time.monotonic() < deadline, f"{words!r} never came:\n{self.screen}"
            time.sleep(0.05)


@contextmanager
def tmux(
    command: Sequence[str], cwd: Path, environ: Mapping[str, str], socket: Path, size: tuple[int, int] = (80, 24)
) -> Iterator[Tmux]:
    """Run a program in a terminal; raises NotAvailable where there is no tmux."""
    if shutil.which("tmux") is None:
        raise NotAvailable("there is no tmux on PATH")
    found, (columns, rows) = Tmux(socket), size
    shell = f"cd {shlex.quote(str(cwd))} && exec {shlex.join(command)}"
    found.run("new-session", "-d", "-x", str(columns), "-y", str(rows), shell, env=dict(environ))
    try:
        yield found
    finally:
        subprocess.run([*found._words, "kill-server"], capture_output=True, check=False)  # noqa: SLF001 - our own
