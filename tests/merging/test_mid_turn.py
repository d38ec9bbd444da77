"""A session that was copied in the middle of a turn goes on where that turn was finished; nothing is mixed or lost."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import pytest

from migrator.model import MergeVerdict
from migrator.store.comparison import compare
from migrator.store.reader import Store
from tests.support.home import SESSION, build_home
from tests.support.merging import copied
from tests.support.rows import add_message, add_part, patch_files, rows
from tests.support.turn_states import put, states, states_of_2

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.support.home import Home
    from tests.support.merging import OtherDatabase
    from tests.support.turn_states import Json, State

TURN = states("z")
USER, FIRST, SECOND = "msg_z_1", "msg_z_2", "msg_z_3"
TOOL, TEXT = ("part", f"{FIRST}_c"), ("part", f"{FIRST}_b")
RUNNING = next(state for state in TURN if state.get(TOOL, {}).get("state", {}).get("status") == "running")


@pytest.fixture
def twin(home: Home) -> OtherDatabase:
    """A copy of the database in another data directory."""
    return copied(home, home.path / "backup" / "opencode.db")


def verdict(home: Home, twin: Home, session: str = SESSION) -> tuple[MergeVerdict, str | None]:
    with Store(home.database) as ours, Store(twin.database) as theirs:
        (found,) = compare(ours, theirs, [(session, session, "")])
    return found.verdict, found.differs


def changed(rows_: State, key: tuple[str, str], **data: Any) -> State:
    return rows_ | {key: rows_[key] | data}


def without(state: State, *keys: tuple[str, str]) -> State:
    return {key: data for key, data in state.items() if key not in keys}


def check_each_pair(home: Home, twin: Home, session: str, pairs: Iterable[tuple[State, State]]) -> None:
    """Of each pair of states, the second one is the longer, whichever side has it."""
    with Store(home.database) as ours, Store(twin.database) as theirs:
        for earlier, later in pairs:
            put(home, session, earlier)
            put(twin, session, later)
            for one, other, expected in ((ours, theirs, MergeVerdict.LONGER), (theirs, ours, MergeVerdict.SHORTER)):
                (found,) = compare(one, other, [(session, session, "")])
                assert found.verdict is expected, (earlier, later)


def test_of_any_two_states_of_a_turn_the_later_one_is_the_longer(home: Home, twin: OtherDatabase) -> None:
    check_each_pair(home, twin, SESSION, pairwise(TURN))


@pytest.mark.long
def test_of_any_two_states_at_all(home: Home, twin: OtherDatabase) -> None:
    check_each_pair(home, twin, SESSION, combinations(TURN, 2))


@pytest.mark.parametrize(
    ("ours", "theirs", "differs"),
    [
        pytest.param(changed(RUNNING, TEXT, text="Otherwise"), TURN[-1], USER, id="another text"),
        pytest.param(changed(RUNNING, TOOL, tool="read"), TURN[-1], USER, id="another tool"),
        pytest.param(
            changed(RUNNING, TOOL, state={"status": "error", "error": "aborted", "time": {"start": 1, "end": 2}}),
            TURN[-1],
            USER,
            id="a tool that was cut off here and ended there",
        ),
        pytest.param(
            changed(RUNNING, ("part", f"{USER}_a"), text="Count"), TURN[-1], USER, id="what the user said, shorter"
        ),
        pytest.param(without(TURN[-1], TOOL), RUNNING, USER, id="a part that only the shorter side has"),
        pytest.param(
            changed(RUNNING, ("message", FIRST), error={"name": "Aborted"}, time={"created": 2, "completed": 3}),
            TURN[-1],
            USER,
            id="an answer that was stopped here",
        ),
        pytest.param(changed(TURN[-1], ("message", SECOND), cost=1), TURN[-1], SECOND, id="two ends of one answer"),
        pytest.param(
            changed(RUNNING, ("message", USER), summary={"diffs": ["y"]}),
            changed(RUNNING, ("message", USER), summary={"diffs": ["x"]}),
            USER,
            id="two summaries and nothing else",
        ),
    ],
)  # fmt: skip
def test_what_says_something_else_has_diverged(
    home: Home, twin: OtherDatabase, ours: State, theirs: State, differs: str
) -> None:
    put(home, SESSION, ours)
    put(twin, SESSION, theirs)
    assert verdict(home, twin) == verdict(twin, home) == (MergeVerdict.DIVERGED, differs)


def finish_earlier_turn(home: Home, state: State) -> None:
    """After this turn there is another one."""
    put(home, SESSION, state)
    add_message(home, SESSION, "msg_zz", 2**41, role="user")


def test_a_turn_that_was_cut_off_and_followed_by_another_has_diverged(home: Home, twin: OtherDatabase) -> None:
    finish_earlier_turn(home, RUNNING)
    finish_earlier_turn(twin, TURN[-1])
    add_part(twin, SESSION, "msg_zz", "prt_zz", type="text", text="And?")
    assert verdict(home, twin) == verdict(twin, home) == (MergeVerdict.DIVERGED, USER)


def test_marks_of_opencode_itself_on_an_earlier_turn_are_nothing_that_was_said(home: Home, twin: OtherDatabase) -> None:
    """The summary of a turn is written in the background; outputs of tools are left out of what the model gets."""
    end = TURN[-1]
    finish_earlier_turn(home, changed(end, ("message", USER), summary={"diffs": []}))
    state = end[TOOL]["state"]
    finish_earlier_turn(twin, changed(end, TOOL, state=state | {"time": state["time"] | {"compacted": 9}}))
    assert verdict(home, twin) == (MergeVerdict.LONGER, USER)
    assert verdict(twin, home)[0] is MergeVerdict.SHORTER


def test_it_gets_the_later_state_and_goes_back_to_the_earlier_one(home: Home, twin: OtherDatabase) -> None:
    put(home, SESSION, RUNNING)
    put(twin, SESSION, TURN[-1])
    before, there = rows(home), rows(twin)
    plan = home.run("merge", twin.database, "--foreign", "--dry-run", "--json").json
    assert [change["session"] for change in plan["changes"]] == [SESSION]
    run = home.run("merge", twin.database, "--foreign", "--yes", "--json")
    assert (run.code, run.json["sessions"], run.json["verified"]) == (0, 1, 1), run
    after = rows(home)
    for table, id_ in TURN[-1]:
        # without what an undo would act on
        assert after[table][id_]["data"] == there[table][id_]["data"].replace('["/home/dev/src/x.txt"]', "[]")
    assert home.run("merge", twin.database, "--foreign", "--yes").stdout.startswith("Nothing to do")
    assert home.run("undo", "--yes", "--json").code == 0
    assert rows(home) == before
    assert home.run("redo", "--yes", "--json").code == 0
    assert rows(home) == after


def test_what_says_the_same_in_other_bytes_is_the_same(home: Home, twin: OtherDatabase) -> None:
    """Otherwise the session would never be as it is there: not when it is merged again, nor for an undo."""
    other_bytes = '{"time":{"end":2.0,"start":1},"text":"Well. ","type":"text"}'
    put(home, SESSION, TURN[-1])
    put(twin, SESSION, TURN[-1])
    home.execute("UPDATE part SET data = ? WHERE id = ?", [other_bytes, TEXT[1]])
    assert verdict(home, twin) == (MergeVerdict.SAME, None)
    put(home, SESSION, RUNNING)
    home.execute("UPDATE part SET data = ? WHERE id = ?", [other_bytes, TEXT[1]])
    before = rows(home)
    run = home.run("merge", twin.database, "--foreign", "--yes", "--json").json
    assert (run["sessions"], home.run("log", run["run"], "--json").json["turns"]) == (1, [])
    again = home.run("merge", twin.database, "--foreign", "--yes")
    assert (again.stdout.startswith("Nothing to do"), "went on in both" in again.stdout) == (True, False)
    assert home.run("undo", "--yes").code == 0
    assert rows(home) == before


def test_a_message_that_is_no_json_only_concerns_its_session(home: Home, twin: OtherDatabase) -> None:
    for side, state in ((home, RUNNING), (twin, TURN[-1])):
        put(side, SESSION, state)
        side.insert("message", id="msg_0bad", session_id=SESSION, time_created=5, time_updated=5, data='{"role":')
    assert verdict(home, twin) == (MergeVerdict.LONGER, USER)


def test_what_is_nested_deep_is_compared(home: Home, twin: OtherDatabase) -> None:
    deep = '{"a":' * 600 + "1" + "}" * 600
    for side, output in ((home, "line1"), (twin, "line1, line2")):
        put(side, SESSION, RUNNING)
        state = f'{{"status":"running","input":{deep},"metadata":{{"output":"{output}"}}}}'
        side.execute("UPDATE part SET data = ? WHERE id = ?", [f'{{"type":"tool","state":{state}}}', TOOL[1]])
    assert verdict(home, twin) == (MergeVerdict.LONGER, FIRST)


REVERT = '{"messageID":"msg_z_1"}'


def test_a_session_that_is_reverted_here_stays_as_it_is(home: Home, twin: OtherDatabase) -> None:
    """Its next prompt would delete what came, and without the mark opencode couldn't take the revert back."""
    put(home, SESSION, RUNNING)
    put(twin, SESSION, TURN[-1])
    home.execute("UPDATE session SET revert = ? WHERE id = ?", [REVERT, SESSION])
    before = rows(home)
    run = home.run("merge", twin.database, "--foreign", "--yes")
    assert f"nothing can be added to {SESSION}, since it is reverted to an earlier message here" in run.stderr
    assert rows(home) == before


