"""Whether a folder is the one that a git index was written for: then its files are the very same, inode by inode.

Renaming a folder leaves inode, change time and modification time of every file below it as they are. No copy or clone
has them, and no move to another disk keeps them. Git notes all three in its index, and opencode's snapshot repository
of a worktree has an index of the files as they were after the last turn (seen with 1.18.34 and git 2.39.5).
"""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from migrator.errors import CantTell
from migrator.paths import is_within, path_below
from migrator.places.git import environment
from migrator.places.programs import QUESTION, Command, run
from migrator.snapshots.git.alternates import read_alternates
from migrator.snapshots.git.run import git_at
from migrator.snapshots.git.trees import existing_trees
from migrator.snapshots.repositories.layout import Layout, OtherRepositories
from migrator.store.turns import records_of_1

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.store.reader import Store

_SOME = QUESTION._replace(most_bytes=1024 * 1024, is_enough=True)
"""Of what git prints: some thousand files are evidence enough."""
_STAMP = re.compile(
    rb"([^\0]+)\0  ctime: (\d+):(\d+)\n  mtime: (\d+):(\d+)\n  dev: \d+\tino: (\d+)\n  uid: .*\n  size: .*\n"
)
_INODE_BITS = 0xFFFFFFFF
"""An index has room for 32 bits of each number."""


class FileStamp(NamedTuple):
    """What git's index has of a file: its path from the top of the worktree, its inode, both times in nanoseconds."""

    path: str
    inode: int
    changed: int
    modified: int


class SnapshotOf(NamedTuple):
    """A checkout, there or not, in which sessions of a project were; `sessions` are ids."""

    project_id: str
    root: str
    sessions: tuple[str, ...]


def snapshot_stamps(git_dir: str) -> Sequence[FileStamp]:
    """Return what a snapshot repository's index says of the worktree's files; nothing if it has none to read."""
    return _stamps(git_dir, *git_at(git_dir))


def checkout_stamps(top: str) -> Sequence[FileStamp]:
    """Return what the index of a checkout says of its own files; nothing if it has none to read."""
    return _stamps(top)


class SnapshotFolders:
    """The folders that opencode has snapshots of, each recognised by its files."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._layout = Layout.of(store)
        self._other_repositories = OtherRepositories(self._layout)
        self._stamps = cache(self._read_stamps)

    def is_same(self, checkout: SnapshotOf, folder: str, below: str = "") -> bool | None:
        """Tell whether `folder` is what was at `below` in a checkout; None: nobody can tell."""
        return is_same_folder(self._stamps(checkout), folder, below)

    def borrowed_objects(self, checkout: SnapshotOf) -> Sequence[str]:
        """Return the object directories that the snapshots of a checkout borrow from, its repository's first.

        Raises CantTell if they can't be read.
        """
        return read_alternates(os.path.join(self._layout.git_dir(checkout.project_id, checkout.root), "objects"))

    def _read_stamps(self, checkout: SnapshotOf) -> Sequence[FileStamp]:
        if not self._layout.by_worktree:
            return ()  # all worktrees of a project share one index
        own = self._layout.git_dir(checkout.project_id, checkout.root)
        if os.path.isfile(os.path.join(own, "index")):
            return snapshot_stamps(own)
        try:
            others = [other for _, other in self._other_repositories.of(checkout.project_id, checkout.root)]
        except CantTell:
            return ()
        made = [other for other in others if os.path.basename(other) == os.path.basename(own)]
        trees = self._trees(checkout.sessions) if made else set()
        return next((snapshot_stamps(other) for other in made if trees and trees <= existing_trees(other, trees)), ())

    def _trees(self, sessions: Iterable[str]) -> set[str]:
        """Return every snapshot that these sessions name: they tell whose snapshots a repository has."""
        records = {} if self._store.schema.has_v2 else records_of_1(self._store, sessions)
        return {tree for record in records.values() for tree in record.trees}


def is_same_folder(stamps: Sequence[FileStamp], folder: str, below: str = "") -> bool | None:
    """Tell whether `folder` is the one that had these files, or the one that was at `below` in it; None: can't tell.

    Yes takes half of the files; no takes that there are files, and that each is another one.
    """
    wanted = [stamp for stamp in stamps if is_within(stamp.path, below)] if below else stamps
    same = other = 0
    for stamp in wanted:
        try:
            status = os.lstat(os.path.join(folder, path_below(stamp.path, below) if below else stamp.path))
        except (OSError, ValueError):
            continue
        if status.st_ino & _INODE_BITS != stamp.inode:
            other += 1
        elif (status.st_ctime_ns, status.st_mtime_ns) == (stamp.changed, stamp.modified):
            same += 1
    if same and 2 * same >= len(wanted):
        return True
    return False if other and not same else None


def _stamps(directory: str, *git_options: str) -> list[FileStamp]:
    words = ("git", *git_options, "ls-files", "--debug", "-z")
    try:
        printed = run(Command(f"git ls-files in {directory}", words, environment(), directory), _SOME).stdout
    except (OSError, CantTell):
        return []
    return [
        FileStamp(os.fsdecode(path), int(inode), _nanoseconds(*changed), _nanoseconds(*modified))
        for path, *numbers, inode in _STAMP.findall(printed)
        for changed, modified in [(numbers[:2], numbers[2:])]
        if int(inode)
    ]


def _nanoseconds(seconds: bytes, rest: bytes) -> int:
    return int(seconds) * 1_000_000_000 + int(rest)
