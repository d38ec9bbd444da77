"""What programs read is what its JSON Schema says, and that says all of it."""

from __future__ import annotations

import copy
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from msgspec import to_builtins

from migrator.documents.plan import read_plan, warning_document
from migrator.documents.run import read_run
from migrator.documents.schemas import schema
from tests.support.empty_home import empty_home, project_at_home
from tests.support.home import V1_FIXTURES, Home, build_home
from tests.support.marks import long_round

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {name: schema(name) for name in ("plan", "run", "list", "orphans", "doctor", "log")}
OPTIONAL = {"session", "lost", "before", "after", "directories", "workspaces"}
"""Of a warning: there, where it is about one that stays lost. Of a project: there, where its row is updated."""
ASKED_FOR = {
    "list": {"heldBy", "passage", "database"},
    "orphans": {"heldBy", "database"},
    "doctor": {"otherDatabases", "undo"},
}
"""What each document has only where it was asked for, or where there is any."""
SELECT = ("--from-dir", "/**", "--to-dir", "src/target")


ORDINARY = {
    **dict.fromkeys(("moved", "cutOff", "in_place", "locks", "writable", "inDatabase", "found", "takenOut"), (True,)),
    **dict.fromkeys(("created", "updated", "archived", "time"), (-1, 0.5)),  # a row may hold any number
}
"""What other keys can't be, and these can."""

PRINTED = {
    "list": "list --all --containing shop",
    "orphans": "orphans --explain ses_dfbea7db",
    "doctor": "doctor --undo",
}


def complaints(name: str, document: Any, *, closed: bool = False) -> list[str]:
    schema = close(SCHEMAS[name]) if closed else SCHEMAS[name]
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(document)]


def close(part: Any) -> Any:
    """Return a schema with every object closed: real output holds nothing that isn't described."""
    if isinstance(part, list):
        return [close(item) for item in part]
    if not isinstance(part, dict):
        return part
    closed = {key: close(value) for key, value in part.items()}
    is_described = "properties" in part and part.get("type") == "object"  # what isn't is a row of a table
    return {**closed, "additionalProperties": False} if is_described else closed


def checked(home: Home, name: str, *words: str, code: int = 0) -> Any:
    """Run with --json, hold the document against the schema, and return it."""
    finished = home.run(*words, "--json")
    assert finished.code == code, finished.stderr
    assert complaints(name, finished.json) == []
    assert complaints(name, finished.json, closed=True) == []
    return finished.json


REST = (*(name for name in V1_FIXTURES if name != "real-1.18.34"), "v2-fresh", "v2-run-fresh")


@pytest.mark.parametrize("fixture", ["real-1.18.34", "v2-run-upgraded", *map(long_round, REST)])
def test_real_output_on_every_schema_of_opencode(tmp_path: Path, fixture: str) -> None:
    home = build_home(tmp_path / "home", fixture)
    home.repository("target", "sub")
    plan = checked(home, "plan", "plan", *SELECT)
    assert checked(home, "plan", "move", *SELECT, "--dry-run") == plan
    sessions = {"real-1.18.34": 18, "v2-fresh": 6, "v2-run-fresh": 11, "v2-run-upgraded": 19}.get(fixture, 7)
    assert plan["summary"]["sessions"] == sessions
    assert (plan["changes"][0]["before"]["path"] is None) == (fixture in {"1.2.1", "1.2.27"})
    run = checked(home, "run", "move", *SELECT, "--yes")
    assert (run["status"], run["sessions"], run["verified"]) == ("applied", sessions, sessions)
    undone = checked(home, "run", "undo", "--yes")
    assert (undone["status"], undone["sessions"]) == ("applied", sessions)
    for row in checked(home, "log", "log"):
        assert len(checked(home, "log", "show", row["run"])["changes"]) == sessions


@pytest.mark.parametrize("fixture", ["real-1.18.34", *map(long_round, (*V1_FIXTURES, "v2-fresh", "v2-run-upgraded"))])
def test_real_lists_on_every_schema_of_opencode(tmp_path: Path, fixture: str) -> None:
    home = build_home(tmp_path / "home", fixture)
    listed = checked(home, "list", "list", "--all", "--no-roots")
    assert ("heldBy" in listed[0]) == (fixture == "v2-run-upgraded")
    lost = checked(home, "orphans", "orphans")
    explained = checked(home, "orphans", "orphans", "--explain", lost[0]["id"])
    assert explained["reasons"] == lost[0]["reasons"]
    checked(home, "doctor", "doctor", "--undo")