def test_a_title_is_named_if_it_is_another_here_and_what_is_archived_here_stays_so(
    home: Home, twin: OtherDatabase
) -> None:
    put(home, SESSION, RUNNING)
    put(twin, SESSION, TURN[-1])
    home.execute("UPDATE session SET title = 'Mine', time_archived = 77 WHERE id = ?", [SESSION])
    run = home.run("merge", twin.database, "--foreign", "--yes", "--json").json
    title = rows(twin)["session"][SESSION]["title"]
    (renamed,) = [warning["message"] for warning in run["warnings"] if warning["code"] == "renamed"]
    assert renamed == f'{SESSION} is "Mine" here and "{title}" there, and gets the title that it has there.'
    after = rows(home)["session"][SESSION]
    assert (after["title"], after["time_archived"]) == (title, 77)


def test_a_plan_is_stale_once_it_would_overwrite_what_it_does_not_know(home: Home, twin: OtherDatabase) -> None:
    put(home, SESSION, RUNNING)
    put(twin, SESSION, TURN[-1])
    saved = home.path / "plan.json"
    assert home.run("plan", "merge", twin.database, "--foreign", "-o", saved).code == 0
    title = rows(home)["session"][SESSION]["title"]
    changes = [("revert = ?", REVERT, None), ("title = ?", "Mine", title)]
    for change, value, back in changes:
        home.execute(f"UPDATE session SET {change} WHERE id = ?", [value, SESSION])
        refused = home.run("apply", saved, "--yes")
        assert (refused.code, "was renamed or reverted here, or got" in refused.stderr) == (5, True), change
        home.execute(f"UPDATE session SET {change} WHERE id = ?", [back, SESSION])
    home.insert("todo", session_id=SESSION, content="more", status="pending", priority="high", position=7,
                time_created=1, time_updated=1)  # fmt: skip
    assert "another to-do list" in home.run("apply", saved, "--yes").stderr
    home.execute("DELETE FROM todo WHERE position = 7")
    assert home.run("apply", saved, "--yes").code == 0


