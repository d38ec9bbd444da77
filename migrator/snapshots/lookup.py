"""Looking files up in snapshots, many at once: whether the tree names a file, and its content is there."""

from __future__ import annotations

from bisect import bisect_left
from enum import Enum
from typing import TYPE_CHECKING

from migrator.snapshots.git import GitFailed, is_hash, run_git

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

File = tuple[str, str]
"""A tree's hash, and a path in it."""

_AT_ONCE = 200  # trees read by one process: each is as long as its directory has entries


class TreeEntry(Enum):
    """What a snapshot repository has of a file."""

    THERE = "there"
    EMPTY = "empty"
    """The tree names the file, and its content is gone."""

    ABSENT = "absent"
    """The tree is there and doesn't name the file."""

    UNREADABLE = "unreadable"
    """The tree is gone, or one on the way to the file."""


def look_up(git_dir: str, files: Collection[File]) -> dict[File, TreeEntry]:
    """Say of each file what the repository, and those it borrows from, have of it. A handful of processes in all.

    Whatever git can't read, and a hash that is none, is UNREADABLE. Nothing is written.
    """
    asked = [(tree, path) for tree, path in files if is_hash(tree) and "\n" not in path]
    found = dict.fromkeys(files, TreeEntry.UNREADABLE)
    kinds = _kinds(git_dir, [f"{tree}:{path}" for tree, path in asked])
    found |= {file: TreeEntry.THERE for file in asked if f"{file[0]}:{file[1]}" in kinds}
    missing = [file for file in asked if found[file] is not TreeEntry.THERE]
    if missing:
        found |= _missing(git_dir, missing)
    return found


def _missing(git_dir: str, files: Sequence[File]) -> dict[File, TreeEntry]:
    """Tell apart why git has nothing at these paths: the deepest tree on the way that is there tells."""
    kinds = _kinds(git_dir, {name for tree, path in files for name in _way(tree, path)})
    found: dict[File, TreeEntry] = {}
    ends: dict[str, list[tuple[File, str, bool]]] = {}
    for tree, path in files:
        reached = [name for name in _way(tree, path) if name in kinds]
        if not reached:
            found[tree, path] = TreeEntry.UNREADABLE
            continue
        hash_, kind = kinds[reached[-1]]
        if kind != "tree":  # a file is where the directory would be
            found[tree, path] = TreeEntry.ABSENT
            continue
        depth = len(reached) - 1
        below = path.split("/")[depth:]
        ends.setdefault(hash_, []).append(((tree, path), below[0], len(below) == 1))
    for hash_, names in _listed(git_dir, list(ends)):
        for file, name, last in ends[hash_]:
            listed = name.encode(errors="surrogatepass") in names
            found[file] = (TreeEntry.EMPTY if last else TreeEntry.UNREADABLE) if listed else TreeEntry.ABSENT
    return {file: found.get(file, TreeEntry.UNREADABLE) for file in files}


def _way(tree: str, path: str) -> Iterator[str]:
    """Yield the tree and each directory on the way to a file, as git names them."""
    yield f"{tree}:"
    for end in (index for index, letter in enumerate(path) if letter == "/"):
        yield f"{tree}:{path[:end]}"


def _kinds(git_dir: str, names: Iterable[str]) -> Mapping[str, tuple[str, str]]:
    """Map each of the objects that are there to its hash and kind."""
    asked = sorted(names)
    if not asked:
        return {}
    stdin = "\n".join(asked).encode(errors="surrogatepass") + b"\n"
    try:
        answers = run_git(git_dir, "cat-file", "--batch-check", stdin=stdin).split(b"\n")
    except GitFailed:  # a damaged object ends the whole batch: find its tree, and leave it out
        trees = sorted({name.partition(":")[0] for name in asked})
        if len(trees) == 1:
            return {}
        middle = bisect_left(asked, trees[len(trees) // 2])
        return {**_kinds(git_dir, asked[:middle]), **_kinds(git_dir, asked[middle:])}
    found = {}
    for name, answer in zip(asked, answers, strict=False):
        words = answer.rsplit(b" ", 2)
        if len(words) == 3 and is_hash(words[0].decode(errors="replace")):  # noqa: PLR2004 - hash, kind, size
            found[name] = words[0].decode(), words[1].decode()
    return found


def _listed(git_dir: str, trees: Sequence[str]) -> Iterator[tuple[str, frozenset[bytes]]]:
    """Yield the names in each of these trees; one that can't be read is left out."""
    for start in range(0, len(trees), _AT_ONCE):
        some = trees[start : start + _AT_ONCE]
        try:
            out = run_git(git_dir, "cat-file", "--batch", stdin="\n".join(some).encode() + b"\n")
        except GitFailed:
            if len(some) > 1:
                for one in some:
                    yield from _listed(git_dir, [one])
            continue
        yield from _parsed(out)


def _parsed(out: bytes) -> Iterator[tuple[str, frozenset[bytes]]]:
    """Yield what `cat-file --batch` printed: for each entry of a tree `mode name NUL hash`, the hash as bytes."""
    at = 0
    while at < len(out):
        end = out.index(b"\n", at)
        header = out[at:end].split()
        at = end + 1
        if header[-1] == b"missing":
            continue
        hash_, stop = header[0].decode(), at + int(header[2])
        names = set()
        while at < stop:
            space, nul = out.index(b" ", at), out.index(b"\0", at)
            names.add(out[space + 1 : nul])
            at = nul + 1 + len(hash_) // 2
        yield hash_, frozenset(names)
        at = stop + 1
