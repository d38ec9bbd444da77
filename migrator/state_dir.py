"""Where we keep what is ours, never in opencode's directories, and how it outlives a power cut."""

from __future__ import annotations

import os
import stat
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.disk.ownership import Owner, give_path, owner_of
from migrator.disk.status import closed_part
from migrator.disk.system import HAS_MODES, group, home_of_user, open_flags, sync, user
from migrator.disk.temp_dirs import remove_abandoned, temporary_folder
from migrator.paths import is_within
from migrator.text import shell_quote

if TYPE_CHECKING:
    from collections.abc import Iterator


def state_directory(owner: Owner | None = None) -> Path:
    """Return our directory below XDG_STATE_HOME (default ~/.local/state), where the user `owner` will look for it.

    A relative one counts as unset, as the XDG specification has it: a run could be taken back from one directory only.
    """
    base = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):
        base = f"{home_of(owner)}/.local/state"
    return Path(base) / "opencode-migrator"


def runs_directory(owner: Owner | None = None) -> Path:
    """Return the directory of the journals, one SQLite file for each run."""
    return state_directory(owner) / "runs"


def runs_directories(store: str | None) -> list[Path]:
    """Return where the journals of runs on a database may be, of any database if it is None.

    Mostly that is one directory. Root's runs on a database of somebody else are where its owner looks for them, but
    those of 0.1 are where root does; under sudo, the user who called it is known too.
    """
    return list(dict.fromkeys(map(runs_directory, _possible_owners(store))))


def _possible_owners(store: str | None) -> Iterator[Owner | None]:
    if store is not None:
        yield owner_of(store)
    yield None
    if user() == 0 and (caller := os.environ.get("SUDO_UID", "")).isdecimal():
        yield Owner(int(caller), 0)


def home_of(owner: Owner | None) -> str:
    """Return the home directory, which under sudo may be root's: then that of `owner`, if there is one."""
    home = os.path.expanduser("~")
    if owner is None or _is_of(home, owner):
        return home
    theirs = home_of_user(owner.user)
    return theirs if theirs is not None and _is_of(theirs, owner) else home


def is_found_by(owner: Owner) -> bool:
    """Tell whether a user looks for our directory where we have it for them, unless they have set XDG_STATE_HOME."""
    return not os.path.isabs(os.environ.get("XDG_STATE_HOME", "")) and _is_of(home_of(owner), owner)


def _is_of(directory: str, owner: Owner) -> bool:
    try:
        return os.stat(directory).st_uid == owner.user
    except OSError:
        return False


def how_to_open(path: Path) -> str:
    """Return what to do about something of ours that can't be read or written, as part of a sentence."""
    ours, closed = str(state_directory()), closed_part(path)
    if not is_within(closed, ours) and not is_within(closed, os.path.expanduser("~/.local")):
        return "see to the disk and its permissions, or name another directory in XDG_STATE_HOME"
    target, every = (ours, "-R ") if is_within(closed, ours) else (closed, "")
    status = os.lstat(closed)
    if not HAS_MODES:
        return f"let yourself read and write {target}"
    if status.st_uid == user():
        needed = stat.S_IRWXU if stat.S_ISDIR(status.st_mode) else stat.S_IRUSR | stat.S_IWUSR
        is_open = status.st_mode & needed == needed
        return "check the disk that it is on" if is_open else f"`chmod {every}u+rwX {shell_quote(target)}` opens it"
    me = f"{user()}:{group()}"
    whose = "a run as root made it" if status.st_uid == 0 else "it is another user's"
    return f"{whose}, and `sudo chown {every}{me} {shell_quote(target)}` makes it yours"


@contextmanager
def written_beside(path: Path, mode: int, owner: Owner | None) -> Iterator[Path]:
    """Yield an empty file, which replaces the one at `path` when the block ends: whole and on the disk, or not at all.

    It is in a folder of its own beside that, so that what SQLite makes beside a database goes with the folder.
    """
    remove_abandoned(path.parent)
    with temporary_folder(path.parent) as folder:
        new = folder / "new"
        os.close(os.open(new, open_flags("O_CREAT", "O_EXCL", "O_WRONLY"), mode))
        give_path(new, owner)
        yield new
        sync(new)
        new.replace(path)
    with suppress(OSError):  # it is whole and has its name; what fails is that a power cut may take the name away again
        sync(path.parent)


def now_ms() -> int:
    """Return the time in milliseconds since 1970, as our files and opencode's rows hold it."""
    return time.time_ns() // 1_000_000
