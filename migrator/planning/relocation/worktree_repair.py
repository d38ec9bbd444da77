"""Warnings about the links between a repository and its linked worktrees that a move breaks; git repairs them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from migrator.model import FolderState, PlanWarning
from migrator.places import git_worktrees
from migrator.planning.relocation.resolvers import moved_admin_dir
from migrator.text import shell_join

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from migrator.paths import FolderMap
    from migrator.planning.relocation.destination import Relocation


def worktree_repairs(tops: Iterable[str], relocation: Relocation) -> list[PlanWarning]:
    """Return what to run for the checkouts that will be at `tops`, one warning for each repository."""
    broken: dict[str, set[str]] = {}
    for top in tops:
        for repository, worktree in _broken_worktrees(top, relocation):
            broken.setdefault(repository, set()).add(worktree)
    will_move = relocation.moves.state is FolderState.WILL_MOVE
    breaks, when = ("break", "once it has moved, ") if will_move else ("broke", "")
    return [
        PlanWarning(
            "worktree-repair",
            f"The links between {repository} and its linked worktrees {breaks} with the move; {when}let git repair "
            f"them: `{shell_join(['git', '-C', repository, 'worktree', 'repair', *sorted(worktrees)])}`.",
        )
        for repository, worktrees in sorted(broken.items())
    ]


def _broken_worktrees(top: str, relocation: Relocation) -> Iterator[tuple[str, str]]:
    """Yield (repository, linked worktree), as paths after the move, for the broken links of one checkout."""
    will_move = relocation.moves.state is FolderState.WILL_MOVE
    broken_link = _link_that_will_break if will_move else _link_that_broke
    top = relocation.resolver.current_path(top)
    admins = git_worktrees.admin_dirs(f"{top}/.git")
    links = [
        (top, git_worktrees.admin_dir(top)),
        *((git_worktrees.recorded_worktree(admin), admin) for admin in admins),
    ]
    for worktree, admin in links:
        if worktree and admin and (link := broken_link(worktree, admin, relocation.folders)):
            yield _repository(link[1]), link[0]


def _link_that_will_break(worktree: str, admin: str, folders: FolderMap) -> tuple[str, str] | None:
    """Return worktree and record after the move if it breaks their link: by default, both hold absolute paths."""
    if not os.path.lexists(f"{worktree}/.git"):
        return None
    after = folders.new_path(worktree) or worktree, folders.new_path(admin) or admin
    together = os.path.relpath(*after) == os.path.relpath(worktree, admin)
    if after == (worktree, admin) or (together and git_worktrees.names_relative_path(worktree)):
        return None
    return after


def _link_that_broke(worktree: str, _admin: str, folders: FolderMap) -> tuple[str, str] | None:
    """Return worktree and record where they are now, if one of them has another path for the other."""
    worktree = folders.new_path(worktree) or worktree
    linked = git_worktrees.admin_dir(worktree)
    if linked is None:
        return None
    admin = linked if os.path.isdir(linked) else moved_admin_dir(worktree, linked, folders)
    recorded = git_worktrees.recorded_worktree(admin)
    return None if recorded is None or (linked, recorded) == (admin, worktree) else (worktree, admin)


def _repository(admin: str) -> str:
    """Return where git can be run for the whole repository: in its main worktree, or in itself if it is bare."""
    common = os.path.dirname(os.path.dirname(admin))
    return os.path.dirname(common) if os.path.basename(common) == ".git" else common
