"""What opencode made once, put back as it was before each use, at the same path: opencode stores full paths."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Generic, TypeVar

from tests.support.index_refresh import refresh_indexes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.opencode.opencode_1 import OpenCode

T = TypeVar("T")


class Template(Generic[T]):
    """What `build` returns, and everything below `root`, the home of its opencode included."""

    def __init__(
        self, opencode: OpenCode, root: Path, build: Callable[[OpenCode, Path, Callable[[], None]], T]
    ) -> None:
        """`build` calls the function it is given where everything is as it is to be put back."""
        self._root, self._copy = root, root.with_name(root.name + "-template")
        self._database = opencode.database.relative_to(root)
        self._built = build(opencode, root, self._keep)

    def restore(self) -> T:
        shutil.rmtree(self._root)
        shutil.copytree(self._copy, self._root, symlinks=True)
        refresh_indexes(self._root)
        return self._built

    def _keep(self) -> None:
        """Copy everything, and of the database, which opencode may have open, what is committed."""
        shutil.copytree(self._root, self._copy, symlinks=True)
        for file in (self._copy / self._database.parent).glob(f"{self._database.name}*"):
            file.unlink()
        with (
            closing(sqlite3.connect(self._root / self._database)) as now,
            closing(sqlite3.connect(self._copy / self._database)) as kept,
        ):
            now.backup(kept)
