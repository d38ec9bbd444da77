"""A run that carries file undo: killed it can be finished or taken back, and what goes wrong ends it before any row."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING, NamedTuple

import pytest

from migrator.snapshots.git.trees import complete_trees
from tests.snapshots.test_transfer_failures import damage
from tests.support.faults import Fault, run
from tests.support.git import commit, git
from tests.support.rows import query_journals, rows_without_times
from tests.support.undo_world import Saved, Talk, World, changes, linked, state, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.faults import Steps
    from tests.support.rows import Rows

pytestmark = pytest.mark.long


class CarriedMove(NamedTuple):
    """Two sessions, and the command that moves them, in a chunk each; one turn of three can't be carried."""

    world: World
    source: Path
    target: Path
    talks: list[Talk]
    move: tuple[str | Path, ...]

    @property
    def rows(self) -> Rows:
        return rows_without_times(self.world.home)

    @property
    def files(self) -> list[list[str]]:
        return [[file for part in self.world.patches(talk) for file in part["files"]] for talk in self.talks]

    @property
    def trees(self) -> set[str]:
        """The trees of the turns that are carried."""
        return {part["hash"] for talk in self.talks for part in self.world.patches(talk) if part["files"]}

    @property
    def git_dir(self) -> Path:
        return self.world.snapshots(self.target).git_dir


@pytest.fixture
def carried(world: World) -> CarriedMove:
    source = world.repository(a="a\n", b="b\n", c="c\n")
    talks = [world.session(source), world.session(source)]
    for talk, name in ((talks[0], "a"), (talks[0], "b"), (talks[1], "c")):
        world.turn(talk, write, source / name, f"{name} changed\n")
    commit(source)
    target = linked(source)
    write(target / "b", "another branch's\n")
    plan = world.path / "plan.json"
    made = run(world.home, "plan", "--from-dir", source, "--to-dir", target, "-o", plan)
    assert made.code == 0, made.stderr
    return CarriedMove(world, source, target, talks, ("apply", plan, "--yes", "--chunk-size", "1"))


def test_killed_at_any_step_it_is_finished_or_taken_back(carried: CarriedMove, steps: Steps) -> None:
    world, before, pristine = carried.world, carried.rows, Saved(carried.world)
    assert run(world.home, *carried.move).code == 0
    after = carried.rows
    assert carried.files == [[str(carried.target / "a")], [str(carried.target / "c")]]
    for step in steps():
        pristine.restore()
        killed = run(world.home, *carried.move, fault=Fault("kill", step))
        if killed.code == 0:
            break
        assert killed.code == -signal.SIGKILL
        at = killed.stderr.splitlines()[-1]
        if ("running",) not in query_journals(world.home, "SELECT status FROM run"):
            assert carried.rows in (before, after), at
            continue
        left = Saved(world)
        done = run(world.home, "resume", "--yes")
        assert done.code == 0, (at, done.stderr)
        assert carried.rows == after, at
        assert complete_trees(str(carried.git_dir), carried.trees) == carried.trees, at
        left.restore()
        assert run(world.home, "undo", "--yes").code == 0, at
        assert carried.rows == before, at
    assert step > 20


def test_the_plan_says_what_becomes_of_the_turns_and_why(carried: CarriedMove) -> None:
    words = ("move", "--from-dir", carried.source, "--to-dir", carried.target, "--dry-run")
    said = run(carried.world.home, *words).stdout
    assert "file undo: carried 2 turns of 2 sessions; detached 1 turn of 1 session\n" in said
    assert f"because files of a turn differ between {carried.source} and {carried.target}" in " ".join(said.split())
    plan = run(carried.world.home, *words, "--json").json
    assert [(change["undo_turns"]["carried"], change["undo_turns"]["detached"]) for change in plan["changes"]] == [
        (1, 1),
        (1, 0),
    ]
    assert (plan["summary"]["turns_carried"], plan["summary"]["turns_detached"]) == (2, 1)


