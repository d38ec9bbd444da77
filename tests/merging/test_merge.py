"""Sessions of another database come into this one, and are taken out again as if they had never come."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from migrator.operations.demo import load
from migrator.store.merging import conversation_bytes
from migrator.store.reader import Store
from migrator.text import shell_join
from tests.support.git import root_commit
from tests.support.home import FIXTURES, SESSION, build_home, checkpoint
from tests.support.merging import bytes_around, copied
from tests.support.other_process import held_open
from tests.support.refusal import refused_as_planned
from tests.support.rows import add_child, add_message, add_part, add_patch, add_session, directories, patch_files, rows
from tests.support.shell import run_in_shell

if TYPE_CHECKING:
    from tests.support.home import Home
    from tests.support.merging import OtherDatabase

ROOT = "ses_dfbea755effe28TdSAn7PWdk2u"
"""Another of the real sessions, with neither parent nor children."""


@pytest.fixture
def other(home: Home) -> OtherDatabase:
    """A database of another channel, with all sessions; ours has none any more."""
    found = copied(home, home.database.with_name("opencode-dev.db"))
    home.empty("project")
    checkpoint(home)
    return found


@pytest.fixture
def twin(home: Home) -> OtherDatabase:
    """A copy of the database in another data directory; ours has all sessions, too."""
    return copied(home, home.path / "backup" / "opencode.db")


def test_everything_comes_and_goes_again(home: Home, other: OtherDatabase) -> None:
    before, there, files = rows(home), rows(other), bytes_around(other.database)
    plan = home.run("merge", other.database, "--foreign", "--dry-run").stdout
    assert plan.startswith(
        "Plan: 18 sessions (3 of subagents) to bring in from ~/.local/share/opencode/opencode-dev.db."
    )
    run = home.run("merge", other.database, "--foreign", "--yes", "--json").json
    assert (run["status"], run["sessions"], run["verified"]) == ("applied", 18, 18)
    after = rows(home)
    assert {table: after[table] for table in ("message", "part", "todo", "event")} == {
        table: there[table] for table in ("message", "part", "todo", "event")
    }
    assert after["session"] == there["session"]
    again = home.run("merge", other.database, "--foreign", "--yes")
    assert "Nothing to do: 18 sessions are here already." in again.stdout
    taken_out = home.run("undo", "--dry-run").stdout
    assert taken_out.startswith("Plan: 18 sessions (3 of subagents) to take out again.")
    assert " from " not in taken_out.split("Nothing was written.")[0]  # they don't go back there
    undone = home.run("undo", "--yes", "--json").json
    assert (undone["status"], undone["sessions"], undone["verified"]) == ("applied", 18, 18)
    assert rows(home) == before
    redone = home.run("redo", "--yes")
    assert "Brought 18 sessions in again from ~/.local/share/opencode/opencode-dev.db." in redone.stdout
    assert rows(home) == after
    assert {name: files[name] for name in files if "dev" in name} == {
        name: content for name, content in bytes_around(other.database).items() if "dev" in name
    }


def test_a_home_of_another_machine_is_recognised(home: Home, tmp_path: Path) -> None:
    theirs = tmp_path / "laptop.db"
    load(FIXTURES / "1.18.34.sql", theirs, Path("/home/laptop"))
    there = home.repository("repoA", "sub")
    shown = home.run("merge", theirs, "--dry-run")
    command = "opencode-migrator merge " + shell_join([str(theirs), "--map", "/home/laptop=~"])
    assert f"To bring in what is in another place here:\n  {command}\n" in shown.stdout
    assert "/home/laptop/src/repoA isn't here, but ~/src/repoA is; --map /home/laptop=~ takes it" in shown.stderr
    assert f"that aren't here:\n  opencode-migrator merge {shell_join([str(theirs)])} --foreign" in shown.stdout
    assert run_in_shell(home, f"{command} --yes").code == 0
    listed = home.run("list", "--all", "--from-dir", there, "--json").json
    assert {session["directory"] for session in listed} == {str(there), str(there / "sub")}


def test_a_directory_that_differs_in_case_is_mapped_itself(home: Home, other: OtherDatabase) -> None:
    other.empty()
    add_session(other, "ses_case", directory="/home/laptop/SRC/Shop")
    (home.path / "src" / "shop").mkdir()
    words = [str(other.database), "--map", "/home/laptop/SRC/Shop=~/src/shop"]
    shown = home.run("merge", other.database, "--dry-run")
    assert f"  opencode-migrator merge {shell_join(words)}\n" in shown.stdout
    assert run_in_shell(home, f"opencode-migrator merge {shell_join(words)} --yes").code == 0
    assert directories(home)["ses_case"] == str(home.path / "src" / "shop")


def test_no_map_is_suggested_that_was_given(home: Home, other: OtherDatabase) -> None:
    other.empty()
    add_session(other, "ses_here", directory="/home/laptop/src/shop")
    (home.path / "src" / "shop").mkdir()
    shown = home.run("merge", other.database, "--map", "/home/laptop=~/elsewhere", "--dry-run")
    assert "To bring in what is in another place here:" not in shown.stdout
    there, here = "/home/laptop/src/shop", "~/elsewhere/src/shop"
    assert f"{there} isn't here, nor is {here}, where --map puts it; --foreign takes them there" in shown.stderr


def test_a_session_without_a_directory(home: Home, other: OtherDatabase) -> None:
    other.empty()
    add_session(other, "ses_nowhere", directory="")
    stays = home.run("merge", other.database, "--dry-run").stderr
    assert "1 session stays there: it is in no directory; --to-dir DIR takes it to one" in stays
    comes = " ".join(home.run("merge", other.database, "--dry-run", "--foreign").stdout.split())
    assert "and the sessions in (no directory) are taken as they are." in comes


def test_sessions_belong_where_their_directory_is_here(home: Home, other: OtherDatabase) -> None:
    shop = home.repository("shop-search")
    plan = home.run("merge", other.database, "--from-project", "shop-search", "--dry-run", "--json").json
    assert {change["after"]["project_id"] for change in plan["changes"]} == {root_commit(shop)}
    assert {change["after"]["directory"] for change in plan["changes"]} <= {str(shop)}
    stays = [warning["message"] for warning in plan["warnings"] if warning["code"] == "left-out"]
    assert stays
    assert all("isn't here; --map OLD=NEW says what it is here" in message for message in stays)
    moved = home.repository("elsewhere", "deep")
    words = ("--from-project", "shop-search", "--map", f"~/src/shop-search={moved}/deep")
    mapped = home.run("merge", other.database, *words, "--dry-run", "--json").json
    bindings = {(change["after"]["directory"], change["after"]["path"]) for change in mapped["changes"]}
    assert bindings == {(f"{moved}/deep", "deep")}
    run = home.run("merge", other.database, "--from-id", SESSION, "--to-dir", moved, "--yes", "--json").json
    assert run["sessions"] >= 1
    ((project, directory),) = home.query("SELECT project_id, directory FROM session WHERE id = ?", [SESSION])
    assert (project, directory) == (root_commit(moved), str(moved))


def test_file_undo_is_detached_where_the_snapshots_are_elsewhere(home: Home, twin: OtherDatabase) -> None:
    add_patch(twin, ROOT, "/home/dev/some.txt")
    home.empty("project")
    assert home.run("merge", twin.database, "--from-id", ROOT, "--foreign", "--yes", "--json").json["sessions"] == 1
    assert patch_files(home, ROOT) == []
    assert patch_files(twin, ROOT)


def test_the_longer_goes_on_and_what_diverged_stays(home: Home, twin: OtherDatabase) -> None:
    """Four sessions that both have: the same, one that goes on there, one that goes on here, one that does on both."""
    (longer, shorter, diverged) = [ROOT, SESSION, "ses_dfbea993affeuVGlK2J5Z06eM4"]
    add_message(twin, longer, "msg_z1", 2**40, role="user")
    add_part(twin, longer, "msg_z1", "prt_z1", type="text", text="And then?")
    twin.execute("UPDATE session SET title = 'Longer', time_updated = time_updated + 5 WHERE id = ?", [longer])
    twin.execute("INSERT INTO todo VALUES (?, 'more', 'pending', 'high', 7, 1, 1)", [longer])
    add_message(home, shorter, "msg_z2", 2**40, role="user")
    add_message(home, diverged, "msg_z3", 2**40, role="user")
    add_message(twin, diverged, "msg_z4", 2**40, role="user")
    before = rows(home)
    plan = home.run("merge", twin.database, "--foreign", "--dry-run", "--json").json
    assert [change["session"] for change in plan["changes"]] == [longer]
    verdicts = {merged["session"]: merged["verdict"] for merged in plan["merge"]["sessions"]}
    assert (verdicts[longer], verdicts[shorter], verdicts[diverged]) == ("longer", "shorter", "diverged")
    (warned,) = [warning for warning in plan["warnings"] if warning["code"] == "diverged"]
    assert "the first message that differs is msg_z3." in warned["message"]
    kept = home.run("merge", twin.database, "--on-duplicate", "keep", "--foreign", "--yes")
    assert "Nothing to do: 18 sessions are here already." in kept.stdout
    refused = home.run("merge", twin.database, "--on-duplicate", "refuse", "--foreign", "--yes")
    assert (refused.code, "3 sessions are in both databases and not the same" in refused.stderr) == (1, True)
    assert rows(home) == before
    assert home.run("merge", twin.database, "--foreign", "--yes", "--json").json["sessions"] == 1
    after = rows(home)
    assert after["session"][longer]["title"] == "Longer"
    assert after["part"]["prt_z1"]["session_id"] == longer
    assert len(after["todo"]) == len(before["todo"]) + 1
    assert home.run("merge", twin.database, "--foreign", "--yes").stdout.startswith("Nothing to do")
    assert home.run("undo", "--yes").code == 0
    assert rows(home) == before
    assert home.run("redo", "--yes").code == 0
    assert rows(home) == after


def test_ids_of_other_sessions_are_refused(home: Home, other: OtherDatabase) -> None:
    home.insert("session", **rows(other)["session"][SESSION] | {"id": "ses_mine", "parent_id": None})
    theirs = next(id_ for id_, row in rows(other)["message"].items() if row["session_id"] == ROOT)
    add_message(home, "ses_mine", theirs, role="user")
    refused = home.run("merge", other.database, "--from-id", ROOT, "--foreign", "--yes")
    assert refused.code == 1
    assert f"message {theirs} of {ROOT} is here in ses_mine" in refused.stderr


def test_a_session_that_was_used_since_is_not_taken_out(home: Home, other: OtherDatabase) -> None:
    home.run("merge", other.database, "--foreign", "--yes", "--json")
    add_message(home, ROOT, "msg_new", role="user")
    child = add_child(home, SESSION)
    refused = home.run("undo", "--yes")
    assert refused.code == 5
    assert f"{ROOT} has been used since" in refused.stderr
    assert f"{SESSION} has a new child, {child}" in refused.stderr
    assert home.run("undo", "--yes", "--on-conflict", "skip", "--json").code == 0
    assert {ROOT, SESSION, child} <= rows(home)["session"].keys()


@pytest.mark.parametrize("goes_on", [False, True], ids=["new", "longer"])
def test_a_to_do_list_that_was_written_since_is_not_taken_out(home: Home, twin: OtherDatabase, goes_on: bool) -> None:
    if goes_on:
        add_message(twin, ROOT, "msg_z1", 2**40, role="user")
    else:
        home.empty("project")
    for position in (7, 8):
        twin.execute("INSERT INTO todo VALUES (?, 'more', 'pending', 'high', ?, 1, 1)", [ROOT, position])
    assert home.run("merge", twin.database, "--foreign", "--yes").code == 0
    merged = rows(home)
    assert home.run("undo", "--yes").code == home.run("redo", "--yes").code == 0
    assert rows(home) == merged
    home.execute("UPDATE todo SET status = 'completed', time_updated = 9 WHERE session_id = ?", [ROOT])
    before = rows(home)
    said = "has another to-do list now" if goes_on else "has been used since"
    assert f"{ROOT} {said}" in refused_as_planned(home, "undo", code=5)
    assert rows(home) == before
    assert home.run("undo", "--yes", "--on-conflict", "skip").code == 0
    assert rows(home)["todo"] == before["todo"] if goes_on else "completed" in str(rows(home)["todo"])


def test_a_session_with_a_prompt_that_waits_is_not_taken_out(home: Home, other: OtherDatabase) -> None:
    home.run("merge", other.database, "--foreign", "--yes")
    home.insert(
        "session_input", id="inp_1", session_id=ROOT, prompt="{}", delivery="steer", admitted_seq=1, time_created=1
    )
    said = f"{ROOT} has been shared since, or has prompts waiting to be sent"
    assert said in refused_as_planned(home, "undo", code=5)
    assert home.run("undo", "--yes", "--on-conflict", "skip").code == 0
    assert rows(home)["session_input"].keys() == {"inp_1"}


@pytest.mark.parametrize("where", ["there", "here"])
def test_a_plan_is_stale_once_a_session_changed(home: Home, other: OtherDatabase, where: str) -> None:
    plan = home.path / "plan.json"
    assert home.run("plan", "merge", other.database, "--foreign", "-o", plan).code == 0
    if where == "there":
        add_message(other, ROOT, "msg_new", role="user")
        said = f"{ROOT} was used in {other.database}"
    else:
        home.insert("session", **rows(other)["session"][ROOT])
        said = f"{ROOT} is here already"
    assert said in refused_as_planned(home, "apply", plan, code=5)
    assert home.run("apply", plan, "--yes", "--on-conflict", "skip", "--json").json["conflicts"] == [ROOT]


def test_a_plan_is_stale_once_the_row_of_a_project_is_gone(home: Home, other: OtherDatabase) -> None:
    plan = home.path / "plan.json"
    assert home.run("plan", "merge", other.database, "--foreign", "-o", plan).code == 0
    home.execute("DELETE FROM project WHERE id = 'global'")
    assert "project global has no row any more" in refused_as_planned(home, "apply", plan, code=5)


def test_no_command_opens_a_session_that_is_gone_again(home: Home, other: OtherDatabase) -> None:
    home.repository("shop-search", "sub/deep")
    opens = f"&& opencode -s {ROOT}\n"
    assert opens in home.run("merge", other.database, "--from-id", ROOT, "--yes").stdout
    taken_out = home.run("undo", "--yes")
    assert (taken_out.code, opens in taken_out.stdout) == (0, False), taken_out
    assert opens in home.run("redo", "--yes").stdout


def test_a_database_that_has_other_names_is_left_as_it_is(home: Home, other: OtherDatabase) -> None:
    """As in backups that share what hasn't changed: what is taken out of one would be gone from all."""
    other.database.with_name("older.db").hardlink_to(other.database)
    refused = home.run("merge", other.database, "--foreign", "--remove-from-other", "--yes")
    assert (refused.code, "has 2 names (hard links)" in refused.stderr) == (1, True), refused
    assert (rows(home)["session"], len(rows(other)["session"])) == ({}, 18)
    assert home.run("merge", other.database, "--foreign", "--yes").code == 0


