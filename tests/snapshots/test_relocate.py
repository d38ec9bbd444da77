"""A folder that moves takes its file undo along, and leaves that of other worktrees working."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

import pytest

from migrator.arguments import RelocateRequest, WriteRequest
from migrator.errors import MigratorError
from migrator.model import FolderState
from migrator.operations.apply import apply_plan
from migrator.operations.context import CommandContext
from migrator.operations.relocate import plan_relocate
from migrator.snapshots.git.alternates import read_alternates, worktree_of
from tests.support.git import git
from tests.support.undo_world import Saved, State, Talk, World, changes, linked, state, write
from tests.support.unprivileged import without_root_powers

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.long

GROUNDS = [FolderState.MOVED, FolderState.WILL_MOVE]


class Ground(NamedTuple):
    """A repository with a session that changed `a`, and a linked worktree with one that changed `b`."""

    world: World
    old: Path
    new: Path
    talk: Talk
    beside: Path
    neighbour: Talk

    def follow(self, whereabouts: FolderState) -> None:
        """Move the folder and relocate, in the one order or the other, and let git mend its links."""
        if whereabouts is FolderState.MOVED:
            self.old.rename(self.new)
        self.world.relocate(self.old, self.new, whereabouts)
        if whereabouts is FolderState.WILL_MOVE:
            self.old.rename(self.new)
        git(self.new, "worktree", "repair", str(self.beside))

    def undone(self, talk: Talk, top: Path) -> dict[str, tuple[str, bytes] | None]:
        """What an undo of all of a session's turns changes below `top`."""
        before, undo = state(top), self.world.undo(talk)
        undo.revert(undo.messages()[0])
        return changes(before, state(top))


@pytest.fixture
def ground(world: World) -> Ground:
    source = world.repository(a="a\n", b="b\n", d__deep="deep\n")
    beside = linked(source, "beside")
    talk, neighbour = world.session(source), world.session(beside)
    world.turn(talk, write, source / "a", "a changed\n")
    world.turn(neighbour, write, beside / "b", "b changed\n")
    return Ground(world, source, source.with_name("new"), talk, beside, neighbour)


def names(ground: Ground, talk: Talk) -> list[str]:
    return [file for part in ground.world.patches(talk) for file in part["files"]]


@pytest.mark.parametrize("whereabouts", GROUNDS)
def test_its_undo_works_in_the_new_place(ground: Ground, whereabouts: FolderState) -> None:
    ground.follow(whereabouts)
    assert names(ground, ground.talk) == [str(ground.new / "a")]
    assert ground.undone(ground.talk, ground.new) == {"a": ("file", b"a\n")}


@pytest.mark.parametrize("whereabouts", GROUNDS)
def test_the_undo_of_a_worktree_that_borrows_from_it_goes_on_working(ground: Ground, whereabouts: FolderState) -> None:
    ground.follow(whereabouts)
    assert ground.undone(ground.neighbour, ground.beside) == {"b": ("file", b"b\n")}
    later = ground.world.turn(ground.neighbour, write, ground.beside / "d/deep", "changed after the move\n")
    ground.world.undo(ground.neighbour).revert(later)
    assert (ground.beside / "d/deep").read_text() == "deep\n"


def test_control_without_relocate_the_undo_beside_it_deletes(ground: Ground) -> None:
    ground.old.rename(ground.new)
    git(ground.new, "worktree", "repair", str(ground.beside))
    shutil.rmtree(ground.world.snapshots(ground.beside).git_dir / "objects/pack", ignore_errors=True)
    assert ground.undone(ground.neighbour, ground.beside) == {"b": None}


@pytest.mark.parametrize("whereabouts", GROUNDS)
def test_it_is_taken_back_with_the_folder(ground: Ground, whereabouts: FolderState) -> None:
    before = ground.world.home.everything()
    moved_first = whereabouts is FolderState.MOVED
    if moved_first:
        ground.old.rename(ground.new)
    run = ground.world.relocate(ground.old, ground.new, whereabouts)
    ground.world.take_back(run)
    if moved_first:
        ground.new.rename(ground.old)
    assert ground.world.home.everything() == before
    assert ground.undone(ground.talk, ground.old) == {"a": ("file", b"a\n")}
    assert ground.undone(ground.neighbour, ground.beside) == {"b": ("file", b"b\n")}


def test_the_new_repository_is_for_the_new_place_before_that_is_there(ground: Ground) -> None:
    ground.world.relocate(ground.old, ground.new, FolderState.WILL_MOVE)
    (own,) = (
        path.parent
        for path in ground.world.data.glob("snapshot/*/*/config")
        if worktree_of(str(path.parent)) == str(ground.new)
    )
    assert read_alternates(f"{own}/objects") == [f"{ground.new}/.git/objects"]
    ground.old.rename(ground.new)
    assert ground.world.git_dir(ground.new) == own