def test_a_run_says_what_it_could_not_carry_though_its_saved_plan_would_have(carried: CarriedMove) -> None:
    write(carried.target / "c", "changed since the plan was saved\n")
    done = run(carried.world.home, *carried.move)
    assert done.code == 0
    assert f"1 turn of {carried.talks[1].id} was detached, not carried: files of a turn differ" in " ".join(
        (done.stdout + done.stderr).split()
    )
    assert carried.files == [[str(carried.target / "a")], []]


def test_an_undo_takes_the_rows_back_and_leaves_the_objects(carried: CarriedMove) -> None:
    world, before = carried.world, carried.rows
    files = state(carried.source), state(carried.target)
    assert run(world.home, *carried.move).code == 0
    trees = carried.trees
    assert run(world.home, "undo", "--yes").code == 0
    assert carried.rows == before
    assert (state(carried.source), state(carried.target)) == files
    assert complete_trees(str(carried.git_dir), trees) == trees
    undo = world.undo(carried.talks[0])
    undo.revert(undo.messages()[0])
    assert changes(files[0], state(carried.source)) == {"a": ("file", b"a\n"), "b": ("file", b"b\n")}
    assert state(carried.target) == files[1]


def test_an_undo_of_the_undo_carries_again(carried: CarriedMove) -> None:
    world = carried.world
    assert run(world.home, *carried.move).code == 0
    after = carried.rows
    assert run(world.home, "undo", "--yes").code == 0
    ((undoing,),) = query_journals(world.home, "SELECT id FROM run WHERE undoes IS NOT NULL")
    assert run(world.home, "undo", undoing, "--yes").code == 0
    assert carried.rows == after


def test_turns_made_in_the_target_are_detached_on_the_way_back(carried: CarriedMove) -> None:
    world, talk = carried.world, Talk(carried.talks[1].id, carried.target)
    assert run(world.home, *carried.move).code == 0
    world.turn(talk, write, carried.target / "later", "made in the target\n")
    assert run(world.home, "undo", "--yes").code == 0
    assert carried.files[1] == [str(carried.source / "c")]
    before = state(carried.source), state(carried.target)
    undo = world.undo(talk)
    undo.revert(undo.messages()[-1])
    assert (state(carried.source), state(carried.target)) == before


def damaged(carried: CarriedMove) -> None:
    """A file of a turn, in its snapshot and where it was committed."""
    name = git(carried.source, "rev-parse", "HEAD:a")
    for objects in (carried.source / ".git/objects", carried.world.snapshots(carried.source).git_dir / "objects"):
        damage(objects / name[:2] / name[2:])


def unwritable(carried: CarriedMove) -> None:
    carried.world.snapshots(carried.target).track()
    shutil.rmtree(carried.git_dir / "objects/pack")
    (carried.git_dir / "objects/pack").write_text("a file where a directory should be\n")


@pytest.mark.parametrize("harm", [damaged, unwritable])
def test_what_cannot_be_carried_ends_the_run_before_any_row_is_written(carried: CarriedMove, harm: object) -> None:
    (damaged if harm is damaged else unwritable)(carried)
    before = carried.rows
    done = run(carried.world.home, *carried.move)
    assert done.code == 1
    (said,) = [line for line in done.stderr.splitlines() if "can't be carried" in line]
    assert said.endswith("--undo-files detach.")
    assert carried.rows == before
    assert not list((carried.world.home.state / "runs").glob("*.db"))
    detached = ("move", "--from-dir", carried.source, "--to-dir", carried.target, "--undo-files", "detach", "--yes")
    assert run(carried.world.home, *detached).code == 0
    assert carried.files == [[], []]


def test_an_interrupt_while_objects_are_carried_leaves_every_row(carried: CarriedMove) -> None:
    before = carried.rows
    for point in ("before carry", "after carry"):
        done = run(carried.world.home, *carried.move, fault=Fault("interrupt", 1, point))
        assert done.code == 130, done.stderr
        assert carried.rows == before
