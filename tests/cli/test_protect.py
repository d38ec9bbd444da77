"""`protect`: the turns whose undo would delete files lose it; nothing moves, and nothing else changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.git import root_commit
from tests.support.refusal import sentence
from tests.support.rows import add_child, add_workspace, copy_session, patch_files, rows
from tests.support.shell import printed_command, run_in_shell
from tests.support.snapshots import LOST, MIXED, SAFE, add_turn, bind, three_sessions
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home
    from tests.support.rows import Rows


@pytest.fixture
def shop(home: Home) -> Path:
    return three_sessions(home)


def changed(home: Home, before: Rows) -> set[str]:
    """The rows that differ, by id; nothing may have come or gone."""
    after = rows(home)
    assert {table: values.keys() for table, values in after.items()} == {
        table: values.keys() for table, values in before.items()
    }
    return {str(key) for table, values in after.items() for key, row in values.items() if row != before[table][key]}


def test_only_the_dangerous_turns_are_detached(home: Home, shop: Path) -> None:
    before = rows(home)
    run = home.run("protect", "--yes", "--json").json
    assert (run["status"], run["sessions"], run["verified"]) == ("applied", 2, 2)
    assert changed(home, before) == {f"prt_1_{MIXED}", f"prt_1_{LOST}"}
    assert patch_files(home, MIXED) == [str(shop / "two")]
    assert patch_files(home, LOST) == []
    for id_ in (f"prt_1_{MIXED}", f"prt_1_{LOST}"):
        was, is_ = (json.loads(values["part"][id_]["data"]) for values in (before, rows(home)))
        assert is_ == was | {"files": []}


def test_undo_sets_it_back(home: Home, shop: Path) -> None:  # noqa: ARG001 - it is there
    before = rows(home)
    protected = home.run("protect", "--yes")
    assert "Detached dangerous file undo in 2 sessions; nothing was moved." in protected.stdout
    taken_back = home.run("undo", "--yes")
    assert "Set file undo back in 2 sessions; nothing was moved." in taken_back.stdout
    assert rows(home) == before
    assert home.run("undo", "--yes").code == 1  # once


def test_undo_moves_nobody_who_came_since(home: Home, shop: Path) -> None:
    """A child that was born in another place since then is where it belongs."""
    home.run("protect", "--yes")
    child = add_child(home, MIXED)
    bind(home, child, home.src, "global")
    there = add_child(home, LOST)
    before = rows(home)["session"]
    assert home.run("undo", "--yes").code == 0
    assert rows(home)["session"] == before
    assert patch_files(home, MIXED) == [str(shop / "two"), str(shop / "nowhere"), str(shop / "two")]
    assert there in before


def test_what_is_shown(home: Home, shop: Path) -> None:  # noqa: ARG001 - it is there
    before = rows(home)
    shown = home.run("protect", "--dry-run")
    assert shown.code == 0
    assert "Plan: file undo of 2 sessions to change, nothing moves; 16 sessions left as they are." in shown.stdout
    assert "file undo: detached 1, detached in part 1" in " ".join(shown.stdout.split())
    text = " ".join(shown.stdout.split())
    assert f"{MIXED}: undoing msg_1_user_{MIXED} of 1970-01-01" in text
    assert "would delete 1 file, ~/src/shop/two: opencode has pruned its snapshot." in text
    assert "would delete 2 files, ~/src/shop/three, ~/src/shop/README.md: " in text
    assert SAFE not in text
    assert "shop/nowhere" not in text  # it isn't there
    assert rows(home) == before
    assert run_in_shell(home, printed_command(shown.stdout)).code == 0
    assert patch_files(home, LOST) == []


def test_it_asks(home: Home, shop: Path) -> None:
    before = rows(home)
    nobody = home.run("protect")
    assert (nobody.code, nobody.stderr.endswith("\nTo apply:\n  opencode-migrator protect --yes\n")) == (1, True)
    assert rows(home) == before
    with Terminal(home, "protect") as terminal:
        terminal.wait_for("Protect 2 sessions?")
        terminal.type("y\n")
        assert terminal.finish() == 0
    assert patch_files(home, MIXED) == [str(shop / "two")]


def test_of_selected_sessions_only(home: Home, shop: Path) -> None:
    home.execute("UPDATE session SET parent_id = NULL WHERE id = ?", [LOST])
    assert home.run("protect", "--from-id", LOST, "--yes", "--json").json["sessions"] == 1
    assert patch_files(home, LOST) == []
    assert str(shop / "nowhere") in patch_files(home, MIXED)
    assert home.run("protect", "--from-id", "ses_none", "--yes").code == 3
    assert home.run("protect", "--from-id", SAFE, "--yes", "--json").json["status"] == "unchanged"


def test_nothing_to_do(home: Home) -> None:
    done = home.run("protect", "--yes")
    assert (done.code, done.stdout.split("\n")[0]) == (0, "Nothing to do: 18 sessions left as they are.")
    home.execute("DELETE FROM session")
    assert home.run("protect", "--yes").code == 0


def test_nobody_can_tell(home: Home, shop: Path) -> None:
    """What git refuses to look into is let be, and that is said."""
    (shop / ".git" / "config").write_text("[broken\n")
    before = rows(home)
    done = home.run("protect", "--yes")
    assert done.code == 0
    assert "3 sessions" in done.stderr
    assert "is unknown, so it stays as it is" in done.stderr
    assert rows(home) == before


def test_a_plan_is_judged_anew(home: Home, shop: Path) -> None:
    """Between plan and apply a file went, and another turn became dangerous."""
    assert home.run("plan", "protect", "-o", "plan.json").code == 0
    assert "nothing moves" in home.run("show", "plan.json").stdout
    (shop / "three").unlink()
    (shop / "README.md").unlink()
    add_turn(home, MIXED, "2" * 40, shop / "one", number=3)
    before = rows(home)
    run = home.run("apply", "plan.json", "--yes", "--json").json
    assert [warning["session"] for warning in run["warnings"] if warning["code"] == "undo-safe"] == [LOST]
    assert changed(home, before) == {f"prt_1_{MIXED}", f"prt_3_{MIXED}"}


def test_a_new_child_is_no_conflict_and_a_move_is(home: Home, shop: Path) -> None:
    assert home.run("plan", "protect", "-o", "plan.json").code == 0
    copy_session(home, MIXED, id="ses_new", parent_id=MIXED)
    plan = home.run("apply", "plan.json", "--yes", "--json")
    assert plan.json["status"] == "applied"
    assert home.run("undo", "--yes").code == 0
    bind(home, LOST, shop / "sub", root_commit(shop))
    before = rows(home)
    assert LOST in sentence(home.run("apply", "plan.json", "--yes"), 5)
    assert rows(home) == before


def test_a_directory_that_is_gone_is_no_obstacle(home: Home, shop: Path) -> None:
    bind(home, LOST, home.src / "nowhere", "global")
    assert home.run("protect", "--yes").code == 0
    assert patch_files(home, LOST) == []
    assert (shop / "three").exists()


def test_a_redo_stays(home: Home, shop: Path) -> None:  # noqa: ARG001 - it is there
    """The marker of a reverted session is no turn; what it was, it stays."""
    marker = '{"messageID":"msg_1","snapshot":"ab","diff":"d"}'
    home.execute("UPDATE session SET revert = ? WHERE id = ?", [marker, LOST])
    assert home.run("protect", "--yes").code == 0
    assert home.query("SELECT revert FROM session WHERE id = ?", [LOST]) == [(marker,)]
    assert patch_files(home, LOST) == []


def test_in_a_workspace_the_other_turns_stay_too(home: Home, shop: Path) -> None:
    """Leaving a workspace detaches everything in a move; here nothing leaves."""
    add_workspace(home, "w", shop, root_commit(shop))
    home.execute("UPDATE session SET workspace_id = 'w' WHERE id = ?", [MIXED])
    before = rows(home)
    assert home.run("protect", "--yes").code == 0
    assert changed(home, before) == {f"prt_1_{MIXED}", f"prt_1_{LOST}"}


def test_without_a_project_row(home: Home, shop: Path) -> None:  # noqa: ARG001 - it is there
    """As a move by hand leaves it; the row isn't ours to make here."""
    home.execute("UPDATE session SET project_id = 'nowhere' WHERE id IN (?, ?)", [MIXED, LOST])
    before = rows(home)
    assert home.run("protect", "--yes").code == 0
    assert changed(home, before) == {f"prt_1_{MIXED}", f"prt_1_{LOST}"}
    assert home.run("undo", "--yes").code == 0
    assert rows(home) == before
