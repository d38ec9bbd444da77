"""What an undo of opencode 2 would do to files, as `doctor --undo` says and `protect` mends it; what a move keeps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.faults import run
from tests.support.git import git
from tests.support.marks import long_round
from tests.support.opencode_2_database import forget, freshen, upgrade
from tests.support.opencode_2_undo import Opencode2, UndoFailed
from tests.support.rows import rows
from tests.support.undo_world import Talk, World, changes, linked, state, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=[long_round("v2"), "v1+v2"])
def opencode(world: World, request: pytest.FixtureRequest) -> Opencode2:
    (upgrade if request.param == "v1+v2" else freshen)(world.home)
    return Opencode2(world, request.param)


@pytest.fixture
def shop(opencode: Opencode2) -> Path:
    return opencode.world.repository("shop", a="a\n", sub__b="b\n")


def work(shop: Path, name: str = "made") -> None:
    """Change a file, and make one."""
    write(shop / "a", "changed\n")
    write(shop / name, "made\n")


def cloned(shop: Path) -> Path:
    """Another clone of the same remote."""
    clone = shop.with_name("clone")
    git(shop.parent, "clone", "--quiet", shop, clone)
    git(shop, "remote", "add", "origin", "https://example.com/shop.git")
    git(clone, "remote", "set-url", "origin", "https://example.com/shop.git")
    return clone


def effects(opencode: Opencode2) -> dict[str, list[dict[str, Any]]]:
    """What `doctor --undo` says of each session, turn by turn."""
    done = run(opencode.world.home, "doctor", "--undo", "--json")
    found = done.json["undo"]
    assert done.code == int(found["deletes"] + found["unknown"] > 0)
    return {row["id"]: row["turns"] for row in found["sessions"]}


def files_of(opencode: Opencode2, talk: Talk) -> list[list[str]]:
    rows_ = opencode.world.rows("SELECT data FROM session_message WHERE session_id = ? ORDER BY seq", talk.id)
    return [data["snapshot"]["files"] for (text,) in rows_ if "snapshot" in (data := json.loads(text))]


# --------------------------------------------------------------------------------------------- within one checkout


@pytest.mark.parametrize("down", [True, False], ids=["down", "up"])
def test_a_move_within_one_checkout_keeps_file_undo(opencode: Opencode2, shop: Path, *, down: bool) -> None:
    source, target = (shop, shop / "sub") if down else (shop / "sub", shop)
    talk = opencode.session(source)
    original = state(shop)
    prompt = opencode.turn(talk, work, shop if down else shop / "sub")
    before = rows(opencode.world.home)
    done = run(opencode.world.home, "move", "--from-id", talk.id, "--to-dir", target, "--yes", "--json")
    assert done.code == 0, done.stderr
    after = rows(opencode.world.home)
    assert after["session_v2"][talk.id]["directory"] == str(target)
    for id_, row in before["session_message"].items():
        assert after["session_message"][id_] == row
    opencode.undo(talk, prompt)
    assert changes(original, state(shop)) == {}
    assert run(opencode.world.home, "undo", "--yes").code == 0
    assert rows(opencode.world.home) == before


def test_the_plan_says_that_it_is_kept(opencode: Opencode2, shop: Path) -> None:
    talk = opencode.session(shop)
    opencode.turn(talk, work, shop)
    shown = run(opencode.world.home, "move", "--from-id", talk.id, "--to-dir", shop / "sub", "--undo-files", "carry")
    assert "file undo: carried 1" in " ".join(shown.stdout.split())


def test_what_a_turn_itself_put_in_the_way_is_no_loss(opencode: Opencode2, shop: Path) -> None:
    """A directory in the place of a file, until somebody has a file in there too."""

    def replace() -> None:
        (shop / "a").unlink()
        write(shop / "a" / "made", "made\n")

    talk = opencode.session(shop)
    original = state(shop)
    prompt = opencode.turn(talk, replace)
    (said,) = effects(opencode)[talk.id]
    assert said["undo"] == "restores"
    assert "so an undo fails" in said["because"]
    write(shop / "a" / "mine", "mine\n")
    assert [turn["undo"] for turn in effects(opencode)[talk.id]] == ["deletes"]
    (shop / "a" / "mine").unlink()
    with pytest.raises(UndoFailed):
        opencode.undo(talk, prompt)
    assert changes(original, state(shop)) == {}


@pytest.mark.parametrize("command", ["rescue", "relocate"])
def test_so_do_other_commands(opencode: Opencode2, shop: Path, command: str) -> None:
    """A folder that is gone, or was renamed, within the checkout."""
    talk = opencode.session(shop / "sub")
    original = state(shop)
    prompt = opencode.turn(talk, work, shop / "sub")
    if command == "relocate":
        (shop / "sub").rename(shop / "below")
        done = run(opencode.world.home, "relocate", shop / "sub", shop / "below", "--yes")
    else:
        for file in (shop / "sub").iterdir():
            file.unlink()
        (shop / "sub").rmdir()
        done = run(opencode.world.home, "rescue", "--likely", "--yes")
    assert done.code == 0, done.stderr
    assert opencode.world.rows("SELECT directory FROM session_v2") != [(str(shop / "sub"),)]
    assert files_of(opencode, talk) == [["sub/a", "sub/made"]]
    opencode.undo(talk, prompt)
    assert (shop / "a").read_bytes() == original["a"][1]


def test_a_session_of_both_keeps_it_in_both(world: World) -> None:
    shop = world.repository("shop", a="a\n", sub__b="b\n")
    talk = world.session(shop)
    original = state(shop)
    world.turn(talk, write, shop / "a", "changed by 1\n")
    upgrade(world.home)
    opencode = Opencode2(world, "v1+v2")
    prompt = opencode.turn(talk, write, shop / "made", "made by 2\n")
    before = rows(world.home)
    assert run(world.home, "move", "--from-id", talk.id, "--to-dir", shop / "sub", "--yes").code == 0
    assert world.patches(talk)[0]["files"] == [str(shop / "a")]
    opencode.undo(talk, prompt)
    assert not (shop / "made").exists()
    undo = world.undo(talk)
    undo.revert(undo.messages()[0])
    assert changes(original, state(shop)) == {}
    world.run("UPDATE session SET revert = NULL")
    assert run(world.home, "undo", "--yes").code == 0
    assert rows(world.home) == before


def test_only_the_half_that_leaves_its_checkout_is_detached(world: World) -> None:
    """Opencode 2 has moved the session, opencode 1 has it where it was."""
    shop = world.repository("shop", a="a\n", sub__b="b\n")
    other = linked(shop)
    talk = world.session(other)
    world.turn(talk, write, other / "a", "changed by 1\n")
    upgrade(world.home)
    opencode = Opencode2(world, "v1+v2")
    opencode.turn(opencode.move(talk, shop), work, shop)
    before = rows(world.home)
    assert run(world.home, "move", "--from-id", talk.id, "--to-dir", shop / "sub", "--yes").code == 0
    assert [patch["files"] for patch in world.patches(talk)] == [[]]
    assert files_of(opencode, talk) == [[], ["a", "made"]]
    assert run(world.home, "undo", "--yes").code == 0
    assert rows(world.home) == before


def test_of_a_session_that_only_opencode_1_has_it_is_carried_anywhere(world: World) -> None:
    shop = world.repository("shop", a="a\n", sub__b="b\n")
    other, talk = linked(shop), world.session(shop)
    world.turn(talk, write, shop / "a", "changed\n")
    write(other / "a", "changed\n")
    upgrade(world.home)
    forget(world.home, talk.id)
    before = rows(world.home)
    assert run(world.home, "move", "--from-id", talk.id, "--to-dir", other, "--yes").code == 0
    undo = world.undo(talk)
    undo.revert(undo.messages()[0])
    assert ((other / "a").read_text(), (shop / "a").read_text()) == ("a\n", "changed\n")
    world.run("UPDATE session SET revert = NULL")
    assert run(world.home, "undo", "--yes").code == 0
    assert rows(world.home) == before


def test_to_another_checkout_none_goes_along(opencode: Opencode2, shop: Path) -> None:
    other, talk = linked(shop), opencode.session(shop)
    opencode.turn(talk, work, shop)
    words = ("move", "--from-id", talk.id, "--to-dir", other)
    shown = run(opencode.world.home, *words, "--dry-run").stdout
    assert "it is carried within one checkout only" in " ".join(shown.split())
    assert run(opencode.world.home, *words, "--undo-files", "carry", "--yes").code == 1
    assert run(opencode.world.home, *words, "--yes").code == 0
    assert files_of(opencode, talk) == [[]]


def test_only_what_was_made_here_is_kept(opencode: Opencode2, shop: Path) -> None:
    """A turn that was made in another worktree is detached, one that was made here stays."""
    other = linked(shop)
    talk = opencode.session(other)
    opencode.turn(talk, work, other, "elsewhere")
    talk = opencode.move(talk, shop)
    opencode.turn(talk, work, shop, "here")
    assert run(opencode.world.home, "move", "--from-id", talk.id, "--to-dir", shop / "sub", "--yes").code == 0
    assert files_of(opencode, talk) == [[], ["a", "here"]]


def test_a_silent_move_within_one_checkout_costs_no_changes(opencode: Opencode2, shop: Path) -> None:
    """opencode 2 finds the snapshots of earlier turns where it is; only in another checkout it has to be told."""
    talk = opencode.session(shop)
    opencode.turn(talk, work, shop)
    words = ("move", "--from-id", talk.id, "--no-announce", "--dry-run", "--to-dir")
    assert "HTTP 500" not in run(opencode.world.home, *words, shop / "sub").stdout
    assert "HTTP 500" in run(opencode.world.home, *words, linked(shop)).stdout


def test_a_redo_that_waits_goes_along(opencode: Opencode2, shop: Path) -> None:
    talk = opencode.session(shop)
    prompt = opencode.turn(talk, work, shop)
    original = opencode.snapshots(shop).track()
    marker = json.dumps({"messageID": prompt, "snapshot": original, "files": [{"file": "a"}, {"file": "made"}]})
    opencode.world.run("UPDATE session_v2 SET revert = ? WHERE id = ?", marker, talk.id)
    before = rows(opencode.world.home)
    assert run(opencode.world.home, "move", "--from-id", talk.id, "--to-dir", shop / "sub", "--yes").code == 0
    assert opencode.world.rows("SELECT revert FROM session_v2") == [(marker,)]
    assert run(opencode.world.home, "undo", "--yes").code == 0
    assert rows(opencode.world.home) == before


def test_a_saved_plan_keeps_it_too(opencode: Opencode2, shop: Path) -> None:
    talk = opencode.session(shop)
    opencode.turn(talk, work, shop)
    before = rows(opencode.world.home)
    plan = shop.parent / "plan.json"
    assert (
        run(opencode.world.home, "plan", "move", "--from-id", talk.id, "--to-dir", shop / "sub", "-o", plan).code == 0
    )
    assert rows(opencode.world.home) == before
    assert run(opencode.world.home, "apply", plan, "--yes").code == 0
    assert files_of(opencode, talk) == [["a", "made"]]
    assert run(opencode.world.home, "undo", "--yes").code == 0
    assert rows(opencode.world.home) == before


# ------------------------------------------------------------------------------------------------- doctor and protect


def test_doctor_says_what_an_undo_restores(opencode: Opencode2, shop: Path) -> None:
    talk = opencode.session(shop)
    prompt = opencode.turn(talk, work, shop)
    (turn,) = effects(opencode)[talk.id]
    assert (turn["message"], turn["undo"], turn["because"]) == (prompt, "restores", None)
    assert (turn["restores"], turn["removes"], turn["deletes"]) == ([str(shop / "a")], [str(shop / "made")], [])
    assert run(opencode.world.home, "protect", "--yes", "--json").json["status"] == "unchanged"


def moved_to_clone(opencode: Opencode2, shop: Path) -> tuple[Talk, str, Path]:
    """A session that opencode 2 has moved to another clone, where its undo deletes a file that no turn made there."""
    clone = cloned(shop)
    talk = opencode.session(shop)
    prompt = opencode.turn(talk, write, shop / "made", "made\n")
    opencode.snapshots(clone).track()
    write(clone / "made", "somebody's\n")
    return opencode.move(talk, clone), prompt, clone


def test_doctor_foretells_what_an_undo_deletes(opencode: Opencode2, shop: Path) -> None:
    talk, prompt, clone = moved_to_clone(opencode, shop)
    (turn,) = effects(opencode)[talk.id]
    assert (turn["undo"], turn["deletes"]) == ("deletes", [str(clone / "made")])
    assert turn["because"] == f"the session is in {clone} now, and the turn was in {shop}"
    opencode.undo(talk, prompt)
    assert not (clone / "made").exists(), "the control: it was true"


def test_protect_detaches_that_and_undo_sets_it_back(opencode: Opencode2, shop: Path) -> None:
    talk, prompt, clone = moved_to_clone(opencode, shop)
    before = rows(opencode.world.home)
    shown = run(opencode.world.home, "protect", "--yes")
    assert shown.code == 0, shown.stderr
    assert files_of(opencode, talk) == [[]]
    opencode.undo(talk, prompt)
    assert (clone / "made").read_text() == "somebody's\n"
    assert effects(opencode) == {}
    assert run(opencode.world.home, "undo", "--yes").code == 0
    assert rows(opencode.world.home) == before


def test_beside_opencode_2_opencode_1_is_protected_as_ever(world: World) -> None:
    """Its undo deletes what it finds in no snapshot; that of opencode 2 fails."""
    shop = world.repository("shop", a="a\n")
    write(shop / "a", "before\n")
    talk = world.session(shop)
    world.turn(talk, write, shop / "a", "changed\n")
    world.prune(shop, world.patches(talk)[0]["hash"])
    upgrade(world.home)
    before = rows(world.home)
    turns = effects(Opencode2(world, "v1+v2"))[talk.id]
    assert [(turn["undo"], turn["deletes"]) for turn in turns] == [("deletes", [str(shop / "a")]), ("nothing", [])]
    assert run(world.home, "protect", "--yes").code == 0
    assert [patch["files"] for patch in world.patches(talk)] == [[]]
    assert rows(world.home)["session_message"] == before["session_message"]
    assert run(world.home, "undo", "--yes").code == 0
    assert rows(world.home) == before


def test_a_newer_file_of_the_destination_counts_as_lost(opencode: Opencode2, shop: Path) -> None:
    """It would be overwritten by what another checkout had."""
    clone = cloned(shop)
    talk = opencode.session(shop)
    opencode.turn(talk, write, shop / "a", "changed\n")
    opencode.snapshots(clone).track()
    write(clone / "a", "somebody's\n")
    talk = opencode.move(talk, clone)
    (turn,) = effects(opencode)[talk.id]
    assert (turn["undo"], turn["deletes"]) == ("deletes", [str(clone / "a")])


def test_where_nobody_knows_where_a_turn_was_made_it_is_let_be(opencode: Opencode2, shop: Path) -> None:
    """The row was changed by hand, so no message tells of the move, and the clone knows the tree from its commit."""
    clone = cloned(shop)
    talk = opencode.session(shop)
    opencode.turn(talk, write, shop / "made", "made\n")
    write(clone / "made", "somebody's\n")
    opencode.world.run("UPDATE session_v2 SET directory = ? WHERE id = ?", str(clone), talk.id)
    (turn,) = effects(opencode)[talk.id]
    assert turn["undo"] == "unknown"
    assert turn["because"] == f"nobody knows whether it was made in {clone}, where an undo would act now"
    before = rows(opencode.world.home)
    protected = run(opencode.world.home, "protect", "--yes")
    assert "unknown" in protected.stdout + protected.stderr
    assert rows(opencode.world.home) == before


@pytest.mark.parametrize("moved_on", [False, True])
def test_a_tree_that_another_worktree_began_with_proves_nothing(
    opencode: Opencode2, shop: Path, *, moved_on: bool
) -> None:
    """What a turn left was committed and checked out elsewhere; previews moved sessions back without a message."""
    earlier = opencode.session(shop)
    opencode.turn(earlier, write, shop / "a", "changed\n")
    git(shop, "commit", "--quiet", "--all", "--message", "work")
    other = linked(shop)
    talk = opencode.session(other)
    prompt = opencode.turn(talk, write, other / "made", "made\n")
    write(shop / "made", "somebody's\n")
    opencode.world.run("UPDATE session_v2 SET directory = ? WHERE id = ?", str(shop), talk.id)
    here, there = (shop / "sub", shop) if moved_on else (shop, shop / "sub")
    if moved_on:
        opencode.move(Talk(talk.id, shop), here)
    (turn,) = effects(opencode)[talk.id]
    assert turn["undo"] == "unknown"
    assert run(opencode.world.home, "move", "--from-id", talk.id, "--to-dir", there, "--yes").code == 0
    assert files_of(opencode, talk) == [[]]
    assert files_of(opencode, earlier) == [["a"]]
    opencode.undo(talk, prompt)
    assert (shop / "made").read_text() == "somebody's\n"


def test_a_pruned_snapshot_makes_an_undo_fail_and_nothing_else(opencode: Opencode2, shop: Path) -> None:
    talk = opencode.session(shop)
    write(shop / "a", "before\n")
    prompt = opencode.turn(talk, work, shop)
    ((data,),) = opencode.world.rows("SELECT data FROM session_message WHERE type = 'assistant'")
    opencode.world.prune(shop, json.loads(data)["snapshot"]["start"])
    (turn,) = effects(opencode)[talk.id]
    assert (turn["undo"], turn["because"]) == ("nothing", "its snapshot is gone, so an undo fails")
    before = state(shop)
    with pytest.raises(UndoFailed):
        opencode.undo(talk, prompt)
    assert state(shop) == before


def test_in_a_directory_that_is_gone(opencode: Opencode2, shop: Path) -> None:
    """In a repository nobody knows whether opencode 2 acts on that; elsewhere it takes no snapshots at all."""
    talk = opencode.session(shop / "sub")
    opencode.turn(talk, work, shop / "sub")
    (shop / "sub").rename(shop / "below")
    (turn,) = effects(opencode)[talk.id]
    assert (turn["undo"], turn["because"]) == (
        "unknown",
        f"{shop}/sub is gone, and nobody knows whether opencode 2 would then act in the repository around it, {shop}",
    )
    shop.rename(shop.with_name("renamed"))
    (turn,) = effects(opencode)[talk.id]
    assert (turn["undo"], turn["because"]) == ("nothing", f"{shop}/sub is in no git repository, so an undo fails")


def test_an_imported_turn_has_absolute_names(opencode: Opencode2, shop: Path) -> None:
    """opencode 2 restores those, and never removes what the turn made; of another checkout it touches nothing."""
    other, talk = linked(shop), opencode.session(shop)
    before = str(opencode.snapshots(shop).track())
    work(shop)
    after = str(opencode.snapshots(shop).track())
    prompt = opencode.answer(talk, before, after, str(shop / "a"), str(shop / "made"))
    (turn,) = effects(opencode)[talk.id]
    assert (turn["undo"], turn["restores"], turn["removes"]) == ("restores", [str(shop / "a")], [])
    talk = opencode.move(talk, other)
    (turn,) = effects(opencode)[talk.id]
    assert (turn["undo"], turn["because"]) == ("nothing", f"it names files outside of {other}, so an undo fails")
    with pytest.raises(UndoFailed):
        opencode.undo(talk, prompt)
    opencode.move(talk, shop)
    opencode.undo(talk, prompt)
    assert ((shop / "a").read_text(), (shop / "made").exists()) == ("a\n", True)


@pytest.mark.parametrize("name", ["a", "made"])
def test_a_directory_in_the_place_of_a_file(opencode: Opencode2, shop: Path, name: str) -> None:
    """opencode 2 would remove it with all that is in it, to restore the file or to take it away."""
    talk = opencode.session(shop)
    prompt = opencode.turn(talk, work, shop)
    (shop / name).unlink()
    write(shop / name / "later", "somebody's\n")
    (turn,) = effects(opencode)[talk.id]
    assert (turn["undo"], turn["deletes"]) == ("deletes", [str(shop / name)])
    before = state(shop)
    assert run(opencode.world.home, "protect", "--yes").code == 0
    opencode.undo(talk, prompt)
    assert state(shop) == before
    assert run(opencode.world.home, "undo", "--yes").code == 0
    opencode.undo(talk, prompt)
    assert not (shop / name / "later").exists(), "the control: it was true"


def test_names_that_git_quotes(opencode: Opencode2, shop: Path) -> None:
    """opencode 2 asks for each file by its very name."""
    talk = opencode.session(shop)
    prompt = opencode.turn(talk, work, shop, 'a "b" \\ é [c]')
    original = opencode.place(shop).worktree
    (turn,) = effects(opencode)[talk.id]
    assert (turn["undo"], turn["removes"]) == ("restores", [f'{original}/a "b" \\ é [c]'])
    opencode.undo(talk, prompt)
    assert not (shop / 'a "b" \\ é [c]').exists()


def test_an_answer_that_nobody_can_read(opencode: Opencode2, shop: Path) -> None:
    talk = opencode.session(shop)
    opencode.turn(talk, work, shop)
    opencode.world.run("UPDATE session_message SET data = substr(data, 1, length(data) - 1) WHERE type = 'assistant'")
    (turn,) = effects(opencode)[talk.id]
    assert turn["undo"] == "unknown"
    assert "in table session_message can't be read" in turn["because"]


def test_snapshots_that_nobody_may_read(opencode: Opencode2, shop: Path) -> None:
    """Then a move is refused, since what is detached is lost, and doctor names what is in the way."""
    talk = opencode.session(shop)
    write(shop / "a", "before\n")
    opencode.turn(talk, work, shop)
    (opencode.snapshots(shop).git_dir / "config").write_text("[broken\n")
    (turn,) = effects(opencode)[talk.id]
    assert (turn["undo"], "git" in turn["because"]) == ("unknown", True)
    before = rows(opencode.world.home)
    words = ("move", "--from-id", talk.id, "--to-dir", shop / "sub", "--yes")
    refused = run(opencode.world.home, *words)
    assert refused.code == 1
    assert "--undo-files detach" in refused.stderr
    assert rows(opencode.world.home) == before
    assert run(opencode.world.home, *words, "--undo-files", "detach").code == 0
