"""`rescue`: what is certain comes home, whole trees, and the rest is listed with the reason."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import copy_of, git, repository, root_commit, sub_directory
from tests.support.history import History
from tests.support.home import build_home
from tests.support.refusal import sentence
from tests.support.rows import add_patch
from tests.support.shell import printed_command, run_in_shell
from tests.support.snapshots import snapshot
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

ORIGIN = "https://example.com/acme/shop.git"


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(build_home(tmp_path / "home", "1.18.34"))


@pytest.fixture
def renamed(history: History) -> dict[str, str]:
    """src/shop is src/store now, and opencode was there: a root with a child, one below. Nobody can help `notes`.

    Opencode has a snapshot of shop, and the files in store are the same.
    """
    shop = repository(history.src / "shop")
    sessions = {"root": history.session(shop), "sub": history.session(sub_directory(shop / "sub"))}
    sessions["child"] = history.session(shop, sessions["root"])
    add_patch(history.home, sessions["child"], str(shop / "file.txt"))
    snapshot(history.home, shop)
    sessions["notes"] = history.session(sub_directory(history.src / "notes"))
    shop.rename(history.src / "store")
    (history.src / "notes").rmdir()
    history.opened(history.src / "store")
    return sessions


def test_they_come_home_and_the_rest_is_listed(history: History, renamed: dict[str, str]) -> None:
    store = history.src / "store"
    run = history.home.run("rescue", "--yes")
    assert run.code == 0
    assert "Moved 3 sessions" in run.stdout
    assert "still lost: 1 session" in run.stderr
    assert "in no repository" in run.stderr
    project = root_commit(store)
    assert history.binding(renamed["root"]) == (project, str(store), "", None)
    assert history.binding(renamed["child"]) == (project, str(store), "", None)
    assert history.binding(renamed["sub"]) == (project, str(store / "sub"), "sub", None)
    assert history.lost() == {renamed["notes"]}


def test_the_second_time_there_is_nothing_to_do(history: History, renamed: dict[str, str]) -> None:
    history.home.run("rescue", "--yes")
    before = history.home.everything()
    again = history.home.run("rescue", "--yes")
    first = "Nothing can be moved home by itself; 1 session is still lost:"
    assert (again.code, again.stdout.splitlines()[0]) == (0, first)
    assert (again.stdout + again.stderr).count("still lost") == 1
    document = history.home.run("rescue", "--yes", "--json").json
    assert document["status"] == "unchanged"
    assert [w["session"] for w in document["warnings"]] == [renamed["notes"]]
    assert history.home.everything() == before


def test_the_plan_says_why_a_place_is_home(history: History, renamed: dict[str, str]) -> None:
    before = history.home.everything()
    shown = history.home.run("rescue", "--dry-run")
    assert shown.code == 0
    words = " ".join(shown.stdout.split())
    assert "because: ~/src/shop is gone, and ~/src/store has the very files of opencode's last snapshot" in words
    assert "from ~/src/shop/sub to ~/src/store/sub" in words
    plan = history.home.run("rescue", "--dry-run", "--json").json
    (change,) = [change for change in plan["changes"] if change["session"] == renamed["child"]]
    assert change["selected_by"][0] == "--rule missing-directory"
    assert (change["root"], change["undo"]) == (renamed["root"], "detach")
    (warning,) = plan["warnings"]
    assert (warning["code"], warning["session"]) == ("still-lost", renamed["notes"])
    assert str(history.src / "notes") in warning["message"]
    assert history.home.everything() == before


def test_it_is_taken_back_row_for_row(history: History, renamed: dict[str, str]) -> None:
    del renamed
    before = history.home.everything()
    assert history.home.run("rescue", "--yes").code == 0
    assert history.home.everything() != before
    assert history.home.run("undo", "--yes").code == 0
    assert history.home.everything() == before


def test_a_plan_that_is_saved_shown_and_applied(history: History, renamed: dict[str, str]) -> None:
    home = history.home
    planned = home.run("plan", "rescue", "-o", "plan.json")
    assert planned.code == 0
    assert "still lost: 1 session" in planned.stdout
    assert "because: ~/src/shop is gone" in home.run("show", "plan.json").stdout
    assert run_in_shell(home, printed_command(planned.stdout) + " --yes").code == 0
    assert history.lost() == {renamed["notes"]}


def test_a_home_that_is_gone_again_makes_the_plan_stale(history: History, renamed: dict[str, str]) -> None:
    del renamed
    history.home.run("plan", "rescue", "-o", "plan.json")
    before = history.home.everything()
    shutil.rmtree(history.src / "store" / ".git")
    stale = history.home.run("apply", "plan.json", "--yes")
    assert stale.code == 5
    assert "Nothing was written; plan again." in stale.stderr
    assert history.home.everything() == before


def test_nobody_is_asked_without_a_terminal(history: History, renamed: dict[str, str]) -> None:
    del renamed
    refused = history.home.run("rescue")
    assert refused.code == 1
    assert refused.stderr.endswith("\nTo apply:\n  opencode-migrator rescue --yes\n")
    assert len(history.lost()) == 4


def test_on_a_terminal_it_asks(history: History, renamed: dict[str, str]) -> None:
    with Terminal(history.home, "rescue") as terminal:
        terminal.wait_for("Rescue 3 sessions from ")
        terminal.type("y\n")
        assert terminal.finish() == 0
    assert history.lost() == {renamed["notes"]}


def test_on_a_healthy_database_there_is_nothing_to_do(history: History) -> None:
    history.session(repository(history.src / "shop"))
    for words in (("--dry-run",), ("--yes",), ("--rule", "missing-directory", "--yes")):
        run = history.home.run("rescue", *words)
        then = "To check the rest:\n  opencode-migrator doctor\n"
        assert (run.code, run.stdout, run.stderr) == (0, f"Nothing to do: no session to move.\n{then}", "")


# -- which ------------------------------------------------------------------------------------------------------------


def test_a_rule_takes_what_it_finds_and_no_more(history: History, renamed: dict[str, str]) -> None:
    session = history.session(repository(history.src / "two"))
    git(history.src / "two", "remote", "add", "origin", ORIGIN)
    run = history.home.run("rescue", "--rule", "project-drift", "--yes")
    assert "Moved 1 session" in run.stdout
    assert "still lost" not in run.stderr
    assert history.lost() == set(renamed.values())
    assert session not in history.lost()
    refused = sentence(history.home.run("rescue", "--rule", "misspelt"), 2)
    assert "project-drift" in refused


def test_likely_homes_are_taken_when_that_is_said(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    far = sub_directory(history.home.path / "far") / "shop"
    shop.rename(far)
    said = ["rescue", "--yes", "--search", str(history.home.path / "far")]
    certain = history.home.run(*said)
    assert certain.code == 0
    words = " ".join(certain.stdout.split())
    assert "though not under this name; --likely takes it there" in words
    assert history.lost() == {session}
    assert "Moved 1 session" in history.home.run("rescue", "--yes", "--search=~/far", "--likely").stdout
    assert history.binding(session)[1] == str(far)
    assert not history.lost()


def test_a_search_is_only_as_deep_as_it_is_told(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    shop.rename(sub_directory(history.home.path / "far" / "away") / "shop")
    said = ["rescue", "--likely", "--yes", "--search", str(history.home.path), "--search-depth"]
    assert "the search found none" in " ".join(history.home.run(*said, "2").stdout.split())
    assert history.lost() == {session}
    assert history.home.run(*said, "3").code == 0
    assert not history.lost()


def test_rivals_are_both_named(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    for name in ("one", "two"):
        copy_of(shop, history.src / name)
    shutil.rmtree(shop)
    (warning,) = history.home.run("rescue", "--dry-run", "--json").json["warnings"]
    assert (warning["code"], warning["session"]) == ("still-lost", session)
    assert f"{history.src}/one and {history.src}/two" in warning["message"]


def test_a_search_below_what_is_not_there_is_wrong_usage(history: History) -> None:
    assert "nowhere" in sentence(history.home.run("rescue", "--search", "nowhere"), 2)


# -- trees ------------------------------------------------------------------------------------------------------------


def test_a_tree_whose_root_stays_lost_is_not_torn(history: History) -> None:
    """The child alone could be helped."""
    notes, shop = sub_directory(history.src / "notes"), repository(history.src / "shop")
    root = history.session(notes)
    child = history.session(shop, root, project_id=history.opened(notes).project_id)
    notes.rmdir()
    before = history.home.everything()
    plan = history.home.run("rescue", "--dry-run", "--json").json
    assert not plan["changes"]
    reasons = {warning["session"]: warning["message"] for warning in plan["warnings"]}
    assert reasons.keys() == {root, child}
    assert root in reasons[child]
    assert history.home.everything() == before


def test_a_child_left_behind_follows_its_root(history: History) -> None:
    """opencode's own move takes the session alone."""
    shop, other = repository(history.src / "shop"), repository(history.src / "other")
    root = history.session(sub_directory(shop / "sub"))
    children = [history.session(other, root), history.session(shop / "sub", root)]
    grandchild = history.session(other, children[0])
    assert history.lost() == {children[0], grandchild}
    plan = history.home.run("rescue", "--dry-run", "--json").json
    assert {change["session"] for change in plan["changes"]} == {children[0], grandchild}
    assert set(plan["unchanged"]) == {root, children[1]}
    assert history.home.run("rescue", "--yes").code == 0
    assert len({history.binding(session) for session in (root, *children, grandchild)}) == 1
    assert not history.lost()