@pytest.fixture
def home(home: Home) -> Home:
    home.repository("target", "sub")
    return home


def test_the_rest_of_what_a_plan_can_say(home: Home) -> None:
    home.execute("UPDATE session SET workspace_id = 'wrk_1' WHERE title = 'Read about BM25'")
    child = checked(home, "plan", "move", "--from-id", "ses_dfbea8bbd", "--to-dir", "src/target", "--dry-run")
    assert {warning["code"] for warning in child["warnings"]} == {"whole-tree"}
    assert [change["before"]["workspace_id"] for change in child["changes"]].count("wrk_1") == 1
    refused = checked(home, "plan", "move", *SELECT, code=1)
    assert {change["undo"] for change in refused["changes"]} == {"detach", "none"}
    assert [project["action"] for project in refused["projects"]] == ["register"]
    below = checked(home, "plan", "move", "--from-dir", "~/src/shop-*", "--to-dir", "src/target", "--dry-run")
    assert {warning["code"] for warning in below["warnings"]} == {"crosses-projects", "nearest-directory"}
    assert checked(home, "run", "move", *SELECT, "--yes")["warnings"]
    undo = checked(home, "plan", "undo", code=1)
    assert {change["undo"] for change in undo["changes"]} == {"set-back", "none"}
    assert undo["summary"]["undo_carried"] == undo["summary"]["undo_detached"] == 0
    assert home.run("undo", "--yes").code == 0
    redo = checked(home, "plan", "redo", code=1)
    assert [change["undo"] for change in redo["changes"]].count("detach") == redo["summary"]["undo_detached"] > 0
    assert {change["undo"] for change in redo["changes"]} == {change["undo"] for change in refused["changes"]}
    assert home.run("redo", "--yes").code == 0
    unchanged = checked(home, "plan", "plan", *SELECT)
    assert unchanged["changes"] == []
    assert len(unchanged["unchanged"]) == 18


def test_the_rest_of_what_a_run_can_say(home: Home) -> None:
    assert home.run("plan", *SELECT, "-o", "moving.json").code == 0
    home.execute("UPDATE session SET directory = '/elsewhere' WHERE title = 'Read about BM25'")
    skipped = checked(home, "run", "apply", "moving.json", "--yes", "--on-conflict", "skip")
    assert len(skipped["conflicts"]) == 1
    assert "skipped" in {warning["code"] for warning in skipped["warnings"]}
    with closing(sqlite3.connect(home.state / "runs" / f"{skipped['run']}.db")) as journal, journal:
        journal.execute("UPDATE run SET status = 'running'")  # as kill -9 leaves it
    assert checked(home, "run", "resume", "--yes")["status"] == "applied"
    with closing(sqlite3.connect(home.state / "runs" / f"{skipped['run']}.db")) as journal, journal:
        journal.execute("UPDATE run SET status = 'running'")
    assert checked(home, "run", "undo", "--yes")["status"] == "rolled-back"
    assert home.run("move", *SELECT, "--yes").code == 0
    assert checked(home, "run", "move", *SELECT, "--yes")["status"] == "unchanged"
    everything = checked(home, "run", "apply", "moving.json", "--yes", "--on-conflict", "skip")
    assert everything["status"] == "unchanged"
    assert len(everything["conflicts"]) == 18


def test_what_follows_a_folder(tmp_path: Path) -> None:
    home = empty_home(tmp_path / "home")
    old, _ = project_at_home(home, "shop")
    new = old.rename(home.src / "store")
    words = ("relocate", str(old), str(new))
    plan = checked(home, "plan", *words, "--dry-run")
    assert plan["relocated"] == {"whereabouts": "moved", "folders": [{"old": str(old), "new": str(new)}]}
    (project,) = plan["projects"]
    for part in ("before", "after", "directories", "workspaces"):
        half = copy.deepcopy(plan)
        del half["projects"][0][part]
        assert complaints("plan", half), part
    assert project["directories"][0]["before"]["directory"] == str(old)
    run = checked(home, "run", *words, "--yes")
    assert (run["sessions"], run["projects"]) == (1, 1)
    assert checked(home, "plan", "undo", code=1)["relocated"] is None
    taken_back = checked(home, "run", "undo", "--yes")
    assert (taken_back["status"], taken_back["sessions"], taken_back["projects"]) == ("applied", 1, 1)
    home.execute("DELETE FROM session")
    alone = checked(home, "run", *words, "--yes")
    assert (alone["status"], alone["sessions"], alone["projects"]) == ("applied", 0, 1)


