"""What was said is found, whatever the case and however JSON writes it, and the passage is what stands there."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from migrator.store.conversation import find_passages
from migrator.store.reader import Store
from tests.support.home import FIXTURES
from tests.support.strategies import nasty_text

texts = st.text(alphabet='aAbß\u0130\u0131\u017fé\u00c9/\\"\n\u2028\U0001f98a', max_size=8) | nasty_text
SCHEMA = {name: (FIXTURES / f"{name}.sql").read_text(encoding="utf-8") for name in ("1.18.34", "v2-run-fresh")}


def database(directory: str, fixture: str) -> Path:
    """Make a database with the session `ses_1` and nothing else."""
    path = Path(directory, "opencode.db")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(SCHEMA[fixture])
        table = "session" if fixture == "1.18.34" else "session_v2"
        for name in ("part", "message", "session_message", table):
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [name]).fetchone():
                connection.execute(f"DELETE FROM {name}")
        connection.execute(
            f"INSERT INTO {table} (id, project_id, slug, directory, title, version, time_created, time_updated) "
            "VALUES ('ses_1', 'global', '', '/x', '', '', 0, 0)"
        )
    return path


def say(path: Path, fixture: str, data: str) -> None:
    """Add a row of the conversation of `ses_1`."""
    with closing(sqlite3.connect(path)) as connection, connection:
        if fixture == "1.18.34":
            connection.execute("INSERT OR IGNORE INTO message VALUES ('msg_1', 'ses_1', 0, 0, '{}')")
            row = ("INSERT INTO part VALUES ('prt_1', 'msg_1', 'ses_1', 0, 0, ?)", [data])
        else:
            columns = "id, session_id, type, seq, time_created, time_updated, data"
            values = "'msg_1', 'ses_1', 'assistant', 0, 0, 0, ?"
            row = (f"INSERT INTO session_message ({columns}) VALUES ({values})", [data])
        connection.execute(*row)


@given(texts, texts.filter(bool), st.booleans(), st.sampled_from(["1.18.34", "v2-run-fresh"]))
@example("Stra\u00dfe", "RASSE", True, "1.18.34")
@example('say "hi"\n', '"HI"\n', False, "v2-run-fresh")
def test_what_is_found_stands_there(text: str, wanted: str, ascii_only: bool, fixture: str) -> None:
    part = {"type": "text", "text": text}
    with tempfile.TemporaryDirectory() as directory:
        path = database(directory, fixture)
        value = part if fixture == "1.18.34" else {"content": [part]}
        say(path, fixture, json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":")))
        with Store(path) as store:
            found = find_passages(store, wanted, ["conversation"], lambda _: None)
    assert [*found] == ["ses_1"] * (wanted.casefold() in text.casefold())
    for before, hit, after in found.values():
        assert before + hit + after in text
        assert wanted.casefold() in hit.casefold()


@pytest.mark.parametrize(
    ("fixture", "data", "where"),
    [
        ("1.18.34", {"type": "text", "text": "needle"}, "conversation"),
        ("1.18.34", {"text": "needle", "type": "text"}, "conversation"),
        ("1.18.34", {"type": "text", "text": "needle", "synthetic": True}, None),
        ("1.18.34", {"type": "reasoning", "text": "needle"}, None),
        ("1.18.34", {"type": "tool", "tool": "x", "state": {"input": {"needle": 1}, "output": ""}}, None),
        ("1.18.34", {"type": "tool", "tool": "x", "state": {"input": {"path": "needle"}}}, "tools"),
        ("1.18.34", {"type": "tool", "tool": "x", "state": {"output": "a needle"}}, "tools"),
        ("v2-run-fresh", {"text": "needle"}, "conversation"),
        ("v2-run-fresh", {"content": [{"type": "text", "text": "needle"}]}, "conversation"),
        ("v2-run-fresh", {"content": [{"type": "reasoning", "text": "needle"}]}, None),
        ("v2-run-fresh", {"content": [{"type": "tool", "state": {"content": [{"text": "needle"}]}}]}, "tools"),
        ("v2-run-fresh", {"content": "needle"}, None),
    ],
)
def test_where_it_is_looked_for(tmp_path: Path, fixture: str, data: object, where: str | None) -> None:
    path = database(str(tmp_path), fixture)
    say(path, fixture, json.dumps(data, separators=(",", ":")))
    with Store(path) as store:
        found = [
            place for place in ("conversation", "tools") if find_passages(store, "NEEDLE", [place], lambda _: None)
        ]
    assert found == [where] * (where is not None)


@pytest.mark.parametrize("fixture", ["1.18.34", "v2-run-fresh"])
def test_how_far_the_search_is_is_counted_in_bytes_of_the_database(tmp_path: Path, fixture: str) -> None:
    path = database(str(tmp_path), fixture)
    say(path, fixture, '{"type":"text","text":"needle"}')
    ticks: list[int] = []
    with Store(path) as store:
        find_passages(store, "needle", ["conversation"], ticks.append)
        assert sum(ticks) == store.size() == path.stat().st_size


@pytest.mark.parametrize("data", ["x'00ff'", "7", "NULL", "CAST(x'ff' AS TEXT)", "'[' || hex(zeroblob(100000))", "''"])
def test_a_row_that_can_not_be_read_hides_no_other(tmp_path: Path, data: str) -> None:
    path = database(str(tmp_path), "1.18.34")
    say(path, "1.18.34", '{"type":"text","text":"needle"}')
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(
            "PRAGMA ignore_check_constraints = 1; CREATE TABLE copy AS SELECT * FROM part; DROP TABLE part; "
            "ALTER TABLE copy RENAME TO part; "
            f"INSERT INTO part VALUES ('prt_0', 'msg_1', 'ses_1', 0, 0, {data})"
        )
    with Store(path) as store:
        assert [*find_passages(store, "needle", ["conversation", "tools"], lambda _: None)] == ["ses_1"]
