"""A plan in a file: made, shown, applied, each a command of its own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.refusal import sentence
from tests.support.shell import printed_command, run_in_shell

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

SELECT = ("--from-dir", "~/src/shop-*", "--to-dir", "src/shop")
SINGLE = "ses_dfbea7dbbffe6PXdBNzjBZcPpX"


@pytest.fixture
def home(home: Home) -> Home:
    home.repository("shop", "sub/deep")
    return home


@pytest.fixture
def file(home: Home) -> Path:
    file = home.path / "moving.json"
    saved = home.run("plan", *SELECT, "-o", "moving.json")
    assert (saved.code, saved.stderr) == (0, "")
    return file


def test_plan_saves_and_writes_nothing_else(home: Home) -> None:
    before = home.everything()
    saved = home.run("plan", *SELECT, "-o", "moving.json")
    assert "17 sessions (3 of subagents)" in saved.stdout
    assert printed_command(saved.stdout) == "opencode-migrator apply moving.json"
    assert "Nothing was written" not in saved.stdout  # the file was; nothing was moved
    assert json.loads((home.path / "moving.json").read_text())["format"] == "opencode-migrator/plan@1"
    assert sorted(path.name for path in home.path.iterdir()) == [".local", "moving.json", "src"]
    assert home.everything() == before
    assert not home.state.exists()


def test_what_is_saved_is_what_move_would_do(home: Home, file: Path) -> None:
    saved = json.loads(file.read_text())
    assert home.run("move", *SELECT, "--dry-run", "--json").json == saved
    assert home.run("plan", "move", *SELECT, "--json").json == saved
    assert home.run("plan", *SELECT, "-o", "-").json == saved
    both = home.run("plan", *SELECT, "--json", "-o", "again.json")
    assert both.json == saved
    assert json.loads((home.path / "again.json").read_text()) == saved


@pytest.mark.parametrize(
    "words",
    [
        ("-o", "again.json", "move", *SELECT),
        ("--json", "move", *SELECT, "-o", "again.json"),
        ("--output=again.json", "move", *SELECT),
        (*SELECT, "move", "-o", "again.json"),
        (*SELECT, "-o", "again.json", "--title", "e"),
    ],
)
def test_the_command_may_stand_behind_its_options(home: Home, words: tuple[str, ...]) -> None:
    done = home.run("plan", *words)
    assert done.code == 0, done.stderr
    saved = json.loads((home.path / "again.json").read_text())
    assert len(saved["changes"]) == 17


def test_the_value_of_an_option_is_no_command(home: Home) -> None:
    home.execute("UPDATE session SET title = 'move' WHERE id = ?", (SINGLE,))
    assert len(home.run("plan", *SELECT, "--title", "move", "--json").json["changes"]) == 1
    assert home.run("plan", *SELECT, "-o", "migrate").code == 0
    assert (home.path / "migrate").is_file()
    assert home.run("plan", "-o", "one.json", "migrate", SINGLE, "src/shop").code == 0
    assert len(json.loads((home.path / "one.json").read_text())["changes"]) == 1


def test_show(home: Home, file: Path) -> None:
    shown = home.run("show", "moving.json")
    saved = home.run("plan", *SELECT, "-o", "moving.json").stdout
    assert shown.stdout.splitlines()[:-2] == saved.splitlines()[:-2]
    assert printed_command(shown.stdout) == printed_command(saved)
    assert home.run("show", file, "--json").json == json.loads(file.read_text())
    assert home.run("show", "-", "--json", stdin=file.read_text()).json == json.loads(file.read_text())
    verbose = home.run("show", "moving.json", "--verbose").stdout
    assert SINGLE in verbose
    assert SINGLE not in shown.stdout


def test_apply(home: Home, file: Path) -> None:
    before = home.everything()
    applied = home.run("apply", file, "--yes", "--json", cwd=home.src)  # from wherever
    assert applied.code == 0
    assert applied.json["sessions"] == applied.json["verified"] == 17
    assert home.query("SELECT count(*) FROM session WHERE directory LIKE ?", [f"{home.src}/shop%"]) == [(17,)]
    assert home.query("SELECT count(*) FROM session WHERE directory LIKE ?", [f"{home.src}/shop-%"]) == [(0,)]
    assert home.run("undo", "--yes").code == 0
    assert home.everything() == before


def test_apply_from_standard_input(home: Home, file: Path) -> None:
    assert home.run("apply", "-", "--yes", stdin=file.read_text()).code == 0


def test_apply_twice(home: Home, file: Path) -> None:
    assert home.run("apply", file, "--yes").code == 0
    before = home.everything()
    said = sentence(home.run("apply", file, "--yes"), 5)
    assert "ses_" in said
    assert "moved already" in said
    assert "`opencode-migrator log` shows by which run, and `opencode-migrator undo RUN` takes it back" in said
    assert "plan again" not in said
    assert "Nothing was written" in said
    assert len(said) < 400
    assert home.everything() == before


def test_apply_after_a_named_row_changed(home: Home, file: Path) -> None:
    home.execute("UPDATE session SET directory = '/elsewhere' WHERE id = ?", (SINGLE,))
    before = home.everything()
    finished = home.run("apply", file, "--yes")
    said = sentence(finished, 5)
    assert SINGLE in said
    assert "/elsewhere" in said
    assert home.everything() == before
    skipped = home.run("apply", file, "--yes", "--on-conflict", "skip", "--json")
    assert skipped.code == 0
    assert skipped.json["conflicts"] == [SINGLE]
    assert skipped.json["sessions"] == 16


def test_apply_although_another_row_changed(home: Home, file: Path) -> None:
    """A title, a time, a session that the plan doesn't name: none of its business."""
    home.execute("UPDATE session SET title = 'New', time_updated = 1 WHERE id = ?", (SINGLE,))
    home.execute("UPDATE session SET directory = '/elsewhere' WHERE title = 'Plan the next release'")
    assert home.run("apply", file, "--yes").code == 0
    row = home.query("SELECT title, time_updated, directory FROM session WHERE id = ?", [SINGLE])
    assert row == [("New", 1, f"{home.src}/shop")]


