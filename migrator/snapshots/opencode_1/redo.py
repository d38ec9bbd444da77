"""Find the files outside a session's directory that a redo in opencode 1 would overwrite.

A redo writes the whole tree that opencode took before the undo over the worktree. If the session is in a sub-directory,
that tree is up to date below it only, since opencode looks for changes nowhere else (1.18.34). What has changed outside
since is lost.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from migrator.disk.readable import why_unreadable
from migrator.progress import counted
from migrator.snapshots.git.run import GitFailed
from migrator.snapshots.git.trees import SUBMODULE, Trees, complete_trees
from migrator.snapshots.repositories.compare import same_as_snapshot
from migrator.store.turns import redo_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.snapshots.contract import Opencode


def overwritten_by_redo_of_1(opencode: Opencode, sessions: Iterable[str]) -> dict[str, list[str]]:
    """Map each session in which a redo would overwrite files outside its directory to their full paths, sorted.

    Only a session that is undone now can be redone. Nothing is written, and where git can't tell, nothing is reported.
    """
    found = {}
    bound = opencode.store.bindings(sessions, 1)
    for id_, (binding, marker) in counted(bound.items(), "Looking at what a redo would overwrite", "sessions"):
        if not (tree := redo_snapshot(marker)):
            continue
        target = opencode.target(binding, marker)
        place, git_dir = target.place, target.repository
        if place is None or git_dir is None or place.directory == place.worktree:
            continue
        with suppress(GitFailed):
            if files := _changed_outside(git_dir, place.worktree, f"{place.path}/", tree):
                found[id_] = files
    return found


def _changed_outside(git_dir: str, worktree: str, inside: str, tree: str) -> list[str]:
    if tree not in complete_trees(git_dir, [tree]):  # opencode then writes nothing
        return []
    with Trees(git_dir) as trees:
        # Git writes no file for a submodule, and names with these letters can't be passed to it.
        outside = {
            (tree, path)
            for path, entry in trees.files(tree)
            if not path.startswith(inside) and entry.mode != SUBMODULE and not {'"', "\n", "\r"} & {*path}
        }
        # What may not be read can be overwritten all the same: that takes a directory that may be written.
        readable = {(tree, path) for tree, path in outside if why_unreadable([f"{worktree}/{path}"]) is None}
        same = same_as_snapshot(trees, git_dir, worktree, readable)
    return sorted(f"{worktree.rstrip('/')}/{path}" for _, path in outside - same)