def test_they_leave_the_other_database(home: Home, other: OtherDatabase) -> None:
    before, there = rows(home), rows(other)
    done = home.run("merge", other.database, "--foreign", "--remove-from-other", "--yes", "--json").json
    assert done["sessions"] == 18
    assert not any(rows(other)[table] for table in ("session", "message", "part", "event"))
    refused = home.run("undo", done["run"], "--yes")
    assert (refused.code, f"opencode-migrator undo {done['removal']}" in refused.stderr) == (1, True), refused
    assert home.run("undo", done["removal"], "--yes").code == 0
    assert rows(other) == there
    assert home.run("undo", done["run"], "--yes").code == 0
    assert rows(home) == before
    home.run("merge", other.database, "--foreign", "--yes")
    gone = home.run("merge", other.database, "--foreign", "--remove-from-other", "--yes", "--json").json
    assert (gone["sessions"], rows(other)["session"]) == (18, {})


def test_what_stays_in_the_other_database_is_named_and_not_counted(home: Home, twin: OtherDatabase) -> None:
    """In a plan, and by a run if it changed since."""
    plan = home.path / "plan.json"
    twin.insert("session_share", session_id=SESSION, id="sh", secret="s", url="u", time_created=1, time_updated=1)
    words = ("merge", twin.database, "--foreign", "--remove-from-other")
    shown = home.run(*words, "--dry-run")
    assert shown.stdout.startswith("Plan: 17 sessions to take out of ~/backup/opencode.db, being here already.")
    stays = "1 session stays in ~/backup/opencode.db with its whole tree, having there what isn't here: "
    assert stays in " ".join(shown.stdout.split())
    assert home.run("plan", *words, "-o", plan).code == 0
    assert "17 sessions leave ~/backup/opencode.db" in home.run("apply", plan, "--dry-run").stdout
    add_message(twin, ROOT, "msg_new", 2**41, role="user")
    compared = home.run("apply", plan, "--dry-run").stdout
    assert "16 sessions leave ~/backup/opencode.db" in compared
    assert [line for line in compared.splitlines() if ROOT in line], compared
    done = home.run("apply", plan, "--yes")
    assert "Took 16 sessions out." in done.stdout
    assert [line for line in done.stdout.splitlines() if ROOT in line and stays in line], done.stdout
    assert rows(twin)["session"].keys() == {ROOT, SESSION}


