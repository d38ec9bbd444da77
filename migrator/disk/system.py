"""What Linux, macOS and Windows do differently. Nobody else asks for a module or a call that one of them lacks.

It is told by what there is, not by the system's name, so that a test can take it away: see tests/support/windows.py.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
try:
    import _winapi
except ImportError:  # everywhere else
    _winapi = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import IO

HAS_MODES = hasattr(os, "geteuid")
"""Whether files belong to users, by number, and have modes that say who may do what."""


def open_flags(*names: str) -> int:
    """Return the flags of `os.open` that have these names, as far as the system has them: "O_RDONLY", "O_NOFOLLOW".

    What is opened is read and written byte by byte, and isn't handed on to other programs.
    """
    flags = 0
    for name in (*names, "O_CLOEXEC", "O_BINARY", "O_NOINHERIT"):
        flags |= getattr(os, name, 0)
    return flags


def user() -> int | None:
    """Return the number of the user that we work as, 0 for root; None where users have none."""
    return os.geteuid() if HAS_MODES else None


def group() -> int | None:
    """Return the number of the group that we work as; None where groups have none."""
    return os.getegid() if HAS_MODES else None


def sync(path: str | Path) -> None:
    """Wait until a file's content, or a directory's list of files, is on the disk.

    On a Mac, `fsync` leaves it in the cache of the disk, and F_FULLFSYNC doesn't; not all of its disks know that.
    Windows opens no directory, and keeps the list of its files by itself. Raises OSError.
    """
    is_directory = stat.S_ISDIR(os.stat(path).st_mode)
    if is_directory and not HAS_MODES:
        return
    if not is_directory:
        make_removable(path)
    descriptor = os.open(path, open_flags("O_RDONLY" if HAS_MODES else "O_RDWR"))
    try:
        fully = getattr(fcntl, "F_FULLFSYNC", None)
        if fully is not None:
            with suppress(OSError):
                fcntl.fcntl(descriptor, fully)
                return
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(directory: str | Path, *, wait: bool = True) -> Iterator[None]:
    """Lock a directory against others who lock it; without `wait`, raises BlockingIOError if somebody has.

    Windows locks no directory: there it is a file beside it.
    """
    if fcntl is None:
        file = os.path.join(os.path.dirname(directory), f".{os.path.basename(directory)}.lock")
        let_go = file_locked(file, -1 if wait else 0)
        try:
            os.stat(directory)  # it may have been removed meanwhile
            yield
        finally:
            let_go()
            with suppress(OSError):
                os.unlink(file)
        return
    descriptor = os.open(directory, open_flags("O_RDONLY", "O_DIRECTORY"))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def file_locked(file: str, seconds: float) -> Callable[[], None]:
    """Lock a file that is for nothing else, and is made; return what lets go of it.

    Raises BlockingIOError if somebody else has locked it for so many seconds; -1 means to wait for ever.
    """
    import filelock

    lock = filelock.FileLock(file, timeout=seconds)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise BlockingIOError(errno.EAGAIN, "somebody else has locked it", file) from None
    return lock.release


def make_removable(path: str | Path) -> None:
    """Let a file be removed, replaced and written out: Windows does that with none that is read-only, as git's are."""
    if not HAS_MODES:
        os.chmod(path, stat.S_IWRITE)


def remove_tree(path: str | Path, *, ignore_errors: bool = False) -> None:
    """Remove a directory with all that is in it. Raises OSError, or leaves what it can't remove."""
    if not HAS_MODES:
        for directory, _, files in os.walk(path):
            for name in files:
                with suppress(OSError):
                    make_removable(os.path.join(directory, name))
    shutil.rmtree(path, ignore_errors=ignore_errors)


def link(path: str | Path, to: str | Path) -> None:
    """Let a file or directory have this path too: by a link, which not everybody may make on Windows.

    There a file gets a second name then, on the same file system, and a directory a junction. Raises OSError.
    """
    try:
        os.symlink(to, path)
    except OSError:
        if not os.path.isdir(to):
            os.link(to, path)
            return
        if _winapi is None:
            raise
        _winapi.CreateJunction(str(to), str(path))  # type: ignore[attr-defined]


def nameless_file(directory: str | Path) -> int | None:
    """Open a file without a name, of which the blocks can be kept; None where there is none."""
    if not (hasattr(os, "O_TMPFILE") and hasattr(os, "posix_fallocate")):
        return None
    with suppress(OSError):  # the directory may not be ours to write to, or can't do that
        return os.open(directory, open_flags("O_TMPFILE", "O_RDWR"), 0o600)
    return None


def keep_blocks(descriptor: int, size: int) -> None:
    """Let a nameless file take so many bytes of the disk. Raises OSError."""
    os.posix_fallocate(descriptor, 0, size)


def open_descriptors() -> list[int]:
    """Return the numbers of the files that this process has open; none where the system doesn't list them."""
    with suppress(OSError):
        return [int(name) for name in os.listdir("/dev/fd")]
    return []


def free_bytes(directory: str | Path) -> int | None:
    """Return how many bytes are free for us on the file system of a directory; None where nobody can tell."""
    try:
        if not hasattr(os, "statvfs"):
            return shutil.disk_usage(directory).free
        status = os.statvfs(directory)
    except OSError:
        return None
    blocks = status.f_bfree if user() == 0 else status.f_bavail
    return blocks * status.f_frsize if status.f_blocks else None


def is_mounted_read_only(path: str | Path) -> bool:
    """Tell whether the file system of a path is; never where the system doesn't say. Raises OSError."""
    return hasattr(os, "statvfs") and bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def name_of_user(number: int) -> str:
    """Return what a user is called."""
    try:
        import pwd

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError):
        return f"user {number}"


def home_of_user(number: int) -> str | None:
    """Return the home directory of a user; None if there is no such user."""
    try:
        import pwd

        return pwd.getpwuid(number).pw_dir
    except (ImportError, KeyError):
        return None


# -- processes -------------------------------------------------------------------------------------------------------


def is_alive(process: int) -> bool:
    """Tell whether there is a process with this number. On Windows, `os.kill` would end it, or press Ctrl-C."""
    if not HAS_MODES:
        import psutil

        return bool(psutil.pid_exists(process))
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def start_apart(
    words: Sequence[str], directory: str | None, environ: Mapping[str, str], streams: Sequence[IO[bytes] | int]
) -> subprocess.Popen[bytes]:
    """Start a program that has no terminal, and gets no Ctrl-C from ours. Raises OSError."""
    stdin, stdout, stderr = streams
    # Windows looks for a program in the current directory first, which may be a repository that anybody has made.
    if not HAS_MODES:
        os.environ.setdefault("NoDefaultCurrentDirectoryInExePath", "1")
    flags = ("CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW")
    return subprocess.Popen(
        words,
        cwd=directory,
        env=environ,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        bufsize=0,
        start_new_session=True,
        creationflags=sum(getattr(subprocess, name, 0) for name in flags),
    )


def kill_with_all(process: subprocess.Popen[bytes]) -> None:
    """Kill a program that leads a session of its own, with what it started."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
            return
        import psutil

        with suppress(psutil.Error):
            for started in psutil.Process(process.pid).children(recursive=True):
                with suppress(psutil.Error):
                    started.kill()
        process.kill()