def test_who_stays_lost(home: Home) -> None:
    plan = checked(home, "plan", "rescue", "--dry-run")
    run = checked(home, "run", "rescue", "--yes")
    assert run["warnings"] == plan["warnings"]
    assert len(plan["warnings"]) == 18
    for name, document in (("plan", plan), ("run", run)):
        for key in document["warnings"][0]["lost"]:
            half = copy.deepcopy(document)
            del half["warnings"][0]["lost"][key]
            assert complaints(name, half), key
    warnings = read_plan(plan, "what was printed").warnings
    assert warnings == read_run(run).warnings
    assert [to_builtins(warning_document(warning)) for warning in warnings] == plan["warnings"]


def test_what_lists_say_where_it_was_asked_for(home: Home) -> None:
    assert checked(home, "list", "list", "--all", "--containing", "shop")[0]["passage"]["hit"] == "shop"
    home.execute("UPDATE session SET time_created = 1.5, time_updated = 'never'")  # by whoever has a SQLite shell
    assert {row["updated"] for row in checked(home, "list", "list", "--all")} == {"never"}


def test_the_rest_of_what_doctor_can_say(home: Home) -> None:
    other = home.database.with_name("opencode-dev.db")
    with closing(sqlite3.connect(home.database)) as here, closing(sqlite3.connect(other)) as there:
        here.backup(there)
    home.execute("PRAGMA foreign_keys = OFF")
    home.execute("DELETE FROM session WHERE title = 'Read about BM25'")
    home.execute("UPDATE session SET time_created = 'never' WHERE title = 'Summarise the README'")
    found = checked(home, "doctor", "doctor", "--undo", code=1)
    assert found["otherDatabases"][0]["onlyThere"] == 1
    assert checked(home, "list", "list", "--all", "--channel", "*")[0]["database"]["channel"]
    assert found["foreignKeys"]
    assert found["oddRows"]
    assert found["undo"]["sessions"][0]["turns"]
    assert set(checked(home, "doctor", "doctor", "--quick", code=1)["cantTell"]) == {"integrity", "foreignKeys"}


# -- the schemas themselves --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = build_home(tmp_path_factory.mktemp("schema") / "home", "real-1.18.34")
    home.repository("target")
    home.execute("UPDATE session SET workspace_id = 'wrk_1'")
    child = ("--from-id", "ses_dfbea8bbd", "--to-dir", "src/target")
    plan = home.run("move", *child, "--from-id", "ses_dfbea7db", "--dry-run", "--json").json
    run = home.run("move", *child, "--yes", "--json").json
    said = {name: home.run(*words.split(), "--json").json for name, words in PRINTED.items()}
    return {"plan": plan, "run": run, "log": home.run("log", run["run"], "--json").json, **said}


@pytest.mark.parametrize("name", SCHEMAS)
def test_they_are_schemas_and_describe_everything(name: str) -> None:
    whole = SCHEMAS[name]
    Draft202012Validator.check_schema(whole)
    assert whole["title"] == f"opencode-migrator/{name}@1"
    objects = [(path, part) for path, part in _objects(whole) if part.get("type") == "object" and "properties" in part]
    assert len(objects) > 1
    for path, part in objects:
        assert set(part["properties"]) - set(part["required"]) <= ASKED_FOR.get(name, OPTIONAL) | {"passage"}, path
        for key, value in part["properties"].items():
            assert value["description"], f"{path}/{key}"