@pytest.mark.parametrize("later", [False, True], ids=["in one go", "by a later merge"])
def test_neither_an_undo_nor_a_redo_leaves_sessions_in_neither_database(
    home: Home, other: OtherDatabase, *, later: bool
) -> None:
    words = ("merge", other.database, "--foreign", "--yes", "--json")
    merged = home.run(*words).json["run"] if later else None
    removed = home.run(*words, "--remove-from-other").json
    removal, merged = (removed["run"], merged) if merged else (removed["removal"], removed["run"])

    def refused(run: str, said: str) -> None:
        ours, theirs = rows(home), rows(other)
        assert said in refused_as_planned(home, "undo", run, code=1)
        assert (rows(home), rows(other)) == (ours, theirs)

    def undo(run: str) -> str:
        return str(home.run("undo", run, "--yes", "--json").json["run"])

    refused(merged, f"Run {removal} took the same sessions out of {other.database}")
    put_back, taken_back = undo(removal), undo(merged)
    refused(put_back, f"18 sessions are not whole in {home.database}")
    brought = undo(taken_back)
    undo(put_back)
    assert not rows(other)["session"]
    refused(brought, f"first `opencode-migrator undo {removal}` puts them back there.")
    home.execute("DELETE FROM message WHERE session_id = ?", [ROOT])
    removed_again = undo(removal)
    refused(removed_again, f"1 session is not whole in {home.database}, and what was said there would be nowhere: ")


