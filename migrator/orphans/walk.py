"""A bounded walk below the directories that the user names: it notes what could be a home, and opens nothing.

It skips directories that hold no projects, doesn't follow symlinks, and stays on the filesystem of each directory that
the user named, since another one may be a network's.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from migrator.paths import composed
from migrator.progress import doing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

DEPTH = 5
"""Levels below each directory that are looked at: `--search ~` sees ~/src/github.com/acme/shop and one below."""

_SKIPPED = frozenset({
    ".git", ".jj", ".hg", ".svn", "node_modules", "bower_components", "__pycache__", "site-packages", ".venv", "venv",
    ".tox", ".nox", ".direnv", ".cache", ".npm", ".yarn", ".pnpm-store", ".cargo", ".rustup", ".gradle", ".m2",
    ".nuget", ".terraform", ".Trash", "Trash", "lost+found",
})  # fmt: skip
_CACHES = frozenset({"CACHEDIR.TAG", "pyvenv.cfg", "conda-meta"})
"""What marks a directory as a cache or a virtual environment, whatever it is called."""
_BARE = frozenset({"HEAD", "objects", "refs"})


@dataclass
class FoundRepositories:
    """What a walk found: `checkouts` have a `.git` or `.jj`.

    `named` are directories by a name that was asked for, in the composed Unicode form; `inside` is what each of these
    has in it, as `folded` writes it.
    """

    checkouts: list[str] = field(default_factory=list)
    named: dict[str, list[str]] = field(default_factory=dict)
    inside: dict[str, frozenset[str]] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    looked_at: int = 0


def find_repositories(tops: Iterable[str], depth: int, names: Collection[str]) -> FoundRepositories:
    """Look at every directory up to `depth` levels below each of `tops`."""
    with doing("Searching", unit="directories") as advance:
        return _find(tops, depth, names, advance)


def _find(tops: Iterable[str], depth: int, names: Collection[str], advance: Callable[[int], None]) -> FoundRepositories:
    found = FoundRepositories()
    seen: set[str] = set()
    for top in tops:
        real = os.path.realpath(top)
        device = os.stat(real).st_dev
        waiting = deque([(real, 0)])
        while waiting:
            here, level = waiting.popleft()
            if here in seen:
                continue
            seen.add(here)
            below = _scan(here, device, names, found)
            if level < depth:
                waiting.extend((directory, level + 1) for directory in below)
            advance(1)
    found.looked_at = len(seen)
    return found


def _scan(here: str, device: int, names: Collection[str], found: FoundRepositories) -> list[str]:
    """Note in `found` what a directory is, and return the directories in it that are to be scanned."""
    try:
        with os.scandir(here) as listing:
            entries = list(listing)
    except OSError:
        found.unreadable.append(here)
        return []
    inside = {entry.name for entry in entries}
    if inside & _CACHES or inside >= _BARE:
        return []
    if not inside.isdisjoint({".git", ".jj"}):
        found.checkouts.append(here)
    if (name := composed(os.path.basename(here))) in names:
        found.named.setdefault(name, []).append(here)
        found.inside[here] = frozenset(map(folded, inside))
    return sorted(entry.path for entry in entries if entry.name not in _SKIPPED and _can_be_entered(entry, device))


def folded(name: str) -> str:
    """Return a name in the form in which two names are equal if a disk may take them for one."""
    return composed(name).casefold()


def _can_be_entered(entry: os.DirEntry[str], device: int) -> bool:
    """Tell whether an entry is a directory on the same filesystem, and no link to one."""
    try:
        return entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_dev == device
    except OSError:
        return False
