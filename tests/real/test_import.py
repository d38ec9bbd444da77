"""Sessions of opencode 1 come into a database of opencode 2 by a program of opencode 2, which alone can judge that.

opencode's own packages on npm have no such program: name yours in $OPENCODE_MIGRATOR_V2_BINARY, and this runs. What
needs none, as what is refused, is tested daily in tests/merging/test_import.py.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.faults import Fault, run
from tests.support.git import repository
from tests.support.home import SESSION, Home, build_home, checkpoint
from tests.support.merging import built, bytes_around
from tests.support.opencode.fake_model import order
from tests.support.opencode.migrator_command import answer, run_migrator
from tests.support.opencode.opencode_1 import OpenCode
from tests.support.opencode.opencode_2 import BINARY, OpenCode2, needs_program
from tests.support.rows import add_message, add_part, rows, rows_without_times

if TYPE_CHECKING:
    from typing import Any

pytestmark = [pytest.mark.long, needs_program]

AGES = ["1.2.27", "1.14.34", "1.15.13", "1.17.0", "1.18.34-messages", "real-1.18.34"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home of opencode 2 alone, whose temporary files are beside it."""
    home = build_home(tmp_path / "home", "v2-run-fresh")
    (tmp_path / "tmp").mkdir()
    home.environ["TMPDIR"] = str(tmp_path / "tmp")
    return home


def merged(home: Home, *words: str | Path) -> Any:
    done = home.run("merge", *words, "--with-opencode", BINARY, "--yes", "--json")
    assert done.code == 0, done.stderr
    return done.json


@pytest.mark.parametrize("age", AGES)
def test_every_age_of_opencode_1(home: Home, age: str) -> None:
    """They come as opencode 2 imports them, once, and go again as if they had never come."""
    other = built(home, age, home.path / "old" / "opencode.db")
    before, there, files = rows(home), rows(other), bytes_around(other.database)
    done = merged(home, other.database, "--foreign")
    assert done["status"] == "applied"
    assert done["sessions"] == done["verified"] == len(there["session"])
    here = rows(home)
    assert here["session_v2"].keys() == before["session_v2"].keys() | there["session"].keys()
    assert before["session_message"].items() <= here["session_message"].items()
    came = {id_: here["session_v2"][id_] for id_ in there["session"]}
    for id_, session in there["session"].items():
        assert [came[id_][name] for name in ("title", "directory", "parent_id", "time_updated")] == [
            session[name] for name in ("title", "directory", "parent_id", "time_updated")
        ]
    texts = "\0".join(str(json.loads(row["data"]).get("text")) for row in here["session_message"].values())
    of_users = {id_ for id_, row in there["message"].items() if json.loads(row["data"])["role"] == "user"}
    parts = [json.loads(row["data"]) for row in there["part"].values() if row["message_id"] in of_users]
    assert [part["text"] for part in parts if part["type"] == "text" and part["text"] not in texts] == []
    assert bytes_around(other.database) == files
    again = home.run("merge", other.database, "--foreign", "--with-opencode", BINARY, "--yes")
    assert f"Nothing to do: {len(came)} sessions are here already." in again.stdout
    assert home.run("undo", "--yes").code == 0
    assert rows(home) == before
    assert home.run("redo", "--yes").code == 0
    assert rows(home) == here


def test_an_age_that_it_may_not_know(home: Home) -> None:
    """August 2026's upgrades fail on a database of 1.2.1, those of 2.0.14 don't: it comes, or nothing is written."""
    other = built(home, "1.2.1", home.path / "old" / "opencode.db")
    before = rows(home)
    done = home.run("merge", other.database, "--foreign", "--with-opencode", BINARY, "--yes")
    if done.code:
        told = " ".join(done.stderr.split())
        assert "after it had imported 0 of" in told
        assert told.endswith("Nothing was written.")
        assert rows(home) == before