def test_the_log_names_the_other_database(home: Home, other: OtherDatabase) -> None:
    words = ("merge", other.database, "--from-id", ROOT, "--to-dir", home.repository("shop"), "--yes")
    assert home.run(*words).code == home.run("undo", "--yes").code == home.run("redo", "--yes").code == 0
    assert home.run(*words, "--remove-from-other").code == 0
    lines = [line for line in home.run("log").stdout.splitlines() if "opencode" in line]
    came = "from ~/.local/share/opencode/opencode-dev.db -> ~/src/shop"
    assert len(lines) == 4
    assert f"redo: {came} (of " in lines[1]
    assert f"undo: {came} (of " in lines[2]
    assert f" {came}" in lines[3]
    assert "taken out, being in ~/.local/share/opencode/opencode.db" in lines[0]
    newest = home.run("log", "--json").json[0]
    assert (newest["other"], newest["takenOut"]) == (str(home.database), True)


def test_what_can_not_be_merged(home: Home, twin: OtherDatabase, tmp_path: Path) -> None:
    second = build_home(tmp_path / "second", "v2-run-fresh")
    for name, said in {
        str(home.database): "is the database that sessions would come into",
        "nowhere.db": "There is no database at nowhere.db",
        str(tmp_path): f"{tmp_path} is a directory, not a database; name the file, as {tmp_path / 'opencode.db'}.",
        str(second.database): "is of opencode 2, and",
    }.items():
        refused = home.run("merge", name, "--yes")
        assert (refused.code in {1, 2}, said in refused.stderr) == (True, True), refused
    nothing = home.run("merge", twin.database, "--from-dir", "/nowhere", "--yes")
    assert (nothing.code, f"list --all --db {twin.database}` shows what there is" in nothing.stderr) == (3, True)
    refused = second.run("merge", twin.database, "--yes")
    assert "name your opencode 2 with --with-opencode PROGRAM" in refused.stderr


