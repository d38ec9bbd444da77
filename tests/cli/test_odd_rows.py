"""A row that isn't what opencode writes is named and left alone, and the others work as ever."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.home import MOVE, SESSION
from tests.support.opencode_2_database import DIALECTS, dialect_home
from tests.support.rows import add_patch, add_session, session_table
from tests.support.server import serving
from tests.torture.hostile_rows import rebuild

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

ODD = {
    "title = x'00ff'": "title is a BLOB, not text or NULL",
    "title = CAST(x'ff41' AS TEXT)": "title holds bytes that are not UTF-8",
    "directory = x'2f'": "directory is a BLOB, not text",
    "project_id = CAST(x'2fe92f' AS TEXT)": "project_id holds bytes that are not UTF-8",
    "parent_id = x''": "parent_id is a BLOB, not text or NULL",
    "revert = replace(hex(zeroblob(100000)), '00', '[')": "revert is not JSON or NULL",
    "time_created = 'yesterday'": "time_created is not a number",
    "time_archived = x'00'": "time_archived is a BLOB, not a number or NULL",
}


def make_odd(home: Home, values: str, session: str = SESSION) -> None:
    for table in {"session", session_table(home)} & {*home.tables()}:
        home.execute(f"UPDATE {table} SET {values} WHERE id = ?", [session])


def raw(home: Home) -> dict[str, Any]:
    """Every row, its texts as bytes."""
    with closing(sqlite3.connect(home.database)) as db:
        db.text_factory = bytes
        return {table: sorted(db.execute(f'SELECT * FROM "{table}"'), key=repr) for table in home.tables()}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_odd_rows_are_named_and_left_alone_and_the_others_move(tmp_path: Path, dialect: str) -> None:
    home = dialect_home(tmp_path / "home", "real-1.18.34", dialect)
    home.repository("shop", "sub/deep")
    ids = [id_ for (id_,) in home.query(f"SELECT id FROM {session_table(home)} ORDER BY id")]
    odd = dict(zip(ids, ODD, strict=False))
    for id_, values in odd.items():
        make_odd(home, values, id_)
    before = raw(home)
    checked = home.run("doctor", "--json")
    assert checked.code == 1
    named = {(value["row"], f"{value['column']} {value['why']}") for value in checked.json["oddRows"]}
    assert named == {(f"id = '{id_}'", ODD[values]) for id_, values in odd.items()}
    listed = home.run("list", "--all", "--no-roots", "--json")
    assert {session["id"] for session in listed.json} == {*ids} - odd.keys()
    assert listed.stderr.endswith(
        " left out, with values that opencode never writes; `opencode-migrator doctor` names them.\n"
    )
    asked = home.run("list", "--from-id", ids[0])
    assert (asked.code, ODD[odd[ids[0]]] in asked.stderr) == (3, True)
    assert [home.run(*command).code for command in (("orphans",), ("projects",), ("rescue", "-n"))] == [0, 0, 0]
    moved = home.run(*MOVE)
    assert moved.code == 0, moved.stderr
    assert "`opencode-migrator doctor` names them" in moved.stderr
    after = raw(home)
    for table in {"session", "session_v2"} & before.keys():
        changed = [row for row in before[table] if row not in after[table]]
        assert changed
        assert not [row for row in changed if any(id_.encode() in row for id_ in odd)]
    assert home.run("undo", "--yes").code == 0
    assert raw(home) == before


def test_a_path_that_leads_elsewhere_is_where_it_leads(home: Home) -> None:
    """A move that took it for what it begins with looked for ever for its place below the destination."""
    shop = home.repository("shop")
    add_session(home, "ses_out", directory=f"{home.src}/../../elsewhere")
    add_session(home, "ses_in", directory=f"{home.src}/x/../old/sub")
    planned = home.run("move", "--from-dir", f"{home.src}/**", "--to-dir", shop, "--dry-run", "--json")
    assert planned.code == 0, planned.stderr
    after = {change["session"]: change["after"]["directory"] for change in planned.json["changes"]}
    assert "ses_out" not in after
    assert after["ses_in"] == str(shop)
    assert home.run("move", "--from-dir", "/**", "--to-dir", shop, "--dry-run").code == 0


def test_a_tree_says_which_of_its_sessions_stays(home: Home) -> None:
    home.repository("shop")
    (parent,) = home.query("SELECT id FROM session WHERE parent_id IS NULL AND directory LIKE '%shop-search' LIMIT 1")
    child = add_session(home, "ses_child", parent_id=parent[0], directory=str(home.src / "shop-search"))
    make_odd(home, "title = x'00'", child)
    moved = home.run("move", "--from-id", *parent, "--to-dir", "src/shop", "--yes")
    assert moved.code == 0
    assert f"{child}, below {parent[0]}, stays where it is: its row can't be read (title is a BLOB" in moved.stderr
    assert home.query("SELECT directory FROM session WHERE id = ?", [child]) == [(str(home.src / "shop-search"),)]


def test_a_child_of_an_odd_row_has_not_lost_its_parent(home: Home) -> None:
    shop = home.repository("shop")
    add_session(home, "ses_odd", directory=str(shop))
    add_session(home, "ses_child", parent_id="ses_odd", directory=str(shop))
    make_odd(home, "title = x'00'", "ses_odd")
    (found,) = home.run("orphans", "--rule", "broken-tree", "--json").json
    (reason,) = [reason for reason in found["reasons"] if reason["rule"] == "broken-tree"]
    assert reason["evidence"].startswith("its parent ses_odd can't be read: title is a BLOB")
    assert reason["certainty"] == "unknown"


@pytest.mark.parametrize("data", ["CAST(data AS BLOB)", "CAST(CAST(data AS BLOB) || x'ff' AS TEXT)", "data || '}'"])
@pytest.mark.parametrize("policy", ["auto", "detach"])
def test_a_turn_that_cannot_be_read_is_not_guessed_about(home: Home, data: str, policy: str) -> None:
    """An undo of it in another place may delete files."""
    shop = home.repository("shop")
    home.repository("shop-search")
    (session,) = home.query("SELECT id FROM session WHERE directory LIKE '%shop-search' LIMIT 1")
    add_patch(home, session[0], shop / "README.md", id_="prt_odd")
    home.execute(f"UPDATE part SET data = {data} WHERE id = 'prt_odd'")
    before = raw(home)
    moved = home.run("move", "--from-id", *session, "--to-dir", shop, "--undo-files", policy, "--yes")
    assert moved.code == 1, moved.stdout
    assert "prt_odd in table part can't be read" in moved.stderr
    assert raw(home) == before
    assert home.run("orphans").code == 0
    undo = home.run("doctor", "--undo", "--json").json["undo"]
    assert [(row["id"], row["undo"]) for row in undo["sessions"] if row["undo"] == "unknown"] == [(*session, "unknown")]
    odd = {(value["table"], value["row"], value["column"]) for value in home.run("doctor", "--json").json["oddRows"]}
    assert odd == {("part", "id = 'prt_odd'", "data")}
    rest = home.run("move", "--from-dir", "~/src/**", "--to-dir", shop, "--undo-files", policy, "--yes")
    assert rest.code == 0, rest.stderr
    assert (
        f"{session[0]} stays, with all of its subagents: the data of prt_odd in table part can't be read" in rest.stderr
    )
    (there,) = home.query("SELECT directory FROM session WHERE id = ?", [*session])
    assert there == (str(home.src / "shop-search"),)
    assert home.query("SELECT count(*) FROM session WHERE directory = ?", [str(shop)]) != [(0,)]
    assert home.run("undo", "--yes").code == 0
    assert raw(home) == before


def test_an_answer_of_opencode_2_that_cannot_be_read_keeps_its_tree_where_it_is(tmp_path: Path) -> None:
    home = dialect_home(tmp_path / "home", "real-1.18.34", "v2")
    shop = home.repository("shop")
    answers = home.query("SELECT session_id, id FROM session_message WHERE json_array_length(data, '$.snapshot.files')")
    session, answer = answers[0]
    home.execute("UPDATE session_message SET data = data || '}' WHERE id = ?", [answer])
    (before,) = home.query("SELECT directory FROM session_v2 WHERE id = ?", [session])
    moved = home.run("move", "--from-dir", "/**", "--to-dir", shop, "--yes")
    assert moved.code == 0, moved.stderr
    assert (
        f"stays, with all of its subagents: the data of {answer} in table session_message can't be read" in moved.stderr
    )
    assert home.query("SELECT directory FROM session_v2 WHERE id = ?", [session]) == [before]
    assert home.query("SELECT count(*) FROM session_v2 WHERE directory = ?", [str(shop)]) != [(0,)]


def test_a_list_over_http_holds_what_json_can_hold(home: Home) -> None:
    values = ("share_url = x'00'", "slug = CAST(x'ff41' AS TEXT)", "cost = 9e999", "time_updated = 'yesterday'")
    ids = [id_ for (id_,) in home.query("SELECT id FROM session WHERE id <> ? ORDER BY id LIMIT 4", [SESSION])]
    for id_, value in zip(ids, values, strict=True):
        make_odd(home, value, id_)
    make_odd(home, "title = CAST(x'ff41' AS TEXT)")
    with serving(home) as served:
        listed = {session["id"]: session for session in served.get("/session/history", limit=50)}
    assert {*ids} <= listed.keys()
    assert listed[ids[1]]["slug"] == "\ufffdA"
    assert "share" not in listed[ids[0]]


REBUILT = {
    "utf-16": "its text is UTF-16le",
    "no rowid": "is WITHOUT ROWID",
    "no primary key": "isn't id, as it is in every opencode 1",
    "check of parts": "table part has a CHECK",
    "nulls": None,
}


@pytest.mark.parametrize("schema", REBUILT)
def test_a_schema_that_no_opencode_makes_is_only_read(home: Home, schema: str) -> None:
    home.repository("shop")
    rebuild(home, schema)
    why, move = REBUILT[schema], ("move", "--from-dir", "/**", "--to-dir", "src/shop")
    before = raw(home)
    assert [home.run(*command).code for command in (("list", "--all"), ("orphans",), (*move, "-n"))] == [0, 0, 0]
    moved = home.run(*move, "--yes")
    assert (moved.code, raw(home) == before) == ((0, False) if why is None else (1, True))
    assert why is None or (why in moved.stderr and why in home.run("doctor").stdout)


def test_doctor_counts_the_sessions_that_are_looked_at(home: Home) -> None:
    (number,) = home.query("SELECT count(*) FROM session")[0]
    make_odd(home, "title = CAST(x'ff41' AS TEXT)")
    assert home.run("doctor", "--json").json["sessions"] == number - 1


def test_a_conversation_that_is_no_json_is_named_in_plain_words(home: Home) -> None:
    home.execute("UPDATE message SET data = 'x' WHERE id = (SELECT min(id) FROM message)")
    (odd,) = home.run("doctor", "--json").json["oddRows"]
    assert odd["why"] == "is not JSON that SQLite can read"
