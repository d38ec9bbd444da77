"""The alternates of snapshot repositories: object directories, by full path, that git reads besides their own.

opencode writes the object directory of the worktree's own repository there when it makes a snapshot repository, and
never again. When the worktree's repository is renamed, whatever had not been copied is missing from the snapshots of
all its worktrees: opencode can't take new ones, and its undo deletes files that it finds in no tree (seen with
1.18.34).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.disk.ownership import owner_of
from migrator.disk.readable import naming_remedy
from migrator.disk.status import content_of, is_directory, names_in
from migrator.disk.system import locked
from migrator.places.small_files import read_small
from migrator.state_dir import written_beside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from migrator.paths import FolderMap

_LIMIT = 1 << 20


def read_alternates(objects: str | Path) -> list[str]:
    """Return the alternates of an object directory; none if it has no file of them.

    Raises CantTell if nobody can tell.
    """
    with naming_remedy(str(objects)):
        text = content_of(Path(objects, "info", "alternates"), _LIMIT).decode("utf-8", "surrogateescape")
    return [line for line in map(str.strip, text.split("\n")) if line and not line.startswith("#")]


def write_alternates(git_dir: str, directories: Iterable[str]) -> None:
    """Replace the alternates of a repository, all at once or not at all; the caller keeps other writers out."""
    info = Path(git_dir, "objects", "info")
    with written_beside(info / "alternates", 0o666, owner_of(info)) as new:
        new.write_text("".join(f"{line}\n" for line in directories), "utf-8", "surrogateescape", "\n")


def add_alternates(git_dir: str, directories: Iterable[str]) -> None:
    """Add alternates to a repository that has some, and keep those.

    Git skips one that doesn't exist. A repository that opencode 1.15.13 made has no alternates, and gets none.
    """
    objects = Path(git_dir, "objects")
    if not read_alternates(objects):
        return
    with locked(objects / "info"):
        known = read_alternates(objects)
        if new := [line for line in dict.fromkeys(directories) if line not in known]:
            write_alternates(git_dir, [*known, *new])


def broken_alternates(root: Path, folders: FolderMap) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the snapshot repositories below `root` with alternates in one of the folders that move.

    Each comes as its git directory, and the new full paths of those alternates that it doesn't have yet. An alternate
    that is at neither place was gone before, and is left out. Raises CantTell if nobody can tell.
    """
    with naming_remedy(str(root)):
        projects = [f"{root}/{name}" for name in names_in(root)]
        git_dirs = [f"{project}/{name}" for project in projects for name in names_in(project)]
    for git_dir in git_dirs:
        known = read_alternates(f"{git_dir}/objects")
        moved = [(line, new) for line in known if (new := folders.new_path(line)) is not None and new not in known]
        if missing := [new for line, new in moved if is_directory(new) or is_directory(line)]:
            yield git_dir, missing


def worktree_of(git_dir: str) -> str:
    """Return the worktree of a snapshot repository from its configuration; "" if that doesn't say."""
    text = os.fsdecode(read_small(f"{git_dir}/config", _LIMIT) or b"")
    found = re.search(r'^\s*worktree = "?(.*?)"?$', text, re.MULTILINE)
    return found[1] if found else ""