def test_a_new_child_goes_where_its_parent_is_here(home: Home, twin: OtherDatabase) -> None:
    shop = home.repository("shop")
    home.run("move", "--from-id", ROOT, "--to-dir", shop, "--yes")
    child = add_child(twin, ROOT)
    run = home.run("merge", twin.database, "--from-id", ROOT, "--foreign", "--yes", "--json").json
    assert (run["sessions"], run["verified"]) == (1, 1)
    assert home.query("SELECT directory, parent_id FROM session WHERE id = ?", [child]) == [(str(shop), ROOT)]


PARENT, CHILD = "ses_dfbea8ed3ffeeEpHJ5KIKZRinX", "ses_dfbea8e64ffeI5fC5NLown2fEo"
"""A real session, and one of its subagents."""


def test_what_a_parent_of_sessions_that_stay_was_given_is_taken_back(home: Home, twin: OtherDatabase) -> None:
    add_message(twin, PARENT, "msg_z1", 2**40, role="user")
    before = rows(home)
    assert home.run("merge", twin.database, "--foreign", "--yes", "--json").json["sessions"] == 1
    begun = add_child(home, PARENT)
    undone = home.run("undo", "--yes", "--json")
    assert (undone.code, undone.json["sessions"]) == (0, 1), undone
    home.execute("DELETE FROM session WHERE id = ?", [begun])
    assert rows(home) == before


