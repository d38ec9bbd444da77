"""Look up files in snapshots, many at once: whether the tree names the file, and whether its content is there."""

from __future__ import annotations

from bisect import bisect_left
from enum import Enum
from typing import TYPE_CHECKING

from migrator.snapshots.git.run import GitFailed, is_hash, run_git
from migrator.snapshots.git.trees import Trees

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

FileInTree = tuple[str, str]
"""The hash of a tree, and a path in it."""


class FileStatus(Enum):
    """What a snapshot repository has of a file."""

    PRESENT = "present"
    CONTENT_MISSING = "content missing"
    """The tree names the file, and its content is gone."""

    ABSENT = "absent"
    """The tree is there and doesn't name the file."""

    TREE_MISSING = "tree missing"
    """The tree is gone, or a directory above the file is."""

    DAMAGED = "damaged"
    """Git can't read the tree, or a directory above the file."""


def look_up(git_dir: str, files: Collection[FileInTree]) -> dict[FileInTree, FileStatus]:
    """Map each file to what the repository and its alternates have of it, with a few git processes in all.

    What git can't read is TREE_MISSING, and so is what isn't a hash. Nothing is written.
    """
    named = [(tree, path) for tree, path in files if is_hash(tree) and "\n" not in path]
    found = dict.fromkeys(files, FileStatus.TREE_MISSING)
    damaged = set[str]()
    names = {f"{tree}:{path}" for tree, path in named} | {f"{tree}:" for tree, _ in named}
    kinds = _kinds(git_dir, names, damaged)
    found |= {file: FileStatus.PRESENT for file in named if f"{file[0]}:{file[1]}" in kinds}
    reachable = [file for file in named if file[0] in damaged or f"{file[0]}:" in kinds]
    missing = [file for file in reachable if found[file] is not FileStatus.PRESENT]
    if missing:
        found |= _status_of_missing(git_dir, missing, damaged)
    return found


def _status_of_missing(git_dir: str, files: Sequence[FileInTree], damaged: set[str]) -> dict[FileInTree, FileStatus]:
    """Map each file at whose path git finds no object to the reason, from the deepest tree on its way that exists.

    `damaged` are the trees that git has failed at.
    """
    kinds = _kinds(git_dir, {name for tree, path in files for name in _steps(tree, path)}, damaged)
    found = {file: FileStatus.DAMAGED if file[0] in damaged else FileStatus.TREE_MISSING for file in files}
    with Trees(git_dir) as trees:
        for tree, path in sorted(files):
            reached = [name for name in _steps(tree, path) if name in kinds]
            if not reached:
                continue
            hash_, kind = kinds[reached[-1]]
            name, *below = path.split("/")[len(reached) - 1 :]
            entries = trees.entries(hash_) if kind == "tree" else {}  # a file may be in place of the directory
            if entries is not None and name not in entries:
                found[tree, path] = FileStatus.ABSENT
            elif entries is not None and not below:
                found[tree, path] = FileStatus.CONTENT_MISSING
    return found


def _steps(tree: str, path: str) -> Iterator[str]:
    """Yield git's names of a tree and of each directory on the way to a file in it."""
    yield f"{tree}:"
    for end in (index for index, letter in enumerate(path) if letter == "/"):
        yield f"{tree}:{path[:end]}"


def _kinds(git_dir: str, names: Iterable[str], damaged: set[str]) -> Mapping[str, tuple[str, str]]:
    """Map the names of the objects that exist to their hash and kind; the trees that git fails at go to `damaged`."""
    ordered = sorted(names)
    if not ordered:
        return {}
    stdin = "\n".join(ordered).encode(errors="surrogatepass") + b"\n"
    try:
        answers = run_git(git_dir, "cat-file", "--batch-check", stdin=stdin).split(b"\n")
    except GitFailed:  # a damaged object ends the whole batch: halve it until its tree is alone, and leave that out
        trees = sorted({name.partition(":")[0] for name in ordered})
        if len(trees) == 1:
            damaged.update(trees)
            return {}
        middle = bisect_left(ordered, trees[len(trees) // 2])
        return {**_kinds(git_dir, ordered[:middle], damaged), **_kinds(git_dir, ordered[middle:], damaged)}
    found = {}
    for name, answer in zip(ordered, answers, strict=False):
        words = answer.rsplit(b" ", 2)
        if len(words) == 3 and is_hash(words[0].decode(errors="replace")):  # noqa: PLR2004 - hash, kind, size
            found[name] = words[0].decode(), words[1].decode()
    return found
