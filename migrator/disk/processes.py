"""Which processes have a file open, and which has it locked, as far as the system says.

Linux says it in /proc. Other systems have other ways, which psutil knows. Neither shows the processes of other users to
anybody but root; locks tell of those too, but for Windows.
"""

from __future__ import annotations

import os
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.disk.status import open_descriptor
from migrator.disk.system import open_flags
from migrator.errors import Holder

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

_PROC = Path("/proc")
_NAMELESS = "a process"
_COMM_BYTES = 15

_BSD = ("qqihh", ("start", "length", "pid", "type", "whence"))
_LAYOUTS = {
    "linux": ("hhqqi", ("type", "whence", "start", "length", "pid")),
    "darwin": _BSD,
    "netbsd": _BSD,
    "openbsd": _BSD,
    "freebsd": ("qqihhi", (*_BSD[1], "system")),
}
"""The fields of `struct flock` by the beginning of `sys.platform`; tried on Linux, the others as their headers say."""


def holders_of(files: Iterable[str | Path]) -> tuple[Holder, ...]:
    """Return the other processes that have one of these files open, by number: those that the system shows."""
    wanted = _identities(map(str, files))
    found = (_proc_holders if is_shown_by_proc() else _psutil_holders)(wanted)
    return tuple(sorted((holder for holder in found if holder.pid != os.getpid()), key=lambda holder: holder.pid))


def is_shown_by_proc() -> bool:
    """Tell whether this is a system whose /proc shows what a process has open; tests say no."""
    return sys.platform == "linux"


def open_files(process: int) -> tuple[str, ...]:
    """Return the paths of the files that a process has open; none where the system doesn't tell."""
    if is_shown_by_proc():
        return tuple(_linked(_descriptors(process)))
    import psutil

    try:
        return tuple(file.path for file in psutil.Process(process).open_files())
    except (psutil.Error, OSError):
        return ()


def name_of(process: int) -> str:
    """Return what a process is called."""
    if is_shown_by_proc():
        name = ""
        with suppress(OSError):
            name = (_PROC / str(process) / "comm").read_text(errors="replace").strip()
            if len(name.encode()) == _COMM_BYTES:  # Linux cuts it there; a script is the second word of its command
                words = (_PROC / str(process) / "cmdline").read_text(errors="replace").split("\0")[:2]
                name = next((own for word in words if (own := os.path.basename(word)).startswith(name)), name)
        return name or _NAMELESS
    import psutil

    try:
        return psutil.Process(process).name() or _NAMELESS
    except (psutil.Error, OSError):
        return _NAMELESS


def _proc_holders(wanted: Collection[tuple[int, int]]) -> Iterator[Holder]:
    for entry in _PROC.glob("[0-9]*"):
        process = int(entry.name)
        if not _identities(_descriptors(process)).isdisjoint(wanted):
            yield Holder(process, name_of(process))


def _psutil_holders(wanted: Collection[tuple[int, int]]) -> Iterator[Holder]:
    """Yield them one by one: what may not be looked into, or ends meanwhile, is left out."""
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if not _identities(file.path for file in process.open_files()).isdisjoint(wanted):
                yield Holder(process.pid, process.name() or _NAMELESS)


def _descriptors(process: int) -> list[str]:
    """Return the paths below /proc of what a process has open; none if it has gone, or belongs to somebody else."""
    try:
        return [entry.path for entry in os.scandir(_PROC / str(process) / "fd")]
    except OSError:
        return []


def _linked(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        with suppress(OSError):
            yield os.readlink(path)


def _identities(paths: Iterable[str]) -> set[tuple[int, int]]:
    """Return (device, inode) of each of these files that exists."""
    found = set()
    for path in paths:
        with suppress(OSError):
            status = os.stat(path)
            found.add((status.st_dev, status.st_ino))
    return found


# -- locks -----------------------------------------------------------------------------------------------------------


def lock_holder(file: Path, where: tuple[int, int]) -> int | None:
    """Return the pid of a process that keeps us from locking some bytes of a file, 0 or less if it isn't told.

    `where` is the first byte and how many. None if there is no such process; of several it is the first. Nothing is
    locked. Raises OSError if nobody can tell.
    """
    own = open_descriptor(os.stat(file))
    descriptor = os.open(file, open_flags("O_RDONLY")) if own is None else own
    try:
        told = _ask(descriptor, "F_GETLK", where)
        return None if told["type"] == fcntl.F_UNLCK else told["pid"]
    finally:
        if own is None:
            os.close(descriptor)


def lock_open_file(descriptor: int, where: tuple[int, int]) -> bool:
    """Lock some bytes for whoever has this opened file, until that is closed; return whether the system can do that.

    Raises BlockingIOError if somebody else has locked them.
    """
    try:
        _ask(descriptor, "F_OFD_SETLK", where)
    except BlockingIOError:
        raise
    except OSError:  # it has no such locks, or the file system has none
        return False
    return True


def has_locks_of_open_files() -> bool:
    """Tell whether the system has locks that belong to an opened file."""
    return hasattr(fcntl, "F_OFD_SETLK") and _layout() is not None


def _layout() -> tuple[str, Sequence[str]] | None:
    return next((layout for name, layout in _LAYOUTS.items() if sys.platform.startswith(name)), None)


def _ask(descriptor: int, what: str, where: tuple[int, int]) -> dict[str, int]:
    """Hand a lock for writing to the system, and return what it says. Raises OSError."""
    layout = _layout()
    if layout is None or not hasattr(fcntl, what):
        system = {"win32": "Windows", "darwin": "macOS"}.get(sys.platform, sys.platform)
        raise OSError(0, f"{system} has no way to ask")
    form, names = layout
    asked = {"type": fcntl.F_WRLCK, "whence": os.SEEK_SET, "start": where[0], "length": where[1]}
    question = struct.pack(form, *(asked.get(name, 0) for name in names))
    answer = fcntl.fcntl(descriptor, getattr(fcntl, what), question)
    return dict(zip(names, struct.unpack(form, answer), strict=True))