def delete(home: Home, session: str) -> None:
    """Delete a session with all that hangs on it, but for its children."""
    for table in ("message", "part", "todo"):
        home.execute(f"DELETE FROM {table} WHERE session_id = ?", [session])
    for table in ("event", "event_sequence"):
        home.execute(f"DELETE FROM {table} WHERE aggregate_id = ?", [session])
    home.execute("DELETE FROM session WHERE id = ?", [session])


def test_a_parent_whose_children_were_here_without_it_is_taken_out_again(home: Home, twin: OtherDatabase) -> None:
    delete(home, PARENT)
    before = rows(home)
    assert home.run("merge", twin.database, "--foreign", "--yes", "--json").json["sessions"] == 1
    after = rows(home)
    begun = add_child(home, PARENT)
    assert f"{PARENT} has a new child, {begun}" in home.run("undo", "--yes").stderr
    home.execute("DELETE FROM session WHERE id = ?", [begun])
    for verb, then in {"undo": before, "redo": after}.items():
        assert home.run(verb, "--yes", "--json").code == 0
        assert rows(home) == then


def test_a_child_that_had_lost_its_parent_before_the_merge_is_no_new_one(home: Home, twin: OtherDatabase) -> None:
    """Its parent comes by the merge, and goes again: the child is without a parent as it was."""
    child = add_child(home, ROOT)
    delete(home, ROOT)
    before = rows(home)
    assert home.run("merge", twin.database, "--foreign", "--yes", "--json").json["sessions"] == 1
    after = rows(home)
    for verb, then in {"undo": before, "redo": after}.items():
        done = home.run(verb, "--yes", "--json")
        assert done.code == 0, done.stderr
        assert rows(home) == then
    assert child in after["session"]


def test_a_child_that_was_begun_there_since_the_plan_makes_it_stale(home: Home, other: OtherDatabase) -> None:
    plan = home.path / "plan.json"
    assert home.run("plan", "merge", other.database, "--foreign", "-o", plan).code == 0
    child = add_child(other, ROOT)
    before = rows(home)
    said = f"{ROOT} has a new child, {child}, in {other.database}. Nothing was written; plan again."
    assert said in refused_as_planned(home, "apply", plan, code=5)
    assert rows(home) == before
    done = home.run("apply", plan, "--yes", "--on-conflict", "skip", "--json").json
    assert (done["conflicts"], ROOT in rows(home)["session"]) == ([ROOT], False)


@pytest.mark.parametrize("table", ["message", "part", "event_sequence", "todo", "session_share"])
def test_what_is_left_here_of_a_deleted_session_is_not_mixed_in(home: Home, other: OtherDatabase, table: str) -> None:
    plan = home.path / "plan.json"
    assert home.run("plan", "merge", other.database, "--from-id", ROOT, "--foreign", "-o", plan).code == 0
    rest: dict[str, dict[str, Any]] = {
        "message": {"id": "msg_left", "data": "{}"},
        "part": {"id": "prt_left", "message_id": "msg_gone", "data": "{}"},
        "event_sequence": {"aggregate_id": ROOT, "seq": 3},
        "todo": {"content": "left", "status": "pending", "priority": "low", "position": 9},
        "session_share": {"id": "sh", "secret": "s", "url": "u"},
    }
    row = rest[table]
    if table != "event_sequence":
        row |= {"session_id": ROOT, "time_created": 1, "time_updated": 1}
    home.insert(table, **row)
    before = rows(home)
    refused = home.run("merge", other.database, "--from-id", ROOT, "--foreign", "--dry-run")
    assert refused.code == 1
    assert f"{table} is left over here from {ROOT}, which was deleted" in refused.stderr
    assert rows(home) == before
    stale = refused_as_planned(home, "apply", plan, code=5)
    assert f"{ROOT} was deleted here, which left rows of it in {table}. Nothing was written; plan again." in stale


