"""What a redo in opencode would overwrite that has nothing to do with the session.

A redo writes the whole tree over the worktree that opencode took before the undo. In a session of a sub-directory that
tree is up to date inside of it only: opencode looks for changes nowhere else (1.18.34). Whatever has changed outside
since is lost.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from migrator.snapshots.compare import same_as_snapshot
from migrator.snapshots.git import GitFailed
from migrator.snapshots.trees import SUBMODULE, Trees, whole
from migrator.snapshots.undo_target import UndoTargets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from migrator.places import Places
    from migrator.snapshots.trees import TreeFile
    from migrator.store.reader import Store


def overwritten_by_redo(store: Store, places: Places, sessions: Iterable[str]) -> dict[str, list[str]]:
    """Map those of these sessions to full paths, sorted, in which a redo would overwrite files outside their directory.

    Only sessions that are undone just now can be redone. Nothing is written, and what can't be told isn't named.
    """
    instances = UndoTargets(store, places)
    found = {}
    for id_, (binding, marker) in store.bindings(sessions).items():
        if not (tree := _tree(marker)):
            continue
        instance = instances.find(binding, redoable=True)
        place, git_dir = instance.place, instance.repository
        if place is None or git_dir is None or place.directory == place.worktree:
            continue
        try:
            if files := _changed(git_dir, place.worktree, f"{place.path}/", tree):
                found[id_] = files
        except GitFailed:
            continue
    return found


def _tree(marker: str | None) -> str | None:
    try:
        tree = json.loads(marker or "{}").get("snapshot")
    except (ValueError, AttributeError):
        return None
    return tree if isinstance(tree, str) else None


def _changed(git_dir: str, worktree: str, inside: str, tree: str) -> list[str]:
    if tree not in whole(git_dir, [tree]):  # opencode then writes nothing
        return []
    with Trees(git_dir) as trees:
        outside = {(tree, path) for path, _ in _written(trees.files(tree)) if not path.startswith(inside)}
        same = same_as_snapshot(trees, git_dir, worktree, outside)
    return sorted(f"{worktree.rstrip('/')}/{path}" for _, path in outside - same)


def _written(files: Iterable[tuple[str, TreeFile]]) -> Iterator[tuple[str, TreeFile]]:
    """Leave out what git writes no file for, and names that we couldn't ask git about."""
    return ((path, entry) for path, entry in files if entry.mode != SUBMODULE and not {'"', "\n", "\r"} & {*path})
