"""Which project ids a repository may have had: what is left in it of another origin, of a history before this one."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from migrator.places import git, git_worktrees, origin
from migrator.places.small_files import read_small
from migrator.text import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MOST_BYTES = 1024 * 1024
_TRACES = {"logs/HEAD": r"\tclone: from (.+)", "FETCH_HEAD": r" of ([^ \n]+)$"}
"""Where git notes the addresses that it cloned and fetched from."""


def ids_by_address(top: str, addresses: Iterable[str] | None = None) -> Mapping[str, str]:
    """Map each project id that the repository at `top` may have had by its origin to what shows it, in words.

    A clone shows the same as the repository that it was cloned from. `addresses` are those of its remotes; without
    them, git is asked.
    """
    every = {*(_remotes(top) if addresses is None else addresses), *_traces(top)}
    found = {origin.project_id(url): f"its origin was {origin.host_and_path(url)}" for url in sorted(every)}
    return {id_: words for id_, words in found.items() if id_}


def has_commit(top: str, project_id: str) -> bool:
    """Tell whether a project id is a commit that a repository has, of a history before this one too."""
    return bool(_COMMIT.fullmatch(project_id)) and _prints(top, "cat-file", "-t", project_id).strip() == "commit"


def _remotes(top: str) -> list[str]:
    """Return the addresses that a repository has under any name."""
    lines = lines_of(_prints(top, "config", "--get-regexp", r"^remote\..*\.url$"))
    return [line.partition(" ")[2] for line in lines if line]


def _traces(top: str) -> Iterator[str]:
    """Yield the addresses that a repository was cloned or fetched from."""
    link = git_worktrees.worktree_link(top)
    for name, pattern in _TRACES.items() if link else ():
        data = read_small(os.path.join(link.common if link else top, name), _MOST_BYTES)
        yield from re.findall(pattern, os.fsdecode(data or b""), re.MULTILINE)


def _prints(top: str, *words: str) -> str:
    """Return what git prints, "" if it fails."""
    failed, printed, _ = git.run(top, *words)
    return "" if failed else printed