def test_a_message_that_another_session_has_since_the_plan_is_refused(home: Home, other: OtherDatabase) -> None:
    plan = home.path / "plan.json"
    assert home.run("plan", "merge", other.database, "--from-id", ROOT, "--foreign", "-o", plan).code == 0
    ((message,),) = other.query("SELECT min(id) FROM message WHERE session_id = ?", [ROOT])
    add_session(home, "ses_mine", directory="/")
    add_message(home, "ses_mine", message, role="user")
    said = f"message {message} of {ROOT} is here in ses_mine. Nothing was written; leave these sessions out."
    assert said in refused_as_planned(home, "apply", plan, code=1)


def test_a_message_that_another_session_has_since_the_undo_is_named_by_a_redo(home: Home, other: OtherDatabase) -> None:
    assert home.run("merge", other.database, "--foreign", "--yes").code == home.run("undo", "--yes").code == 0
    ((message,),) = other.query("SELECT min(id) FROM message WHERE session_id = ?", [ROOT])
    add_session(home, "ses_mine", directory="/")
    add_message(home, "ses_mine", message, role="user")
    said = f"{ROOT} has message {message}, which is here in ses_mine now. Nothing was written;"
    assert said in refused_as_planned(home, "redo", code=5)
    assert home.run("redo", "--yes", "--on-conflict", "skip", "--json").json["conflicts"] == [ROOT]


def test_a_table_with_a_space_in_its_name_comes_and_goes_again(home: Home, other: OtherDatabase) -> None:
    """opencode has none; a person may add one, as for notes."""
    for database in (home, other):
        database.execute('CREATE TABLE "my notes" (id text PRIMARY KEY, session_id text, data text)')
    other.insert("my notes", id="1", session_id=ROOT, data="ask again")
    before = rows(home)
    assert home.run("merge", other.database, "--foreign", "--yes").code == 0
    assert rows(home)["my notes"] == rows(other)["my notes"]
    assert (home.run("undo", "--yes").code, rows(home)) == (0, before)


def test_an_id_that_the_other_database_lacks_is_not_looked_for_where_it_would_come(
    home: Home, other: OtherDatabase
) -> None:
    """The database that is being written to is open, and can't be looked at by the road of others beside one."""
    nothing = home.run("merge", other.database, "--from-id", "ses_none", "--yes")
    assert nothing.code == 3
    assert f"No session has the id ses_none; `opencode-migrator list --all --db {other.database}`" in nothing.stderr


def test_an_event_of_another_session_is_refused(home: Home, other: OtherDatabase) -> None:
    home.insert("session", **rows(other)["session"][SESSION] | {"id": "ses_mine", "parent_id": None})
    for database, of in ((home, "ses_mine"), (other, ROOT)):
        database.insert("event_sequence", aggregate_id=of, seq=1, unless_there=True)
        database.insert("event", id="evt_1", aggregate_id=of, seq=1, type="t", data="{}")
    refused = home.run("merge", other.database, "--from-id", ROOT, "--foreign", "--dry-run")
    assert (refused.code, f"event evt_1 of {ROOT} is here in ses_mine" in refused.stderr) == (1, True), refused


@pytest.mark.parametrize("value", ["CAST(X'22FF22' AS TEXT)", "X'2222'"])
def test_a_session_does_not_go_on_in_what_is_no_text(home: Home, twin: OtherDatabase, value: str) -> None:
    """A journal keeps rows as text, by which an undo compares them."""
    add_message(twin, ROOT, "msg_z1", 2**40, role="user")
    add_part(twin, ROOT, "msg_z1", "prt_z1", type="text", text="And then?")
    twin.execute(f"UPDATE part SET data = {value} WHERE id = 'prt_z1'")
    stays = home.run("merge", twin.database, "--foreign", "--yes")
    assert stays.stdout.startswith("Nothing to do")
    assert f"nothing can be added to {ROOT}, since part prt_z1 isn't valid text" in stays.stderr


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e400"])
def test_a_turn_that_only_python_can_read_stays_with_its_session(home: Home, twin: OtherDatabase, number: str) -> None:
    home.empty("project")
    add_message(twin, ROOT, "msg_z1", 2**40, role="user")
    add_part(twin, ROOT, "msg_z1", "prt_z1", type="patch", hash="0" * 40, files=["/some.txt"], at=0.5)
    twin.execute("UPDATE part SET data = replace(data, '0.5', ?) WHERE id = 'prt_z1'", [number])
    done = home.run("merge", twin.database, "--foreign", "--yes")
    assert done.code == 0, done
    assert f"{ROOT} stays, with all of its subagents: the data of prt_z1 in table part can't be read" in done.stderr


