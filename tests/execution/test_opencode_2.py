"""A move in a database of opencode 2 is what opencode 2 itself would have made of it, and nothing else is touched."""

from __future__ import annotations

import json
from hashlib import sha1
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.faults import Fault, run
from tests.support.git import root_commit
from tests.support.opencode_2_database import (
    V2_DIALECTS,
    add_row,
    add_turn,
    check_whole,
    dialect_home,
    files_to_undo,
    forget,
    next_number,
    queue_move,
    tables_of_2,
    upgrade,
)
from tests.support.rows import MARKER, Rows, add_child, copy_session, directories, patch_files, rows, session_titled

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.forked import Finished
    from tests.support.home import Home

SEARCH = ("--from-dir", "~/src/shop-search")
BM25 = "Read about BM25"


@pytest.fixture(params=V2_DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def home(tmp_path: Path, dialect: str) -> Home:
    home = dialect_home(tmp_path / "home", "real-1.18.34", dialect)
    home.repository("shop", "sub/deep")
    return home


@pytest.fixture
def both(tmp_path: Path) -> Home:
    """Of both opencodes."""
    home = dialect_home(tmp_path / "home", "real-1.18.34", "v1+v2")
    home.repository("shop", "sub/deep")
    return home


def move(home: Home, *words: str, select: tuple[str, ...] = SEARCH, to: str = "shop") -> Finished:
    done = run(home, "move", *select, "--to-dir", home.src / to, "--yes", "--json", *words)
    check_whole(home)
    return done


def in_shop(home: Home) -> set[str]:
    return {id_ for id_, where in directories(home).items() if f"{where}/".startswith(f"{home.src / 'shop'}/")}


def changes(before: Rows, after: Rows) -> dict[str, dict[Any, set[str]]]:
    """Which columns of which rows differ; a row that came or went has all of them."""
    found: dict[str, dict[Any, set[str]]] = {}
    for table in before:
        for key in before[table].keys() | after[table].keys():
            old, new = before[table].get(key, {}), after[table].get(key, {})
            columns = {column for column in old.keys() | new.keys() if old.get(column) != new.get(column)}
            if columns:
                found.setdefault(table, {})[key] = columns
    return found


def messages(home: Home, session: str) -> list[tuple[int, str, Any]]:
    found = home.query("SELECT seq, type, data FROM session_message WHERE session_id = ? ORDER BY seq", [session])
    return [(seq, type_, json.loads(data)) for seq, type_, data in found]


# --------------------------------------------------------------------------------------------------- what is written


def test_a_move_writes_what_is_listed_here_and_nothing_else(home: Home, dialect: str) -> None:
    before, session = rows(home), session_titled(home, BM25)
    add_turn(home, session, "a.txt")
    home.execute(
        "UPDATE session_v2 SET revert = ? WHERE id = ?", ['{"messageID":"m","snapshot":"a","files":[]}', session]
    )
    queue_move(home, session, "/elsewhere")
    queued = rows(home)
    run_ = move(home).json
    assert run_["sessions"] == run_["verified"] == 15
    after = rows(home)
    moved = in_shop(home)
    assert len(moved) == 15
    found = changes(queued, after)
    project = root_commit(home.src / "shop")
    assert set(found.pop("project")) == {project}
    for table in tables_of_2(dialect):
        row = found.pop(table)
        assert set(row) <= moved
        assert set().union(*row.values()) <= {"project_id", "directory", "path", "workspace_id", "revert"}
    told = found.pop("session_message")
    new = {key for key in told if key not in queued["session_message"]}
    assert {after["session_message"][key]["session_id"] for key in new} == moved
    assert all(told[key] == {"data"} for key in told.keys() - new)  # their file undo
    assert len(found.pop("event_sequence")) == 2 * len(moved)  # each as it was, and as it is
    assert {queued["session_inbox"][key]["type"] for key in found.pop("session_inbox")} == {"move"}
    if dialect == "v1+v2":
        assert set().union(*found.pop("part").values()) == {"data"}
    assert not found
    assert before["worktree" if "worktree" in before else "project"] == after["worktree"]


def test_the_project_row_is_as_opencode_2_makes_it_and_no_worktree_row(home: Home) -> None:
    before = rows(home)
    move(home)
    id_ = root_commit(home.src / "shop")
    row = rows(home)["project"][id_]
    assert (row["worktree"], row["vcs"], row["sandboxes"]) == (str(home.src / "shop"), "git", "[]")
    assert row["time_active"] == row["time_created"] == row["time_updated"] > 0
    assert rows(home)["worktree"] == before["worktree"]


def test_a_database_without_the_late_column_gets_a_project_row_too(home: Home) -> None:
    home.execute("ALTER TABLE project DROP COLUMN time_active")
    assert move(home).code == 0
    assert root_commit(home.src / "shop") in rows(home)["project"]


def test_the_model_is_told_of_the_new_directory_after_all_that_was_said(home: Home) -> None:
    session = session_titled(home, BM25)
    was = rows(home)["session_v2"][session]
    (last,) = home.query("SELECT seq FROM event_sequence WHERE aggregate_id = ?", [session])[0]
    move(home)
    now = rows(home)["session_v2"][session]
    seq, type_, data = messages(home, session)[-1]
    assert (seq, type_) == (last + 1, "location-switched")
    assert data.pop("time")["created"] > was["time_created"]
    assert data == {
        "location": {"directory": now["directory"]},
        "projectID": now["project_id"],
        "subpath": now["path"],
        "previous": {
            "location": {"directory": was["directory"]}, "projectID": was["project_id"], "subpath": was["path"],
        },
    }  # fmt: skip
    assert home.query("SELECT seq FROM event_sequence WHERE aggregate_id = ?", [session]) == [(seq,)]
    ((id_,),) = home.query("SELECT id FROM session_message WHERE session_id = ? AND seq = ?", [session, seq])
    assert id_.startswith("msg_")
    assert len(id_) == len("msg_") + 26
    assert next_number(home, session) == seq + 1  # opencode 2 goes on from there


@pytest.mark.parametrize("sql", ["DELETE FROM event_sequence", "UPDATE event_sequence SET seq = 0"])
def test_a_session_whose_numbers_are_behind_is_numbered_on_from_its_messages(home: Home, sql: str) -> None:
    home.execute(f"{sql} WHERE aggregate_id = ?", [session_titled(home, BM25)])
    before = rows(home)
    assert move(home).code == 0
    assert run(home, "undo", "--yes").code == 0
    assert rows(home) == before


@pytest.mark.parametrize("seq", [2**63 - 1, 2**53 - 1, "many"])
def test_a_session_that_can_not_be_numbered_on_is_named_and_nothing_is_written(home: Home, seq: int | str) -> None:
    session = session_titled(home, BM25)
    home.execute("UPDATE event_sequence SET seq = ? WHERE aggregate_id = ?", [seq, session])
    before = rows(home)
    refused = run(home, "move", *SEARCH, "--to-dir", home.src / "shop", "--yes", "--chunk-size", "2")
    assert refused.code == 1
    assert session in refused.stderr
    assert "--no-announce" in refused.stderr
    assert rows(home) == before
    assert move(home, "--no-announce").code == 0


def test_nobody_is_told_where_that_is_not_wanted(home: Home) -> None:
    before = rows(home)
    said = run(home, "move", *SEARCH, "--to-dir", home.src / "shop", "--no-announce", "--dry-run").stdout
    assert "no message tells the model of opencode 2 of the new directory" in said
    assert "will show no changes of any earlier turn in 15 sessions" in " ".join(said.split())
    assert "HTTP 500" not in run(home, "move", *SEARCH, "--to-dir", home.src / "shop", "--dry-run").stdout
    move(home, "--no-announce")
    found = changes(before, rows(home))
    assert "event_sequence" not in found
    assert not {"seq"} & set().union(*found["session_message"].values())
    assert run(home, "undo", "--yes").code == 0
    assert rows(home) == before


def test_nobody_is_told_where_the_directory_stays(home: Home) -> None:
    shop, alone = home.src / "shop", "Plan the next release"
    home.execute("UPDATE session_v2 SET directory = ?, path = 'wrong' WHERE title = ?", [str(shop), alone])
    before = rows(home)
    move(home, select=("--from-dir", str(shop)))
    found = changes(before, rows(home))
    assert found["session_v2"] == {session_titled(home, alone): {"project_id", "path"}}
    assert "session_message" not in found


def test_a_saved_plan_keeps_whether_the_model_is_told(home: Home) -> None:
    for words, told in ((("--no-announce",), False), ((), True)):
        plan = home.path / "plan.json"
        assert run(home, "plan", *SEARCH, "--to-dir", home.src / "shop", "-o", plan, *words).code == 0
        assert json.loads(plan.read_text())["announce"] is told
        assert run(home, "apply", plan, "--yes").code == 0
        assert ("location-switched" in {type_ for _, type_, _ in messages(home, session_titled(home, BM25))}) is told
        assert run(home, "undo", "--yes").code == 0


# ------------------------------------------------------------------------------------------------------- who goes along


def test_children_go_along_and_forks_only_where_that_is_said(home: Home) -> None:
    root = session_titled(home, "Rank results by freshness")
    copy_session(home, root, id="ses_fork", fork_session_id=root)
    copy_session(home, root, id="ses_fork_of_fork", fork_session_id="ses_fork")
    copy_session(home, root, id="ses_fork_child", parent_id="ses_fork")
    home.execute("UPDATE session_v2 SET directory = ? WHERE id LIKE 'ses_fork%'", [str(home.src / "notes")])
    select = ("--from-id", root)
    said = run(home, "move", *select, "--to-dir", home.src / "shop", "--dry-run").stdout
    assert "1 fork of these sessions stays (ses_fork)" in " ".join(said.split())
    assert "--with-forks" in said
    assert move(home, select=select).json["sessions"] == 4
    assert directories(home)["ses_fork"] == str(home.src / "notes")
    assert run(home, "undo", "--yes").code == 0
    done = move(home, "--with-forks", select=select).json
    assert done["sessions"] == 7
    assert not {warning["code"] for warning in done["warnings"]} & {"forks-stay"}
    moved = in_shop(home)
    assert {"ses_fork", "ses_fork_of_fork", "ses_fork_child"} <= moved


def test_opencode_1_knows_no_forks(tmp_path: Path) -> None:
    home = dialect_home(tmp_path / "home", "real-1.18.34", "v1")
    refused = run(home, "move", *SEARCH, "--to-dir", home.repository("shop"), "--with-forks", "--yes")
    assert refused.code == 2
    assert "does not keep of which session" in refused.stderr


def test_a_turn_under_way_is_named_and_moved_by_nobody(home: Home) -> None:
    session = session_titled(home, BM25)
    home.execute("UPDATE session_v2 SET time_suspended = 5 WHERE id = ?", [session])
    before = rows(home)
    assert session in run(home, "move", *SEARCH, "--to-dir", home.src / "shop", "--dry-run").stdout
    refused = move(home)
    assert refused.code == 1
    assert session in refused.stderr
    assert "in the middle of a turn" in refused.stderr
    assert rows(home) == before
    done = move(home, "--on-conflict", "skip").json
    assert (done["sessions"], done["conflicts"]) == (11, [session])
    assert directories(home)[session] == str(home.src / "shop-search")


def test_a_turn_begun_since_keeps_a_run_from_being_taken_back(home: Home) -> None:
    move(home)
    session = session_titled(home, BM25)
    home.execute("UPDATE session_v2 SET time_suspended = 5 WHERE id = ?", [session])
    before = rows(home)
    refused = run(home, "undo", "--yes")
    assert refused.code == 1
    assert session in refused.stderr
    assert rows(home) == before


# ----------------------------------------------------------------------------------------------------------- file undo


def test_file_undo_is_detached_and_the_plan_says_so(home: Home) -> None:
    """By relative names, it would act on the files of the same name at the new place."""
    session = session_titled(home, BM25)
    add_turn(home, session, "a.txt", "b.txt")
    home.execute("UPDATE session_v2 SET revert = ? WHERE id = ?", [MARKER[:-1] + ',"files":[{"file":"a"}]}', session])
    before = rows(home)
    said = run(home, "move", *SEARCH, "--to-dir", home.src / "shop", "--dry-run").stdout
    assert "where opencode 2 has sessions, it is carried within one checkout only" in " ".join(said.split())
    refused = run(home, "move", *SEARCH, "--to-dir", home.src / "shop", "--undo-files", "carry", "--yes")
    assert refused.code == 1
    assert "can't be carried" in refused.stderr
    assert move(home).code == 0
    assert files_to_undo(home, session) == []
    assert home.query("SELECT revert FROM session_v2 WHERE id = ?", [session]) == [('{"messageID":"msg_1"}',)]
    if "part" in home.tables():
        assert not any(patch_files(home, id_) for id_ in in_shop(home))
    assert run(home, "undo", "--yes").code == 0
    assert rows(home) == before


# ----------------------------------------------------------------------------------------- changed since it was planned

CHANGES = {
    "moved by opencode 2": "UPDATE session_v2 SET directory = '/elsewhere' WHERE id = ?",
    "its path changed": "UPDATE session_v2 SET path = NULL WHERE id = ?",
    "deleted": "DELETE FROM {} WHERE id = ?",
    "a turn was begun": "UPDATE session_v2 SET time_suspended = 5 WHERE id = ?",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_plan_that_is_no_longer_true_is_refused_and_the_session_named(home: Home, dialect: str, change: str) -> None:
    plan, session = home.path / "plan.json", session_titled(home, BM25)
    assert run(home, "plan", *SEARCH, "--to-dir", home.src / "shop", "-o", plan).code == 0
    for table in tables_of_2(dialect):
        home.execute(CHANGES[change].format(table), [session])
    before = rows(home)
    refused = run(home, "apply", plan, "--yes")
    assert refused.code == (1 if change == "a turn was begun" else 5)
    assert session in refused.stderr
    assert rows(home) == before


def test_what_was_said_since_does_not_make_a_plan_stale_and_is_told_after(home: Home) -> None:
    plan, session = home.path / "plan.json", session_titled(home, BM25)
    assert run(home, "plan", *SEARCH, "--to-dir", home.src / "shop", "-o", plan).code == 0
    add_turn(home, session, "a.txt")
    assert run(home, "apply", plan, "--yes").code == 0
    check_whole(home)
    assert [type_ for _, type_, _ in messages(home, session)[-2:]] == ["assistant", "location-switched"]
    assert files_to_undo(home, session) == []


@pytest.mark.parametrize("point", ["before intend", "after rebind", "after edit"])
def test_an_error_in_any_chunk_takes_back_all_of_them(home: Home, point: str) -> None:
    queue_move(home, session_titled(home, BM25), "/elsewhere")
    before = rows(home)
    words = ("move", *SEARCH, "--to-dir", home.src / "shop", "--yes", "--chunk-size", "5")
    assert run(home, *words, fault=Fault("fail", 3, point)).code == 1
    assert rows(home) == before


# --------------------------------------------------------------------------------------------- taken back, later


def test_what_was_said_since_stays_and_the_model_is_told_of_the_way_back(home: Home) -> None:
    session = session_titled(home, BM25)
    move(home)
    told = messages(home, session)
    add_turn(home, session, "c.txt")
    assert run(home, "undo", "--yes").code == 0
    check_whole(home)
    now = messages(home, session)
    assert now[: len(told)] == told
    assert [type_ for _, type_, _ in now[len(told) :]] == ["assistant", "location-switched"]
    assert now[-1][2]["location"] == {"directory": str(home.src / "shop-search")}
    assert files_to_undo(home, session) == []  # it was done at the other place
    others = [id_ for id_ in directories(home) if id_ != session]
    assert not [id_ for id_ in others for _, type_, _ in messages(home, id_) if type_ == "location-switched"]


def test_a_queued_move_comes_back_and_one_that_is_newer_goes(home: Home) -> None:
    session = session_titled(home, BM25)
    old = queue_move(home, session, "/old")
    move(home)
    assert home.query("SELECT id FROM session_inbox") == []
    queue_move(home, session, "/new")
    assert run(home, "undo", "--yes").code == 0
    assert home.query("SELECT id FROM session_inbox") == [(old,)]


def test_other_things_that_wait_stay(home: Home) -> None:
    session = session_titled(home, BM25)
    seq = next_number(home, session)
    add_row(
        home, "session_inbox", id="msg_w", session_id=session, type="user", payload="{}", delivery="queue",
        enqueued_seq=seq, time_created=1,
    )  # fmt: skip
    move(home)
    assert home.query("SELECT id, enqueued_seq FROM session_inbox") == [("msg_w", seq)]


def test_a_child_born_since_goes_back_and_is_told(home: Home) -> None:
    move(home)
    child = add_child(home, session_titled(home, BM25))
    assert run(home, "undo", "--yes").code == 0
    check_whole(home)
    assert directories(home)[child] == str(home.src / "shop-search")
    assert [type_ for _, type_, _ in messages(home, child)] == ["location-switched"]


# ------------------------------------------------------------------------------------------- rows of both opencodes


def old(home: Home, session: str) -> tuple[Any, ...]:
    (row,) = home.query("SELECT project_id, directory, path, workspace_id FROM session WHERE id = ?", [session])
    return row


def test_each_row_goes_where_its_own_opencode_wants_it(both: Home) -> None:
    plain, session = both.src / "plain", session_titled(both, BM25)
    plain.mkdir()
    move(both, to="plain")
    own = sha1(f"directory:{plain}".encode()).hexdigest()
    new = rows(both)["session_v2"][session]
    assert (new["project_id"], new["directory"], new["path"]) == (own, str(plain), "")
    assert old(both, session) == ("global", str(plain), str(plain)[1:], None)


def test_a_row_of_opencode_1_that_was_elsewhere_comes_along_and_goes_back_there(both: Home) -> None:
    session = session_titled(both, BM25)
    both.execute("UPDATE session SET directory = '/old', path = NULL, workspace_id = 'w' WHERE id = ?", [session])
    before = rows(both)
    warned = [w["session"] for w in move(both).json["warnings"] if w["code"] == "elsewhere-in-opencode-1"]
    assert warned == [session]
    shop = both.src / "shop"
    assert old(both, session) == (root_commit(shop), str(shop), "", None)
    assert run(both, "undo", "--yes").code == 0
    assert rows(both) == before


def test_a_row_of_opencode_1_that_changed_since_is_not_written_over(both: Home) -> None:
    session = session_titled(both, BM25)
    move(both)
    both.execute("UPDATE session SET directory = '/mine' WHERE id = ?", [session])
    before = rows(both)
    refused = run(both, "undo", "--yes")
    assert refused.code == 5
    assert session in refused.stderr
    assert rows(both) == before
    assert run(both, "undo", "--yes", "--on-conflict", "skip").code == 0
    assert old(both, session)[1] == "/mine"


def test_a_project_that_only_a_session_of_opencode_1_is_left_in_stays(both: Home) -> None:
    session, alone = session_titled(both, BM25), session_titled(both, "Plan the next release")
    move(both)
    forget(both, alone)
    both.execute("UPDATE session SET project_id = ? WHERE id = ?", [old(both, session)[0], alone])
    assert run(both, "undo", "--yes").code == 0
    check_whole(both)


@pytest.mark.parametrize("to", ["shop", "plain"])
def test_what_opencode_2_deleted_since_is_named_and_keeps_nothing_else_from_going_back(both: Home, to: str) -> None:
    (both.src / "plain").mkdir()
    session = session_titled(both, "Summarise the README")
    before = {id_: where for id_, where in directories(both).items() if id_ != session}
    move(both, to=to)
    forget(both, session)
    at = old(both, session)
    moved = rows(both)
    refused = run(both, "undo", "--yes")
    assert refused.code == 5
    assert f"{session} was deleted in opencode 2" in refused.stderr
    assert rows(both) == moved
    assert run(both, "undo", "--yes", "--on-conflict", "skip").code == 0
    check_whole(both)
    assert {id_: where for id_, where in directories(both).items() if id_ != session} == before
    assert old(both, session) == at


@pytest.mark.parametrize("to", ["shop", "plain"])
def test_what_opencode_2_deleted_since_a_kill_does_not_keep_the_rest_from_being_taken_back(both: Home, to: str) -> None:
    (both.src / "plain").mkdir()
    session = session_titled(both, "Summarise the README")
    before, at = directories(both), old(both, session)
    words = ("move", *SEARCH, "--to-dir", both.src / to, "--yes", "--chunk-size", "5")
    assert run(both, *words, fault=Fault("kill", 3, "after COMMIT")).code == -9
    forget(both, session)
    refused = run(both, "resume", "--yes")
    assert refused.code == 5
    assert f"{session} was deleted in opencode 2" in refused.stderr
    assert run(both, "undo", "--yes").code == 0
    check_whole(both)
    del before[session]
    assert dict(both.query("SELECT id, directory FROM session_v2")) == before
    assert old(both, session) == at


def test_a_session_that_opencode_2_never_imported_goes_by_the_rules_of_1(both: Home) -> None:
    plain, session = both.src / "plain", session_titled(both, BM25)
    plain.mkdir()
    forget(both, session)
    before = rows(both)
    done = move(both, to="plain", select=("--from-id", session)).json
    assert done["verified"] == done["sessions"]
    assert [w["code"] for w in done["warnings"]].count("never-imported") == 1
    assert old(both, session) == ("global", str(plain), str(plain)[1:], None)
    assert session not in rows(both)["session_v2"]
    assert move(both, to="plain", select=("--from-id", session)).json["status"] == "unchanged"
    assert run(both, "undo", "--yes").code == 0
    assert rows(both) == before


def test_a_run_from_before_the_upgrade_is_taken_back_in_both_tables(tmp_path: Path) -> None:
    home = dialect_home(tmp_path / "home", "real-1.18.34", "v1")
    before = directories(home)
    assert run(home, "move", *SEARCH, "--to-dir", home.repository("shop", "sub/deep"), "--yes").code == 0
    upgrade(home)
    check_whole(home)
    assert run(home, "undo", "--yes").code == 0
    check_whole(home)
    for table in ("session", "session_v2"):
        assert dict(home.query(f"SELECT id, directory FROM {table}")) == before


def test_a_database_without_the_project_that_opencode_1_has_for_all_else(both: Home) -> None:
    plain, session = both.src / "plain", session_titled(both, BM25)
    plain.mkdir()
    for table in ("session", "session_v2"):
        another = "(SELECT id FROM project WHERE vcs = 'git')"
        both.execute(f"UPDATE {table} SET project_id = {another} WHERE project_id = 'global'")
    both.execute("DELETE FROM project WHERE id = 'global'")
    before = rows(both)
    move(both, to="plain")
    assert old(both, session)[0] == "global"
    assert run(both, "undo", "--yes").code == 0
    assert rows(both) == before
