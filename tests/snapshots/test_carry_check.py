"""Which turns are carried, which are detached, and why: told in the plan before anything is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from migrator.errors import MigratorError
from migrator.model import FileUndo, UndoTurns
from tests.support.git import clone, commit, git
from tests.support.undo_world import Talk, World, changes, linked, state, write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from migrator.choices import FileUndoPolicy
    from migrator.model import Change

pytestmark = pytest.mark.long


def only(world: World, source: Path, target: Path, undo_files: FileUndoPolicy = "auto") -> Change:
    (change,) = world.plan(source, target, undo_files).changes
    return change


@pytest.fixture
def source(world: World) -> Path:
    return world.repository(a="a\n", b="b\n", c="c\n")


@pytest.fixture
def talk(world: World, source: Path) -> Talk:
    """A session of three turns, which change a, b and c, and whose work is committed."""
    made = world.session(source)
    for name in ("a", "b", "c"):
        world.turn(made, write, source / name, f"{name} changed\n")
    commit(source)
    return made


def write_all(files: Mapping[Path, str]) -> None:
    for file, content in files.items():
        write(file, content)


def carried(world: World, talk: Talk, target: Path) -> list[str]:
    """The files that the session's turns name in the target, by their paths there."""
    return [str(Path(file).relative_to(target)) for part in world.patches(talk) for file in part["files"]]


@pytest.mark.parametrize("way", [linked, clone])
def test_where_nothing_differs_every_turn_is_carried(world: World, source: Path, talk: Talk, way: object) -> None:
    target = linked(source) if way is linked else clone(source)
    change = only(world, source, target)
    assert (change.undo, change.turns) == (FileUndo.CARRY, UndoTurns(3, 0, None))
    world.move(source, target)
    assert carried(world, talk, target) == ["a", "b", "c"]


def test_a_turn_with_a_file_that_differs_is_detached_and_the_others_are_carried(
    world: World, source: Path, talk: Talk
) -> None:
    target = linked(source)
    write(target / "b", "another branch's\n")
    why = f"files of a turn differ between {source} and {target}"
    assert only(world, source, target).turns == UndoTurns(2, 1, why)
    world.move(source, target)
    assert carried(world, talk, target) == ["a", "c"]
    before, undo = state(target), world.undo(talk)
    undo.revert(undo.messages()[0])
    assert changes(before, state(target)) == {"a": ("file", b"a\n"), "c": ("file", b"c\n")}


def test_a_turn_whose_snapshot_opencode_has_deleted_is_detached(world: World, source: Path, talk: Talk) -> None:
    target = linked(source)
    world.prune(source, world.patches(talk)[1]["hash"])
    assert only(world, source, target).turns == UndoTurns(2, 1, "a snapshot is gone, as opencode deletes old ones")
    world.move(source, target)
    assert carried(world, talk, target) == ["a", "c"]


def test_each_reason_is_told_once(world: World, source: Path, talk: Talk) -> None:
    target = linked(source)
    write(target / "a", "another branch's\n")
    for part in world.patches(talk)[1:]:
        world.prune(source, part["hash"])
    turns = only(world, source, target).turns
    assert turns[:2] == (0, 3)
    assert turns.because == (
        f"files of a turn differ between {source} and {target}; a snapshot is gone, as opencode deletes old ones"
    )


def test_what_a_detached_turn_named_is_only_undone_for_a_later_turn(world: World, source: Path) -> None:
    """Both turns change `a`, and the first of them is detached. An undo of both then undoes the second."""
    talk = world.session(source)
    first = world.turn(talk, write_all, {source / "a": "one\n", source / "b": "one\n"})
    second = world.turn(talk, write, source / "a", "two\n")
    commit(source)
    target = linked(source)
    write(target / "b", "another branch's\n")
    assert only(world, source, target).turns[:2] == (1, 1)
    world.move(source, target)
    before, undo = state(target), world.undo(talk)
    for message in (second, first):
        undo.revert(message)
        assert changes(before, state(target)) == {"a": ("file", b"one\n")}
    undo.unrevert()
    assert state(target) == before