@pytest.mark.parametrize("what", ["its tables", "an id"])
def test_a_plan_is_refused_once_its_rows_can_not_come(home: Home, other: OtherDatabase, what: str) -> None:
    plan = home.path / "plan.json"
    assert home.run("plan", "merge", other.database, "--foreign", "-o", plan).code == 0
    if what == "its tables":  # an opencode upgraded it, and what was said is as it was
        other.execute("ALTER TABLE message ADD COLUMN heart text")
        said = "its table message has heart, which has no place here"
    else:
        ((taken, *_),) = other.query("SELECT id FROM message WHERE session_id = ? LIMIT 1", [ROOT])
        home.insert("session", **rows(other)["session"][SESSION] | {"id": "ses_mine", "parent_id": None})
        add_message(home, "ses_mine", taken, role="user")
        said = f"message {taken} of {ROOT} is here in ses_mine"
    before = rows(home)
    applied = home.run("apply", plan, "--yes")
    assert (applied.code, said in applied.stderr) == (1, True), applied
    assert rows(home) == before


def test_a_to_do_list_or_a_title_that_is_only_there_is_not_taken_away(home: Home, twin: OtherDatabase) -> None:
    twin.execute("INSERT INTO todo VALUES (?, 'more', 'pending', 'high', 7, 1, 1)", [ROOT])
    twin.execute("UPDATE session SET title = 'Only there' WHERE id = ?", [SESSION])
    done = home.run("merge", twin.database, "--foreign", "--remove-from-other", "--yes", "--json")
    assert done.code == 0, done
    assert rows(twin)["session"].keys() == {ROOT, SESSION}


def test_the_space_that_one_long_session_takes_is_no_mean_of_all(home: Home) -> None:
    message = next(id_ for id_, row in rows(home)["message"].items() if row["session_id"] == ROOT)
    add_part(home, ROOT, message, "prt_long", type="text", text="x" * 3_000_000)
    with Store(home.database) as store:
        assert conversation_bytes(store, [ROOT]) > 3_000_000
        assert conversation_bytes(store, [SESSION]) < 1_000_000


def test_links_in_a_circle_are_no_database(home: Home) -> None:
    loop = home.database.with_name("opencode-loop.db")
    loop.symlink_to(loop.name)
    refused = home.run("merge", "--from-channel", "loop", "--yes")
    assert (refused.code, f"The path {loop} can't be read" in refused.stderr) == (1, True), refused
    assert home.run("list", "--all").code == 0


def test_a_merge_can_be_undone_where_its_database_is_now(home: Home, other: OtherDatabase) -> None:
    before = rows(home)
    run = home.run("merge", other.database, "--foreign", "--yes", "--json").json["run"]
    moved = home.path / "moved.db"
    home.database.rename(moved)
    other.database.unlink()
    home.environ["OPENCODE_DB"] = str(moved)
    assert home.run("undo", run, "--yes").code == 0
    moved.rename(home.database)
    assert rows(home) == before
    moved.symlink_to(home.database)
    assert home.run("redo", "--yes", "--json").json["sessions"] == 18


def test_nobody_loses_a_session_that_he_has_open(home: Home, other: OtherDatabase) -> None:
    before, there = rows(home), rows(other)
    with held_open(other.database) as pid:
        refused = home.run("merge", other.database, "--foreign", "--remove-from-other", "--yes")
    assert (refused.code, f"pid {pid}" in refused.stderr) == (4, True)
    assert (rows(home), rows(other)) == (before, there)


def test_what_is_no_database_is_not_to_be_named_with_db(home: Home) -> None:
    none = home.path / "none.db"
    with closing(sqlite3.connect(none)) as connection:
        connection.execute("CREATE TABLE session (id)")
    refused = home.run("merge", none, "--yes")
    assert (refused.code, "--db" in refused.stderr) == (1, False), refused
    assert "name the right file instead of it." in refused.stderr
