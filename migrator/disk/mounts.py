"""On what file system a file is, and whether locks hold there: whether whoever else can open it meets ours.

SQLite trusts them. On a file system shared with other machines, or with the host of a virtual one, some locks are
invisible to the others, and two machines never share the memory that a log needs (sqlite.org/wal.html). A database of
opencode on NFS was damaged by two of them (anomalyco/opencode issue 14970), and others on 9p, on virtiofs and under WSL
(microsoft/WSL issues 2395, 4689 and 12169; openclaw/openclaw pull request 120595).
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from migrator.disk.bounded import read_file
from migrator.disk.processes import is_shown_by_proc
from migrator.errors import CantTell
from migrator.paths import is_within
from migrator.text import lines_of

if TYPE_CHECKING:
    from pathlib import Path

MOUNTINFO = "/proc/self/mountinfo"
_LIMIT = 1 << 24

_LOCAL = frozenset({
    "aufs", "apfs", "bcachefs", "btrfs", "devtmpfs", "ecryptfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs",
    "fat", "fat32", "hfs", "hfsplus", "iso9660", "jfs", "msdos", "nilfs2", "ntfs", "ntfs3", "overlay", "ramfs",
    "refs", "reiserfs", "rootfs", "squashfs", "tmpfs", "udf", "ufs", "vfat", "xfs", "zfs", "fuseblk",
    "fuse.fuse-overlayfs",
})  # fmt: skip
"""On disks of this machine, or of a container. For FUSE the kernel itself keeps the locks, unless the program
asks to handle them; `fuseblk` is a disk, mostly of NTFS."""
_SHARED = frozenset({
    "9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "drvfs", "fakeowner", "gfs2", "glusterfs",
    "gpfs", "lustre", "lxfs", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "prl_fs", "smb2", "smb3", "smbfs", "vboxsf",
    "virtiofs", "vmhgfs", "webdav", "wslfs", "fuse.gcsfuse", "fuse.glusterfs", "fuse.grpcfuse", "fuse.osxfs",
    "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "fuse.vmhgfs-fuse",
})  # fmt: skip
"""With other machines, with the host of a virtual one, or with Windows around WSL: `lxfs` and `wslfs` are WSL 1's."""

_OF_KERNEL = frozenset({
    "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "efivarfs", "fusectl",
    "mqueue", "nsfs", "proc", "pstore", "rpc_pipefs", "securityfs", "selinuxfs", "sysfs", "tracefs",
})  # fmt: skip
"""What the kernel shows of itself; nobody keeps files there, and to read some, such as /proc/kmsg, empties them."""


class Mount(NamedTuple):
    """A file system where it is mounted; `is_remote` is what Windows says of a drive."""

    number: int
    above: int
    at: str
    kind: str
    is_remote: bool = False


class Locks(NamedTuple):
    """Whether locks hold, None if nobody can tell; `where` is the file system in words: "nfs4, mounted at /home"."""

    hold: bool | None
    where: str

    @property
    def why(self) -> str:
        """Why nobody should trust them, as part of a sentence."""
        if self.hold is None:
            return f"it is on {self.where}, and nobody can tell whether locks keep others out there"
        return f"it is on {self.where}, where locks don't keep others out"


def locks_of(file: str | Path) -> Locks:
    """Tell whether locks hold on the file system of a file, by what is mounted there."""
    path = os.path.realpath(file)
    try:
        mount = mount_of(path, _from_mountinfo() if is_shown_by_proc() else _from_psutil())
    except CantTell as error:
        return Locks(None, f"a file system of which nothing is known ({error})")
    kind = mount.kind.lower()
    where = f"{mount.kind}, mounted at {mount.at}"
    if mount.is_remote or kind in _SHARED:
        return Locks(False, where)
    return Locks(True if kind in _LOCAL else None, where)


def kernel_file_system(path: str | Path) -> str | None:
    """Return the name of the file system on which the kernel shows itself, such as proc, if a real path is on one."""
    if not is_shown_by_proc():
        return None
    try:
        kind = mount_of(str(path), _from_mountinfo()).kind
    except CantTell:
        return None
    return kind if kind in _OF_KERNEL else None


def mount_of(path: str, mounts: list[Mount]) -> Mount:
    """Return the mount that a real path is on: from the topmost one down, as the kernel goes along the path.

    Of several at one place, the last is mounted on the others. Raises CantTell if none is known.
    """
    numbers = {mount.number for mount in mounts}
    # The memory that Linux starts in is mounted on itself.
    topmost = [mount for mount in mounts if mount.above == mount.number or mount.above not in numbers]
    found = [mount for mount in reversed(topmost) if _is_at(path, mount)]
    if not found:
        raise CantTell("the system doesn't say what is mounted there")
    mount = max(found, key=lambda each: len(each.at))
    while below := [each for each in mounts if each.above == mount.number != each.number and _is_at(path, each)]:
        mount = min(below, key=lambda each: len(each.at))
    return mount


def _is_at(path: str, mount: Mount) -> bool:
    return is_within(os.path.normcase(path), os.path.normcase(mount.at))


def _from_mountinfo() -> list[Mount]:
    """Read what proc(5) describes. Raises CantTell."""
    try:
        text = os.fsdecode(read_file(MOUNTINFO, _LIMIT))
    except OSError as error:
        raise CantTell(f"{MOUNTINFO} can't be read: {error.strerror}") from error
    return [mount for line in lines_of(text) if (mount := _mount(line)) is not None]


def _mount(line: str) -> Mount | None:
    first, _, last = line.partition(" - ")
    fields, kind = first.split(" "), last.partition(" ")[0]
    if len(fields) < 6 or not kind or not (fields[0] + fields[1]).isdecimal():  # noqa: PLR2004 - up to the options
        return None
    return Mount(int(fields[0]), int(fields[1]), unescaped(fields[4]), kind)


def unescaped(name: str) -> str:
    """Return a name from a table of mounts, which escapes spaces, line ends and the like."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), name)


def _from_psutil() -> list[Mount]:
    """Ask other systems, which only list what is mounted: the longest path is the one. Raises CantTell."""
    import psutil

    try:
        found = psutil.disk_partitions(all=True)
    except (psutil.Error, OSError) as error:
        raise CantTell(f"what is mounted can't be listed: {error}") from error
    return [
        Mount(number, -1, part.mountpoint, part.fstype or "an unknown file system", "remote" in part.opts.split(","))
        for number, part in enumerate(found)
    ]
