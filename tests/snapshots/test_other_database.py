"""Sessions of another database: their file undo comes along only where it was certainly made in that very folder."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from migrator.model import Change, FileUndo
from migrator.places import Places, ProjectIdScheme
from migrator.snapshots.opencodes import carry_decisions
from migrator.store.reader import Store
from tests.support.git import clone, commit
from tests.support.undo_world import Talk, World, write

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.snapshots.carry_decision import CarryDecision


@pytest.fixture
def there(tmp_path: Path) -> World:
    """The other home, with a repository in which a session of two turns worked."""
    return World(tmp_path / "there")


@pytest.fixture
def source(there: World) -> Path:
    return there.repository(a="a\n", b="b\n")


@pytest.fixture
def talk(there: World, source: Path) -> Talk:
    made = there.session(source)
    there.turn(made, write, source / "a", "a changed\n")
    there.turn(made, write, source / "new", "made\n")
    commit(source)
    return made


def decide(there: World, here: World, talk: Talk, target: Path) -> CarryDecision:
    """What is decided for the session if it comes into the database here."""
    places = Places(ProjectIdScheme.ORIGIN_FIRST)
    before, after = places.find(str(talk.directory)).binding, places.find(str(target)).binding
    change = Change(talk.id, talk.id, "turns", (), before, after, FileUndo.NONE)
    with Store(there.database) as other, Store(here.database) as ours:
        return carry_decisions(other, places, [change], into=ours)[talk.id]


def test_to_a_clone_beside_the_checkout_that_has_the_same_files(world: World, there: World, talk: Talk) -> None:
    target = clone(talk.directory)
    found = decide(there, world, talk, target)
    assert (len(found.carried), found.detached, found.because) == (2, 0, None)
    assert found.route is not None
    assert found.route.source == str(there.snapshots(talk.directory).git_dir)
    assert found.route.target == str(world.snapshots(target).git_dir)


@pytest.mark.long
def test_to_the_same_checkout_in_another_home(world: World, there: World, talk: Talk) -> None:
    found = decide(there, world, talk, talk.directory)
    assert (len(found.carried), found.detached, found.because) == (2, 0, None)


def test_to_the_same_path_on_another_machine(world: World, there: World, source: Path, talk: Talk) -> None:
    """There is a clone with the very same files; but no turn was made in it."""
    copy = clone(source, "copy")
    shutil.rmtree(source)
    copy.rename(source)
    found = decide(there, world, talk, source)
    assert (found.carried, found.route) == ((), None)
    assert found.because == f"nothing shows that {source} is the very folder that the other database has snapshots of"


@pytest.mark.long
def test_from_a_clone_that_is_not_the_one_the_turns_were_made_in(world: World, there: World, talk: Talk) -> None:
    """The path is that of a checkout here, and there it was another machine's."""
    copy, target = clone(talk.directory, "copy"), clone(talk.directory, "target")
    shutil.rmtree(talk.directory)
    copy.rename(talk.directory)
    found = decide(there, world, talk, target)
    assert (found.carried, found.route) == ((), None)


@pytest.mark.long
def test_without_snapshots_beside_the_other_database(world: World, there: World, talk: Talk) -> None:
    """A file alone; that this home has snapshots of a worktree with that path says nothing."""
    world.snapshots(talk.directory).track()
    shutil.rmtree(there.data / "snapshot")
    found = decide(there, world, talk, talk.directory)
    assert (found.carried, found.because) == ((), "no snapshots are beside the other database")


def neighbour(world: World) -> World:
    """Another channel's database in the same data directory, made by an opencode of the same home."""
    other = World.__new__(World)
    other.__dict__.update(world.__dict__)
    other.database = world.data / "opencode-dev.db"
    world.database.rename(other.database)
    shutil.copyfile(other.database, world.database)
    world.home.empty()
    return other


@pytest.mark.long
def test_between_channels_of_one_home_file_undo_stays(world: World) -> None:
    """Also of files that were changed since: an undo does there what it always did."""
    source = world.repository(a="a\n")
    talk = world.session(source)
    world.turn(talk, write, source / "a", "a changed\n")
    write(source / "a", "changed since\n")
    found = decide(neighbour(world), world, talk, source)
    assert (len(found.carried), found.detached) == (1, 0)


def test_a_database_that_was_put_beside_ours_may_be_of_another_machine(world: World) -> None:
    """Its first turn begins where we began too: with what is committed. The tree after it is known nowhere here."""
    source = world.repository(a="a\n")
    talk = world.session(source)
    world.turn(talk, write, source / "new", "made there\n")
    record = [part for part in world.rows("SELECT data FROM part") if "step-finish" in part[0]]
    after = record[0][0].partition('"snapshot":"')[2][:40]
    world.prune(source, after)
    found = decide(neighbour(world), world, talk, source)
    assert (found.carried, found.detached) == ((), 1)
