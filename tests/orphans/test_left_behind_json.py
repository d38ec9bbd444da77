from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from migrator.model import Certainty
from migrator_selectors.orphans.left_behind_json import LeftBehindJson
from tests.support.unprivileged import UnprivilegedHome

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.register import Register

SESSION = {
    "id": "ses_old",
    "version": "1.1.65",
    "projectID": "global",
    "directory": "/home/ada/shop",
    "title": "From long ago",
    "time": {"created": 1_700_000_000_000, "updated": 1_700_000_000_123},
}


@pytest.fixture
def storage(register: Register) -> Path:
    return register.home.database.parent / "storage"


def put(storage: Path, id_: str, content: Any, project: str = "global") -> Path:
    file = storage / "session" / project / f"{id_}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def test_sessions_that_were_never_imported(register: Register, storage: Path) -> None:
    file = put(storage, "ses_old", SESSION)
    found = register.found()
    assert {id_: list(why) for id_, why in found.items()} == {"ses_old": ["left-behind-json"]}
    reason = found["ses_old"]["left-behind-json"]
    assert reason.evidence == f"{file} is not in this database, and opencode doesn't import it any more"
    assert reason.certainty is Certainty.CERTAIN
    (row,) = register.home.run("orphans", "--json").json
    told = {key: row[key] for key in ("id", "title", "directory", "created", "updated", "suggestion")}
    assert told == {
        "id": "ses_old",
        "title": "From long ago",
        "directory": "/home/ada/shop",
        "created": 1_700_000_000_000,
        "updated": 1_700_000_000_123,
        "suggestion": None,
    }


def test_they_stand_where_they_were_last_used_among_the_others(register: Register, storage: Path) -> None:
    for id_, used in (("ses_earlier", 1), ("ses_later", 2_000_000_000_000), ("ses_later_too", 2_000_000_000_000)):
        register.add_row(id_, project_id="global", directory=str(register.at / "gone"), time_updated=used)
    put(storage, "ses_old", SESSION)
    ids = [row["id"] for row in register.home.run("orphans", "--json").json]
    assert ids == ["ses_later_too", "ses_later", "ses_old", "ses_earlier"]


def test_beside_a_row_whose_time_is_text_that_somebody_wrote_by_hand(register: Register, storage: Path) -> None:
    register.add_row("ses_1", project_id="global", directory=str(register.at / "gone"), time_updated="yesterday")
    put(storage, "ses_old", SESSION)
    assert [row["id"] for row in register.home.run("orphans", "--json").json] == ["ses_1", "ses_old"]


@pytest.mark.parametrize("form", ["json", "ndjson", "csv", "table"])
def test_half_a_smiley_in_a_title_is_shown_escaped(register: Register, storage: Path, form: str) -> None:
    """JavaScript cuts one in two where it cuts a title, and JSON can say so."""
    put(storage, "ses_old", SESSION | {"title": "\ud83d cut"})
    for words in (("orphans",), *([("orphans", "--explain", "ses_old")] if form != "csv" else [])):
        shown = register.home.run(*words, "--format", form)
        assert shown.code == 0, shown.stderr
        assert "\ufffd" not in shown.stdout
        assert " cut" in shown.stdout
        if form == "json":
            assert "\ud83d cut" in json.dumps(shown.json, ensure_ascii=False)


def test_they_are_never_moved(register: Register, storage: Path) -> None:
    put(storage, "ses_old", SESSION)
    assert not LeftBehindJson.movable
    assert register.home.run("list", "--orphans=left-behind-json").code == 3


def test_what_was_imported_is_not_left_behind_and_its_neighbours_may_have_been_deleted(
    register: Register, storage: Path
) -> None:
    register.add("ses_imported", register.at)
    put(storage, "ses_imported", SESSION)
    assert register.found() == {}
    put(storage, "ses_old", SESSION)
    reason = register.found()["ses_old"]["left-behind-json"]
    assert reason.certainty is Certainty.UNKNOWN
    assert reason.evidence.endswith("; others beside it were imported, so it may have been deleted since")


def test_that_sessions_of_another_project_were_imported_says_nothing(register: Register, storage: Path) -> None:
    """An import may leave out whole projects, as 1.2.15 does those without a project file."""
    register.add("ses_imported", register.at)
    put(storage, "ses_imported", SESSION, "a1b2")
    put(storage, "ses_old", SESSION)
    reason = register.found()["ses_old"]["left-behind-json"]
    assert reason.certainty is Certainty.CERTAIN
    assert "deleted" not in reason.evidence


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '"ses"', "[" * 100_000, '{"title": 3, "directory": null, "time": "soon"}', "\x00\x01",
     '{"time": {"created": 1.5, "updated": null}, "parentID": []}'],
)  # fmt: skip
def test_damaged_files_are_reported_too(register: Register, storage: Path, content: str) -> None:
    file = put(storage, "ses_damaged", content, "a1b2")
    (storage / "session" / "a1b2" / "ses_bytes.json").write_bytes(b"\xff\xfe\x00")
    (storage / "session" / "a1b2" / "ses_folder.json").mkdir()
    found = register.found()
    assert sorted(found) == ["ses_bytes", "ses_damaged", "ses_folder"]
    assert str(file) in found["ses_damaged"]["left-behind-json"].evidence
    for form in ("table", "json", "csv", "ndjson"):
        listed = register.home.run("orphans", "--format", form)
        assert (listed.code, "ses_damaged" in listed.stdout) == (0, True)
    assert register.home.run("orphans", "--explain", "ses_damaged").code == 0


def test_a_storage_that_can_not_be_read_is_said(register: Register, storage: Path) -> None:
    put(storage, "ses_old", SESSION)
    put(storage, "ses_hidden", SESSION, "closed")
    home, closed = UnprivilegedHome(register.home.path), storage / "session" / "closed"
    closed.chmod(0)
    listed = home.run("orphans", "--json")
    others = home.run("orphans", "--rule", "missing-directory")
    closed.chmod(0o755)
    assert [row["id"] for row in listed.json] == ["ses_old"]
    assert f"note: can't tell whether sessions are left behind in JSON storage: {closed} " in listed.stderr
    assert "note:" not in others.stderr
