"""`gc` removes snapshot repositories that our runs left behind, and none that a session needs or may come back to."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import pytest

from migrator.arguments import WriteRequest
from migrator.disk.system import name_of_user
from migrator.errors import MigratorError
from migrator.operations.context import CommandContext
from migrator.operations.gc import list_leftovers, remove_leftovers
from tests.support import forked
from tests.support.faults import run
from tests.support.namespaces import Apart
from tests.support.opencode_2_database import upgrade
from tests.support.opencode_2_undo import Opencode2
from tests.support.refusal import sentence
from tests.support.snapshot_port import Snapshots
from tests.support.undo_world import Talk, World, changes, linked, state, write
from tests.support.unprivileged import give_up_root_powers, without_root_powers

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.execution.gc import Leftover
    from migrator.model import Run
    from tests.support.forked import Finished


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
    assert home.run("gc", "--dry-run", "--exit-code").code == 0
    assert home.run("gc", "--dry-run", "--exit-code", "--older-than", "0").code == 1
    assert (shown.code, shown.stdout.splitlines()[:2]) == (0, ["Nothing to remove.", "1 snapshot repository kept:"])
    assert f"kept, since `opencode-migrator undo {moved.run.id}` would need it" in shown.stdout
    asked = home.run("gc", "--older-than", "0")
    assert asked.code == 1
    assert re.search(r"^1 snapshot repository to remove, [1-9]\d kB\.$", asked.stdout, re.MULTILINE)
    assert f"{moved.run.id} can't be taken back without it" in asked.stdout
    assert "opencode-migrator gc --older-than 0 --yes" in asked.stderr
    assert moved.snapshots.exists()
    done = home.run("gc", "--older-than", "0", "--yes", "--json")
    assert done.json["format"] == "opencode-migrator/gc@1"
    assert done.json["removed"] is True
    assert [entry["path"] for entry in done.json["repositories"]] == [str(moved.snapshots)]
    assert not moved.snapshots.exists()
    again = home.run("gc", "--yes")
    assert (again.code, again.stdout) == (0, "Nothing to remove.\nTo see the runs so far:\n  opencode-migrator log\n")


def test_it_refuses_while_the_database_is_in_use(moved: Moved) -> None:
    with closing(sqlite3.connect(moved.world.database)) as other:
        other.execute("SELECT count(*) FROM session").fetchone()
        refused = moved.world.home.run("gc", "--older-than", "0", "--yes")
    assert refused.code == 4
    assert moved.snapshots.exists()
    moved.world.take_back(moved.run)  # nothing was given up


# ------------------------------------------------------------------------------------------ what can't be removed

REMOVE = ("gc", "--older-than", "0", "--yes")


def as_user(moved: Moved, *words: str) -> Finished:
    return forked.run(words, moved.world.home.env(), moved.world.path, first=give_up_root_powers)


def left(moved: Moved) -> list[Path]:
    return list(moved.world.data.glob("snapshot/*/*incoming*"))


def test_what_is_left_of_a_repository_stays_known_until_it_is_gone(moved: Moved) -> None:
    """One directory that we may not write to, as root or a backup program may leave it."""
    closed = moved.snapshots / "objects"
    closed.chmod(0o555)
    before = moved.world.home.everything()
    for worktree in (f"of {moved.old}, ", ""):  # it is told by a file of the repository, which is gone the second time
        done = as_user(moved, *REMOVE)
        said = sentence(done, 1)
        (folder,) = left(moved)
        assert not moved.snapshots.exists()
        assert said == (
            f"1 snapshot repository could not be removed: you may not write to {folder}/old/objects, which belongs to "
            f"{name_of_user(os.geteuid())} (mode 555); run chmod -R u+rwX {folder}, then `opencode-migrator "
            "gc --older-than 0 --yes` again."
        )
        assert f"      {worktree}left behind by " in done.stdout
        shown = as_user(moved, "gc", "--dry-run", "--json").json["repositories"]
        assert [(entry["path"], entry["kept"]) for entry in shown] == [(str(folder), None)]
    assert "can't be taken back any more" in sentence(as_user(moved, "undo", "--yes"), 1)
    resumed = sentence(as_user(moved, "resume", "--yes"), 1)
    assert resumed == "No run was cut off, so there is nothing to resume; `opencode-migrator log` lists the runs."
    assert moved.world.home.everything() == before
    (left(moved)[0] / "old" / "objects").chmod(0o755)
    done = as_user(moved, "gc", "--yes")
    assert (done.code, done.stderr, left(moved)) == (0, "", [])
    assert as_user(moved, "gc", "--yes").stdout.startswith("Nothing to remove.\n")


@pytest.mark.parametrize("closed", ["the repository", "the directory that it is in"])
def test_nothing_is_given_up_for_what_stays_whole(moved: Moved, closed: str) -> None:
    directory = moved.snapshots if closed == "the repository" else moved.snapshots.parent
    directory.chmod(0o555)
    try:
        said = sentence(as_user(moved, *REMOVE), 1)
        document = as_user(moved, *REMOVE, "--json")
    finally:
        directory.chmod(0o755)
    assert f"you may not write to {directory}, which" in said
    assert f"run chmod -R u+rwX {directory}, then" in said
    (kept,) = document.json["repositories"]
    assert (document.code, kept["path"], kept["gives_up"]) == (1, str(moved.snapshots), [])
    assert left(moved) == []
    assert as_user(moved, "undo", "--yes").code == 0  # for which it is needed


def test_the_rest_is_removed_all_the_same(moved: Moved) -> None:
    last, between = moved.new.with_name("last"), moved.world.git_dir(moved.new)
    moved.new.rename(last)
    moved.world.relocate(moved.new, last)
    between.chmod(0o555)
    assert str(between) in sentence(as_user(moved, *REMOVE), 1)
    assert between.exists()
    assert not moved.snapshots.exists()
    between.chmod(0o755)
    assert as_user(moved, *REMOVE).code == 0
    assert not between.exists()


def test_what_is_held_by_the_system_is_named_too(moved: Moved) -> None:
    """Where something is mounted in it; the mount is gone with the process."""
    home, info = moved.world.home, moved.snapshots / "objects" / "info"
    apart = Apart(home.path, home.environ, ("--mount",), f"mount --bind {info} {info}")
    done = apart.run(*REMOVE)
    (folder,) = left(moved)
    assert f"info in {folder} can't be removed ({os.strerror(errno.EBUSY)}); see what holds it" in sentence(done, 1)
    assert done.stdout.startswith("Nothing was removed.\n")
    assert home.run("gc", "--yes").code == 0
    assert left(moved) == []


def test_what_a_killed_process_has_left_is_found(moved: Moved) -> None:
    killed = forked.run(REMOVE, moved.world.home.env(), moved.world.path, first=kill_when_it_deletes)
    assert killed.code == -signal.SIGKILL
    (folder,) = left(moved)
    shown = moved.world.home.run("gc", "--dry-run")
    assert shown.stdout.startswith("1 snapshot repository to remove, ")
    assert folder.name in shown.stdout
    assert moved.world.home.run("gc", "--yes").code == 0
    assert left(moved) == []


def kill_when_it_deletes() -> None:
    setattr(shutil, "rmtree", lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))  # noqa: B010 - for mypy


def test_other_databases_are_left_as_they_are(moved: Moved) -> None:
    other = moved.world.database.with_name("opencode-dev.db")
    shutil.copy(moved.world.database, other)
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
    before = other.read_bytes()
    assert moved.world.home.run(*REMOVE).code == 0
    assert [path for path in other.parent.iterdir() if path.name.startswith(other.name)] == [other]
    assert other.read_bytes() == before


# ------------------------------------------------------------------------------------------- where opencode 2 is there


def test_beside_opencode_2_it_goes_when_nobody_needs_it(moved: Moved) -> None:
    upgrade(moved.world.home)
    assert kept(moved.found()) == f"`opencode-migrator undo {moved.run.id}` would need it"
    remove_leftovers(moved.world.database, WriteRequest(), LATER)
    assert not moved.snapshots.exists()
    assert moved.undone() == {"a": ("file", b"a\n")}


def test_it_stays_where_opencode_2_looks_for_earlier_turns(moved: Moved) -> None:
    """Its diff of a session asks the places from which the session was moved."""
    upgrade(moved.world.home)
    opencode = Opencode2(moved.world, "v1+v2")
    ((project,),) = moved.world.rows("SELECT project_id FROM session_v2")
    before = {"location": {"directory": str(moved.old)}, "projectID": project, "subpath": ""}
    opencode.message(
        moved.talk, "location-switched", **before | {"location": {"directory": str(moved.new)}}, previous=before
    )
    assert moved.found(LATER) == []
    remove_leftovers(moved.world.database, WriteRequest(), LATER)
    assert moved.snapshots.exists()


def test_it_stays_where_it_has_a_tree_of_an_answer_alone(moved: Moved) -> None:
    upgrade(moved.world.home)
    old = Snapshots(moved.world.data, moved.snapshots.parent.name, str(moved.old), str(moved.old), "git")
    moved.old.mkdir()
    write(moved.old / "only", "here\n")
    (moved.old / ".git").write_text(f"gitdir: {moved.new}/.git\n")
    tree = old.track()
    shutil.rmtree(moved.old)
    Opencode2(moved.world, "v1+v2").answer(moved.talk, str(tree), "0" * 40, "only")
    assert moved.found(LATER)[0].why_kept == "1 snapshot is nowhere else"


def test_it_stays_where_opencode_1_still_has_the_session(moved: Moved) -> None:
    """To opencode 2 the session is at the new place, to opencode 1 where it was."""
    upgrade(moved.world.home)
    moved.world.run("UPDATE session SET directory = ?", str(moved.old))
    assert moved.found(LATER) == []
    remove_leftovers(moved.world.database, WriteRequest(), LATER)
    assert moved.snapshots.exists()


def test_it_stays_where_an_answer_can_t_be_read(moved: Moved) -> None:
    upgrade(moved.world.home)
    moved.world.run("UPDATE session_message SET data = substr(data, 2) WHERE type = 'assistant'")
    assert "in table session_message can't be read" in kept(moved.found(LATER))
