"""What a disk may hold after a power cut: what was synced, and of the rest nothing, everything, or any part of it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random

LOSSES = ("all", "none", "the last", "any", "torn")
"""What is lost of what wasn't synced: all of it, none, everything after some moment, any of it, or halves of writes."""
_SECTOR_BYTES = 512


class Step(NamedTuple):
    """One thing that a process did: see `note` in preload.c. `data` is what was written, or the other path."""

    change: str
    offset: int
    path: str
    data: bytes


def steps(record: Path) -> list[Step]:
    """Read what the preloaded library has written down, oldest first."""
    found = []
    with record.open("rb") as file:
        while head := file.readline():
            change, offset, length, path = head[:-1].split(b" ", 3)
            data = file.read(int(length))
            found.append(Step(change.decode(), int(offset), os.fsdecode(path), data))
    return [step for step in found if not step.path.endswith("-shm")]  # SQLite makes it anew


@dataclass(eq=False)
class _File:
    """What is surely on the disk of a file, and the writes that may be. A directory is one without content."""

    is_directory: bool = False
    content: bytearray = field(default_factory=bytearray)
    waiting: list[Step] = field(default_factory=list)


_Change = dict[str, _File | None]
"""Paths that change together, and what is there then; None is nothing."""


class Disk:
    """The files below a directory, while steps are made on them.

    As strict as a file system may be: a file that is synced has its content and its name, and a name that comes, goes
    or changes is sure once its directory is synced. Only changes of the same name keep their order.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._surely: dict[str, _File] = {}
        for path in sorted(root.rglob("*")):
            content = b"" if path.is_dir() else path.read_bytes()
            self._surely[str(path)] = _File(path.is_dir(), bytearray(content))
        self._now = dict(self._surely)
        self._waiting: list[_Change] = []

    def make(self, made: Iterable[Step]) -> None:
        """Make steps; those elsewhere don't count."""
        for step in made:
            if f"{step.path}/".startswith(f"{self._root}/"):
                self._make(step)

    def _make(self, step: Step) -> None:
        here = self._now.get(step.path)
        other = os.fsdecode(step.data)
        if step.change == "sync":
            self._sync(step.path)
        elif step.change == "rename":
            self._enter(self._moved(step.path, other))
        elif step.change == "link":
            self._enter({other: here})
        elif step.change == "remove":
            self._enter({step.path: None})
        elif step.change == "directory":
            self._enter({step.path: _File(is_directory=True)})
        else:
            if here is None:
                here = _File()
                self._enter({step.path: here})
            if step.change != "create":
                here.waiting.append(step)

    def _moved(self, old: str, new: str) -> _Change:
        moved = {path: file for path, file in self._now.items() if f"{path}/".startswith(f"{old}/")}
        return dict.fromkeys(moved) | {new + path.removeprefix(old): file for path, file in moved.items()}

    def _enter(self, change: _Change) -> None:
        _apply(self._now, change)
        self._waiting.append(change)

    def _sync(self, path: str) -> None:
        file = self._now.get(path)
        if file is not None and not file.is_directory:
            for write in file.waiting:
                _write(file.content, write)
            file.waiting.clear()
        wanted = [path in change or path in {os.path.dirname(name) for name in change} for change in self._waiting]
        for change in self._in_order(wanted):
            _apply(self._surely, change)
            self._waiting.remove(change)

    def _in_order(self, wanted: Sequence[bool]) -> list[_Change]:
        """Return the waiting changes that are wanted, and those before them of the same names, oldest first."""
        found: list[_Change] = []
        for change, is_wanted in reversed([*zip(self._waiting, wanted, strict=True)]):
            if is_wanted or any(later.keys() & change.keys() for later in found):
                found.insert(0, change)
        return found

    def write_after_a_cut(self, loss: str, random: Random) -> None:
        """Replace what is in the directory by what a power cut leaves of it now."""
        left = dict(self._surely)
        for change in self._in_order(_kept(len(self._waiting), loss, random)):
            _apply(left, change)
        shutil.rmtree(self._root)
        for path, file in sorted(left.items()):
            Path(path if file.is_directory else os.path.dirname(path)).mkdir(parents=True, exist_ok=True)
            if not file.is_directory:
                Path(path).write_bytes(_left(file, loss, random))


def _apply(names: dict[str, _File], change: _Change) -> None:
    for path, file in change.items():
        if file is None:
            names.pop(path, None)
        else:
            names[path] = file


def _kept(count: int, loss: str, random: Random) -> list[bool]:
    """Draw which of so many changes the disk has, that came one after the other."""
    if loss in {"all", "none"}:
        return [loss == "none"] * count
    if loss == "the last":
        first_lost = random.randint(0, count)
        return [number < first_lost for number in range(count)]
    return [random.random() < 0.5 for _ in range(count)]


def _left(file: _File, loss: str, random: Random) -> bytes:
    content = bytearray(file.content)
    for write, is_kept in zip(file.waiting, _kept(len(file.waiting), loss, random), strict=True):
        if is_kept:
            _write(content, write)
        elif loss == "torn" and write.data:
            cut = random.randrange(0, len(write.data), _SECTOR_BYTES)
            _write(content, write._replace(data=write.data[:cut]))
    return bytes(content)


def _write(content: bytearray, step: Step) -> None:
    end = step.offset + len(step.data)
    if step.change == "truncate":
        del content[end:]
    content.extend(bytes(max(0, end - len(content))))
    content[step.offset : end] = step.data
