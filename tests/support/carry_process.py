"""Carrying in a process of its own, in which something bad happens at one exact point."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from migrator.errors import MigratorError
from migrator.snapshots.repositories.transfer import carry
from tests.support.forked import PROCESSES
from tests.support.unprivileged import give_up_root_powers

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from migrator.snapshots.repositories.route import SnapshotRoute

# What a process does that others could see, as Python's own audit events name it.
_POINTS = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "subprocess.Popen", "shutil.rmtree"}


class Trouble(NamedTuple):
    """What happens to the child: killed at the `kill_at`th point; no file over `room` bytes; file permissions apply."""

    kill_at: int = 0
    room: int = 0
    unprivileged: bool = False


NO_TROUBLE = Trouble()


class Carrying:
    """A child that carries these trees; `said` is what it complained of once it has ended."""

    def __init__(self, route: SnapshotRoute, trees: Collection[str], trouble: Trouble = NO_TROUBLE) -> None:
        self._pipe, theirs = PROCESSES.Pipe(duplex=False)
        arguments = (route, trees, trouble, dict(os.environ), theirs)
        self._process = PROCESSES.Process(target=_child, args=arguments)
        self._process.start()
        theirs.close()

    def end(self) -> tuple[int, str]:
        """Wait for its end; gives the exit code, minus the signal where it was killed, and its complaint."""
        self._process.join(60)
        assert self._process.exitcode is not None, "it hangs"
        try:
            said = self._pipe.recv() if self._pipe.poll() else ""
        except EOFError:
            said = ""
        self._pipe.close()
        return self._process.exitcode, said


def _child(route: SnapshotRoute, trees: Collection[str], trouble: Trouble, environ: dict[str, str], pipe: Any) -> None:
    os.environ.clear()
    os.environ.update(environ)
    if trouble.kill_at:
        sys.addaudithook(_killer(trouble.kill_at))
    if trouble.room:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (trouble.room, trouble.room))
    if trouble.unprivileged:
        give_up_root_powers()
    try:
        carry(route, trees)
    except MigratorError as error:
        pipe.send(str(error))
        os._exit(1)
    os._exit(0)


def _killer(number: int) -> Any:
    left = number

    def hook(event: str, _: object) -> None:
        nonlocal left
        if event in _POINTS:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return hook


def everything_below(directory: Path) -> list[str]:
    """Names of all files, to see what is left behind."""
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))