def test_only_what_was_chosen_is_given_to_it_and_lands_where_it_belongs(home: Home) -> None:
    other = built(home, "real-1.18.34", home.path / "old" / "opencode.db")
    shop = home.repository("shop-search")
    done = merged(home, other.database, "--from-project", "shop-search")
    here = home.query("SELECT id, project_id, directory FROM session_v2 WHERE directory = ?", [str(shop)])
    assert len(here) == done["sessions"] > 0
    assert len({project for _, project, _ in here}) == 1
    assert not [*Path(home.environ["TMPDIR"]).iterdir()]


def test_a_session_that_went_on_in_opencode_1(home: Home) -> None:
    other = built(home, "1.18.34-messages", home.path / "old" / "opencode.db")
    (first,) = other.query("SELECT id FROM session ORDER BY id LIMIT 1")[0]
    before = merged(home, other.database, "--foreign", "--from-id", first)["sessions"]
    model = {"providerID": "test", "modelID": "test"}
    data = {"role": "user", "agent": "build", "model": model, "time": {"created": 2**41}}
    add_message(other, first, "msg_zz1", 2**41, **data)
    add_part(other, first, "msg_zz1", "prt_zz1", type="text", text="And then?")
    plan = home.run(
        "merge", other.database, "--foreign", "--from-id", first, "--with-opencode", BINARY, "-n", "--json"
    ).json
    verdict = next(s["verdict"] for s in plan["merge"]["sessions"] if s["session"] == first)
    assert before >= 1
    assert verdict in {"longer", "diverged"}, "diverged: opencode 2 ends an import with a message of its own"


# -- what opencode 2 says of it ----------------------------------------------------------------------------------------


def test_it_lists_opens_continues_and_undoes_what_came(opencode: OpenCode, tmp_path: Path, model_url: str) -> None:
    """Opencode 1 goes on beside opencode 2, and both have the same home."""
    new = OpenCode2(OpenCode(Path(BINARY), opencode.home, model_url))
    shop = repository(tmp_path / "shop")

    def wrote(name: str, text: str) -> str:
        return order("write", filePath=str(shop / name), content=text)

    with opencode.serve(shop):
        early = opencode.new_session("early", shop)
        opencode.prompt(early, wrote("early.txt", "1"), shop)
    with new.service(shop):
        wait_for_import(opencode.database)
        deleted = new.new_session("of opencode 2", shop)
    with opencode.serve(shop):
        late = opencode.new_session("late", shop)
        opencode.prompt(late, f"First. {wrote('kept.txt', 'one')}", shop)
        second = opencode.prompt(late, f"Second. {wrote('kept.txt', 'two')} {wrote('made.txt', 'new')}", shop)
        child = opencode.new_session("child", shop, parentID=late)
    with new.service(shop):
        wait_for_import(opencode.database)
        assert new.listed_by(directory=str(shop)) == {early, deleted}
    asked = ("merge", opencode.database, "--with-opencode", BINARY, "--yes")
    done = answer(opencode, *asked, cwd=shop)
    assert (done["sessions"], done["verified"]) == (2, 2)
    with new.service(shop):
        assert new.listed_by(directory=str(shop)) == {early, late, child, deleted}
        assert "Second." in json.dumps(new.messages(late))
        before = {path.name: path.read_text() for path in shop.glob("*.txt")}
        new.undo(late, second)
        after = {path.name: path.read_text() for path in shop.glob("*.txt")}
        assert (before["kept.txt"], after["kept.txt"]) == ("two", "one")
        assert after.keys() == before.keys(), "it removes nothing"
        new.take_undo_back(late)
        new.prompt(late, "Go on in opencode 2.")
        assert "Go on in opencode 2." in json.dumps(new.messages(late))
        new.call("DELETE", f"/api/session/{early}")
    with opencode.serve(shop):
        assert late in opencode.listed(shop)
        opencode.prompt(late, "Go on in opencode 1.", shop)
    told = answer(opencode, "orphans", cwd=shop)
    assert [row["id"] for row in told] == [early], "opencode 1 still has what was deleted in opencode 2"
    refused = run_migrator(opencode, "undo", "--yes", cwd=shop)
    assert refused.returncode != 0
    assert f"The database changed since: {late}" in refused.stderr


