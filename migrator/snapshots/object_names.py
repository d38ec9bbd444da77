"""Whether a repository may have an object, told from its files: no git process, however many repositories there are.

Where a file is unlike what gitformat-pack(5) says, the answer is yes, it may, and git is to be asked.
`tests/snapshots/test_object_names.py` holds this against git.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from migrator.disk.bounded import opened
from migrator.disk.status import names_in
from migrator.errors import CantTell
from migrator.snapshots.alternates import read_alternates

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERSION_2 = b"\xfftOc\0\0\0\2"
_NAMES_AT = len(_VERSION_2) + 256 * 4
_WIDTH = 20
"""Bytes of a SHA-1. In an index of SHA-256 each name is longer: nothing in it is found, and no such id is asked for."""


class ObjectNames:
    """The names of the objects in an object directory and its alternates, which are read once."""

    def __init__(self, objects: str) -> None:
        self._objects = objects

    def may_have(self, name: str) -> bool:
        """Tell whether an object may be there; `name` is a whole SHA-1 in hex."""
        try:
            loose, wanted = f"{name[:2]}/{name[2:]}", bytes.fromhex(name)
            if any(os.path.lexists(os.path.join(objects, loose)) for objects in self._directories):
                return True
            return any(_is_in(index, wanted) for index in self._indexes)
        except (CantTell, OSError, ValueError):
            return True

    @cached_property
    def _directories(self) -> Sequence[str]:
        waiting, found = [self._objects], list[str]()
        while waiting:
            if (directory := waiting.pop()) not in found:
                names_in(directory)  # one that may not be listed may hold anything
                found.append(directory)
                waiting += [os.path.join(directory, line) for line in read_alternates(directory)]
        return found

    @cached_property
    def _indexes(self) -> Sequence[str]:
        packs = [os.path.join(directory, "pack") for directory in self._directories]
        return [os.path.join(pack, name) for pack in packs for name in names_in(pack) if name.endswith(".idx")]


def _is_in(index: str, name: bytes) -> bool:
    """Tell whether the index of a pack has this name: they are sorted, behind how many begin with each byte or less.

    Raises ValueError for another format.
    """
    with opened(index) as descriptor:
        if os.pread(descriptor, len(_VERSION_2), 0) != _VERSION_2:
            raise ValueError(index)
        before = os.pread(descriptor, 4, len(_VERSION_2) + 4 * (name[0] - 1)) if name[0] else bytes(4)
        upto = os.pread(descriptor, 4, len(_VERSION_2) + 4 * name[0])
        low, high = int.from_bytes(before, "big"), int.from_bytes(upto, "big")
        while low < high:
            middle = (low + high) // 2
            found = os.pread(descriptor, _WIDTH, _NAMES_AT + middle * _WIDTH)
            if len(found) != _WIDTH:
                raise ValueError(index)
            if found == name:
                return True
            low, high = (middle + 1, high) if found < name else (low, middle)
    return False