def test_what_has_not_been_committed_is_not_in_another_worktree(world: World, source: Path) -> None:
    talk = world.session(source)
    world.turn(talk, write, source / "a", "changed\n")
    assert only(world, source, linked(source)).turns[:2] == (0, 1)


def test_the_plan_is_judged_anew_when_it_is_applied(world: World, source: Path, talk: Talk) -> None:
    """Between plan and run a file changed: its turn is detached, and the run says so."""
    from migrator.arguments import WriteRequest
    from migrator.operations.apply import apply_plan

    target = linked(source)
    plan = world.plan(source, target)
    write(target / "b", "changed after the plan\n")
    run = apply_plan(plan, world.database, WriteRequest())
    (warning,) = run.warnings
    assert (warning.code, warning.session) == ("undo-detached", talk.id)
    assert warning.message == (
        f"1 turn of {talk.id} was detached, not carried: files of a turn differ between {source} and {target}."
    )
    assert carried(world, talk, target) == ["a", "c"]


# ----------------------------------------------------------------------------------------------------- a gone source


@pytest.mark.usefixtures("talk")
def test_where_the_source_is_gone_its_last_snapshot_says_how_it_was(world: World, source: Path) -> None:
    target = source.rename(source.with_name("renamed"))
    write(target / "b", "changed since the rename\n")
    why = f"files of a turn differ between the last snapshot and {target}"
    assert only(world, source, target).turns == UndoTurns(2, 1, why)


def test_of_a_gone_source_without_a_snapshot_nothing_is_carried(world: World, source: Path) -> None:
    talk = world.session(source)
    write(source / "a", "never committed\n")
    world.turn(talk, write, source / "a", "and changed\n")
    target = source.rename(source.with_name("renamed"))
    for file in (world.data / "snapshot").glob("*/*/objects/??/*"):
        file.unlink()
    assert only(world, source, target).turns == UndoTurns(0, 1, "a snapshot is gone, as opencode deletes old ones")


# ------------------------------------------------------------------------------------------------- the same worktree


def test_in_the_same_worktree_every_turn_does_what_it_did_before(world: World, source: Path) -> None:
    """However it is named, and whatever has become of the files since: nothing was moved but the project's id."""
    talk = world.session(source)
    world.turn(talk, write_all, {source / "app/[s]/page": "1\n", source / "a": "1\n"})
    write(source / "a", "changed since\n")
    git(source, "remote", "add", "origin", "https://example.com/acme/widget.git")
    assert only(world, source, source).turns == UndoTurns(1, 0, None)
    before = world.patches(talk)
    world.move(source, source)
    assert world.patches(talk) == before


def test_a_name_that_is_a_pattern_is_carried_where_it_matches_nothing_else(world: World, source: Path) -> None:
    talk = world.session(source)
    world.turn(talk, write_all, {source / "app/[slug]/page": "1\n", source / "app/about/page": "1\n"})
    world.turn(talk, write, source / "app/[slug]/page", "2\n")
    commit(source)
    assert only(world, source, linked(source)).turns == UndoTurns(2, 0, None)


def test_a_name_that_is_a_pattern_for_others_is_not(world: World, source: Path) -> None:
    talk = world.session(source)
    world.turn(talk, write, source / "app/s/page", "not named by the second turn\n")
    world.turn(talk, write, source / "app/[slug]/page", "1\n")
    commit(source)
    target = linked(source)
    write(target / "app/s/page", "another branch's\n")
    change = only(world, source, target)
    assert change.turns[:2] == (0, 2)
    assert "a file's name is one that opencode's undo takes for another" in str(change.turns.because)


# --------------------------------------------------------------------------------------------------- reverted sessions


