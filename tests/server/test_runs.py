"""Plans, runs and undo over HTTP: the same as on the command line, one at a time."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from migrator.documents.schemas import schema
from migrator.text import sentence
from tests.support.crowded_home import crowded_home
from tests.support.faults import Gate
from tests.support.git import root_commit
from tests.support.home import MOVE, build_home, checkpoint
from tests.support.rows import rows_without_times
from tests.support.server import Served, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

SHOPS = {"fromDir": ["~/src/shop-*"]}


@pytest.fixture
def shop(served: Served) -> Path:
    return served.home.repository("shop")


def directories(served: Served) -> dict[str, str]:
    return dict(served.home.query("SELECT id, directory FROM session"))


def moved(served: Served, shop: Path) -> int:
    return list(directories(served).values()).count(str(shop))


def check(name: str, document: Any) -> None:
    Draft202012Validator(schema(name)).validate(document)


def events(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def test_a_plan_is_what_the_command_line_would_plan(served: Served, shop: Path) -> None:
    plan = served.post("/plan", {**SHOPS, "excludeDir": "~/src/shop-api", "toDir": str(shop)})
    typed = served.home.run(
        "plan", "--from-dir", "~/src/shop-*", "--exclude-dir", "~/src/shop-api", "--to-dir", shop, "--json"
    ).json
    check("plan", plan)
    assert plan == typed
    assert moved(served, shop) == 0


def test_a_body_brings_its_exclusions_along(served: Served, shop: Path) -> None:
    plan = served.post("/plan", {**SHOPS, "excludeLines": "home/*/src/shop-api\nshop-api/\n", "toDir": str(shop)})
    typed = served.home.run("plan", *MOVE[1:3], "--exclude-dir", "~/src/shop-api", "--to-dir", shop, "--json").json
    assert plan["summary"] == typed["summary"]


@pytest.mark.parametrize("command", ["move", "rescue"])
@pytest.mark.parametrize("file", ["/dev/zero", "/etc/passwd", "list", ["/dev/stdin"], "-"])
def test_a_body_names_no_file_of_the_server(reader: Served, file: str | list[str], command: str) -> None:
    said = reader.refused("POST", "/plan", 400, "bad-input", json={"command": command, "exclude-from": file})
    assert said == (
        "excludeFrom names a file, and the server opens no file for a client; send its text as excludeLines."
    )


def test_apply_by_digest_and_undo(served: Served, shop: Path) -> None:
    before = served.home.everything()
    plan = served.post("/plan", {**SHOPS, "toDir": str(shop)})
    run = served.post("/apply", {"plan": plan["digest"]})
    check("run", run)
    assert (run["status"], run["sessions"], run["verified"]) == ("applied", 17, 17)
    assert moved(served, shop) == 17
    (logged,) = served.get("/runs")
    assert (logged["run"], logged["status"], logged["undoneBy"]) == (run["run"], "applied", None)
    back = served.ask.post(f"/runs/{run['run']}/undo")
    check("run", back.json())
    after = served.home.everything()
    assert after["session"] == before["session"]
    assert after["part"] == before["part"]
    newest, oldest = served.get("/runs")
    assert (newest["undoes"], oldest["undoneBy"]) == (run["run"], newest["run"])
    assert newest["command"] == f"opencode-migrator serve (POST /runs/{run['run']}/undo)"
    said = served.refused("POST", f"/runs/{run['run']}/undo", 422, "refused")
    assert said.startswith(f"Run {run['run']} was taken back already, by {newest['run']}")


def test_apply_a_plan_that_was_sent(served: Served, shop: Path) -> None:
    """Bare, or with how to apply it; also one that the command line saved."""
    typed = served.home.run("plan", "--from-dir", "~/src/shop-api", "--to-dir", shop, "--json").json
    assert served.post("/apply", typed)["status"] == "applied"
    rest = served.post("/plan", {**SHOPS, "toDir": str(shop)})
    assert served.post("/apply", {"plan": rest, "chunkSize": 1})["chunks"] == rest["summary"]["sessions"]


def test_progress_as_events(served: Served, shop: Path) -> None:
    plan = served.post("/plan", {**SHOPS, "toDir": str(shop)})
    accept = {"Accept": "text/event-stream"}
    answer = served.ask.post("/apply", json={"plan": plan["digest"], "chunkSize": 5}, headers=accept)
    assert answer.headers["content-type"].startswith("text/event-stream")
    *progress, (last, run) = events(answer.text)
    assert [name for name, _ in progress] == ["progress"] * len(progress)
    assert [data["sessions"] for _, data in progress] == [0, 5, 10, 15, 17]
    assert last == "run"
    check("run", run)
    # What is refused before anything is written is refused with its own status.
    said = served.refused("POST", "/apply", 409, "stale-plan", json={"plan": plan["digest"]}, headers=accept)
    assert plan["changes"][0]["session"] in said


def test_a_stale_plan_names_rows(served: Served, shop: Path) -> None:
    plan = served.post("/plan", {**SHOPS, "toDir": str(shop)})
    session = plan["changes"][-1]["session"]
    served.home.execute("UPDATE session SET directory = '/elsewhere' WHERE id = ?", [session])
    answer = served.ask.post("/apply", json={"plan": plan["digest"]})
    assert (answer.status_code, answer.json()["rows"], answer.json()["exit"]) == (409, [session], 5)
    assert "retry-after" not in answer.headers
    assert moved(served, shop) == 0
    run = served.post("/apply", {"plan": plan["digest"], "onConflict": "skip"})
    assert session in run["conflicts"]


def test_a_plan_that_was_changed_or_isnt_there(served: Served, shop: Path) -> None:
    plan = served.post("/plan", {**SHOPS, "toDir": str(shop)})
    plan["changes"][0]["after"]["directory"] = "/etc"
    assert "its digest doesn't fit" in served.refused("POST", "/apply", 422, "refused", json=plan)
    assert served.refused("POST", "/apply", 404, "no-such-plan", json={"plan": "sha256:0"}).startswith(
        "There is no plan"
    )
    bodies: list[Any] = [{"plan": 7}, {"format": "x"}, {"plan": None}]
    for body in bodies:
        served.refused("POST", "/apply", 422, "refused", json=body)
    bodies = [[], {}, {"digest": "x"}, {"plan": "x", "wait": -1}, {"plan": "x", "backup": "/tmp/x"}]
    for body in bodies:
        served.refused("POST", "/apply", 400, "bad-input", json=body)
    assert moved(served, shop) == 0


def test_refusals_are_the_command_lines(served: Served, shop: Path) -> None:
    home = served.home
    for body, words, status, code in (
        (
            {"fromDir": "~/none", "toDir": str(shop)},
            ("--from-dir", "~/none", "--to-dir", shop),
            404,
            "nothing-matched",
        ),
        ({"toDir": str(shop)}, ("--to-dir", shop), 400, "bad-input"),
        (
            {**SHOPS, "toDir": "/no/such"},
            ("--from-dir", "~/src/shop-*", "--to-dir", "/no/such"),
            422,
            "no-such-directory",
        ),
        ({**SHOPS, "since": "soon", "toDir": str(shop)}, ("--from-dir", "x", "--since", "soon"), 400, "bad-input"),
        ({"orphans": ["nosuch"], "toDir": str(shop)}, ("--orphans=nosuch",), 400, "bad-input"),
    ):
        said = served.refused("POST", "/plan", status, code, json=body)
        assert home.run("plan", *words).stderr == f"error: {sentence(said)}\n"


def test_migrate_one_session_and_its_tree(served: Served, shop: Path) -> None:
    (child, parent) = served.home.query("SELECT id, parent_id FROM session WHERE parent_id IS NOT NULL LIMIT 1")[0]
    answer = served.ask.post(f"/session/{child}/migrate", json={"directory": str(shop)})
    assert answer.status_code == 200, answer.text
    info = answer.json()
    assert (info["id"], info["directory"]) == (child, str(shop))
    assert info["projectID"] == root_commit(shop)
    assert directories(served)[parent] == str(shop)
    run = answer.headers["x-run"]
    assert served.get("/runs")[0]["run"] == run
    again = served.ask.post(f"/session/{child}/migrate", json={"directory": str(shop)})
    assert again.status_code == 200
    assert "x-run" not in again.headers
    assert served.post(f"/runs/{run}/undo", {})["status"] == "applied"


def test_migrate_refuses(served: Served, shop: Path) -> None:
    session = served.get("/session/history", limit=1)[0]["id"]
    path = f"/session/{session}/migrate"
    served.refused("POST", f"/session/{session[:-1]}/migrate", 404, "nothing-matched", json={"directory": str(shop)})
    served.refused("POST", "/session/-/migrate", 404, "nothing-matched", json={"directory": str(shop)})
    served.refused("POST", path, 400, "bad-input", json={"directory": "shop"})
    served.refused("POST", path, 400, "bad-input", json={})
    served.refused("POST", path, 422, "no-such-directory", json={"directory": "/no/such"})
    said = served.refused("POST", path, 422, "refused", json={"directory": str(shop), "projectID": "other"})
    assert said.endswith("leave out projectID.")
    assert moved(served, shop) == 0


def test_orphans(served: Served) -> None:
    served.home.repository("shop")
    typed = {row["id"]: row for row in served.home.run("orphans", "--json").json}
    rows = served.get("/session/orphans", archived="true")
    assert [row["id"] for row in rows] == list(typed)
    for row in rows:
        assert row["reasons"] == typed[row["id"]]["reasons"]
        assert row["suggestion"] == typed[row["id"]]["suggestion"]
        assert row["project"]["id"] == row["projectID"]
    hidden = [row["id"] for row in typed.values() if row["archived"] is None]
    assert [row["id"] for row in served.get("/session/orphans")] == hidden
    first = served.ask.get("/session/orphans", params={"limit": 5})
    cursor = first.headers["x-next-cursor"]
    assert [row["id"] for row in first.json() + served.get("/session/orphans", cursor=cursor)] == hidden
    assert served.refused("GET", "/session/orphans", 400, "bad-input", params={"rule": "nosuch"}).startswith(
        "There is no rule 'nosuch' (rule)."
    )


def test_the_database_is_in_use(served: Served, shop: Path) -> None:
    plan = served.post("/plan", {**SHOPS, "toDir": str(shop)})
    with closing(sqlite3.connect(served.home.database, check_same_thread=False)) as neighbour:
        neighbour.execute("SELECT count(*) FROM session").fetchone()
        answer = served.ask.post("/apply", json={"plan": plan["digest"]})
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (409, "in-use", "1")
        assert [holder["name"] for holder in answer.json()["holders"]] != []
        assert moved(served, shop) == 0
        threading.Timer(1.0, neighbour.close).start()
        assert served.post("/apply", {"plan": plan["digest"], "wait": 20})["status"] == "applied"


@pytest.fixture
def crowd(tmp_path: Path) -> Home:
    home = crowded_home(tmp_path / "home", 200)
    home.repository("all")
    return home


def test_one_at_a_time_while_the_history_answers(crowd: Home, tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    with serving(crowd, first=gate.at(4, "before COMMIT").lay) as served:
        plan = served.post("/plan", {"fromDir": ["~/src/repoA"], "toDir": str(served.home.src / "all")})
        body = {"plan": plan["digest"], "chunkSize": 1}
        with served.ask.stream("POST", "/apply", json=body, headers={"Accept": "text/event-stream"}) as running:
            lines = running.iter_lines()
            served.process.wait_until(lambda: gate.is_reached)
            (logged,) = served.get("/runs")
            assert (logged["status"], logged["cutOff"]) == ("running", False)  # asked in the same process
            asked: list[tuple[str, Any, str]] = [
                ("/apply", {"plan": plan["digest"]}, "busy"),
                (f"/runs/{logged['run']}/undo", {}, "busy"),
                ("/plan", {"fromDir": "/**", "toDir": "/"}, "in-use"),
            ]
            for path, sent, code in asked:
                answer = served.ask.post(path, json=sent)
                assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (409, code, "1")
            before = [row for page in served.pages(limit=1000) for row in page]
            assert {row["directory"] for row in before} >= {str(served.home.src / "repoA")}
            assert str(served.home.src / "all") not in {row["directory"] for row in before}
            gate.open()
            assert "event: run" in list(lines)
        after = [row for page in served.pages(limit=1000) for row in page]
        assert [row["id"] for row in after] == [row["id"] for row in before]
        assert str(served.home.src / "repoA") not in {row["directory"] for row in after}


def test_a_run_goes_on_when_its_client_goes_away(crowd: Home) -> None:
    with serving(crowd) as served:
        plan = served.post("/plan", {"fromDir": ["~/src/repoA"], "toDir": str(served.home.src / "all")})
        body = {"plan": plan["digest"], "chunkSize": 50}
        with served.ask.stream("POST", "/apply", json=body, headers={"Accept": "text/event-stream"}) as running:
            next(running.iter_lines())
        while (status := served.get("/runs")[0]["status"]) == "running":
            time.sleep(0.1)
        assert status == "applied"


def test_a_run_and_a_plan_of_a_database_that_was_moved(home: Home) -> None:
    """Both are known by the rows, as on the command line; those of another database are refused."""
    home.repository("shop", "sub/deep")
    planned = home.run("plan", *MOVE[1:-1], "--json").json
    before = rows_without_times(home)
    checkpoint(home)
    moved_to = home.database.rename(home.database.with_name("opencode-prod.db"))
    home.environ["OPENCODE_DB"] = str(moved_to)
    with serving(home) as served:
        done = served.post("/apply", planned)
        assert [warning["code"] for warning in done["warnings"]][-1] == "other-database"
        assert served.post(f"/runs/{done['run']}/undo")["status"] == "applied"
    moved_to.rename(home.database)
    del home.environ["OPENCODE_DB"]
    assert rows_without_times(home) == before
    other = build_home(home.path / "other", "1.18.34")
    other.environ["XDG_STATE_HOME"] = str(home.state.parent)
    with serving(home) as served, serving(other) as another:
        assert [(run["undoneBy"] is None, run["database"]) for run in served.get("/runs")] == [
            (True, str(home.database)),
            (False, str(home.database)),
        ]
        assert another.get("/runs") == []
        said = another.refused("POST", f"/runs/{done['run']}/undo", 404, "no-such-run")
        assert f"None of the 17 sessions of run {done['run']} is in {other.database}" in said
        assert "None of its 17 sessions is in" in another.refused("POST", "/apply", 422, "refused", json=planned)
