"""opencode names the files of an undo to git as pathspecs, in which some letters make a pattern (1.18.34).

`checkout TREE -- /w/app/[id]/page.tsx` checks out app/i/page.tsx as well. In the worktree that a turn was made in, that
has always been so; in another one it would act on a file that nobody compared.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from migrator.snapshots.git.trees import DIRECTORY

if TYPE_CHECKING:
    from migrator.snapshots.git.trees import Trees

_PATTERN = re.compile(r"[*?\[]")
# A set or range of letters, which matches one of them. Sets that end elsewhere than they seem to are left out: a
# bracket that comes first is one of the letters, and there are classes, as in [[:alpha:]].
_SET = re.compile(r"\[(?![!^\]])[^\]/:\\]+\]")


def matches_other_files(trees: Trees, tree: str, path: str) -> bool:
    """Tell whether `path`, taken as a pathspec, could match another file of a tree than the one of that name."""
    if not _PATTERN.search(path):
        return False
    if _PATTERN.search(_SET.sub("", path)):
        return True
    directories = [(tree, True)]  # those that match so far, and whether it is the path's own
    *above, last = path.split("/")
    for name in above:
        directories = [
            (entry.hash, is_own and below == name)
            for directory, is_own in directories
            for below, entry in (trees.entries(directory) or {}).items()
            if entry.mode == DIRECTORY and _matches(name, below)
        ]
    return any(
        _matches(last, below) and not (is_own and below == last)
        for directory, is_own in directories
        for below in trees.entries(directory) or {}
    )


def _matches(name: str, other: str) -> bool:
    """Tell whether a component of the pathspec matches this name, or is the same."""
    if name == other:
        return True
    pattern = ".".join(map(re.escape, _SET.split(name)))
    return re.fullmatch(pattern, other, re.DOTALL | re.IGNORECASE) is not None
