"""Reading whole files: whatever lies there, reading takes a limited amount of memory and time.

Whoever asks says how many bytes there can be. All that stands in the way is an OSError, whose `strerror` says why in
words; NotPlain is the one for what should be a file, and is something else or far too large.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from migrator.disk.system import open_flags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_AT_ONCE = 1 << 20
_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class NotPlain(OSError):
    """What lies there is not a regular file, or is larger than such a file can be."""


def read_file(path: str | Path, limit: int) -> bytes:
    """Return the content of a regular file that was found on the disk, of at most `limit` bytes.

    Raises OSError.
    """
    with opened(path, limit) as descriptor:
        return _whole(lambda size: os.read(descriptor, size), limit)


@contextmanager
def opened(path: str | Path, limit: int | None = None, *, follow: bool = True) -> Iterator[int]:
    """Open a regular file, of at most `limit` bytes, for a block that reads it by its descriptor.

    Without `follow`, a link is no regular file.

    What is no regular file is never waited for, or even opened. Some below /proc say that they are regular files and
    wait for ever, as /proc/kmsg does: reading them raises NotPlain. Raises OSError.
    """
    try:
        check_plain(os.stat(path, follow_symlinks=follow), limit)
        descriptor = os.open(path, open_flags("O_RDONLY", "O_NONBLOCK", *(() if follow else ("O_NOFOLLOW",))))
    except ValueError as error:  # a NUL, which no name has, or half of a character
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from error
    try:
        check_plain(os.fstat(descriptor), limit)  # somebody may have put another there meanwhile
        yield descriptor
    except BlockingIOError as error:
        raise NotPlain(errno.EINVAL, "whoever reads it waits, as for a device: it is not a file") from error
    finally:
        os.close(descriptor)


def read_given(name: str, limit: int) -> bytes:
    """Return what a person hands over: in a file, through a pipe, or on standard input if `name` is "-".

    It is waited for as `cat` does, and Ctrl-C ends that. Raises OSError.
    """
    if name == "-":
        return _whole(sys.stdin.buffer.read, limit)
    try:
        with open(name, "rb") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                check_plain(os.fstat(file.fileno()), limit)
            return _whole(file.read, limit)
    except ValueError as error:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name) from error


def check_plain(status: os.stat_result, limit: int | None = None) -> None:
    """Raise NotPlain unless this is the status of a regular file, of at most `limit` bytes."""
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "something else")
        raise NotPlain(errno.EINVAL, f"it is {kind}, not a file")
    if limit is not None and status.st_size > limit:
        raise _too_large(limit)


def _whole(read: Callable[[int], bytes], limit: int) -> bytes:
    data = bytearray()
    while chunk := read(min(_AT_ONCE, limit + 1 - len(data))):
        data += chunk
        if len(data) > limit:
            raise _too_large(limit)
    return bytes(data)


def _too_large(limit: int) -> NotPlain:
    size = f"{limit >> 20} MB" if limit >= 1 << 20 else f"{limit >> 10} kB"
    return NotPlain(errno.EFBIG, f"it is larger than {size}")