def test_a_run_that_brings_a_later_state_changes_no_file_undo(home: Home, twin: OtherDatabase) -> None:
    put(home, SESSION, RUNNING)
    put(twin, SESSION, TURN[-1])
    run = home.run("merge", twin.database, "--foreign", "--yes", "--json").json
    assert home.run("log", run["run"], "--json").json["turns"] == []
    assert "/home/dev/src/x.txt" not in patch_files(home, SESSION)


def test_an_undo_says_what_was_used_since(home: Home, twin: OtherDatabase) -> None:
    put(home, SESSION, RUNNING)
    put(twin, SESSION, TURN[-1])
    assert home.run("merge", twin.database, "--foreign", "--yes").code == 0
    home.execute("UPDATE part SET data = replace(data, 'Done.', 'Undone.') WHERE id = ?", [f"{SECOND}_a"])
    refused = home.run("undo", "--yes")
    assert (refused.code, f"{SESSION} has been used since" in refused.stderr) == (5, True), refused


def test_numbers_of_messages_that_opencode_2_gave_on_both_sides(tmp_path: Path) -> None:
    """It numbers the messages of a session, also the one that tells the model of a new directory, as after a move."""
    home = build_home(tmp_path / "home", "v2-run-fresh")
    twin = copied(home, home.path / "backup" / "opencode.db")
    ((session,),) = home.query("SELECT min(id) FROM session_v2")
    message = {"session_id": session, "seq": 2**20, "time_created": 1, "time_updated": 1}
    home.insert("session_message", id="msg_moved", type="location-switched", data="{}", **message)
    twin.insert("session_message", id="msg_more", type="user", data='{"text":"And?"}', **message)
    before = rows(home)
    run = home.run("merge", twin.database, "--foreign", "--yes")
    assert run.code == 0, run.stderr
    assert "went on here too: msg_moved here and msg_more there are both its number 1048576" in run.stderr
    assert rows(home) == before


