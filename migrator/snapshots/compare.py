"""Is a file the same in two worktrees? Only then may an undo that was meant for one act on the other.

Otherwise opencode would write another branch's old file over the newer one, or delete one that has nothing to do with
the turn. Whatever can't be told for certain is not the same.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from migrator.snapshots.git import run_git
from migrator.snapshots.trees import DIRECTORY, EXECUTABLE, LINK

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from migrator.snapshots.trees import Trees


class Spot(NamedTuple):
    """What a path comes to in a worktree: the first part of it that is no directory, and what is there.

    `mode` is as `lstat` gives it, None where nothing is. Where a file lies in the way, `path` is shorter than what was
    asked for, and an undo that puts something there would take that file away.
    """

    path: str
    mode: int | None


def is_below(worktree: str, file: str) -> str | None:
    """Return the path of `file` relative to `worktree`; None where it isn't plainly a file below it.

    Names that git quotes are stored quoted by opencode (1.18.34), and so they aren't what they seem.
    """
    top = worktree.rstrip("/") + "/"
    path = file.removeprefix(top)
    if not file.startswith(top) or os.path.normpath(path) != path or path == "." or path.startswith(("../", "/")):
        return None
    if any(letter in path for letter in '"\\\0\n') or path == "..":
        return None
    try:
        path.encode()
    except UnicodeEncodeError:  # half a character, which JSON can hold and a file name can't
        return None
    return path


def same_in_both(source: str, target: str, paths: Iterable[str]) -> set[str]:
    """Return those of `paths` that are the same file, byte by byte, in both worktrees, or in neither."""
    return {path for path in paths if _alike(source, target, _spot(source, path), _spot(target, path))}


def same_as_snapshot(
    trees: Trees, git_dir: str, target: str, wanted: Collection[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Return those (tree, path) of which the tree's file is what the target has now, or neither has one.

    For worktrees that are gone: their last snapshot says how they were. Git hashes the target's files with the filters
    that the worktree's own attributes ask for, as opencode's snapshots did.
    """
    spots = {path: _spot(target, path) for _, path in wanted}
    now = _hashes(git_dir, target, {spot.path for spot in spots.values() if _is_file(spot)})
    now |= {spot.path: _hash_of_link(target, spot.path) for spot in spots.values() if _is_link(spot)}
    return {(tree, path) for tree, path in wanted if _is_entry(trees, tree, path, spots[path], now)}


def _spot(worktree: str, path: str) -> Spot:
    parts = path.split("/")
    for number in range(1, len(parts) + 1):
        part = "/".join(parts[:number])
        try:
            mode = os.lstat(f"{worktree}/{part}").st_mode
        except FileNotFoundError:
            return Spot(part, None)
        except OSError:  # nobody can tell; a directory is never the same
            return Spot(part, stat.S_IFDIR)
        if not stat.S_ISDIR(mode):
            return Spot(part, mode)
    return Spot(path, mode)


def _alike(source: str, target: str, one: Spot, other: Spot) -> bool:
    if one.mode is None or other.mode is None:
        return one.mode is other.mode
    if one.path != other.path or stat.S_IFMT(one.mode) != stat.S_IFMT(other.mode):
        return False
    files = f"{source}/{one.path}", f"{target}/{other.path}"
    try:
        if stat.S_ISLNK(one.mode):
            return os.readlink(files[0]) == os.readlink(files[1])
        alike = _is_executable(one) == _is_executable(other) and stat.S_ISREG(one.mode)
        return alike and filecmp.cmp(*files, shallow=False)
    except OSError:  # unreadable: nobody can tell
        return False


def _is_entry(trees: Trees, tree: str, path: str, spot: Spot, now: dict[str, str]) -> bool:
    """Tell whether a spot is what a tree has at `path`; `now` has the hashes of what is in the worktree."""
    if spot.mode is None:
        return _missing(trees, tree, path)
    before = trees.entry(tree, spot.path)
    if before is None or spot.path not in now or before.hash != now[spot.path]:
        return False
    if before.mode == LINK or _is_link(spot):
        return before.mode == LINK and _is_link(spot)
    return (before.mode == EXECUTABLE) == _is_executable(spot)


def _missing(trees: Trees, tree: str, path: str) -> bool:
    """Tell whether a tree has nothing at `path`, and no file where a directory on the way to it would be."""
    parts = path.split("/")
    for number in range(1, len(parts) + 1):
        entry = trees.entry(tree, "/".join(parts[:number]))
        if entry is None or entry.mode != DIRECTORY:
            return entry is None
    return False


def _hashes(git_dir: str, target: str, paths: Collection[str]) -> dict[str, str]:
    """Map each file to the hash that git would store it under."""
    asked_for = (path for path in paths if not path.startswith('"') and "\n" not in path and "\r" not in path)
    readable = sorted(path for path in asked_for if os.access(f"{target}/{path}", os.R_OK))
    if not readable:
        return {}
    asked = os.fsencode("".join(f"{path}\n" for path in readable))
    hashes = run_git(git_dir, "hash-object", "--stdin-paths", stdin=asked, work_tree=target).decode().split()
    return dict(zip(readable, hashes, strict=True))


def _hash_of_link(target: str, path: str) -> str:
    content = os.fsencode(os.readlink(f"{target}/{path}"))
    # git's own name for it, nothing here is a secret
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


def _is_file(spot: Spot) -> bool:
    return spot.mode is not None and stat.S_ISREG(spot.mode)


def _is_link(spot: Spot) -> bool:
    return spot.mode is not None and stat.S_ISLNK(spot.mode)


def _is_executable(spot: Spot) -> bool:
    return bool((spot.mode or 0) & stat.S_IXUSR)
