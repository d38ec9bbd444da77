"""Links between a repository and its linked worktrees that a move breaks: git's part, so it is only said."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from migrator.model import FolderState, PlanWarning
from migrator.places import links
from migrator.planning.relocation.resolvers import project_kept_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from migrator.planning.relocation.destination import Relocation


def worktree_repairs(tops: Iterable[str], relocation: Relocation) -> list[PlanWarning]:
    """Return what to run for the checkouts that will be at `tops`, a warning for each repository."""
    wanted: dict[str, set[str]] = {}
    for top in tops:
        for repository, worktree in _broken(top, relocation):
            wanted.setdefault(repository, set()).add(worktree)
    will_move = relocation.said.whereabouts is FolderState.WILL_MOVE
    breaks, when = ("break", "once it has moved") if will_move else ("broke", "now")
    return [
        PlanWarning(
            "worktree-repair",
            f"The links between {repository} and its linked worktrees {breaks} with the move. That is git's part, "
            f"{when}: "
            f"{shlex.join(['git', '-C', repository, 'worktree', 'repair', *sorted(worktrees)])}",
        )
        for repository, worktrees in sorted(wanted.items())
    ]


def _broken(top: str, relocation: Relocation) -> Iterator[tuple[str, str]]:
    """Yield (repository, linked worktree) for links of this checkout that don't hold, as paths after the move."""
    find = _will_break if relocation.said.whereabouts is FolderState.WILL_MOVE else _is_broken
    today = relocation.resolver.today(top)
    if link := links.read_gitdir(today):
        yield from find(link, relocation)
    for link in links.linked_worktree(today):
        yield from find(link, relocation)


def _will_break(link: links.GitLink, relocation: Relocation) -> Iterator[tuple[str, str]]:
    """Both links of a worktree hold full paths, unless git was told otherwise."""
    folders = relocation.folders
    if not os.path.lexists(f"{link.worktree}/.git"):
        return
    after = links.GitLink(
        folders.mapped(link.worktree) or link.worktree,
        folders.mapped(link.administration) or link.administration,
    )
    together = os.path.relpath(*after) == os.path.relpath(*link)
    if after != link and not (together and links.is_relative(f"{link.worktree}/.git")):
        yield after.repository, after.worktree


def _is_broken(link: links.GitLink, relocation: Relocation) -> Iterator[tuple[str, str]]:
    folders = relocation.folders
    worktree = folders.mapped(link.worktree) or link.worktree
    there = links.read_gitdir(worktree)
    if there is None:
        return
    administration = there.administration
    if not os.path.isdir(administration):
        administration = project_kept_for(worktree, administration, folders)
    record = links.read_backlink(administration)
    if record is not None and (there.administration, record.worktree) != (administration, worktree):
        yield links.GitLink(worktree, administration).repository, worktree
