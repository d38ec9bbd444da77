"""Our command line on what is like Windows, as far as we could learn: it lacks what that lacks, and forbids the same.

This is no Windows: paths are those of Linux. But every line of ours runs that is for a system without `fcntl`, without
users and modes, and on which files that somebody has open can't be renamed or deleted.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from tests.support import forked
from tests.support.home import Home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LACKING_MODULES = frozenset({
    "_curses", "curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty",
})  # fmt: skip
LACKING = {
    "os": (
        "EX_ O_ACCMODE O_ASYNC O_CLOEXEC O_DIRECT O_DSYNC O_NDELAY O_NOATIME O_NOCTTY O_NOFOLLOW O_NONBLOCK "
        "O_PATH O_RSYNC O_SYNC O_TMPFILE P_ RTLD_ SCHED_ ST_ WCO WEX WIF WNO WSTOP WTERM WUN chown chroot "
        "confstr ctermid eventfd fch fdatasync fork fpathconf fstatvfs fwalk get_blocking getegid geteuid "
        "getgid getgr getloadavg getpg getpriority getres getsid getuid getxattr initgroups killpg lchown "
        "listxattr lockf major makedev memfd minor mkfifo mknod nice openpty pathconf pidfd pipe2 posix pread "
        "preadv pwrite pwritev readv removexattr sched_ sendfile set_blocking setegid seteuid setgid "
        "setgroups setns setpgid setpriority setre setres setsid setuid setxattr splice statvfs sync sysconf "
        "tcgetpgrp tcsetpgrp ttyname uname unshare wait3 wait4 waitid writev"
    ),
    "signal": "SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGRT SIGSTOP SIGTSTP SIGUSR SIGWINCH "
    "alarm getitimer pause pthread setitimer sig siginterrupt sigpending sigwait",
    "select": "poll epoll kqueue EPOLL POLL",
}
"""What they lack on Windows: names, and beginnings of names. Learnt from the documentation of Python 3.11."""
_BINARY = 1 << 30


@dataclass
class WindowsHome(Home):
    """A home whose `run` is on what is like Windows."""

    @property
    def first(self) -> Callable[[], object]:
        return main


def on_windows(home: Home) -> Home:
    """Return the home with its `run` there; on Windows itself, that is as it is."""
    return home if os.name == "nt" else WindowsHome(home.path, home.environ)


def main() -> NoReturn:
    """Be our command line there, in a process that is for nothing else."""
    become_windows()
    from migrator.cli import main

    main()


def become_windows() -> None:
    """Take away from the modules of ours, which are imported anew, what Windows lacks; forbid all what it forbids."""
    for name in ("filelock", "psutil", *forked.OURS):  # what others have made is to see the system that there is
        import_module(name)
    for name in [name for name in sys.modules if name.partition(".")[0] in {"migrator", "migrator_selectors"}]:
        del sys.modules[name]
    for name in LACKING_MODULES:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, _Lacking())
    _forbid()
    sys.modules.update({name: _without(import_module(name), words) for name, words in LACKING.items()})
    from migrator.disk import processes

    processes.is_shown_by_proc = lambda: False


def import_everything() -> None:
    """Import every module of ours there; it raises what the module raises. The driver of terminals is for others."""
    if os.name != "nt":
        become_windows()
    for name in forked.OURS:
        if os.name != "nt" or name != "migrator.tui.driver":
            import_module(name)


class _Lacking(MetaPathFinder):
    def find_spec(self, name: str, *_: Any) -> None:
        if name in LACKING_MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _without(module: ModuleType, words: str) -> ModuleType:
    gone = tuple(words.split())
    copy = ModuleType(module.__name__)
    kept = {name: value for name, value in vars(module).items() if not name.startswith(gone) or name == "signal"}
    copy.__dict__.update(kept)
    if module is os:
        vars(copy).update(O_BINARY=_BINARY, supports_effective_ids=set(), supports_dir_fd=set())
    return copy


def _forbid() -> None:
    """Let these calls fail as they do on Windows, in the standard library too."""
    opened, fsync, kill = os.open, os.fsync, os.kill

    def open_(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        with suppress(OSError):
            if stat.S_ISDIR(os.stat(path).st_mode):
                raise PermissionError(errno.EACCES, "Windows opens no directory", path)
        if _is_ours(sys._getframe(1).f_globals):  # noqa: SLF001 - who calls
            assert flags & _BINARY, f"{path} is opened as text, with other line ends"
        return opened(path, flags & ~_BINARY, *rest, **more)

    def fsync_(descriptor: int) -> None:
        flags = Path(f"/proc/self/fdinfo/{descriptor}").read_text().split("flags:")[1].split()[0]
        if int(flags, 8) & 3 == os.O_RDONLY:
            raise OSError(errno.EBADF, "Windows writes out only what may be written to")
        fsync(descriptor)

    def kill_(process: int, number: int) -> None:
        caller = sys._getframe(1).f_globals  # noqa: SLF001 - as above
        assert not _is_ours(caller), "os.kill ends a process on Windows, or presses Ctrl-C"
        kill(process, number)

    def symlink_(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, "only an administrator may make links")

    os.open, os.fsync, os.kill, os.symlink = open_, fsync_, kill_, symlink_  # type: ignore[assignment]
    for name in ("rename", "replace", "unlink", "remove", "rmdir"):
        setattr(os, name, _guarded(getattr(os, name)))
    shutil._use_fd_functions = False  # type: ignore[attr-defined]  # noqa: SLF001 - Windows has none


def _guarded(call: Callable[..., None]) -> Callable[..., None]:
    """Refuse what is open in any process, is below what is renamed and open, or is read-only and goes."""

    def guarded(path: Any, *to: Any, **more: Any) -> None:
        for each in (path, *to):
            real = os.path.realpath(os.path.dirname(os.path.abspath(each))) + "/" + os.path.basename(each)
            if held := next((held for held in _held() if f"{held}/".startswith(f"{real}/")), None):
                raise PermissionError(errno.EACCES, f"{held} is open", each)
        gone = to[0] if to else path
        with suppress(FileNotFoundError):
            status = os.lstat(gone)
            if stat.S_ISREG(status.st_mode) and not status.st_mode & stat.S_IWUSR:
                raise PermissionError(errno.EACCES, "it is read-only", gone)
        call(path, *to, **more)

    return guarded


def _held(process: str = "self") -> Iterator[str]:
    """Yield the paths of the files that we and what we started have open, and of the directories that it works in."""
    links = [Path("/proc", process, "cwd")] if process != "self" else []
    with suppress(OSError):
        links += Path("/proc", process, "fd").iterdir()
    for link in links:
        with suppress(OSError):
            yield os.readlink(link)
    with suppress(OSError):
        for task in Path("/proc", process, "task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _held(child)


def _is_ours(names: dict[str, Any]) -> bool:
    return str(names.get("__name__", "")).startswith("migrator")
