"""A run that carries file undo: killed it can be finished or taken back, and what goes wrong ends it before any row."""

from __future__ import annotations

import shutil
import signal
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import pytest

from migrator.snapshots.trees import complete_trees
from tests.execution.faults import Fault, run
from tests.execution.rows import journalled, timeless
from tests.places.repositories import git
from tests.snapshots.test_transfer_failures import damage
from tests.snapshots.world import Saved, Talk, World, changes, commit, linked, state, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.execution.rows import Rows


class Stage(NamedTuple):
    """Two sessions, and the command that moves them, in a chunk each; one turn of three can't be carried."""

    world: World
    source: Path
    target: Path
    talks: list[Talk]
    move: tuple[str | Path, ...]

    @property
    def rows(self) -> Rows:
        return timeless(self.world.home)

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
def stage(world: World) -> Stage:
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
    return Stage(world, source, target, talks, ("apply", plan, "--yes", "--chunk-size", "1"))


def test_killed_at_any_step_it_is_finished_or_taken_back(stage: Stage) -> None:
    world, before, pristine = stage.world, stage.rows, Saved(stage.world)
    assert run(world.home, *stage.move).code == 0
    after = stage.rows
    assert stage.files == [[str(stage.target / "a")], [str(stage.target / "c")]]
    for step in count(1):
        pristine.restore()
        killed = run(world.home, *stage.move, fault=Fault("kill", step))
        if killed.code == 0:
            break
        assert killed.code == -signal.SIGKILL
        at = killed.stderr.splitlines()[-1]
        if ("running",) not in journalled(world.home, "SELECT status FROM run"):
            assert stage.rows in (before, after), at
            continue
        left = Saved(world)
        done = run(world.home, "resume", "--yes")
        assert done.code == 0, (at, done.stderr)
        assert stage.rows == after, at
        assert complete_trees(str(stage.git_dir), stage.trees) == stage.trees, at
        left.restore()
        assert run(world.home, "undo", "--yes").code == 0, at
        assert stage.rows == before, at
    assert step > 20


def test_the_plan_says_what_becomes_of_the_turns_and_why(stage: Stage) -> None:
    words = ("move", "--from-dir", stage.source, "--to-dir", stage.target, "--dry-run")
    said = run(stage.world.home, *words).stdout
    assert "file undo: carried 2 turns of 2 sessions; detached 1 turn of 1 session\n" in said
    assert f"because files of a turn differ between {stage.source} and {stage.target}" in " ".join(said.split())
    plan = run(stage.world.home, *words, "--json").json
    assert [(change["undo_turns"]["carried"], change["undo_turns"]["detached"]) for change in plan["changes"]] == [
        (1, 1),
        (1, 0),
    ]
    assert (plan["summary"]["turns_carried"], plan["summary"]["turns_detached"]) == (2, 1)


def test_a_run_says_what_it_could_not_carry_though_its_saved_plan_would_have(stage: Stage) -> None:
    write(stage.target / "c", "changed since the plan was saved\n")
    done = run(stage.world.home, *stage.move)
    assert done.code == 0
    assert f"1 turn of {stage.talks[1].id} was detached, not carried: files of a turn differ" in " ".join(
        (done.stdout + done.stderr).split()
    )
    assert stage.files == [[str(stage.target / "a")], []]


def test_an_undo_takes_the_rows_back_and_leaves_the_objects(stage: Stage) -> None:
    world, before = stage.world, stage.rows
    files = state(stage.source), state(stage.target)
    assert run(world.home, *stage.move).code == 0
    trees = stage.trees
    assert run(world.home, "undo", "--yes").code == 0
    assert stage.rows == before
    assert (state(stage.source), state(stage.target)) == files
    assert complete_trees(str(stage.git_dir), trees) == trees
    undo = world.undo(stage.talks[0])
    undo.revert(undo.messages()[0])
    assert changes(files[0], state(stage.source)) == {"a": ("file", b"a\n"), "b": ("file", b"b\n")}
    assert state(stage.target) == files[1]


def test_an_undo_of_the_undo_carries_again(stage: Stage) -> None:
    world = stage.world
    assert run(world.home, *stage.move).code == 0
    after = stage.rows
    assert run(world.home, "undo", "--yes").code == 0
    ((undoing,),) = journalled(world.home, "SELECT id FROM run WHERE undoes IS NOT NULL")
    assert run(world.home, "undo", undoing, "--yes").code == 0
    assert stage.rows == after


def test_turns_made_in_the_target_are_detached_on_the_way_back(stage: Stage) -> None:
    world, talk = stage.world, Talk(stage.talks[1].id, stage.target)
    assert run(world.home, *stage.move).code == 0
    world.turn(talk, write, stage.target / "later", "made in the target\n")
    assert run(world.home, "undo", "--yes").code == 0
    assert stage.files[1] == [str(stage.source / "c")]
    before = state(stage.source), state(stage.target)
    undo = world.undo(talk)
    undo.revert(undo.messages()[-1])
    assert (state(stage.source), state(stage.target)) == before


def damaged(stage: Stage) -> None:
    """A file of a turn, in its snapshot and where it was committed."""
    name = git(stage.source, "rev-parse", "HEAD:a")
    for objects in (stage.source / ".git/objects", stage.world.snapshots(stage.source).git_dir / "objects"):
        damage(objects / name[:2] / name[2:])


def unwritable(stage: Stage) -> None:
    stage.world.snapshots(stage.target).track()
    shutil.rmtree(stage.git_dir / "objects/pack")
    (stage.git_dir / "objects/pack").write_text("a file where a directory should be\n")


@pytest.mark.parametrize("harm", [damaged, unwritable])
def test_what_cannot_be_carried_ends_the_run_before_any_row_is_written(stage: Stage, harm: object) -> None:
    (damaged if harm is damaged else unwritable)(stage)
    before = stage.rows
    done = run(stage.world.home, *stage.move)
    assert done.code == 1
    (said,) = [line for line in done.stderr.splitlines() if "can't be carried" in line]
    assert said.endswith("--undo-files detach.")
    assert stage.rows == before
    assert not list((stage.world.home.state / "runs").glob("*.db"))
    detached = ("move", "--from-dir", stage.source, "--to-dir", stage.target, "--undo-files", "detach", "--yes")
    assert run(stage.world.home, *detached).code == 0
    assert stage.files == [[], []]


def test_an_interrupt_while_objects_are_carried_leaves_every_row(stage: Stage) -> None:
    before = stage.rows
    for point in ("before carry", "after carry"):
        done = run(stage.world.home, *stage.move, fault=Fault("interrupt", 1, point))
        assert done.code == 130, done.stderr
        assert stage.rows == before