def test_a_child_that_waited_in_the_new_place_stays_there(history: History) -> None:
    shop = repository(history.src / "shop")
    root = history.session(shop)
    snapshot(history.home, shop)
    shop.rename(history.src / "store")
    child = history.session(history.src / "store", root)
    assert history.lost() == {root, child}
    plan = history.home.run("rescue", "--dry-run", "--json").json
    assert [change["session"] for change in plan["changes"]] == [root]
    assert plan["unchanged"] == [child]
    assert not plan["warnings"]
    assert history.home.run("rescue", "--yes").code == 0
    assert not history.lost()


def test_what_no_move_mends_is_said_so(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop, "ses_gone")
    (warning,) = history.home.run("rescue", "--dry-run", "--json").json["warnings"]
    assert warning["session"] == session
    assert "moving can't fix this" in warning["message"]


def test_a_circle_of_parents_ends(history: History) -> None:
    shop = repository(history.src / "shop")
    one = history.session(shop)
    two = history.session(shop, one)
    history.home.execute("UPDATE session SET parent_id = ? WHERE id = ?", [two, one])
    shop.rename(history.src / "store")
    assert history.home.run("rescue", "--yes").code == 0
    assert {history.binding(session)[1] for session in (one, two)} == {str(history.src / "store")}


def test_what_can_not_be_looked_at_and_json_storage_are_never_moved(history: History) -> None:
    shop = repository(history.src / "shop")
    copy_of(shop, history.src / "store")
    session = history.session(shop)
    history.opened(history.src / "store")
    shutil.rmtree(shop)
    shop.symlink_to(shop)  # a loop, which root can't open either
    times = {"created": 1, "updated": 1}
    left = {"id": "ses_json", "projectID": "global", "directory": str(history.src), "title": "t", "time": times}
    storage = sub_directory(history.home.database.parent / "storage" / "session" / "global")
    (storage / "ses_json.json").write_text(json.dumps(left))
    plan = history.home.run("rescue", "--dry-run", "--json").json
    assert not plan["changes"]
    assert {warning["session"] for warning in plan["warnings"]} == {session, "ses_json"}


def test_file_undo_stays_where_directory_and_project_stay(history: History) -> None:
    """Only the path is mended."""
    deep = sub_directory(repository(history.src / "shop") / "sub" / "deep")
    session = history.session(deep, path="wrong")
    add_patch(history.home, session, str(deep / "x"))
    assert undo_of(history) == {session: "none"}
    assert history.home.run("rescue", "--yes").code == 0
    assert history.binding(session)[2] == "sub/deep"
    assert [json.loads(data)["files"] for (data,) in history.home.query("SELECT data FROM part")] == [[str(deep / "x")]]


def test_file_undo_is_detached_where_the_project_is_another_one(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    add_patch(history.home, session, str(shop / "file.txt"))
    git(shop, "remote", "add", "origin", ORIGIN)
    assert undo_of(history) == {session: "detach"}
    assert history.home.run("rescue", "--yes").code == 0
    assert [json.loads(data)["files"] for (data,) in history.home.query("SELECT data FROM part")] == [[]]


def undo_of(history: History) -> dict[str, Any]:
    plan = history.home.run("rescue", "--dry-run", "--json").json
    return {change["session"]: change["undo"] for change in plan["changes"]}