def test_of_opencode_2(tmp_path: Path) -> None:
    home = build_home(tmp_path / "home", "v2-run-fresh")
    twin = copied(home, home.path / "backup" / "opencode.db")
    ((session,),) = home.query("SELECT min(id) FROM session_v2")
    turn = states_of_2("z")
    check_each_pair(home, twin, session, combinations(turn, 2))
    answer = ("session_message", "msg_z_2")
    other: Json = {"content": [{"type": "text", "text": "Otherwise"}]}
    put(home, session, changed(turn[1], answer, **other))
    assert verdict(home, twin, session) == verdict(twin, home, session) == (MergeVerdict.DIVERGED, "msg_z_2")
    put(home, session, turn[3])
    twin.execute("UPDATE session_message SET type = 'shell' WHERE id = 'msg_z_2'")
    assert verdict(home, twin, session) == (MergeVerdict.DIVERGED, "msg_z_2")
    twin.execute("UPDATE session_message SET type = 'assistant' WHERE id = 'msg_z_2'")
    before = rows(home)
    run = home.run("merge", twin.database, "--foreign", "--yes", "--json")
    assert (run.code, run.json["sessions"]) == (0, 1), run
    data = rows(home)["session_message"]["msg_z_2"]["data"]
    assert data == rows(twin)["session_message"]["msg_z_2"]["data"].replace('"files":["x.txt"]', '"files":[]')
    assert home.run("merge", twin.database, "--foreign", "--yes").stdout.startswith("Nothing to do")
    assert home.run("undo", "--yes").code == 0
    assert rows(home) == before


def test_what_was_taken_out_in_the_middle_of_a_turn_is_taken_out_again(home: Home, twin: OtherDatabase) -> None:
    put(home, SESSION, TURN[-1])
    put(twin, SESSION, RUNNING)
    removed = ("merge", twin.database, "--from-id", SESSION, "--remove-from-other", "--yes", "--json")
    run = home.run(*removed).json["run"]
    assert SESSION not in rows(twin)["session"]
    assert home.run("undo", run, "--yes").code == 0
    assert SESSION in rows(twin)["session"]
    done = home.run("redo", "--db", twin.database, "--yes")
    assert done.code == 0, done.stderr
    assert SESSION not in rows(twin)["session"]
    assert SESSION in rows(home)["session"]
