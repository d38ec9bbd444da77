"""File undo that comes along with a merge: an undo does here what it did there, or it touches no file anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.git import clone, commit
from tests.support.rows import rows
from tests.support.undo_world import Talk, World, changes, state, write

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


@pytest.fixture
def there(tmp_path: Path) -> World:
    return World(tmp_path / "there")


@pytest.fixture
def talk(there: World) -> Talk:
    """A session of the other home with two turns, of which the second one is committed too."""
    source = there.repository(a="a\n", b="b\n")
    made = there.session(source)
    there.turn(made, write, source / "a", "a changed\n")
    there.turn(made, write, source / "new", "made\n")
    commit(source)
    return made


def merge(here: World, there: World, talk: Talk, target: Path) -> Any:
    mapped = f"{talk.directory}={target}"
    done = here.home.run("merge", there.database, "--map", mapped, "--yes", "--json")
    assert done.code == 0, done.stderr
    return done.json


def test_an_undo_in_a_clone_does_what_it_did_in_the_checkout(world: World, there: World, talk: Talk) -> None:
    target = clone(talk.directory)
    source, before, kept = state(talk.directory), state(target), rows(world.home)
    run = merge(world, there, talk, target)
    assert [part["files"] for part in world.patches(talk)] == [[str(target / "a")], [str(target / "new")]]
    undo = world.undo(talk)
    undo.revert(undo.messages()[0])
    assert changes(before, state(target)) == {"a": ("file", b"a\n"), "new": None}
    undo.unrevert()
    assert state(target) == before
    assert state(talk.directory) == source
    assert world.home.run("undo", run["run"], "--yes").code == 0
    assert rows(world.home) == kept
    assert world.home.run("gc", "--yes", "--older-than", "0").code == 0
    assert there.snapshots(talk.directory).git_dir.is_dir()


@pytest.mark.long
def test_a_turn_whose_file_is_another_here_is_detached(world: World, there: World, talk: Talk) -> None:
    target = clone(talk.directory)
    write(target / "new", "ours\n")
    before = state(target)
    merge(world, there, talk, target)
    assert [part["files"] for part in world.patches(talk)] == [[str(target / "a")], []]
    undo = world.undo(talk)
    undo.revert(undo.messages()[1])
    assert state(target) == before


@pytest.mark.long
def test_file_undo_that_can_not_come_along_is_refused_where_it_must(world: World, there: World, talk: Talk) -> None:
    target = world.repository("other")
    done = world.home.run("merge", there.database, "--to-dir", target, "--yes", "--undo-files", "carry")
    assert done.code == 1
    assert f"File undo of {talk.id} can't be carried whole" in done.stderr
    assert not rows(world.home)["session"]


@pytest.mark.long
def test_without_a_checkout_of_its_own_it_is_detached(world: World, there: World, talk: Talk) -> None:
    target = world.repository("other", new="of another repository\n")
    before = state(target), state(talk.directory)
    assert world.home.run("merge", there.database, "--to-dir", target, "--yes").code == 0
    undo = world.undo(talk)
    undo.revert(undo.messages()[0])
    undo.unrevert()
    assert (state(target), state(talk.directory)) == before


@pytest.mark.long
def test_once_more_there_is_nothing_to_do(world: World, there: World, talk: Talk) -> None:
    target = clone(talk.directory)
    merge(world, there, talk, target)
    once = rows(world.home)
    assert merge(world, there, talk, target)["status"] == "unchanged"
    assert rows(world.home) == once
