"""Which rows come along with a session, and which stay in the other database, where they belong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import repository
from tests.support.home import build_home
from tests.support.rows import add_session, rows

if TYPE_CHECKING:
    from pathlib import Path

SHARE = "https://opncd.ai/s/abc"


class Two:
    """Another home with sessions, and ours, into which all of them go, to one directory."""

    def __init__(self, path: Path, fixture: str, empty: str) -> None:
        self.other, self.ours = build_home(path / "other", fixture), build_home(path / "ours", empty)
        self.ours.empty()
        self.shop = repository(self.ours.src / "shop")
        table = "session_v2" if "session_v2" in self.other.tables() else "session"
        ((self.session,),) = self.other.query(f"SELECT min(id) FROM {table}")

    def merge(self, *more: str) -> Any:
        into = ("--to-dir", self.shop, "--subdirs", "flatten")
        done = self.ours.run("merge", self.other.database, *into, "--yes", "--json", *more)
        assert done.code == 0, done.stderr
        return done.json


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return Two(tmp_path.resolve(), "real-1.18.34", "1.18.34")


def warned(run: Any, code: str) -> list[str]:
    return [warning["message"] for warning in run["warnings"] if warning["code"] == code]


def test_a_share_stays_with_the_database_that_made_it(two: Two) -> None:
    """With its secret, opencode here would send what is said from now on; with its link alone, it can't end it."""
    two.other.insert(
        "session_share", session_id=two.session, id="abc", secret="s", url=SHARE, time_created=1, time_updated=1
    )
    two.other.execute("UPDATE session SET share_url = ? WHERE id = ?", [SHARE, two.session])
    run = two.merge()
    assert rows(two.ours)["session_share"] == {}
    assert rows(two.ours)["session"][two.session]["share_url"] is None
    assert warned(run, "shared") == [f"1 session is shared; the share stays with the other database: {two.session}."]
    assert rows(two.other)["session_share"]
    two.merge("--remove-from-other")
    assert rows(two.other)["session"].keys() == {two.session}, "what it is shared by would be nowhere"


def test_events_come_but_nobody_owns_them_here(two: Two) -> None:
    two.other.execute("UPDATE event_sequence SET owner_id = 'wrk_other'")
    there = rows(two.other)
    two.merge()
    here = rows(two.ours)
    assert here["event"] == there["event"]
    assert len(here["event_sequence"]) == 18
    assert {row["owner_id"] for row in here["event_sequence"].values()} == {None}
    assert {(row["aggregate_id"], row["seq"]) for row in here["event_sequence"].values()} == {
        (row["aggregate_id"], row["seq"]) for row in there["event_sequence"].values()
    }


def test_a_compaction_under_way_is_not_under_way_here(two: Two) -> None:
    two.other.execute("UPDATE session SET time_compacting = 5, workspace_id = 'wrk_other' WHERE id = ?", [two.session])
    two.merge()
    row = rows(two.ours)["session"][two.session]
    assert (row["time_compacting"], row["workspace_id"]) == (None, None)


def test_what_waits_to_be_sent_waits_there(two: Two) -> None:
    two.other.insert(
        "session_input", id="inp_1", session_id=two.session, prompt="{}", delivery="queue", admitted_seq=1,
        time_created=1,
    )  # fmt: skip
    two.other.insert("session_context_epoch", session_id=two.session, baseline="b", snapshot="{}", baseline_seq=1)
    run = two.merge()
    assert rows(two.ours)["session_input"] == rows(two.ours)["session_context_epoch"] == {}
    assert warned(run, "prompt-stays") == [
        "1 session has prompts waiting to be sent; these stay in the other database."
    ]


def test_nobody_is_told_of_what_is_not_there(two: Two) -> None:
    run = two.merge()
    assert {warning["code"] for warning in run["warnings"]} & {"shared", "prompt-stays", "file-stays"} == set()