def test_plan_migrate(home: Home) -> None:
    planned = home.run("plan", "migrate", SINGLE, "src/shop", "-o", "one.json", "--json").json
    assert [change["session"] for change in planned["changes"]] == [SINGLE]
    assert home.run("apply", "one.json", "--yes", "--json").json["sessions"] == 1
    here = home.run("plan", "migrate", SINGLE, "--json", cwd=home.src / "shop" / "sub").json
    assert here["changes"][0]["after"]["directory"] == str(home.src / "shop" / "sub")


@pytest.mark.parametrize("flag", ["--quiet", "-q", "--no-announce", "--verbose"])
def test_its_command_may_stand_behind_any_flag(home: Home, flag: str) -> None:
    words = ("migrate", SINGLE, "src/shop", "--json")
    assert home.run("plan", flag, *words).json == home.run("plan", *words, flag).json


def test_a_value_that_is_called_like_a_command_is_no_command(home: Home) -> None:
    words = ("--title", "rescue", *SELECT)
    planned = home.run("plan", *words)
    assert (planned.code, planned.stderr) == (3, home.run("plan", "move", *words).stderr)


def test_a_plan_of_nothing(home: Home) -> None:
    assert home.run("move", *SELECT, "--yes").code == 0
    words = ("--from-dir", "src/shop", "--to-dir", "src/shop")
    planned = home.run("plan", *words, "-o", "nothing.json")
    assert planned.code == 0
    assert "there already" in planned.stdout
    before = home.everything()
    applied = home.run("apply", "nothing.json", "--yes", "--json")
    assert applied.json["status"] == "unchanged"
    assert "Nothing to do" in home.run("apply", "nothing.json").stdout  # and nobody to be asked
    assert home.everything() == before


@pytest.mark.long
def test_the_printed_command_applies_the_file_whatever_its_name(home: Home) -> None:
    name = "it's my $HOME plan.json"
    saved = home.run("plan", *SELECT, "-o", name)
    command = printed_command(saved.stdout)
    assert printed_command(home.run("show", name).stdout) == command
    applied = run_in_shell(home, f"{command} --yes")
    assert applied.code == 0, applied.stderr
    assert "Moved 17 sessions" in applied.stdout


def test_only_a_file_is_replaced(home: Home) -> None:
    """`-o /dev/stdout` as root must not make an ordinary file of it; here links and pipes stand for devices."""
    link = home.path / "link.json"
    link.symlink_to(os.devnull)
    pipe = home.path / "pipe.json"
    os.mkfifo(pipe)
    assert home.run("plan", *SELECT, "-o", link).code == 0
    assert link.is_symlink()
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert home.run("plan", *SELECT, "-o", pipe).code == 0
        assert pipe.is_fifo()
        assert os.read(reader, 20).startswith(b"{")
    finally:
        os.close(reader)


