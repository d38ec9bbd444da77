"""A disk like a Mac's: it keeps the spelling of a name, and ignores case and Unicode form where a name is looked up.

Linux has such disks where its kernel was built with them, which few are. So this is a file system of our own, by the
kernel's FUSE protocol: it shows a directory, read-only. Only root can mount it; without root the test is skipped.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
import unicodedata
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LOOKUP, _FORGET, _GETATTR, _READLINK, _OPEN, _READ, _STATFS, _RELEASE = 1, 2, 3, 5, 14, 15, 17, 18
_FLUSH, _INIT, _OPENDIR, _READDIR, _RELEASEDIR, _INTERRUPT, _BATCH_FORGET = 25, 26, 27, 28, 29, 36, 42
_HEADER = struct.Struct("=IIQQIIIHH")  # length, opcode, unique, node, uid, gid, pid, and two that we don't read
_ANSWER = struct.Struct("=IiQ")
_LARGEST = 1024 * 1024
_MS_RDONLY, _MNT_DETACH = 1, 2


@contextmanager
def mac_disk(shown: Path, at: Path) -> Iterator[Path]:
    """Mount what is in `shown` at the directory `at`, which is made. Changes are made in `shown` itself."""
    at.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        device = os.open("/dev/fuse", os.O_RDWR)
    except OSError as error:
        pytest.skip(f"no FUSE here: {error.strerror}")
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions".encode()
    if libc.mount(b"mac", os.fsencode(at), b"fuse.mac", _MS_RDONLY, options):
        os.close(device)
        pytest.skip(f"nothing can be mounted here: {os.strerror(ctypes.get_errno())}")
    server = os.fork()
    if server == 0:
        with suppress(OSError):  # the device ends with the mount
            _Disk(device, os.fspath(shown)).serve()
        os._exit(0)
    os.close(device)
    try:
        yield at
    finally:
        libc.umount2(os.fsencode(at), _MNT_DETACH)
        os.waitpid(server, 0)


def folded(name: str) -> str:
    """Return what such a disk compares."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


class _Disk:
    def __init__(self, device: int, top: str) -> None:
        self._device = device
        self._nodes = {1: top}
        self._answers: dict[int, Callable[[int, bytes], bytes]] = {
            _INIT: lambda _, data: struct.pack("=IIII", *struct.unpack_from("=II", data), 0, 0) + bytes(48),
            _LOOKUP: self._lookup,
            _GETATTR: lambda node, _: struct.pack("=QII", 0, 0, 0) + self._attributes(self._nodes[node]),
            _READLINK: lambda node, _: os.fsencode(os.readlink(self._nodes[node])),
            _OPEN: lambda *_: bytes(16),
            _OPENDIR: lambda *_: bytes(16),
            _READ: self._read,
            _READDIR: self._list,
            _STATFS: lambda *_: bytes(80),
            _RELEASE: lambda *_: b"",
            _RELEASEDIR: lambda *_: b"",
            _FLUSH: lambda *_: b"",
        }

    def serve(self) -> None:
        while request := os.read(self._device, _LARGEST):
            _, opcode, unique, node, *_ = _HEADER.unpack_from(request)
            if opcode in {_FORGET, _BATCH_FORGET, _INTERRUPT}:
                continue
            number, answer = 0, b""
            try:
                answer = self._answers[opcode](node, request[_HEADER.size :])
            except KeyError:
                number = errno.ENOSYS
            except OSError as error:
                number = error.errno or errno.EIO
            os.write(self._device, _ANSWER.pack(_ANSWER.size + len(answer), -number, unique) + answer)

    def _lookup(self, node: int, data: bytes) -> bytes:
        above, name = self._nodes[node], os.fsdecode(data.rstrip(b"\0"))
        listed = next((each for each in sorted(os.listdir(above)) if folded(each) == folded(name)), None)
        if listed is None:
            raise FileNotFoundError(errno.ENOENT, "")
        path = f"{above}/{listed}"
        found = os.lstat(path).st_ino
        self._nodes[found] = path
        return struct.pack("=QQQQII", found, 0, 0, 0, 0, 0) + self._attributes(path)

    def _attributes(self, path: str) -> bytes:
        status = os.lstat(path)
        times = int(status.st_atime), int(status.st_mtime), int(status.st_ctime)
        return struct.pack(
            "=6Q10I", status.st_ino, status.st_size, status.st_blocks, *times, 0, 0, 0, status.st_mode,
            status.st_nlink, status.st_uid, status.st_gid, 0, 4096, 0,
        )  # fmt: skip

    def _read(self, node: int, data: bytes) -> bytes:
        _, offset, size = struct.unpack_from("=QQI", data)
        with open(self._nodes[node], "rb") as file:
            file.seek(offset)
            return file.read(size)

    def _list(self, node: int, data: bytes) -> bytes:
        _, offset, size = struct.unpack_from("=QQI", data)
        answer = b""
        for index, name in enumerate(sorted(os.listdir(self._nodes[node]))[offset:], start=offset + 1):
            status, raw = os.lstat(f"{self._nodes[node]}/{name}"), os.fsencode(name)
            entry = struct.pack("=QQII", status.st_ino, index, len(raw), stat.S_IFMT(status.st_mode) >> 12) + raw
            entry += bytes(-len(entry) % 8)
            if len(answer) + len(entry) > size:
                break
            answer += entry
        return answer
