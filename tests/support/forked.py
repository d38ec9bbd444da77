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
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import migrator
import migrator_selectors
from migrator import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_OURS = [
    found.name
    for package in (migrator, migrator_selectors)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not found.name.endswith("__main__")
]
_THEIRS = ("ada_url", "importlib.metadata", "msgspec.json", "pathspec", "tqdm", "wcmatch.glob")

PROCESSES = multiprocessing.get_context("forkserver")
"""Python has one such server, and the last list it is given is the one it imports: nobody else may give it one."""
PROCESSES.set_forkserver_preload([__name__, *_OURS, *_THEIRS])


@dataclass(frozen=True)
class Finished:
    """A command that ran: what it printed and its exit code, minus the signal where it was killed."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


def run(
    words: Sequence[str],
    environ: Mapping[str, str],
    cwd: Path,
    stdin: str = "",
    first: Callable[[], object] | None = None,
) -> Finished:
    """Run `opencode-migrator WORDS`; `first` is called in its process before anything else, and has to be picklable."""
    with tempfile.TemporaryDirectory() as directory:
        streams = Path(directory)
        (streams / "0").write_text(stdin)
        process = PROCESSES.Process(target=_child, args=(list(words), dict(environ), str(cwd), str(streams), first))
        process.start()
        process.join(60)
        assert process.exitcode is not None, "it hangs"
        finished = Finished(process.exitcode, (streams / "1").read_text(), (streams / "2").read_text())
        process.close()
    assert "Traceback" not in finished.stderr, finished.stderr
    return finished


def missing() -> list[str]:
    """What of ours isn't imported in this process."""
    return [name for name in _OURS if name not in sys.modules]


def _child(
    words: list[str], environ: Mapping[str, str], cwd: str, streams: str, first: Callable[[], object] | None
) -> None:
    os.environ.clear()
    os.environ.update(environ)
    for number, flags in ((0, os.O_RDONLY), (1, os.O_CREAT | os.O_WRONLY), (2, os.O_CREAT | os.O_WRONLY)):
        os.dup2(os.open(f"{streams}/{number}", flags), number)
    os.chdir(cwd)
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    sys.stderr = os.fdopen(2, "w", errors="backslashreplace")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["opencode-migrator", *words]
    if first is not None:
        first()
    cli.main()
