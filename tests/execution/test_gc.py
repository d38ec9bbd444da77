"""`gc` removes snapshot repositories that our runs left behind, and none that a session needs or may come back to."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from migrator.arguments import WriteRequest
from migrator.errors import MigratorError
from migrator.operations.context import CommandContext
from migrator.operations.gc import list_leftovers, remove_leftovers
from tests.support.faults import run
from tests.support.undo_world import Talk, World, changes, linked, state, write
from tests.support.unprivileged import without_root_powers

if TYPE_CHECKING:
    from migrator.execution.gc import Leftover
    from migrator.model import Run


class Moved(NamedTuple):
    """A repository that was renamed and relocated; its old snapshots lie where they were."""

    world: World
    old: Path
    new: Path
    talk: Talk
    run: Run
    snapshots: Path

    def found(self, older_than: int | None = None) -> list[Leftover]:
        with CommandContext(self.world.database) as context:
            return list_leftovers(context, older_than)

    def undone(self) -> dict[str, tuple[str, bytes] | None]:
        before, undo = state(self.new), self.world.undo(self.talk)
        undo.revert(undo.messages()[0])
        return changes(before, state(self.new))


LATER = 2**53


@pytest.fixture
def moved(world: World) -> Moved:
    old = world.repository(a="a\n")
    new, talk, snapshots = old.with_name("new"), world.session(old), world.snapshots(old).git_dir
    world.turn(talk, write, old / "a", "changed\n")
    old.rename(new)
    return Moved(world, old, new, talk, world.relocate(old, new), snapshots)


def kept(leftovers: list[Leftover]) -> str:
    (leftover,) = leftovers
    assert leftover.why_kept is not None
    return leftover.why_kept


def delete(moved: Moved) -> None:
    """As opencode deletes a session."""
    moved.world.run("PRAGMA foreign_keys = ON")
    for table in ("part", "message"):
        moved.world.run(f"DELETE FROM {table} WHERE session_id = ?", moved.talk.id)
    moved.world.run("DELETE FROM session WHERE id = ?", moved.talk.id)


def test_what_a_run_left_behind_stays_as_long_as_it_may_be_taken_back(moved: Moved) -> None:
    assert kept(moved.found()) == f"`opencode-migrator undo {moved.run.id}` would need it"
    remove_leftovers(moved.world.database, WriteRequest())
    assert moved.snapshots.exists()


def test_it_goes_when_taking_the_run_back_is_given_up(moved: Moved) -> None:
    (leftover,) = moved.found(LATER)
    assert leftover[:3] == (str(moved.snapshots), str(moved.old), moved.run.id)
    assert leftover.size > 1000
    assert leftover.gives_up == (moved.run.id,)
    assert moved.found(1)[0].why_kept, "the run is younger than that"
    before = moved.world.home.everything()
    remove_leftovers(moved.world.database, WriteRequest(), LATER)
    assert not moved.snapshots.exists()
    assert not [path for path in moved.world.data.glob("snapshot/*/*") if "incoming" in path.name]
    assert moved.world.home.everything() == before
    assert moved.found(LATER) == []
    with pytest.raises(MigratorError, match="can't be taken back any more"):
        moved.world.take_back(moved.run)
    assert moved.undone() == {"a": ("file", b"a\n")}


def test_it_goes_when_the_sessions_are_deleted(moved: Moved) -> None:
    delete(moved)
    (leftover,) = moved.found()
    assert (leftover.why_kept, leftover.gives_up) == (None, ())


def test_it_goes_when_the_rows_are_somewhere_else(moved: Moved) -> None:
    """Somebody else moved them, so no run of ours brings them back; all that is there is at the new place as well."""
    third = linked(moved.new, "third")
    moved.world.run("UPDATE session SET directory = ?", str(third))
    assert "nowhere else" in kept(moved.found())
    shutil.copytree(moved.world.git_dir(moved.new), moved.world.git_dir(third))
    (leftover,) = moved.found()
    assert leftover.why_kept is None


def test_a_chain_of_moves_can_be_taken_back_one_by_one(moved: Moved) -> None:
    last = moved.new.with_name("last")
    moved.new.rename(last)
    again = moved.world.relocate(moved.new, last)
    found = {leftover.worktree: leftover.why_kept for leftover in moved.found()}
    needs = "`opencode-migrator undo {}` would need it"
    assert found == {str(moved.new): needs.format(again.id), str(moved.old): needs.format(moved.run.id)}


def test_what_a_run_made_and_was_taken_back_is_needed_to_bring_it_about_again(moved: Moved) -> None:
    moved.world.take_back(moved.run)
    made = moved.world.git_dir(moved.new)
    moved.new.rename(moved.old)
    (leftover,) = moved.found()
    assert leftover.git_dir == str(made)
    assert "would need it" in str(leftover.why_kept)
    remove_leftovers(moved.world.database, WriteRequest(), LATER)
    assert not made.exists()
    assert moved.snapshots.exists()


def test_what_a_run_did_not_make_is_never_removed(moved: Moved) -> None:
    """opencode was in the new place before us."""
    moved.world.take_back(moved.run)
    shutil.rmtree(moved.world.git_dir(moved.new))
    moved.world.snapshots(moved.new).track()
    run_ = moved.world.relocate(moved.old, moved.new)
    moved.world.take_back(run_)
    moved.new.rename(moved.old)
    found = moved.found(LATER)
    assert [leftover.run for leftover in found] == [moved.run.id], "only the first run made it"


@pytest.mark.parametrize("where", ["a session is in it", "opencode would use it"])
def test_what_is_in_use_stays(moved: Moved, where: str) -> None:
    if where == "a session is in it":
        other = moved.world.session(moved.new)
        moved.world.run("UPDATE session SET directory = ? WHERE id = ?", str(moved.old), other.id)
        assert moved.found(LATER) == []
    else:
        shutil.copytree(moved.new, moved.old)
        assert moved.found(LATER) == []
    remove_leftovers(moved.world.database, WriteRequest(), LATER)
    assert moved.snapshots.exists()


@pytest.mark.parametrize("name", ["opencode-dev.db", "opencode-broken.db"])
def test_what_another_database_beside_it_needs_stays(world: World, name: str) -> None:
    """Every release channel has a database of its own, and all keep their snapshots in the same place."""
    old = world.repository(a="a\n")
    new, talk, snapshots = old.with_name("new"), world.session(old), world.snapshots(old).git_dir
    world.turn(talk, write, old / "a", "changed\n")
    other = world.database.with_name(name)
    shutil.copy(world.database, other)
    old.rename(new)
    moved = Moved(world, old, new, talk, world.relocate(old, new), snapshots)
    if name == "opencode-broken.db":
        other.write_text("not to be read")
    assert str(other) in kept(moved.found(LATER))
    remove_leftovers(world.database, WriteRequest(), LATER)
    assert snapshots.exists()
    other.unlink()
    remove_leftovers(world.database, WriteRequest(), LATER)
    assert not snapshots.exists()


@pytest.mark.parametrize("closed", ["worktree", "repository"])
def test_what_can_not_be_looked_at_stays(moved: Moved, closed: str) -> None:
    """A worktree that may be there, a repository that may be one."""
    moved.old.mkdir()
    directory = {"worktree": moved.world.repos, "repository": moved.snapshots.parent}[closed]
    directory.chmod(0)
    try:
        with without_root_powers():
            assert "can't be looked at" in kept(moved.found(LATER))
    finally:
        directory.chmod(0o755)


def test_other_databases_that_there_may_be_need_what_there_is(moved: Moved) -> None:
    moved.world.data.chmod(0o311)
    try:
        with without_root_powers(), pytest.raises(MigratorError, match=f"{moved.world.data} can't be looked at"):
            moved.found(LATER)
    finally:
        moved.world.data.chmod(0o755)


def test_what_is_nowhere_else_stays(moved: Moved) -> None:
    shutil.rmtree(moved.world.git_dir(moved.new))
    assert "nowhere else" in kept(moved.found(LATER))


def test_repositories_of_before_opencode_1_14_are_left_alone(world: World) -> None:
    """They are of all worktrees of a project, and hold those of single ones as directories."""
    source = world.repository(a="a\n")
    write(source / "loose", "x\n")
    talk = world.session(source)
    world.turn(talk, write, source / "a", "changed\n")
    own = world.snapshots(source).git_dir
    own.rename(own.parent.with_name("kept"))
    own.parent.rmdir()
    own.parent.with_name("kept").rename(own.parent)
    assert run(world.home, "protect", "--yes").code == 0
    delete(Moved(world, source, source, talk, None, own))  # type: ignore[arg-type]
    with CommandContext(world.database) as context:
        assert [leftover.git_dir for leftover in list_leftovers(context, LATER)] == []


# ------------------------------------------------------------------------------------------------- the command


def test_it_shows_asks_and_removes(moved: Moved) -> None:
    home = moved.world.home
    shown = home.run("gc", "--dry-run")
    assert (shown.code, shown.stdout.splitlines()[:2]) == (0, ["Nothing to remove.", "1 snapshot repository kept:"])
    assert f"kept, since `opencode-migrator undo {moved.run.id}` would need it" in shown.stdout
    asked = home.run("gc", "--older-than", "0")
    assert asked.code == 1
    assert "1 snapshot repository to remove, 0.0 MB." in asked.stdout
    assert f"{moved.run.id} can't be taken back without it" in asked.stdout
    assert "opencode-migrator gc --older-than 0 --yes" in asked.stderr
    assert moved.snapshots.exists()
    done = home.run("gc", "--older-than", "0", "--yes", "--json")
    assert done.json["format"] == "opencode-migrator/gc@1"
    assert done.json["removed"] is True
    assert [entry["path"] for entry in done.json["repositories"]] == [str(moved.snapshots)]
    assert not moved.snapshots.exists()
    again = home.run("gc", "--yes")
    assert (again.code, again.stdout) == (0, "Nothing to remove.\n")


def test_it_refuses_while_the_database_is_in_use(moved: Moved) -> None:
    with closing(sqlite3.connect(moved.world.database)) as other:
        other.execute("SELECT count(*) FROM session").fetchone()
        refused = moved.world.home.run("gc", "--older-than", "0", "--yes")
    assert refused.code == 4
    assert moved.snapshots.exists()
    moved.world.take_back(moved.run)  # nothing was given up


def test_what_cannot_be_removed_is_one_sentence(moved: Moved, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(MigratorError, match=r"can't be removed: No space left on device"):
        remove_leftovers(moved.world.database, WriteRequest(), LATER)
    assert moved.snapshots.exists()
