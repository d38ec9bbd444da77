"""What is on the disk at a directory that a session is bound to; git is not asked."""

from __future__ import annotations

import errno
import os
import re
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from migrator.disk.mounts import unescaped
from migrator.disk.spelling import as_on_disk, difference, existing_directory
from migrator.disk.status import means_missing
from migrator.errors import CantTell
from migrator.orphans.rule import DirectoryInfo, DirectoryStatus
from migrator.paths import (
    is_absolute,
    is_of_another_system,
    is_within,
    looks_foreign,
    names_of,
    on_windows,
    system_of,
    upwards,
)
from migrator.places.small_files import read_small
from migrator.text import lines_of

MOUNTED_AT = ("/mnt/*", "/media/*/*", "/run/media/*/*", "/Volumes/*")
"""Where disks that come and go are mounted, besides what /etc/fstab names."""
FSTAB = "/etc/fstab"
_FSTAB_LIMIT = 1 << 20


def inspect(directory: str) -> DirectoryInfo:
    """Return what is at a stored directory, without its place."""
    if is_of_another_system(directory):
        return DirectoryInfo(directory, DirectoryStatus.MISSING, _elsewhere(directory))
    if not is_absolute(directory) or "\0" in directory:
        return DirectoryInfo(directory, DirectoryStatus.MISSING, f"{directory!r} is no path of this system")
    try:
        real = as_on_disk(os.path.realpath(directory, strict=True))
    except OSError as error:
        return _not_resolved(directory, error)
    if not Path(real).is_dir():
        return DirectoryInfo(directory, DirectoryStatus.NOT_A_DIRECTORY, f"{directory} is a file")
    if not os.access(real, os.R_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        detail = f"{directory} may not be listed and entered by this user"
        return DirectoryInfo(directory, DirectoryStatus.UNREADABLE, detail)
    detail = f"{directory} is there" if real == directory else f"{directory} is there, in reality {real}"
    if spelling := difference(directory, real):
        detail += f": {spelling}"
    return DirectoryInfo(directory, DirectoryStatus.THERE, detail, real)


def _not_resolved(directory: str, error: OSError) -> DirectoryInfo:
    status, detail = _why_not_resolved(directory, error)
    try:
        spelled = existing_directory(directory) if status is DirectoryStatus.MISSING else None
    except CantTell as why:
        return DirectoryInfo(directory, DirectoryStatus.UNREADABLE, f"{detail} in this Unicode form, and {why}")
    if spelled is not None:
        detail += f"; {spelled} does: {difference(directory, spelled)}"
    return DirectoryInfo(directory, status, detail, spelled=spelled)


def _why_not_resolved(directory: str, error: OSError) -> tuple[DirectoryStatus, str]:
    if isinstance(error, NotADirectoryError):
        return DirectoryStatus.NOT_A_DIRECTORY, f"{directory} lies below a file"
    if not means_missing(error):
        return DirectoryStatus.UNREADABLE, f"{directory} can't be read: {error.strerror}"
    if looks_foreign(directory):
        return DirectoryStatus.MISSING, _elsewhere(directory)
    if mount := _not_mounted(directory):
        return DirectoryStatus.UNREADABLE, f"{directory} is not there, and nothing is mounted at {mount}"
    if os.path.islink(directory):
        return DirectoryStatus.MISSING, f"{directory} is a link to {os.readlink(directory)}, which does not exist"
    why = "is longer than a path can be here" if error.errno == errno.ENAMETOOLONG else "does not exist"
    return DirectoryStatus.MISSING, f"{directory} {why}"


def _elsewhere(directory: str) -> str:
    return f"{directory} is a path of another system ({system_of(directory)})"


def _not_mounted(directory: str) -> str | None:
    """Return the mount point, drive or share that a directory is at or below, if nothing is there now."""
    if on_windows():
        *_, root = upwards(directory)
        return None if os.path.isdir(root) else root
    for mount in _listed_mounts(FSTAB):
        if is_within(directory, mount) and not os.path.ismount(mount):
            return mount
    components = names_of(directory)
    for pattern in MOUNTED_AT:
        mount = "/" + "/".join(components[: pattern.count("/")])
        if fnmatchcase(mount, pattern) and _is_empty(mount):
            return mount
    return None


def _is_empty(mount: str) -> bool:
    """Tell whether a mount point is absent or an empty directory on which nothing is mounted."""
    try:
        return not os.path.ismount(mount) and not os.listdir(mount)
    except FileNotFoundError:
        return True
    except OSError:
        return False


@cache
def _listed_mounts(fstab: str) -> frozenset[str]:
    """Return the mount points that /etc/fstab names, but the root."""
    lines = lines_of(os.fsdecode(read_small(fstab, _FSTAB_LIMIT) or b""))
    fields = [re.split("[ \t]+", line.strip(" \t")) for line in lines if not line.lstrip().startswith("#")]
    mounts = {unescaped(field[1]).rstrip("/") for field in fields if len(field) > 1}
    return frozenset(mount for mount in mounts if mount.startswith("/"))