def _objects(part: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(part, dict):
        yield path, part
        for key, value in part.items():
            yield from _objects(value, f"{path}/{key}")
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from _objects(value, f"{path}/{index}")


def _places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in a document; of arrays the first item only."""
    items = document.items() if isinstance(document, dict) else enumerate(document[:1])
    for key, value in items:
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from _places(value, (*path, key))


def _parent(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        document = document[key]
    return document


@pytest.mark.parametrize("name", SCHEMAS)
def test_no_key_can_go_missing_and_no_value_can_be_of_another_kind(documents: dict[str, Any], name: str) -> None:
    whole = documents[name]
    assert complaints(name, whole) == []
    places = list(_places(whole))
    assert len(places) > 10
    for path in places:
        in_a_map = path[0] in {"warnings", "orphans"} and len(path) > 1
        if isinstance(path[-1], str) and not in_a_map and path[-1] not in ASKED_FOR.get(name, ()):
            missing = copy.deepcopy(whole)
            del _parent(missing, path)[path[-1]]
            assert complaints(name, missing), path
        for strange in ({"strange": True}, -1, 0.5, True):
            if strange in ORDINARY.get(path[-1], ()):
                continue
            wrong = copy.deepcopy(whole)
            _parent(wrong, path)[path[-1]] = strange
            assert complaints(name, wrong), (path, strange)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("plan", ("format",), "opencode-migrator/plan@2"),
        ("plan", ("store", "dialect"), "v3"),
        ("plan", ("store", "path"), "opencode.db"),
        ("plan", ("changes", 0, "undo"), "perhaps"),
        ("plan", ("changes", 0, "selected_by"), [""]),
        ("plan", ("changes", 0, "after", "directory"), None),
        ("plan", ("projects", 0, "action"), "delete"),
        ("plan", ("digest",), "md5:0"),
        ("run", ("format",), "opencode-migrator/plan@1"),
        ("run", ("status",), "running"),
        ("run", ("status",), "unchanged"),
        ("run", ("run",), None),
        ("run", ("undo",), "rm -rf /"),
        ("run", ("sessions",), 0),
        ("log", ("status",), "undone"),
        ("log", ("turns", 0, "outcome"), "lost"),
    ],
)
def test_values_that_mean_nothing(documents: dict[str, Any], name: str, path: tuple[Any, ...], value: Any) -> None:
    document = copy.deepcopy(documents[name])
    _parent(document, path)[path[-1]] = value
    assert complaints(name, document)


def test_keys_may_be_added_where_the_contract_says_so(documents: dict[str, Any]) -> None:
    plan = documents["plan"]
    opened: tuple[tuple[Any, ...], ...] = (
        (),
        ("store",),
        ("summary",),
        ("changes", 0),
        ("projects", 0),
        ("warnings", 0),
    )
    closed: tuple[tuple[Any, ...], ...] = (("changes", 0, "before"), ("changes", 0, "after"))  # half a row is no row
    for path in opened + closed:
        more = copy.deepcopy(plan)
        _parent(more, (*path, ""))["added"] = 1
        assert bool(complaints("plan", more)) == (path in closed), path
    assert complaints("run", {**documents["run"], "added": 1})


def test_the_summary_is_counted_from_the_rest(documents: dict[str, Any]) -> None:
    plan = documents["plan"]
    undo = [change["undo"] for change in plan["changes"]]
    assert plan["summary"] == {
        "sessions": len(plan["changes"]),
        "trees": len({change["root"] for change in plan["changes"]}),
        "unchanged": len(plan["unchanged"]),
        "projects_registered": sum(project["action"] == "register" for project in plan["projects"]),
        "projects_updated": sum(project["action"] == "update" for project in plan["projects"]),
        "undo_carried": undo.count("carry"),
        "undo_detached": undo.count("detach"),
        "turns_carried": sum(change["undo_turns"]["carried"] for change in plan["changes"]),
        "turns_detached": sum(change["undo_turns"]["detached"] or 0 for change in plan["changes"]),
    }


@pytest.mark.parametrize("name", SCHEMAS)
def test_they_are_printed(home: Home, name: str) -> None:
    assert home.run("schema", name).json == SCHEMAS[name]


def test_what_is_in_the_wheel(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {"migrator/py.typed", "migrator/fixtures/real-1.18.34.sql", "migrator_selectors/from_dir.py"} <= names
    assert not [name for name in names if name.startswith(("tests", "benchmarks", "selectors"))]
