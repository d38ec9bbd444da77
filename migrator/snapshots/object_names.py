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
from migrator.snapshots.alternates import read_alternates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_VERSION_2 = b"\xfftOc\0\0\0\2"
_FANOUT = struct.Struct(">256I")
_NAMES_AT = len(_VERSION_2) + _FANOUT.size
_WIDTH = 20
"""Bytes of a SHA-1. In an index of SHA-256 each name is longer: nothing in it is found, and no such id is asked for."""


class ObjectNames:
    """The names of the objects in an object directory and its alternates, which are looked through once."""

    def __init__(self, objects: str) -> None:
        self._objects = objects

    def may_have(self, name: str) -> bool:
        """Tell whether an object may be there; `name` is a whole SHA-1 in hex."""
        try:
            if any(
                name[:2] in inside and _is_loose(directory, name) for directory, inside in self._directories.items()
            ):
                return True
            wanted = bytes.fromhex(name)
            return any(_is_in(index, fanout, wanted) for index, fanout in self._indexes.items())
        except (CantTell, OSError, ValueError):
            return True

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


def _is_in(index: str, fanout: Sequence[int], name: bytes) -> bool:
    """Tell whether the index of a pack has this name: they are sorted. Raises ValueError if it ends too early."""
    low, high = fanout[name[0] - 1] if name[0] else 0, fanout[name[0]]
    if low == high:
        return False
    with opened(index) as descriptor:
        while low < high:
            middle = (low + high) // 2
            found = os.pread(descriptor, _WIDTH, _NAMES_AT + middle * _WIDTH)
            if len(found) != _WIDTH:
                raise ValueError(index)
            if found == name:
                return True
            low, high = (middle + 1, high) if found < name else (low, middle)
    return False
