"""Sessions of opencode 1 come into a database of opencode 2 by a program of opencode 2, which alone can judge that.

No such program can be had from npm: name yours in $OPENCODE_MIGRATOR_V2_BINARY, and this runs. What needs none, as what
is refused, is tested daily in tests/merging/test_import.py.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

import pytest

from tests.support.home import SESSION, Home, build_home, checkpoint
from tests.support.merging import built, bytes_around
from tests.support.rows import add_message, add_part, rows

if TYPE_CHECKING:
    from typing import Any

BINARY = os.environ.get("OPENCODE_MIGRATOR_V2_BINARY", "")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not BINARY, reason="$OPENCODE_MIGRATOR_V2_BINARY names no program of opencode 2"),
]

AGES = ["1.2.27", "1.14.34", "1.15.13", "1.17.0", "1.18.34-messages", "real-1.18.34"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home of opencode 2 alone."""
    return build_home(tmp_path / "home", "v2-run-fresh")


def merged(home: Home, *words: str | Path) -> Any:
    run = home.run("merge", *words, "--with-opencode", BINARY, "--yes", "--json")
    assert run.code == 0, run.stderr
    return run.json


@pytest.mark.parametrize("age", AGES)
def test_every_age_of_opencode_1(home: Home, age: str) -> None:
    """They come as opencode 2 imports them, once, and go again as if they had never come."""
    other = built(home, age, home.path / "old" / "opencode.db")
    before, there, files = rows(home), rows(other), bytes_around(other.database)
    run = merged(home, other.database, "--foreign")
    assert run["status"] == "applied"
    assert run["sessions"] == run["verified"] == len(there["session"])
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
    """The upgrades of opencode 2 of August 2026 fail on a database of 1.2.1: that is said, and nothing is written."""
    other = built(home, "1.2.1", home.path / "old" / "opencode.db")
    before = rows(home)
    run = home.run("merge", other.database, "--foreign", "--with-opencode", BINARY, "--yes")
    if run.code:
        told = " ".join(run.stderr.split())
        assert "after it had imported 0 of" in told
        assert told.endswith("Nothing was written.")
        assert rows(home) == before


def test_only_what_was_chosen_is_given_to_it_and_lands_where_it_belongs(home: Home) -> None:
    other = built(home, "real-1.18.34", home.path / "old" / "opencode.db")
    shop = home.repository("shop-search")
    run = merged(home, other.database, "--from-project", "shop-search")
    here = home.query("SELECT id, project_id, directory FROM session_v2 WHERE directory = ?", [str(shop)])
    assert len(here) == run["sessions"] > 0
    assert len({project for _, project, _ in here}) == 1
    assert not list(Path(gettempdir()).glob("opencode-migrator-incoming-*"))


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
    run = merged(both, both.database, "--foreign")
    assert run["sessions"] == run["verified"] == len(lacking)
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
