"""Compare files of two worktrees: an undo that was meant for one may act on the other only if they are the same.

Otherwise opencode would write another branch's old file over the newer one, or delete one that has nothing to do with
the turn. What can't be compared, such as two FIFOs, counts as different; what may not be read raises CantTell.
"""

from __future__ import annotations

import errno
import filecmp
import hashlib
import os
import posixpath
import stat
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from migrator.disk.readable import why_unreadable, with_remedy
from migrator.disk.status import cant_tell, names_in
from migrator.snapshots.git.run import run_git
from migrator.snapshots.git.trees import DIRECTORY, EXECUTABLE, LINK

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from migrator.snapshots.git.trees import Trees


class _WorktreeEntry(NamedTuple):
    """What is at a path in a worktree: `path` leads to its first part that isn't a directory, `mode` is from `lstat`.

    `mode` is None if nothing is there. If a file is in the way, `path` is shorter than the one asked for, and an undo
    that restores something there would remove that file.
    """

    path: str
    mode: int | None

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.mode or 0)

    @property
    def is_link(self) -> bool:
        return stat.S_ISLNK(self.mode or 0)

    @property
    def is_executable(self) -> bool:
        return bool((self.mode or 0) & stat.S_IXUSR)


def relative_path(worktree: str, file: str) -> str | None:
    """Return the path of `file` relative to `worktree`; None if it isn't certainly a file below it.

    opencode 1.18.34 stores names that git quotes in quotes, so such a name isn't the file's.
    """
    top = worktree.rstrip("/") + "/"
    path = file.removeprefix(top)
    if not file.startswith(top) or posixpath.normpath(path) != path or path == "." or path.startswith(("../", "/")):
        return None
    if any(letter in path for letter in '"\\\0\n') or path == "..":
        return None
    try:
        path.encode()
    except UnicodeEncodeError:  # half a character: JSON can hold it, a file name can't
        return None
    return path


def same_in_both(source: str, target: str, paths: Iterable[str]) -> set[str]:
    """Return those of `paths` with the same file, byte by byte, in both worktrees, or with none in either."""
    return {path for path in paths if _is_same(source, target, _entry_at(source, path), _entry_at(target, path))}


def same_as_snapshot(
    trees: Trees, git_dir: str, target: str, wanted: Collection[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Return those (tree, path) whose file is the same in the tree and in the target now, or missing from both.

    This is for worktrees that are gone: their last snapshot stands in for them. Git hashes the target's files with the
    filters that the worktree's own attributes ask for, as it did for opencode's snapshots.
    """
    entries = {path: _entry_at(target, path) for _, path in wanted}
    now = _hashes(git_dir, target, {entry.path for entry in entries.values() if entry.is_file})
    now |= {entry.path: _hash_of_link(target, entry.path) for entry in entries.values() if entry.is_link}
    return {(tree, path) for tree, path in wanted if _is_same_entry(trees, tree, path, entries[path], now)}


def in_the_way(worktree: str, path: str) -> Iterator[str]:
    """Yield the path of each file that git removes to make room for one at `path`.

    A file or link in the place of a directory above it, or all that is in a directory in its place. Raises CantTell if
    nobody can tell.
    """
    entry = _entry_at(worktree, path)
    if entry.mode is not None and entry.path != path:
        yield entry.path
    waiting = [path] if entry.path == path and stat.S_ISDIR(entry.mode or 0) else []
    while waiting:
        directory = waiting.pop()
        for below in (f"{directory}/{name}" for name in names_in(f"{worktree}/{directory}")):
            if stat.S_ISDIR(_entry_at(worktree, below).mode or 0):
                waiting.append(below)
            else:
                yield below


def _entry_at(worktree: str, path: str) -> _WorktreeEntry:
    for part in accumulate(path.split("/"), posixpath.join):
        try:
            mode = os.lstat(f"{worktree}/{part}").st_mode
        except FileNotFoundError:
            return _WorktreeEntry(part, None)
        except OSError as error:
            _refuse_unless_too_long(f"{worktree}/{part}", error)
            return _WorktreeEntry(part, stat.S_IFDIR)
        if not stat.S_ISDIR(mode):
            return _WorktreeEntry(part, mode)
    return _WorktreeEntry(path, mode)


def _is_same(source: str, target: str, one: _WorktreeEntry, other: _WorktreeEntry) -> bool:
    if one.mode is None or other.mode is None:
        return one.mode is other.mode
    if one.path != other.path or stat.S_IFMT(one.mode) != stat.S_IFMT(other.mode):
        return False
    files = f"{source}/{one.path}", f"{target}/{other.path}"
    try:
        if one.is_link:
            return os.readlink(files[0]) == os.readlink(files[1])
        same_kind = one.is_executable == other.is_executable and one.is_file
        return same_kind and filecmp.cmp(*files, shallow=False)
    except FileNotFoundError:  # it has gone meanwhile
        return False
    except OSError as error:
        _refuse_unless_too_long(os.fsdecode(error.filename or files[0]), error)
        return False


def _refuse_unless_too_long(path: str, error: OSError) -> None:
    """Raise CantTell, except for a name too long for this disk: like a directory, it never counts as the same."""
    if error.errno != errno.ENAMETOOLONG:
        raise with_remedy(cant_tell(path, error), path) from error


def _is_same_entry(trees: Trees, tree: str, path: str, entry: _WorktreeEntry, now: dict[str, str]) -> bool:
    """Tell whether a tree has the same at `path` as the worktree; `now` has the hashes of the worktree's files."""
    if entry.mode is None:
        return _is_missing(trees, tree, path)
    before = trees.entry(tree, entry.path)
    if before is None or entry.path not in now or before.hash != now[entry.path]:
        return False
    if before.mode == LINK or entry.is_link:
        return before.mode == LINK and entry.is_link
    return (before.mode == EXECUTABLE) == entry.is_executable


def _is_missing(trees: Trees, tree: str, path: str) -> bool:
    """Tell whether a tree has nothing at `path`, nor a file in place of a directory above it."""
    for part in accumulate(path.split("/"), posixpath.join):
        entry = trees.entry(tree, part)
        if entry is None or entry.mode != DIRECTORY:
            return entry is None
    return False


def _hashes(git_dir: str, target: str, paths: Collection[str]) -> dict[str, str]:
    """Map each file to the hash that git would store it under."""
    on_a_line = (path for path in paths if not path.startswith('"') and "\n" not in path and "\r" not in path)
    asked = sorted(on_a_line)
    for path in asked:
        if (error := why_unreadable([f"{target}/{path}"])) is not None:
            raise with_remedy(error, f"{target}/{path}")
    if not asked:
        return {}
    stdin = os.fsencode("".join(f"{path}\n" for path in asked))
    hashes = run_git(git_dir, "hash-object", "--stdin-paths", stdin=stdin, work_tree=target).decode().split()
    return dict(zip(asked, hashes, strict=True))


def _hash_of_link(target: str, path: str) -> str:
    content = os.fsencode(os.readlink(f"{target}/{path}"))
    # git's own hash of a file; nothing here is a secret
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()