def test_a_part_that_names_another_session_than_its_message_does_not_stay_without_a_word(two: Two) -> None:
    """opencode 1.18.34 shows it with its message; no opencode writes such a row."""
    ((part, message, of),) = two.other.query("SELECT id, message_id, session_id FROM part ORDER BY id LIMIT 1")
    other, *_ = (id_ for (id_,) in two.other.query("SELECT id FROM session WHERE parent_id IS NULL") if id_ != of)
    two.other.execute("UPDATE part SET session_id = ? WHERE id = ?", [other, part])
    words = ("merge", two.other.database, "--to-dir", two.shop, "--subdirs", "flatten", "--dry-run", "--json")
    alone = two.ours.run(*words, "--from-id", of).json
    said = f"1 part stays in the other database (its message comes, but its session doesn't): {part} (of {other})."
    assert warned(alone, "part-stays") == [said]
    without = two.ours.run(*words, "--from-id", other).json
    assert other not in {change["session"] for change in without["changes"]}
    assert f"its {part} belongs to a message of {of}, which stays." in warned(without, "left-out")[0]
    run = two.merge()
    assert warned(run, "part-stays") == []
    assert rows(two.ours)["part"][part]["message_id"] == message
    assert two.merge("--remove-from-other")["sessions"] < 18
    assert {other, of} <= rows(two.other)["session"].keys()


@pytest.fixture
def two_of_2(tmp_path: Path) -> Two:
    return Two(tmp_path.resolve(), "v2-run-fresh", "v2-run-fresh")


def test_a_turn_of_opencode_2_that_was_cut_off_goes_on_only_there(two_of_2: Two) -> None:
    two = two_of_2
    two.other.execute("UPDATE session_v2 SET time_suspended = 5, resume_attempts = 3 WHERE id = ?", [two.session])
    two.other.insert(
        "session_inbox", id="inb_1", session_id=two.session, type="prompt", payload="{}", delivery="queue",
        enqueued_seq=99, time_created=1,
    )  # fmt: skip
    run = two.merge()
    row = rows(two.ours)["session_v2"][two.session]
    assert (row["time_suspended"], row["resume_attempts"]) == (None, 0)
    assert rows(two.ours)["session_inbox"] == {}
    assert warned(run, "prompt-stays") == [
        "1 session has prompts waiting to be sent; these stay in the other database."
    ]


def test_a_to_do_list_of_opencode_1_stays_with_the_rows_that_opencode_2_has_imported(tmp_path: Path) -> None:
    two = Two(tmp_path.resolve(), "v2-run-upgraded", "v2-run-fresh")
    ((session,),) = two.other.query("SELECT min(id) FROM session")
    two.other.insert(
        "todo", session_id=session, content="go on", status="pending", priority="low", position=0, time_created=1,
        time_updated=1,
    )  # fmt: skip
    before = rows(two.ours)
    two.merge()
    assert session in rows(two.ours)["session_v2"]
    undone = two.ours.run("undo", "--yes")
    assert (undone.code, rows(two.ours)) == (0, before), undone.stderr


@pytest.mark.long
def test_what_sessions_of_opencode_2_were_told_comes_by_its_hash(two_of_2: Two) -> None:
    """Many sessions were told the same: what one of ours names stays when those that came are taken out again."""
    two = two_of_2
    there, before = rows(two.other), rows(two.ours)
    two.merge()
    merged = rows(two.ours)
    assert (merged["instruction_state"], merged["instruction_blob"]) == (
        there["instruction_state"],
        there["instruction_blob"],
    )
    assert two.ours.run("undo", "--yes").code == 0
    assert rows(two.ours) == before
    assert two.ours.run("redo", "--yes").code == 0
    assert rows(two.ours)["instruction_blob"] == there["instruction_blob"]
    state = next(iter(there["instruction_state"].values()))
    hashes = json.loads(state["current_values"]).values()
    add_session(two.ours, "ses_ours", directory=str(two.shop), path="", table="session_v2")
    two.ours.insert("instruction_state", **(state | {"session_id": "ses_ours"}))
    undone = two.ours.run("undo", "--yes")
    assert undone.code == 0, undone.stderr
    assert {hash_ for (hash_,) in two.ours.query("SELECT hash FROM instruction_blob")} == {*hashes}


def test_a_workspace_of_the_other_database_is_named_by_neither_opencode(tmp_path: Path) -> None:
    """Not by opencode 1's row of a session that stays in its directory either."""
    two = Two(tmp_path.resolve(), "v2-run-upgraded", "v2-run-upgraded")
    two.other.execute("UPDATE session SET workspace_id = 'wrk_there'")
    done = two.ours.run("merge", two.other.database, "--foreign", "--yes")
    assert done.code == 0, done.stderr
    named = {row["workspace_id"] for table in ("session", "session_v2") for row in rows(two.ours)[table].values()}
    assert named == {None}
