"""opencode names the files of an undo to git as pathspecs, in which some letters make a pattern (1.18.34).

`checkout TREE -- /w/app/[id]/page.tsx` checks out app/i/page.tsx as well. In the worktree that a turn was made in that
is as it ever was; elsewhere it would act on a file that nobody compared.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from migrator.snapshots.trees import DIRECTORY

if TYPE_CHECKING:
    from migrator.snapshots.trees import Trees

_PATTERN = re.compile(r"[*?\[]")
# A set of letters, which stands for one of them, and so does a range. What ends elsewhere than it seems is left out:
# a bracket that comes first is one of the letters, and there are classes, as in [[:alpha:]].
_SET = re.compile(r"\[(?![!^\]])[^\]/:\\]+\]")


def names_others(trees: Trees, tree: str, path: str) -> bool:
    """Tell whether `path`, taken as a pathspec, could match another file of a tree than the one of that name."""
    if not _PATTERN.search(path):
        return False
    if _PATTERN.search(_SET.sub("", path)):
        return True
    here, literal = [tree], [True]
    *above, last = path.split("/")
    for name in above:
        found = [
            (entry.hash, whether and below == name)
            for directory, whether in zip(here, literal, strict=True)
            for below, entry in (trees.entries(directory) or {}).items()
            if entry.mode == DIRECTORY and _matches(name, below)
        ]
        here, literal = [hash_ for hash_, _ in found], [whether for _, whether in found]
    return any(
        _matches(last, below) and not (whether and below == last)
        for directory, whether in zip(here, literal, strict=True)
        for below in trees.entries(directory) or {}
    )


def _matches(name: str, other: str) -> bool:
    """Tell whether a component of the pathspec matches this name, or is it."""
    if name == other:
        return True
    pattern = ".".join(map(re.escape, _SET.split(name)))
    return re.fullmatch(pattern, other, re.DOTALL | re.IGNORECASE) is not None
