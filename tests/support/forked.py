"""Our command line in a process of its own, forked from a server that has everything imported.

A fresh interpreter for each of several thousand commands would take many minutes. What runs is a real process all the
same, with its own streams, directory and environment, and what runs in it is `main()`.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import pkgutil
import signal
import site
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import migrator
import migrator_selectors
from migrator import cli, plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from multiprocessing.context import ForkServerContext, SpawnContext

OURS = [
    found.name
    for package in (migrator, migrator_selectors)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not found.name.endswith("__main__")
]
_THEIRS = (
    "ada_url",
    "concurrent.futures.thread",
    "filelock",
    "importlib.metadata",
    "msgspec.json",
    "pathspec",
    "psutil",
    "sqlite_utils",
    "tqdm",
    "wcmatch.glob",
)

PROCESSES: ForkServerContext | SpawnContext = (
    multiprocessing.get_context("forkserver") if hasattr(os, "fork") else multiprocessing.get_context("spawn")
)
"""Python has one such server, and the last list it is given is the one it imports: nobody else may give it one."""
PROCESSES.set_forkserver_preload([__name__, *OURS, *_THEIRS])

PATIENCE_SECONDS = 120
ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""The signals that end a command; Windows has no SIGHUP."""


@dataclass(frozen=True)
class Finished:
    """A command that ran: what it printed and its exit code, minus the signal where it was killed."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


class Running:
    """A command that runs: `opencode-migrator WORDS`. It is killed at the end of the block, unless it ended before."""

    def __init__(
        self,
        words: Sequence[str | Path],
        environ: Mapping[str, str],
        cwd: Path,
        stdin: str = "",
        first: Callable[[], object] | None = None,
    ) -> None:
        """`first` is called in its process before anything else, and has to be picklable."""
        self._directory = tempfile.TemporaryDirectory()
        self._streams = Path(self._directory.name)
        (self._streams / "0").write_text(stdin)
        for name in ("1", "2"):
            (self._streams / name).touch()
        streams = [str(self._streams / str(number)) for number in range(3)]
        arguments = ([*map(str, words)], dict(environ), str(cwd), streams, first)
        self._process = PROCESSES.Process(target=_stand_in, args=arguments)
        self._process.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()
        self._directory.cleanup()

    @property
    def stdout(self) -> str:
        """What it has printed so far."""
        return (self._streams / "1").read_bytes().decode()  # with the line ends that were printed

    @property
    def stderr(self) -> str:
        return (self._streams / "2").read_bytes().decode()

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def send_signal(self, number: int) -> None:
        if self.is_alive:
            os.kill(self._process.pid or 0, number)

    def wait(self) -> int:
        """Wait for its end; return its exit code, minus the signal if it was killed."""
        self._process.join(PATIENCE_SECONDS)
        assert self._process.exitcode is not None, "it hangs"
        return self._process.exitcode

    def wait_until(self, reached: Callable[[], object]) -> None:
        """Wait for something to be true while it runs."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not reached():
            assert self.is_alive, f"it ended: {self.stderr}"
            assert time.monotonic() < deadline, f"it hangs: {self.stdout}{self.stderr}"
            time.sleep(0.005)

    def finished(self) -> Finished:
        """Wait for its end; return what it printed."""
        finished = Finished(self.wait(), self.stdout, self.stderr)
        assert "Traceback" not in finished.stderr, finished.stderr
        return finished


def run(
    words: Sequence[str | Path],
    environ: Mapping[str, str],
    cwd: Path,
    stdin: str = "",
    first: Callable[[], object] | None = None,
) -> Finished:
    """Run a command to its end."""
    with Running(words, environ, cwd, stdin, first) as running:
        return running.finished()


def use_site(directory: str) -> None:
    """Find the distributions that are installed in a directory, as a new interpreter does by PYTHONPATH."""
    site.addsitedir(directory)
    for cached in (plugins.entries_of, plugins.selector_plugins, plugins.orphan_rules):
        cached.cache_clear()


def missing() -> list[str]:
    """What of ours isn't imported in this process."""
    return [name for name in OURS if name not in sys.modules]


def run_on_terminal(
    words: list[str],
    environ: Mapping[str, str],
    cwd: str,
    streams: Sequence[str],
    first: Callable[[], object] | None,
) -> None:
    """Be our command in a session of its own, which has the terminal that is among its streams."""
    os.setsid()
    _stand_in(words, environ, cwd, streams, first)


def _stand_in(
    words: list[str],
    environ: Mapping[str, str],
    cwd: str,
    streams: Sequence[str],
    first: Callable[[], object] | None,
) -> None:
    os.environ.clear()
    os.environ.update(environ)
    for number, (stream, flags) in enumerate(zip(streams, (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)):
        os.dup2(os.open(stream, flags), number)
    os.chdir(cwd)
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    sys.stderr = os.fdopen(2, "w", errors="backslashreplace")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
    for number in ENDING:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    sys.argv = ["opencode-migrator", *words]
    if first is not None:
        first()
    cli.main()
