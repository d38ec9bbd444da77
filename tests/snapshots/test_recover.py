"""`protect` brings snapshots that are somewhere else to where opencode looks, and detaches what can't be mended."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

import pytest

from migrator.arguments import ProtectRequest, WriteRequest
from migrator.errors import MigratorError
from migrator.operations.apply import apply_plan
from migrator.operations.context import CommandContext
from migrator.operations.protect import plan_protect
from tests.snapshots.test_transfer_failures import damage
from tests.support.faults import run
from tests.support.git import commit, git
from tests.support.rows import add_project
from tests.support.undo_world import Talk, World, changes, linked, state, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from migrator.choices import FileUndoPolicy
    from migrator.model import Plan

pytestmark = pytest.mark.long


class Drifted(NamedTuple):
    """A session with three turns in a repository that got an origin since; opencode gave it the new project id."""

    world: World
    source: Path
    talk: Talk
    old: Path

    def plan(self, undo_files: FileUndoPolicy = "auto") -> Plan:
        with CommandContext(self.world.database) as context:
            return plan_protect(context, ProtectRequest(undo_files=undo_files))

    def protect(self) -> None:
        apply_plan(self.plan(), self.world.database, WriteRequest())

    def undone(self) -> dict[str, tuple[str, bytes] | None]:
        """What an undo of everything changes."""
        before, undo = state(self.source), self.world.undo(self.talk)
        undo.revert(undo.messages()[0])
        return changes(before, state(self.source))


ALL_BACK = {"a": ("file", b"a\n"), "d/b": ("file", b"b\n"), "made": None}


@pytest.fixture
def drifted(world: World) -> Drifted:
    source = world.repository(a="a\n", d__b="b\n")
    write(source / "not committed", "x\n")  # the first tree is none of the repository's own
    talk = world.session(source)
    for name in ("a", "d/b", "made"):
        world.turn(talk, write, source / name, f"{name} changed\n")
    old = world.snapshots(source).git_dir
    git(source, "remote", "add", "origin", "https://example.com/acme/drift.git")
    rekey(world, source, talk)
    return Drifted(world, source, talk, old)


def rekey(world: World, directory: Path, talk: Talk) -> None:
    """As opencode does when it is opened there."""
    place = world.place(directory)
    add_project(world.home, place.project_id, place.worktree)
    world.run("UPDATE session SET project_id = ?, path = ? WHERE id = ?", place.project_id, place.path, talk.id)


def test_control_opencode_would_delete_the_files(drifted: Drifted) -> None:
    assert drifted.undone() == {"a": None, "d/b": None, "made": None}


@pytest.mark.parametrize("opened", [False, True])
def test_an_undo_restores_again_and_no_row_changes(drifted: Drifted, opened: bool) -> None:
    world = drifted.world
    if opened:
        world.snapshots(drifted.source).track()
    before, files = world.home.everything(), state(drifted.source)
    (change,) = drifted.plan().changes
    assert change.turns[:2] == (3, 0)
    assert change.turns.mended == 3
    drifted.protect()
    assert world.home.everything() == before
    assert state(drifted.source) == files
    assert drifted.undone() == ALL_BACK
    world.undo(drifted.talk).unrevert()
    assert state(drifted.source) == files
    assert drifted.plan().changes == ()


def test_the_old_snapshots_are_needed_no_more(drifted: Drifted) -> None:
    drifted.protect()
    shutil.rmtree(drifted.old)
    git(drifted.world.snapshots(drifted.source).git_dir, "gc", "--quiet", "--prune=now")
    assert drifted.undone() == ALL_BACK


def test_a_turn_whose_snapshot_is_gone_is_detached_and_the_others_mended(drifted: Drifted) -> None:
    world = drifted.world
    tree = world.patches(drifted.talk)[1]["hash"]
    (drifted.old / "objects" / tree[:2] / tree[2:]).unlink()
    plan = drifted.plan()
    assert plan.changes[0].turns[:2] == (2, 1)
    said = [warning.message.endswith("brought to where opencode looks.") for warning in plan.warnings]
    assert said == [True, False, True]
    with pytest.raises(
        MigratorError, match="can't be mended completely: opencode looks for its snapshot under another"
    ):
        drifted.plan("carry")
    drifted.protect()
    assert [bool(part["files"]) for part in world.patches(drifted.talk)] == [True, False, True]
    assert drifted.undone() == {"a": ("file", b"a\n"), "made": None}


def test_detach_mends_nothing(drifted: Drifted) -> None:
    apply_plan(drifted.plan("detach"), drifted.world.database, WriteRequest())
    assert [part["files"] for part in drifted.world.patches(drifted.talk)] == [[], [], []]
    assert drifted.undone() == {}


def test_turns_made_since_keep_what_they_have(drifted: Drifted) -> None:
    later = drifted.world.turn(drifted.talk, write, drifted.source / "later", "later\n")
    drifted.protect()
    drifted.world.undo(drifted.talk).revert(later)
    assert not (drifted.source / "later").exists()
    assert drifted.undone() == ALL_BACK


def old_layout(drifted: Drifted) -> None:
    """Before opencode 1.14 there was one repository for all worktrees of a project."""
    project = drifted.old.parent
    drifted.old.rename(project.with_name("kept"))
    shutil.rmtree(project)
    project.with_name("kept").rename(project)


def old_layout_of_the_same_project(drifted: Drifted) -> None:
    git(drifted.source, "remote", "remove", "origin")
    rekey(drifted.world, drifted.source, drifted.talk)
    old_layout(drifted)


@pytest.mark.parametrize("since", [old_layout, old_layout_of_the_same_project])
def test_snapshots_of_before_opencode_1_14_are_found(drifted: Drifted, since: Callable[[Drifted], None]) -> None:
    since(drifted)
    drifted.protect()
    assert drifted.undone() == ALL_BACK


def test_rescue_brings_home_a_session_that_opencode_has_not_rekeyed_with_its_undo(drifted: Drifted) -> None:
    world, source = drifted.world, drifted.source
    (root,) = git(source, "rev-list", "--max-parents=0", "HEAD").split()
    world.run("UPDATE session SET project_id = ? WHERE id = ?", root, drifted.talk.id)
    assert run(world.home, "rescue", "--yes").code == 0
    ((project,),) = world.rows("SELECT project_id FROM session WHERE id = ?", drifted.talk.id)
    assert project == world.place(source).project_id != root
    assert drifted.undone() == ALL_BACK


@pytest.mark.parametrize("since", [None, old_layout, old_layout_of_the_same_project])
@pytest.mark.parametrize("opened", [False, True])
def test_a_move_takes_along_what_opencode_does_not_find_any_more(
    drifted: Drifted, since: Callable[[Drifted], None] | None, opened: bool
) -> None:
    if since:
        since(drifted)
    later = drifted.world.turn(drifted.talk, write, drifted.source / "later", "later\n") if opened else None
    commit(drifted.source)
    target = linked(drifted.source)
    files = state(drifted.source)
    drifted.world.move(drifted.source, target, "carry")
    there = drifted._replace(source=target)
    if later:
        drifted.world.undo(drifted.talk).revert(later)
        assert not (target / "later").exists()
    assert there.undone() == ALL_BACK
    assert state(drifted.source) == files


def test_a_move_within_the_worktree_takes_them_along(drifted: Drifted) -> None:
    later = drifted.world.turn(drifted.talk, write, drifted.source / "later", "later\n")
    drifted.world.move(drifted.source, drifted.source / "d", "carry")
    shutil.rmtree(drifted.old)
    drifted.world.undo(drifted.talk).revert(later)
    assert not (drifted.source / "later").exists()
    assert drifted.undone() == ALL_BACK


def test_another_repository_that_came_to_the_same_place_gets_none_of_the_old_files(drifted: Drifted) -> None:
    """Its rows say that it is the new project's, and nothing says that this is the old one under a new id."""
    world, source = drifted.world, drifted.source
    shutil.rmtree(source)
    other = world.repository("source", a="of another repository\n", d__b="b\n", other="x\n")
    git(other, "remote", "add", "origin", "https://example.com/acme/drift.git")
    assert other == source
    before = state(source)
    drifted.protect()
    assert drifted.undone() == {}
    assert state(source) == before