def wait_for_import(database: Path) -> None:
    for _ in range(300):
        with closing(sqlite3.connect(database)) as db:
            if "completed" in str(db.execute("SELECT value FROM kv WHERE key = 'migration.v1-v2'").fetchall()):
                return
        time.sleep(0.1)
    raise AssertionError("the import isn't done")


# -- what opencode 1 has made beside opencode 2 ------------------------------------------------------------------------


@pytest.fixture
def both(tmp_path: Path) -> Home:
    """A home of both opencodes, in which opencode 1 has gone on after opencode 2's import."""
    home = build_home(tmp_path / "home", "v2-run-upgraded")
    later = built(home, "real-1.18.34", tmp_path / "later.db")
    for table in ("project", "session", "message", "part", "event_sequence"):
        names = sorted(home.columns(table) & later.columns(table))
        found = later.query(f"SELECT {', '.join(names)} FROM {table}")
        home.insert(table, *(dict(zip(names, row, strict=True)) for row in found), unless_there=True)
    checkpoint(home)
    return home


def test_sessions_of_this_very_database(both: Home) -> None:
    lost = both.run("orphans", "--json").json
    lacking = {row["id"] for row in lost if "never-imported" in [reason["rule"] for reason in row["reasons"]]}
    assert lacking
    before = rows(both)
    done = merged(both, both.database, "--foreign")
    assert done["sessions"] == done["verified"] == len(lacking)
    after = rows(both)
    for table in ("session", "message", "part", "todo", "session_share"):
        assert after[table] == before[table], "what opencode 1 has stays as it is"
    assert after["session_v2"].keys() == before["session_v2"].keys() | lacking
    assert before["session_v2"].items() <= after["session_v2"].items()
    assert before["session_message"].items() <= after["session_message"].items()
    sequences = {
        at: {row["aggregate_id"]: row["seq"] for row in found["event_sequence"].values()}
        for at, found in (("before", before), ("after", after))
    }
    for id_ in lacking:
        last = max((m["seq"] for m in after["session_message"].values() if m["session_id"] == id_), default=-1)
        assert sequences["after"][id_] == max(last, sequences["before"].get(id_, -1))
    again = both.run("merge", both.database, "--with-opencode", BINARY, "--yes")
    assert (again.code, "Opencode 2 has every selected session of" in again.stderr) == (3, True)
    assert both.run("undo", "--yes").code == 0
    assert rows(both) == before
    assert both.run("redo", "--yes").code == 0
    assert rows(both) == after
    assert SESSION in lacking


@pytest.mark.parametrize("own", [True, False])
def test_a_run_that_was_cut_off_is_taken_back(both: Home, tmp_path: Path, own: bool) -> None:
    """Nothing is finished by a program that nobody has named; the same command starts again."""
    other = both.database if own else built(both, "1.18.34-messages", tmp_path / "old.db").database
    words = ("merge", other, "--with-opencode", BINARY, "--foreign", "--yes", "--chunk-size", "2")
    before = rows_without_times(both)
    killed = run(both, *words, fault=Fault("kill", 2, "before intend"))
    assert killed.code == -signal.SIGKILL, killed
    assert rows_without_times(both) != before
    refused = run(both, "resume", "--yes")
    assert (refused.code, "and only `merge` runs one: take back" in refused.stderr) == (1, True), refused
    assert run(both, "undo", "--yes").code == 0
    assert rows_without_times(both) == before
    assert run(both, *words).code == 0
    assert run(both, "undo", "--yes").code == 0
    assert rows_without_times(both) == before
