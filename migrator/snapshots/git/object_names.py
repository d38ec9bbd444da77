"""Whether a repository may have an object, told from its files: no git process, however many repositories there are.

Where a file is unlike what gitformat-pack(5) says, the answer is yes, it may, and git is to be asked.
`tests/snapshots/test_object_names.py` holds this against git.
"""

from __future__ import annotations

import os
import struct
from functools import cached_property
from typing import TYPE_CHECKING

from migrator.disk.bounded import opened
from migrator.disk.status import names_in
from migrator.errors import CantTell
from migrator.snapshots.git.alternates import read_alternates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_VERSION_2 = b"\xfftOc\0\0\0\2"
_FANOUT = struct.Struct(">256I")
_NAMES_AT = len(_VERSION_2) + _FANOUT.size
_WIDTH = 20
"""Bytes of a SHA-1. In an index of SHA-256 each name is longer: nothing in it is found, and no such id is asked for."""


_READ_AT_ONCE = 16
"""How many names are read and looked through rather than halved further."""


class ObjectNames:
    """The names of the objects in an object directory and its alternates, which are looked through once."""

    def __init__(self, objects: str) -> None:
        self._objects = objects

    def may_have(self, names: Iterable[str]) -> set[str]:
        """Return those of these names that may be objects there; each is a whole SHA-1 in hex."""
        wanted = {*names}
        try:
            found = {
                name
                for directory, inside in self._directories.items()
                for name in wanted
                if name[:2] in inside and _is_loose(directory, name)
            }
            for index, fanout in self._indexes.items():
                found |= _in_index(index, fanout, wanted - found)
        except (CantTell, OSError, ValueError):
            return wanted
        return found

    @cached_property
    def _directories(self) -> Mapping[str, frozenset[str]]:
        """What is in each object directory."""
        waiting, found = [self._objects], dict[str, frozenset[str]]()
        while waiting:
            if (directory := waiting.pop()) not in found:
                found[directory] = frozenset(names_in(directory))
                waiting += [os.path.join(directory, line) for line in read_alternates(directory)]
        return found

    @cached_property
    def _indexes(self) -> Mapping[str, Sequence[int]]:
        """How many names begin with each byte or less, by the index of each pack."""
        packs = [os.path.join(directory, "pack") for directory in self._directories]
        indexes = [os.path.join(pack, name) for pack in packs for name in names_in(pack) if name.endswith(".idx")]
        return {index: _read_fanout(index) for index in indexes}


def _is_loose(directory: str, name: str) -> bool:
    return os.path.lexists(os.path.join(directory, name[:2], name[2:]))


def _read_fanout(index: str) -> Sequence[int]:
    """Return how many names in the index of a pack begin with each byte or less. Raises ValueError for others."""
    with opened(index) as descriptor:
        head = os.read(descriptor, _NAMES_AT)
    if len(head) != _NAMES_AT or not head.startswith(_VERSION_2):
        raise ValueError(index)
    return _FANOUT.unpack_from(head, len(_VERSION_2))


def _in_index(index: str, fanout: Sequence[int], names: Iterable[str]) -> set[str]:
    """Return those of these names that the index of a pack has. Raises ValueError if it ends too early."""
    spans = {name: (fanout[byte - 1] if byte else 0, fanout[byte]) for name in names for byte in [int(name[:2], 16)]}
    spans = {name: (low, high) for name, (low, high) in spans.items() if low != high}
    if not spans:
        return set()
    with opened(index) as descriptor:
        return {name for name, (low, high) in spans.items() if _is_in(descriptor, low, high, bytes.fromhex(name))}


def _is_in(descriptor: int, low: int, high: int, name: bytes) -> bool:
    """Tell whether the names from `low` to `high`, which are sorted, have this one among them."""
    while high - low > _READ_AT_ONCE:
        middle = (low + high) // 2
        low, high = (low, middle) if name < _read_names(descriptor, middle, 1) else (middle, high)
    found = _read_names(descriptor, low, high - low)
    return any(found[at : at + _WIDTH] == name for at in range(0, len(found), _WIDTH))


def _read_names(descriptor: int, at: int, number: int) -> bytes:
    os.lseek(descriptor, _NAMES_AT + at * _WIDTH, os.SEEK_SET)
    found = os.read(descriptor, number * _WIDTH)
    if len(found) != number * _WIDTH:
        raise ValueError("it ends too early")
    return found