def test_a_file_is_replaced_whole(home: Home, file: Path) -> None:
    target = home.path / "plans" / "kept.json"
    target.parent.mkdir()
    shutil.copy(file, target)
    link = home.path / "link.json"
    link.symlink_to(target)
    assert home.run("plan", "migrate", SINGLE, "src/shop", "-o", link).code == 0
    assert link.is_symlink()
    assert len(json.loads(target.read_text())["changes"]) == 1
    assert [path.name for path in target.parent.iterdir()] == ["kept.json"]


def test_keys_that_a_later_version_adds_are_ignored(home: Home, file: Path) -> None:
    """plan@1 may get new keys, never other meanings: such a plan is applied like any other."""
    document = json.loads(file.read_text())
    for part in (document, document["store"], document["summary"], *document["changes"], *document["projects"]):
        part["added"] = {"later": True}
    document.pop("digest")
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    document["digest"] = "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()
    file.write_text(json.dumps(document))
    assert home.run("apply", file, "--yes", "--json").json["sessions"] == 17


def test_the_layout_of_the_file_does_not_matter(home: Home, file: Path) -> None:
    """`jq . plan.json` is no edit."""
    document = json.loads(file.read_text())
    file.write_text(json.dumps(dict(sorted(document.items())), separators=(",", ":")))
    assert home.run("apply", file, "--yes").code == 0


# -- one document ------------------------------------------------------------------------------------------------------


def one_document(home: Home, *words: str | Path, code: int = 0) -> Any:
    """Run with --json; standard output must be exactly one JSON document."""
    finished = home.run(*words, "--json")
    assert finished.code == code, finished.stderr
    document, end = json.JSONDecoder().raw_decode(finished.stdout)
    assert finished.stdout[end:] == "\n"
    return document


def test_with_json_standard_output_is_one_document(home: Home, file: Path) -> None:
    for words in (("list",), ("list", "--all"), ("projects",), ("log",), ("plan", *SELECT), ("show", file)):
        assert one_document(home, *words) is not None
    doctor = one_document(home, "doctor")
    assert isinstance(doctor, dict)
    plans = [
        one_document(home, "move", *SELECT, "--dry-run"),
        one_document(home, "move", *SELECT, code=1),
        one_document(home, "migrate", SINGLE, "src/shop", "--dry-run"),
        one_document(home, "migrate", SINGLE, "src/shop", code=1),
        one_document(home, "plan", "migrate", SINGLE, "src/shop", "-o", "one.json"),
        one_document(home, "apply", file, code=1),
    ]
    runs = [
        one_document(home, "migrate", SINGLE, "src/shop", "--yes"),
        one_document(home, "undo", "--yes"),
        one_document(home, "apply", file, "--yes", "--verbose"),
    ]
    plans.append(one_document(home, "undo", code=1))
    runs.append(one_document(home, "undo", "--yes"))
    runs.append(one_document(home, "move", *SELECT, "--yes"))
    runs.append(one_document(home, "move", "--from-dir", "src/shop", "--to-dir", "src/shop"))  # unchanged
    assert {plan["format"] for plan in plans} == {"opencode-migrator/plan@1"}
    assert {run["format"] for run in runs} == {"opencode-migrator/run@1"}
    assert [run["status"] for run in runs] == ["applied"] * 5 + ["unchanged"]


@pytest.mark.parametrize(("command", "status"), [("resume", "applied"), ("undo", "rolled-back")])
def test_with_json_a_run_that_was_cut_off(home: Home, command: str, status: str) -> None:
    before = home.everything()
    run = home.run("move", *SELECT, "--yes", "--json").json["run"]
    with closing(sqlite3.connect(home.state / "runs" / f"{run}.db")) as journal, journal:
        journal.execute("UPDATE run SET status = 'running'")  # as kill -9 leaves it
    finished = one_document(home, command, "--yes")
    assert (finished["run"], finished["status"], finished["sessions"]) == (run, status, 17)
    assert (home.everything() == before) == (status == "rolled-back")
    if status == "rolled-back":
        assert finished["undo"] is None  # there is nothing to take back


def test_a_plan_of_another_database_is_said_to_be(home: Home) -> None:
    copy = home.path / "copy.db"
    with closing(sqlite3.connect(home.database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    assert home.run("plan", *SELECT, "-o", "other.json", "--db", copy).code == 0
    said = f"Taking {copy}, not {home.database}: the plan is of it (--db FILE names another database)."
    applied = home.run("apply", "other.json", "--yes")
    assert applied.code == 0
    assert said in applied.stderr
    assert home.run("plan", *SELECT, "-o", "own.json").code == 0
    assert home.run("apply", "own.json", "--yes").stderr.count("Taking") == 0