@pytest.fixture
def reverted(world: World, source: Path, talk: Talk) -> Talk:
    """The session, undone back to before its second turn, and that committed."""
    undo = world.undo(talk)
    undo.revert(undo.messages()[1])
    commit(source)
    return talk


def marker(world: World, talk: Talk) -> object:
    ((found,),) = world.rows("SELECT revert FROM session WHERE id = ?", talk.id)
    return found


def test_a_reverted_session_is_carried_where_the_whole_worktree_is_the_same(
    world: World, source: Path, reverted: Talk
) -> None:
    target, before = linked(source), marker(world, reverted)
    assert only(world, source, target).turns == UndoTurns(3, 0, None)
    world.move(source, target)
    assert marker(world, reverted) == before
    then = state(target)
    world.undo(reverted).unrevert()
    assert changes(then, state(target)) == {"b": ("file", b"b changed\n"), "c": ("file", b"c changed\n")}


@pytest.mark.parametrize("differs", ["README.md", "a"])
def test_a_redo_would_write_every_file_so_one_that_differs_detaches_it(
    world: World, source: Path, reverted: Talk, differs: str
) -> None:
    target = linked(source)
    write(target / differs, "another branch's\n")
    why = "it is reverted, and a redo would restore the whole worktree as it was then"
    assert only(world, source, target).turns == UndoTurns(0, 3, why)
    world.move(source, target)
    assert '"snapshot"' not in str(marker(world, reverted))
    before, undo = state(target), world.undo(reverted)
    undo.unrevert()
    undo.revert(undo.messages()[0])
    undo.unrevert()
    assert state(target) == before


def test_a_reverted_session_without_its_snapshot_is_detached(world: World, source: Path, reverted: Talk) -> None:
    target = linked(source)
    world.run("UPDATE session SET revert = json_set(revert, '$.snapshot', ?) WHERE id = ?", "0" * 40, reverted.id)
    assert only(world, source, target).turns[:2] == (0, 3)


# ------------------------------------------------------------------------------------------------- what one asked for


def test_carry_refuses_what_would_be_unsafe_with_the_reason(world: World, source: Path, talk: Talk) -> None:
    target = linked(source)
    assert only(world, source, target, "carry").undo is FileUndo.CARRY
    write(target / "b", "another branch's\n")
    with pytest.raises(MigratorError, match=f"{talk.id} can't be carried whole: files of a turn differ"):
        world.plan(source, target, "carry")


def test_detach_is_always_possible(world: World, source: Path, talk: Talk) -> None:
    target = linked(source)
    change = only(world, source, target, "detach")
    assert (change.undo, change.turns) == (FileUndo.DETACH, UndoTurns(0, None, "--undo-files detach was given"))
    world.move(source, target, "detach")
    assert carried(world, talk, target) == []
    assert not world.snapshots(target).git_dir.exists()


def test_turns_that_name_what_is_no_file_of_the_worktree_are_detached(world: World, source: Path, talk: Talk) -> None:
    sql = "UPDATE part SET data = json_set(data, '$.files', json_array(?)) WHERE data LIKE '%patch%' AND session_id = ?"
    world.run(sql, "/etc/passwd", talk.id)
    assert only(world, source, linked(source)).turns[:2] == (0, 3)
    world.run(sql, 7, talk.id)
    assert only(world, source, clone(source, "another")).turns[:2] == (0, 3)


def test_a_turn_whose_undo_deletes_what_git_quotes_is_detached(world: World, source: Path) -> None:
    """opencode 1.18.34 deletes a file whose name git quotes when it undoes several at once, even where it belongs."""
    made = world.session(source)
    world.turn(made, write, source / "grüße", "alone\n")
    world.turn(made, write_all, {source / "a": "a changed\n", source / "grüße": "with another\n"})
    commit(source)
    turns = only(world, source, linked(source)).turns
    assert (turns.carried, turns.detached) == (1, 1)
    assert "other letters than ASCII" in str(turns.because)
