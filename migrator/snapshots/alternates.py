"""Whose objects a snapshot repository borrows: those of its worktree's own repository, by full path.

opencode writes that path when it makes the repository, and never again. When the repository is renamed, whatever had
not been copied is missing from the snapshots of all its worktrees: opencode can't take new ones, and its undo deletes
files that it finds in no tree (seen with 1.18.34).
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.disk import sync
from migrator.snapshots.temp_dirs import locked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from migrator.planning.relocation.folders import Folders

NEW = "opencode-migrator-alternates"
"""The name of a file until it is whole; what a killed process left of it is written over by the next."""


def alternates(objects: str) -> list[str]:
    """Return whose objects opencode would let snapshots borrow: a repository's own, and what that borrows itself."""
    return [line for line in (objects, *alternate_lines(f"{objects}/info/alternates")) if Path(line).exists()]


def alternate_lines(file: str) -> list[str]:
    """Return what a file of object directories says; nothing where there is none."""
    try:
        text = Path(file).read_text("utf-8", "surrogateescape")
    except OSError:
        return []
    return [line for line in map(str.strip, text.split("\n")) if line and not line.startswith("#")]


def write_alternates(git_dir: str, wanted: Iterable[str]) -> None:
    """Say whose objects a repository borrows: all of the file at once, or, if that can't be done, none of it.

    Nobody else may do so at the same time.
    """
    info = Path(git_dir, "objects", "info")
    new = info / NEW
    try:
        new.write_text("".join(f"{line}\n" for line in wanted), "utf-8", "surrogateescape")
        sync(new)
        new.replace(info / "alternates")
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


def add_alternates(git_dir: str, wanted: Iterable[str]) -> None:
    """Let a repository that borrows do so from these object directories too; what it borrowed stays.

    Where one of them isn't, git goes on to the next. What opencode 1.15.13 made borrows from nobody, and stays so.
    """
    info = Path(git_dir, "objects", "info")
    if not alternate_lines(f"{info}/alternates"):
        return
    with locked(info):
        known = alternate_lines(f"{info}/alternates")
        if new := [line for line in dict.fromkeys(wanted) if line not in known]:
            write_alternates(git_dir, [*known, *new])


def broken_alternates(root: Path, folders: Folders) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the snapshot repositories below `root` that borrow from what is in one of the folders, as these move.

    Each with the object directories that it needs then, and doesn't know: git directory, full paths at the new place.
    What was at neither place has been gone for longer.
    """
    for file in sorted(root.glob("*/*/objects/info/alternates")):
        known = alternate_lines(str(file))
        moved = [(line, new) for line in known if (new := folders.mapped(line)) is not None and new not in known]
        if follow := [new for line, new in moved if Path(new).is_dir() or Path(line).is_dir()]:
            yield str(file.parents[2]), follow


def worktree_of(git_dir: str) -> str:
    """Return the worktree that a snapshot repository is of, as its configuration has it; "" where nobody knows."""
    try:
        text = Path(git_dir, "config").read_text("utf-8", "surrogateescape")
    except OSError:
        return ""
    found = re.search(r'^\s*worktree = "?(.*?)"?$', text, re.MULTILINE)
    return found[1] if found else ""
