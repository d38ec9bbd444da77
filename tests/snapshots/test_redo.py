"""`doctor --undo` says where a redo in a sub-directory would overwrite changes outside of it, and nowhere else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support.undo_world import Talk, World, linked, write

if TYPE_CHECKING:
    from pathlib import Path


class Undone(NamedTuple):
    """A session in `d` whose only turn is undone; what is outside of `d` is as it was then."""

    world: World
    source: Path
    talk: Talk

    def told(self) -> dict[str, list[str]]:
        """What is said of whom, by id."""
        done = self.world.home.run("doctor", "--undo", "--json")
        return {row["id"]: row["overwrites"] for row in json.loads(done.stdout)["undo"]["redo"]}


@pytest.fixture
def undone(world: World) -> Undone:
    source = world.repository(a="a\n", b="b\n", d__deep="deep\n")
    talk = world.session(source / "d")
    turn = world.turn(talk, write, source / "d/deep", "changed\n")
    world.undo(talk).revert(turn)
    return Undone(world, source, talk)


def test_what_has_changed_outside_is_named_and_a_redo_overwrites_it(undone: Undone) -> None:
    a, b, deep = (undone.source / name for name in ("a", "b", "d/deep"))
    assert undone.told() == {}
    write(a, "changed later\n")
    b.unlink()
    write(deep, "changed inside, which is what a redo is for\n")
    write(undone.source / "new", "a redo doesn't know it\n")
    assert undone.told() == {undone.talk.id: [str(a), str(b)]}
    said = " ".join(undone.world.home.run("doctor", "--undo").stdout.split())
    assert (
        f"{undone.talk.id} in {deep.parent} is undone: a redo would overwrite what has changed outside of it, {a}, "
        in said
    )
    undone.world.undo(undone.talk).unrevert()
    assert (a.read_text(), b.read_text()) == ("a\n", "b\n")
    assert (undone.source / "new").exists()
    assert undone.told() == {}


def test_nothing_is_said_of_a_session_at_the_top(world: World) -> None:
    source = world.repository(a="a\n", b="b\n")
    talk = world.session(source)
    turn = world.turn(talk, write, source / "a", "changed\n")
    world.undo(talk).revert(turn)
    write(source / "b", "changed later\n")
    assert Undone(world, source, talk).told() == {}


def test_nothing_is_said_where_a_redo_would_write_nothing(undone: Undone) -> None:
    write(undone.source / "a", "changed later\n")
    assert undone.told()
    ((marker,),) = undone.world.rows("SELECT revert FROM session WHERE id = ?", undone.talk.id)
    undone.world.run("UPDATE session SET revert = ?", json.dumps({"messageID": "x"}))
    assert undone.told() == {}
    undone.world.run("UPDATE session SET revert = ? WHERE id = ?", "not json", undone.talk.id)
    assert undone.told() == {}
    undone.world.run("UPDATE session SET revert = ? WHERE id = ?", marker, undone.talk.id)
    undone.world.prune(undone.source, json.loads(marker)["snapshot"])
    assert undone.told() == {}


def test_of_several_worktrees_its_own_counts(undone: Undone) -> None:
    other = linked(undone.source, "other")
    write(other / "a", "changed there\n")
    assert undone.told() == {}
