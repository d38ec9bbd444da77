"""Is a file the same in two worktrees? Only then may an undo that was meant for one act on the other.

Otherwise opencode would write another branch's old file over the newer one, or delete one that has nothing to do with
the turn. Whatever can't be told for certain is not the same.
"""

from __future__ import annotations

import filecmp
import os
import re
from typing import TYPE_CHECKING

from migrator.snapshots.plumbing import borrowing, run

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from migrator.snapshots.passages import Passage

# opencode hands these to git as pathspecs, in which they are patterns, or reads them back quoted by git (1.18.34).
_UNSAFE = re.compile(r'[*?\[\\"\x00-\x1f\x7f]')


def below(worktree: str, file: str) -> str | None:
    """Return the path of `file` relative to `worktree`; None where it isn't plainly a file below it."""
    top = worktree.rstrip("/") + "/"
    path = file.removeprefix(top)
    if not file.startswith(top) or os.path.normpath(path) != path or path.startswith("../") or path == ".":
        return None
    return None if _UNSAFE.search(file) or path != path.strip() else path


def same_in_both(source: str, target: str, paths: Iterable[str]) -> set[str]:
    """Return those of `paths` that are the same file, byte by byte, in both worktrees, or in neither."""
    if source == target:
        return {path for path in paths if _reached_plainly(target, path)}
    return {
        path
        for path in paths
        if _reached_plainly(source, path)
        and _reached_plainly(target, path)
        and _alike(os.path.join(source, path), os.path.join(target, path))  # noqa: PTH118 - strings, as stored
    }


def same_as_snapshot(passage: Passage, wanted: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those (tree, path) of which the tree's file is what the target has now, or neither has one.

    For worktrees that are gone: their last snapshot says how they were. Git hashes the target's files with the filters
    that the worktree's own attributes ask for, as opencode's snapshots did.
    """
    git_dir, target = passage.source, passage.target_worktree
    plain = [(tree, path) for tree, path in wanted if _reached_plainly(target, path)]
    if not plain:
        return set()
    asked = "".join(f"{tree}:{path}\n" for tree, path in plain)
    borrowed = borrowing(passage.objects)
    answers = run(git_dir, "cat-file", "--batch-check", stdin=os.fsencode(asked), extra=borrowed).split(b"\n")
    now = _hashes(git_dir, target, {path for _, path in plain})
    found = set()
    for (tree, path), answer in zip(plain, answers, strict=False):
        words = answer.rsplit(b" ", 2)
        before = None if words[-1] == b"missing" else words[0].decode() if words[1] == b"blob" else "no file"
        if now[path] == before:
            found.add((tree, path))
    return found


def _hashes(git_dir: str, target: str, paths: Collection[str]) -> dict[str, str | None]:
    """Map each path to the hash of the file there: None where nothing is, "" where it is no plain file."""
    found: dict[str, str | None] = dict.fromkeys(paths, "")
    files = []
    for path in paths:
        full = os.path.join(target, path)  # noqa: PTH118 - strings, as stored
        if not os.path.lexists(full):
            found[path] = None
        elif os.path.isfile(full) and not os.path.islink(full):  # noqa: PTH113, PTH114 - as above
            files.append(path)
    if files:
        asked = os.fsencode("".join(f"{path}\n" for path in files))
        hashes = run(git_dir, "hash-object", "--stdin-paths", stdin=asked, work_tree=target).decode().split()
        found |= dict(zip(files, hashes, strict=True))
    return found


def _reached_plainly(worktree: str, path: str) -> bool:
    """Tell whether no directory on the way is a link: through one, an undo would reach out of the worktree."""
    directory = os.path.dirname(os.path.join(worktree, path))  # noqa: PTH118, PTH120 - strings, as stored
    return os.path.realpath(directory) == directory


def _alike(one: str, other: str) -> bool:
    if not os.path.lexists(one) or not os.path.lexists(other):
        return not os.path.lexists(one) and not os.path.lexists(other)
    if os.path.islink(one) or os.path.islink(other):  # noqa: PTH114 - strings, as stored
        return os.path.islink(one) and os.path.islink(other) and os.readlink(one) == os.readlink(other)  # noqa: PTH114, PTH115
    try:
        return os.path.isfile(one) and os.path.isfile(other) and filecmp.cmp(one, other, shallow=False)  # noqa: PTH113
    except OSError:  # unreadable: nobody can tell
        return False
