"""What lies where a file is read may be anything: it is never waited for, and never fills the memory."""

from __future__ import annotations

import errno
import os
import re
import socket
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from migrator.disk.bounded import NotPlain, read_file, read_given
from migrator.disk.readable import head_of, why_unreadable
from migrator.disk.status import content_of
from migrator.errors import CantTell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def _zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 30)


def _loop(path: Path) -> None:
    path.symlink_to(path)


STRANGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "fifo": (_fifo, "it is a FIFO, not a file"),
    "socket": (_socket, "it is a socket, not a file"),
    "endless device": (_zeros, "it is a device, not a file"),
    "1 GB": (_huge, "it is larger than 64 kB"),
    "directory": (os.mkdir, "it is a directory, not a file"),
    "link to itself": (_loop, os.strerror(errno.ELOOP)),
}
LIMIT = 64 * 1024

strange = pytest.mark.parametrize(("make", "why"), STRANGE.values(), ids=STRANGE.keys())


@strange
def test_why_it_is_not_read(make: Callable[[Path], None], why: str, tmp_path: Path) -> None:
    make(tmp_path / "it")
    with pytest.raises(OSError, match=re.escape(why)) as refusal:
        read_file(tmp_path / "it", LIMIT)
    assert refusal.value.strerror == why
    with pytest.raises(CantTell, match=re.escape(f"{tmp_path}/it can't be looked at: {why}")):
        content_of(tmp_path / "it", LIMIT)


@pytest.mark.parametrize("name", ["missing", "a\0b", "half\ud800"])
def test_what_no_file_can_be_called_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_file(f"{tmp_path}/{name}", LIMIT)
    assert content_of(f"{tmp_path}/{name}", LIMIT) == b""


def test_a_file_of_just_the_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(LIMIT))
    assert len(read_file(tmp_path / "file", LIMIT)) == LIMIT
    with pytest.raises(NotPlain):
        read_file(tmp_path / "file", LIMIT - 1)


def test_a_person_may_hand_over_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = Thread(target=(tmp_path / "pipe").write_bytes, args=[b"one\n" * 1000])
    writer.start()
    assert read_given(str(tmp_path / "pipe"), LIMIT) == b"one\n" * 1000
    writer.join()


def test_what_a_person_hands_over_is_bounded_too() -> None:
    with pytest.raises(NotPlain, match="it is larger than 64 kB"):
        read_given("/dev/zero", LIMIT)


def test_a_fifo_in_a_repository_is_named(tmp_path: Path) -> None:
    """Git would wait for it, whatever we know of the rest."""
    os.mkfifo(tmp_path / "pack")
    assert "it is a FIFO" in str(why_unreadable([str(tmp_path), f"{tmp_path}/pack"]))
    with pytest.raises(CantTell, match="it is a FIFO"):
        head_of(tmp_path / "pack", 16)
