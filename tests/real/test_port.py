"""The port of opencode's undo, which the tests of the law rely on, does what the real one does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from migrator.places import Places, ProjectIdScheme
from tests.support.opencode.undo_lab import files
from tests.support.snapshot_port import Snapshots, Undo

if TYPE_CHECKING:
    from tests.support.opencode.undo_lab import Files, UndoLab

pytestmark = pytest.mark.long


def test_undo_and_redo_leave_the_same_files(undo_lab: UndoLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps of `undo_and_redo`, on the same turns, which the real one has made."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    place = Places(ProjectIdScheme.ORIGIN_FIRST).find(str(undo_lab.source))
    undo = Undo(undo_lab.opencode.database, undo_lab.session, Snapshots.at(undo_lab.opencode.data, place))
    seen: list[Files] = []
    for turn in reversed(undo.messages()):
        undo.revert(turn)
        seen.append(files(undo_lab.source))
    undo.unrevert()
    seen.append(files(undo_lab.source))
    for turn in undo.messages():
        undo.revert(turn)
        seen.append(files(undo_lab.source))
        undo.unrevert()
        seen.append(files(undo_lab.source))
    assert seen == undo_lab.expected[:-1]


def test_snapshots_and_patches_are_the_same(undo_lab: UndoLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tree of the worktree as it is now is the one that the real one took after the last turn."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    place = Places(ProjectIdScheme.ORIGIN_FIRST).find(str(undo_lab.source))
    snapshots = Snapshots.at(undo_lab.opencode.data, place)
    parts = [
        part
        for _, found in Undo(undo_lab.opencode.database, undo_lab.session, snapshots).everything()
        for part in found
    ]
    trees = [part["snapshot"] for part in parts if part["type"].startswith("step-")]
    assert snapshots.track() == trees[-1]
    every = {file for part in parts if part["type"] == "patch" for file in part["files"]}
    assert set(snapshots.patch(trees[0]).files) == every
