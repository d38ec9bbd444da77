"""Read the trees of a snapshot repository: what is in them, and whether all of it still exists."""

from __future__ import annotations

import os
from functools import cache, lru_cache
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, Self

from migrator.disk.status import names_in
from migrator.disk.system import link
from migrator.errors import CantTell
from migrator.places.git import environment
from migrator.places.programs import Batch, Command
from migrator.snapshots.git.run import GitFailed, check_not_endless, git_at, is_hash, run_git
from migrator.text import lines_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

DIRECTORY, LINK, SUBMODULE = "40000", "120000", "160000"
EXECUTABLE = "100755"
_LARGEST = 1 << 28
"""A directory of some million files."""


class TreeEntry(NamedTuple):
    """What a tree has under a name: git's mode, in octal, and the hash of the object."""

    mode: str
    hash: str


class Trees:
    """The trees of one repository, read by one git process, however many they are."""

    def __init__(self, git_dir: str, extra: Mapping[str, str] | None = None) -> None:
        self._git_dir = git_dir
        self._extra = extra or {}
        self._git: Batch | None = None
        # Directories that didn't change are the same object in every snapshot.
        self.entries = lru_cache(maxsize=512)(self._entries)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def entry(self, tree: str, path: str) -> TreeEntry | None:
        """Return what is at `path`; None if nothing is."""
        found = TreeEntry(DIRECTORY, tree)
        for name in path.split("/"):
            inside = self.entries(found.hash) if found.mode == DIRECTORY else None
            if not inside or name not in inside:
                return None
            found = inside[name]
        return found

    def files(self, tree: str, above: str = "") -> Iterator[tuple[str, TreeEntry]]:
        """Yield (path, entry) of everything below a tree but directories."""
        for name, entry in (self.entries(tree) or {}).items():
            if entry.mode == DIRECTORY:
                yield from self.files(entry.hash, f"{above}{name}/")
            else:
                yield above + name, entry

    def _entries(self, tree: str) -> dict[str, TreeEntry] | None:
        """Return the entries directly in a tree, by name; None if the tree is missing or damaged."""
        content = self._read(tree)
        if content is None:
            return None
        found = {}
        position, width = 0, len(tree) // 2
        while position < len(content):
            end = content.index(b"\0", position)
            mode, name = content[position:end].split(b" ", 1)
            position = end + 1 + width
            found[os.fsdecode(name)] = TreeEntry(mode.decode(), content[end + 1 : position].hex())
        return found

    def _read(self, tree: str) -> bytes | None:
        if self._git is None:
            check_not_endless(self._git_dir)
            words = ("git", *git_at(self._git_dir), "cat-file", "--batch")
            environ = {**environment(), **self._extra}
            self._git = Batch(Command(f"git cat-file on {self._git_dir}", words, environ))
        try:
            self._git.send(tree)
            answer = self._git.line().split()
            if len(answer) == 3 and answer[1] == b"tree" and int(answer[2]) <= _LARGEST:  # noqa: PLR2004 - hash, kind, size
                content = self._git.read(int(answer[2]) + 1)[:-1]
                if len(content) == int(answer[2]):
                    return content
            elif len(answer) == 2:  # noqa: PLR2004 - hash, "missing"
                return None
        except OSError:
            pass
        self._end()  # a damaged object has ended it, or what follows is nothing for us
        return None

    def _end(self) -> None:
        if self._git is not None:
            with self._git:
                self._git = None


def existing_trees(git_dir: str, trees: Iterable[str]) -> set[str]:
    """Return those of `trees` that a repository or its alternates have; what is in them may be missing."""
    return _present(git_dir, {tree for tree in trees if is_hash(tree)}, "tree", None)


def own_trees(git_dir: str, trees: Iterable[str]) -> set[str]:
    """Return those of `trees` that a repository itself has, not only its alternates.

    Git can't be told to leave alternates out, so it is shown the object directory without the file that names them.
    """
    objects = os.path.join(git_dir, "objects")
    names = [name for name in names_in(objects) if name != "info"]
    try:
        with TemporaryDirectory() as folder:
            for name in ("objects", "refs"):
                os.mkdir(os.path.join(folder, name))
            with open(os.path.join(folder, "HEAD"), "w", encoding="ascii") as head:
                head.write("ref: refs/heads/main\n")
            for name in names:
                link(os.path.join(folder, "objects", name), os.path.join(objects, name))
            return existing_trees(folder, trees)
    except OSError as error:
        raise CantTell(f"no temporary folder can be made ({error.strerror or error})") from error


def complete_trees(git_dir: str, trees: Iterable[str], extra: Mapping[str, str] | None = None) -> set[str]:
    """Return those of `trees` of which every object is in the repository or its alternates.

    This takes two processes if nothing is missing, else four, however many trees there are.
    """
    existing = _present(git_dir, {tree for tree in trees if is_hash(tree)}, "tree", extra)
    if not existing or not _is_any_missing(git_dir, existing, extra):
        return existing
    with Trees(git_dir, extra) as reader:
        directories = _directories(reader, existing)
    blobs = _present(git_dir, {file for inside in directories.values() if inside for file in inside[1]}, "blob", extra)

    @cache
    def is_complete(directory: str) -> bool:
        inside = directories[directory]
        return inside is not None and blobs.issuperset(inside[1]) and all(map(is_complete, inside[0]))

    return set(filter(is_complete, existing))


def _directories(trees: Trees, roots: Iterable[str]) -> dict[str, tuple[list[str], list[str]] | None]:
    """Map every directory in these trees to the hashes of its directories and of its files; None if it is missing.

    Each is read once, since the trees have most of them in common.
    """
    found: dict[str, tuple[list[str], list[str]] | None] = {}
    waiting = list(roots)
    while waiting:
        directory = waiting.pop()
        if directory in found:
            continue
        found[directory] = None
        if (entries := trees.entries(directory)) is not None:
            below = [entry.hash for entry in entries.values() if entry.mode == DIRECTORY]
            files = [entry.hash for entry in entries.values() if entry.mode not in {DIRECTORY, SUBMODULE}]
            found[directory] = below, files
            waiting += below
    return found


def _present(git_dir: str, objects: Collection[str], kind: str, extra: Mapping[str, str] | None) -> set[str]:
    """Return those of `objects` that exist and are of this kind."""
    if not objects:
        return set()
    stdin = "".join(f"{name}\n" for name in objects).encode()
    answer = run_git(git_dir, "cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=stdin, extra=extra)
    return {name for name, _, found in (line.partition(" ") for line in lines_of(answer.decode())) if found == kind}


def _is_any_missing(git_dir: str, trees: Iterable[str], extra: Mapping[str, str] | None) -> bool:
    """Tell whether an object below any of these trees is missing or damaged."""
    words = ("rev-list", "--objects", "--no-object-names", "--missing=print", "--stdin")
    try:
        return b"?" in run_git(git_dir, *words, stdin="".join(f"{tree}\n" for tree in trees).encode(), extra=extra)
    except GitFailed:  # a damaged object stops the walk
        return True