def test_before_the_move_every_turn_goes_along_whatever_has_changed_since(ground: Ground) -> None:
    """It is the same directory; after the move, the last snapshot is all that tells how it was."""
    write(ground.old / "a", "changed by hand since\n")
    at_first = Saved(ground.world)
    ground.follow(FolderState.WILL_MOVE)
    assert names(ground, ground.talk) == [str(ground.new / "a")]
    at_first.restore()
    ground.follow(FolderState.MOVED)
    assert names(ground, ground.talk) == []


def test_what_opencode_makes_in_the_old_place_is_no_obstacle(ground: Ground) -> None:
    """Its desktop app makes a directory that is gone anew, with a .opencode in it."""
    ground.old.rename(ground.new)
    (ground.old / ".opencode").mkdir(parents=True)
    ground.world.relocate(ground.old, ground.new)
    assert names(ground, ground.talk) == [str(ground.new / "a")]


def test_two_worktrees_that_changed_places(ground: Ground) -> None:
    """Each place has the other's files now: what is there says nothing of how it was."""
    world, old, beside = ground.world, ground.old, ground.beside
    third = linked(old, "third")
    talk = world.session(third)
    world.turn(talk, write, third / "a", "a in the third\n")
    beside.rename(old.with_name("x"))
    third.rename(beside)
    old.with_name("x").rename(third)
    git(old, "worktree", "repair", str(beside), str(third))
    swapped(world, beside, third)
    before = state(beside), state(third)
    assert ground.undone(talk, beside) == {"a": ("file", b"a\n")}
    assert ground.undone(ground.neighbour, third) == {"b": ("file", b"b\n")}
    assert before[0]["a"] == ("file", b"a in the third\n")


def swapped(world: World, one: Path, other: Path) -> None:
    with CommandContext(world.database) as context:
        plan = plan_relocate(context, RelocateRequest((f"{one}={other}", f"{other}={one}")))
    apply_plan(plan, world.database, WriteRequest())


def test_a_linked_worktree_that_lost_its_repository_says_how_to_keep_its_undo(ground: Ground) -> None:
    """The folder of both moved; git can't tell in it before its own part is done, and what is detached is lost."""
    repos = ground.old.parent
    new = repos.with_name("elsewhere")
    repos.rename(new)
    saved = Saved(ground.world)
    ground.world.relocate(repos, new, undo_files="detach")
    assert names(ground, ground.neighbour) == []
    saved.restore()
    for policy in ("auto", "carry"):
        with pytest.raises(MigratorError, match=rf"run `git worktree repair {new}/beside` in its repository"):
            ground.world.relocate(repos, new, undo_files=policy)
    git(new / "source", "worktree", "repair", str(new / "beside"))
    ground.world.relocate(repos, new)
    assert names(ground, ground.talk) == [str(new / "source/a")]
    assert names(ground, ground.neighbour) == [str(new / "beside/b")]


def test_a_session_whose_own_directory_is_gone_follows_with_its_undo(ground: Ground) -> None:
    talk = ground.world.session(ground.old / "d")
    ground.world.turn(talk, write, ground.old / "d/deep", "changed\n")
    shutil.rmtree(ground.old / "d")
    ground.world.turn(ground.talk, write, ground.old / "a", "again\n")
    ground.old.rename(ground.new)
    (ground.new / "d").mkdir()
    write(ground.new / "d/deep", "changed\n")
    shutil.move(ground.new / "d", ground.new / "e")
    ground.world.relocate(ground.old, ground.new)
    assert names(ground, talk) == []  # it is not as it was


def test_others_borrowing_is_announced_and_foreign_folders_change_nothing(ground: Ground) -> None:
    before = everyones_lenders(ground.world)
    with CommandContext(ground.world.database) as context:
        plan = plan_relocate(context, RelocateRequest((str(ground.old), str(ground.new)), state=FolderState.WILL_MOVE))
    (said,) = (warning.message for warning in plan.warnings if warning.code == "snapshots-borrow")
    assert said.startswith(f"opencode's snapshots of {ground.beside} use objects of the repository that moves")
    ground.world.relocate(ground.old, ground.new, FolderState.FOREIGN)
    assert everyones_lenders(ground.world) == before


def everyones_lenders(world: World) -> State:
    return {file: value for file, value in state(world.data / "snapshot").items() if file.endswith("alternates")}


def test_where_a_neighbour_cannot_be_told_nothing_is_moved(ground: Ground) -> None:
    info = ground.world.snapshots(ground.beside).git_dir / "objects/info"
    before = ground.world.home.everything()
    ground.old.rename(ground.new)
    alternates = (info / "alternates").read_bytes()
    info.chmod(0o555)
    with (
        without_root_powers(),
        pytest.raises(MigratorError, match=r"Can't update the alternates of .* nothing was moved"),
    ):
        ground.world.relocate(ground.old, ground.new)
    info.chmod(0o755)
    assert [path.name for path in info.iterdir()] == ["alternates"]
    assert (info / "alternates").read_bytes() == alternates
    assert ground.world.home.everything() == before