def test_an_id_that_nobody_knows_counts_where_the_files_are_as_they_were_left(drifted: Drifted) -> None:
    """The origin was another before: the old id can't be told to be of this repository, but the files can."""
    drifted.old.parent.rename(drifted.old.parent.with_name("0" * 40))
    write(drifted.source / "a", "changed by hand since\n")
    drifted.protect()
    assert [bool(part["files"]) for part in drifted.world.patches(drifted.talk)] == [False, True, True]
    assert drifted.undone() == {"d/b": ("file", b"b\n"), "made": None}


def test_a_repository_that_had_no_commit_when_the_turns_were_made(world: World) -> None:
    source = world.repos / "empty"
    source.mkdir()
    git(source, "init", "-q")
    write(source / "a", "a\n")
    write(source / "b", "b\n")
    talk = world.session(source)
    world.turn(talk, write, source / "a", "changed\n")
    commit(source)
    rekey(world, source, talk)
    drifted = Drifted(world, source, talk, source)
    drifted.protect()
    assert drifted.undone() == {"a": ("file", b"a\n")}


def test_a_damaged_object_ends_the_run_before_any_row_is_written(drifted: Drifted) -> None:
    before = drifted.world.home.everything()
    name = git(drifted.source, "rev-parse", "HEAD:a")
    for objects in (drifted.old / "objects", drifted.source / ".git/objects"):
        if (objects / name[:2] / name[2:]).exists():
            damage(objects / name[:2] / name[2:])
    with pytest.raises(MigratorError, match=r"can't be carried .* --undo-files detach"):
        drifted.protect()
    assert drifted.world.home.everything() == before
