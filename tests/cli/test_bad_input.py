"""What is wrong with the input is said in one sentence, with the exit code of the contract, and nothing is written."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import root_commit
from tests.support.home import Home, build_home
from tests.support.other_process import opened
from tests.support.refusal import files, refused, sentence
from tests.support.shell import typed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MOVE = ("move", "--from-dir", "~/src/shop-*", "--to-dir", "src/shop", "--yes")
SESSION = "ses_dfbea73e8ffe6ct072nipe6o7c"


@pytest.fixture
def home(home: Home) -> Home:
    """A home in which MOVE would work."""
    home.repository("shop", "sub/deep")
    return home


# -- the database ------------------------------------------------------------------------------------------------------


def remove(database: Path) -> None:
    for file in database.parent.glob("opencode.db*"):
        file.unlink()


@pytest.mark.parametrize("command", [("list", "--all"), ("projects",), ("doctor",), MOVE])
def test_no_database(home: Home, command: tuple[str, ...]) -> None:
    remove(home.database)
    said = refused(home, *command)
    assert str(home.database) in said
    assert "start opencode once" in said
    assert "--db" in said


def test_no_database_where_db_says(home: Home) -> None:
    said = refused(home, "list", "--db", "elsewhere.db")
    assert "elsewhere.db" in said
    assert not (home.path / "elsewhere.db").exists()


@pytest.mark.parametrize("command", [("list",), MOVE])
def test_empty_file(home: Home, command: tuple[str, ...]) -> None:
    remove(home.database)
    home.database.touch()
    said = refused(home, *command)
    assert f"{home.database} is an empty file" in said
    assert "--db" in said
    assert home.database.stat().st_size == 0


@pytest.mark.parametrize("content", [b"# Notes\n", bytes(range(256)) * 64, b"SQLite format 2\0" + bytes(4096)])
def test_not_sqlite(home: Home, content: bytes) -> None:
    remove(home.database)
    home.database.write_bytes(content)
    said = refused(home, *MOVE)
    assert f"{home.database} is not an SQLite database" in said
    assert "--db" in said


@pytest.mark.parametrize(
    "words", [("list", "--db", ""), ("--db", "", "list"), (*MOVE, "--db", ""), ("log", "--db", "")]
)
def test_an_unset_variable_is_no_database(home: Home, words: tuple[str, ...]) -> None:
    assert "--db is empty" in refused(home, *words)


def test_a_pipe(home: Home) -> None:
    os.mkfifo(home.path / "pipe")
    assert "is no file" in refused(home, "list", "--db", "pipe")


def test_a_directory(home: Home) -> None:
    remove(home.database)
    home.database.mkdir()
    assert "is a directory" in refused(home, "list")
    said = refused(home, "list", "--db", ".local/share/opencode")
    assert "is a directory" in said
    assert "--db .local/share/opencode/opencode.db" in said


def test_json_era_storage_only(home: Home) -> None:
    remove(home.database)
    session = home.database.parent / "storage" / "session" / "global" / f"{SESSION}.json"
    session.parent.mkdir(parents=True)
    session.write_text("{}")
    said = refused(home, *MOVE)
    assert str(home.database.parent / "storage") in said
    assert "opencode 1.2 to 1.15" in said  # who imports it: 1.17 and later never do


def test_database_of_another_program(home: Home) -> None:
    remove(home.database)
    home.execute("CREATE TABLE urls (id INTEGER PRIMARY KEY, url TEXT)")
    said = refused(home, "list")
    assert "is not a database that opencode" in said
    assert "--db" in said


def test_database_without_tables(home: Home) -> None:
    remove(home.database)
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    assert "empty database" in refused(home, "list")


def test_unknown_schema_names_what_is_missing(home: Home) -> None:
    home.execute("ALTER TABLE session RENAME COLUMN directory TO folder")
    said = refused(home, *MOVE)
    assert "table session lacks directory" in said


def test_a_schema_that_does_more_than_we_say_is_read_but_not_written(home: Home) -> None:
    home.execute("CREATE TRIGGER nosy AFTER UPDATE ON session BEGIN DELETE FROM part; END")
    assert home.run("list", "--all").code == 0
    said = refused(home, *MOVE)
    assert "has a trigger, nosy" in said


def test_truncated_file(home: Home) -> None:
    checkpoint(home)
    os.truncate(home.database, home.database.stat().st_size // 2)
    for command in (("list", "--all"), MOVE, ("doctor",)):
        said = refused(home, *command)
        assert str(home.database) in said
        assert "damaged" in said
        assert ".recover" in said


def test_damage_that_only_a_write_meets(home: Home) -> None:
    """The sessions can be listed and planned with; the message parts can't be read."""
    checkpoint(home)
    (((root,),), ((size,),)) = (
        home.query("SELECT rootpage FROM sqlite_master WHERE name = 'part_session_idx'"),
        home.query("PRAGMA page_size"),
    )
    with home.database.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"Z" * size)
    assert home.run("list", "--all").code == 0
    assert "damaged" in refused(home, *MOVE)


def checkpoint(home: Home) -> None:
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()


# -- permissions, with root's power to ignore them given up ------------------------------------------------------------

WITHOUT_POWERS = """
import ctypes, os, sys
if os.geteuid() == 0:
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        if ctypes.CDLL(None).prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
            sys.exit("root can't give up its powers here")
os.execv(sys.argv[1], sys.argv[1:])
"""


class MereMortal(Home):
    """A user to whom file permissions apply, whoever runs the tests."""

    def command(self, *words: str | Path) -> list[str]:
        return [sys.executable, "-c", WITHOUT_POWERS, *super().command(*words)]

    run = Home.start


@pytest.fixture
def mortal(home: Home) -> Iterator[MereMortal]:
    tried = subprocess.run([sys.executable, "-c", WITHOUT_POWERS, "/bin/true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip(tried.stderr.decode().strip() or "prctl doesn't work here")
    mortal = MereMortal(home.path, home.environ)
    yield mortal
    mortal.database.parent.chmod(0o755)
    mortal.database.chmod(0o644)


def test_read_only_file(mortal: MereMortal) -> None:
    mortal.database.chmod(0o444)
    assert len(mortal.run("list", "--all", "--json").json) == 15
    said = refused(mortal, *MOVE)
    assert str(mortal.database) in said
    assert "permissions" in said


def test_read_only_directory(mortal: MereMortal) -> None:
    mortal.database.chmod(0o444)
    mortal.database.parent.chmod(0o555)
    assert len(mortal.run("list", "--all", "--json").json) == 15
    said = refused(mortal, *MOVE)
    assert str(mortal.database) in said
    assert "permissions" in said


def test_unreadable_file(mortal: MereMortal) -> None:
    mortal.database.chmod(0)
    finished = mortal.run("list", "--all")
    mortal.database.chmod(0o644)
    said = sentence(finished, 1)
    assert str(mortal.database) in said
    assert "permissions" in said


def test_state_directory_that_cannot_be_written(mortal: MereMortal) -> None:
    state = mortal.state.parent
    state.mkdir(parents=True)
    state.chmod(0o555)
    said = refused(mortal, *MOVE)
    assert str(state) in said


# -- somebody else has it open -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("list", "--all"), MOVE], ids=["list", "move"])
def test_locked_file(home: Home, command: tuple[str, ...]) -> None:
    before = home.everything()
    with opened(home.database, "locked") as pid:
        said = sentence(home.run(*command), 4)
    assert f"(pid {pid})" in said
    assert home.everything() == before
    assert ("--wait" in said) == (command == MOVE)  # a command that reads has no such option


def test_open_in_another_process(home: Home) -> None:
    with opened(home.database) as pid:
        assert home.run("list", "--all").code == 0
        said = refused(home, *MOVE, code=4)
        waited = refused(home, *MOVE, "--wait", "0.3", code=4)
    assert f"(pid {pid})" in said
    assert f"(pid {pid})" in waited
    assert "--wait" in said


@pytest.mark.parametrize(("how", "seconds"), [("idle", 1), ("locked", 6)])  # a reader gives up after 5 s by itself
def test_waiting_for_it_to_be_closed(home: Home, how: str, seconds: int) -> None:
    with opened(home.database, how, seconds):
        moved = home.run(*MOVE, "--wait", "30", "--json")
    assert moved.code == 0, moved.stderr
    assert moved.json["sessions"] == 17


# -- which sessions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["move", "plan", "list"])
def test_a_glob_that_matches_nothing(home: Home, command: str) -> None:
    said = refused(home, command, "--from-dir", "~/src/nothing*", code=3)
    assert "list --all" in said


def test_a_glob_that_matches_nothing_as_json(home: Home) -> None:
    listed = home.run("list", "--from-dir", "~/src/nothing*", "--json")
    assert listed.json == []
    assert "list --all" in sentence(listed, 3)


@pytest.mark.parametrize("pattern", ["~/src/[shop", "~/src/{shop,cart", "", "~/src/shop\\"])
def test_a_malformed_glob(home: Home, pattern: str) -> None:
    said = refused(home, "move", "--from-dir", pattern, code=2)
    assert pattern in said


@pytest.mark.parametrize("command", [("move", "--from-id"), ("list", "--from-id"), ("migrate",), ("plan", "migrate")])
def test_an_unknown_id(home: Home, command: tuple[str, ...]) -> None:
    said = refused(home, *command, "ses_nobody", code=3)
    assert "ses_nobody" in said
    assert "--from-id" in command or "--from-id" not in said  # which `migrate` doesn't have


def test_an_unknown_id_on_standard_input(home: Home) -> None:
    said = refused(home, "move", "--from-id", "-", stdin=f"{SESSION}\nses_nobody\n", code=3)
    assert "ses_nobody" in said
    assert SESSION not in said
    assert "standard input" in refused(home, "move", "--from-id", "-", stdin="\n", code=3)


@pytest.mark.parametrize("command", [("move", "--from-id"), ("migrate",)])
def test_an_ambiguous_id_prefix(home: Home, command: tuple[str, ...]) -> None:
    said = refused(home, *command, "ses_dfbea7", code=1)
    fitting = [id_ for (id_,) in home.query("SELECT id FROM session WHERE id GLOB 'ses_dfbea7*'")]
    assert len(fitting) > 3
    assert all(id_ in said for id_ in fitting)
    assert "more of the id" in said


@pytest.mark.parametrize("option", ["--from-project", "--to-project"])
def test_an_ambiguous_project_name(home: Home, option: str) -> None:
    home.execute("UPDATE project SET name = 'shop' WHERE id != 'global'")
    words = ("--from-dir", "/**") if option == "--to-project" else ()
    said = refused(home, "move", *words, option, "shop", code=1)
    assert all(id_ in said for (id_,) in home.query("SELECT id FROM project WHERE name = 'shop'"))
    assert option in said


@pytest.mark.parametrize("command", ["move", "list", "plan", "plan move"])
def test_a_pattern_that_the_shell_has_written_out(home: Home, command: str) -> None:
    home.repository("shop-search")
    home.repository("shop-api")
    said = sentence(typed(home, f"opencode-migrator {command} --from-dir ~/src/shop-*"), 2)
    assert "must be quoted" in said
    assert "must be quoted" not in refused(home, "projects", "extra", code=2)


def test_an_unknown_project(home: Home) -> None:
    said = refused(home, "move", "--from-project", "nowhere", code=3)
    assert "nowhere" in said
    assert "projects" in said


@pytest.mark.parametrize("command", ["move", "plan"])
def test_no_selector_at_all(home: Home, command: str) -> None:
    said = refused(home, command, "--to-dir", "src/shop", code=2)
    assert "--from-dir" in said
    only_narrowed = refused(home, command, "--title", "search", "--to-dir", "src/shop", code=2)
    assert "--from-dir" in only_narrowed


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--since", "yesterday"),
        ("--until", "2026-02-30"),
        ("--since", "12 h"),
        ("--until", ""),
        ("--since", "99999999999999999d"),
    ],
)
def test_a_bad_date(home: Home, option: str, text: str) -> None:
    said = refused(home, "list", "--all", option, text, code=2)
    assert f"{option} {text}" in said
    assert "2026-01-31" in said


@pytest.mark.parametrize("cursor", ["yes", "12", "12:", ":ses_1", "²:ses_1", f"{10**30}:ses_1"])
def test_a_bad_cursor(home: Home, cursor: str) -> None:
    said = refused(home, "list", "--all", "--cursor", cursor, code=2)
    assert cursor in said
    assert "standard error" in said


@pytest.mark.parametrize(
    "words",
    [
        ("list", "--format", "xml"),
        ("move", "--frob"),
        ("frobnicate",),
        ("migrate",),
        (*MOVE, "--chunk-size", "0"),
        (*MOVE, "--wait", "nan"),
        (*MOVE, "--subdirs", "lose"),
    ],
    ids=" ".join,
)
def test_wrong_usage(home: Home, words: tuple[str, ...]) -> None:
    said = refused(home, *words, code=2)
    assert words[-1] in said or "SESSION_ID" in said


def test_a_number_that_is_too_large_means_no_limit(home: Home) -> None:
    assert len(home.run("list", "--all", "--limit", str(10**30), "--json").json) == 15
    assert home.run(*MOVE, "--chunk-size", str(10**30), "--json").json["chunks"] == 1


# -- where to ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("move", "--from-dir", "~/src/shop-*", "--to-dir"), ("migrate", SESSION)])
def test_a_destination_that_is_no_directory(home: Home, command: tuple[str, ...]) -> None:
    assert "does not exist" in refused(home, *command, "src/nowhere")
    assert "is a file" in refused(home, *command, "src/shop/README.md")
    assert "lies below a file" in refused(home, *command, "src/shop/README.md/sub")
    refused(home, *command, "")


def test_a_destination_that_cannot_be_read(mortal: MereMortal) -> None:
    (mortal.src / "closed").mkdir(mode=0o000)
    said = refused(mortal, "move", "--from-dir", "~/src/shop-*", "--to-dir", "src/closed", "--yes")
    assert "permission" in said


def test_a_project_that_opencode_would_not_resolve(home: Home) -> None:
    said = refused(home, *MOVE, "--to-project", "shop-search")
    assert str(home.src / "shop") in said
    assert root_commit(home.src / "shop") in said  # what opencode does resolve
    assert "--to-project" in said
    kept = refused(home, *MOVE, "--to-project", "keep")
    assert "its project kept" in kept


def test_keep_with_a_directory_that_is_gone(home: Home) -> None:
    said = refused(home, "move", "--from-dir", "~/src/shop-*", "--to-dir", "keep", "--yes")
    assert f"{home.src}/shop-" in said
    assert "does not exist" in said


def test_subdirs_keep_with_one_that_is_missing(home: Home) -> None:
    shutil.rmtree(home.src / "shop" / "sub")
    said = refused(home, *MOVE, "--subdirs", "keep")
    assert str(home.src / "shop" / "sub" / "deep") in said


def test_allow_split(home: Home) -> None:
    said = refused(home, *MOVE, "--allow-split", code=2)
    assert "child left behind" in said


def test_carrying_undo_is_not_there_yet(home: Home) -> None:
    said = refused(home, *MOVE, "--undo-files", "carry")
    assert "detach" in said


# -- a current directory that was deleted: why people come here -------------------------------------------------------

GONE = "mkdir -p ~/src/shop-api && cd ~/src/shop-api && rmdir ~/src/shop-api && opencode-migrator "


@pytest.mark.parametrize(
    "words",
    [
        "list --all",
        "projects",
        "doctor",
        "log",
        "move --from-dir '~/src/shop-*' --to-dir ~/src/shop --dry-run",
        "migrate ses_dfbea7db ~/src/shop --dry-run",
    ],
)
def test_what_needs_no_current_directory_works_without_one(home: Home, words: str) -> None:
    finished = typed(home, GONE + words)
    assert finished.code == 0, finished.stderr


@pytest.mark.parametrize(
    "words",
    [
        "list",
        "list --all --db opencode.db",
        "migrate ses_dfbea7db",
        "move --from-dir '~/src/shop-*'",
        "move --from-dir '~/src/shop-*' --to-dir shop",
        "plan --from-dir '~/src/shop-*' --to-dir ~/src/shop -o moving.json",
    ],
)
def test_what_needs_one_says_that_there_is_none(home: Home, words: str) -> None:
    said = sentence(typed(home, GONE + words), 1)
    assert re.search(r"does not exist|[Nn]o such file|no opencode database", said)


@pytest.mark.parametrize("pwd", ["$PWD", "", "/", "$HOME", "."])
def test_cwd_is_the_directory_that_was_deleted_whatever_the_environment_says(home: Home, pwd: str) -> None:
    words = GONE.replace("opencode-migrator", f'PWD="{pwd}" opencode-migrator')
    moved = typed(home, words + "move --from-dir cwd --to-dir ~/src/shop --yes")
    assert "Moved 1 session " in moved.stdout, moved.stderr
    assert home.query("SELECT directory FROM session WHERE title = 'API: paginate orders'") == [(f"{home.src}/shop",)]


def test_cwd_is_not_what_took_the_place_of_a_deleted_directory(home: Home) -> None:
    """A directory that was cloned anew under a shell that is still in the old one has the same name."""
    words = GONE.replace("opencode-migrator", "mkdir ~/src/shop-api && opencode-migrator")
    assert "shop-api" in typed(home, words + "move --from-dir cwd --to-dir ~/src/shop --dry-run").stdout
    sentence(typed(home, words + "migrate ses_dfbea7db"), 1)


# -- plan files --------------------------------------------------------------------------------------------------------


@pytest.fixture
def saved(home: Home) -> Path:
    file = home.path / "moving.json"
    assert home.run("plan", *MOVE[1:-1], "-o", file).code == 0
    return file


def edited(change: Callable[[Any], Any], *, signed: bool = False) -> Callable[[str], str]:
    """Return how to edit a plan file; `signed` is what somebody does who means it, digest and all."""

    def edit(text: str) -> str:
        document = json.loads(text)
        change(document)
        if signed:
            document.pop("digest")
            canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
            document["digest"] = "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()
        return json.dumps(document)

    return edit


DAMAGES: dict[str, tuple[Callable[[str], str | bytes], str]] = {
    "edited": (edited(lambda plan: plan["changes"][0]["after"].update(directory="/evil")), "was changed"),
    "without its digest": (edited(lambda plan: plan.pop("digest")), "was changed"),
    "truncated": (lambda text: text[: len(text) // 2], "breaks off"),
    "empty": (lambda _: "", "is empty"),
    "binary": (lambda _: bytes(range(256)) * 4, "isn't text"),
    "not JSON": (lambda _: "shop-search -> shop\n", "is not a plan"),
    "other JSON": (lambda _: "[1, 2]", "is not a plan"),
    "a run": (lambda _: '{"format": "opencode-migrator/run@1"}', "is not a plan"),
    "deep JSON": (lambda _: "[" * 100_000, "breaks off"),
    "newer format": (
        edited(lambda plan: plan.update(format="opencode-migrator/plan@2"), signed=True),
        "opencode-migrator/plan@2",
    ),
    "a value missing": (edited(lambda plan: plan["changes"][0].pop("after"), signed=True), "after"),
    "a value wrong": (edited(lambda plan: plan["changes"][0].update(undo="perhaps"), signed=True), "perhaps"),
    "no object": (edited(lambda plan: plan.update(changes=[None]), signed=True), "is not a plan"),
}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """A home with a good plan, for all the bad ones: nothing is ever written to it."""
    home = build_home(tmp_path_factory.mktemp("planned") / "home", "real-1.18.34")
    home.repository("shop", "sub/deep")
    return home, home.run("plan", *MOVE[1:-1], "-o", "-").stdout


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_plan(planned: tuple[Home, str], damage: str) -> None:
    home, plan = planned
    change, words = DAMAGES[damage]
    damaged = change(plan)
    file = home.path / "damaged.json"
    file.write_bytes(damaged if isinstance(damaged, bytes) else damaged.encode())
    for command in (("apply", "--yes"), ("show",)):
        said = refused(home, *command, file)
        assert str(file) in said
        assert words in said
        assert "plan again" in said or "plan ... -o" in said


@pytest.mark.parametrize("command", [("apply", "--yes"), ("show",)], ids=["apply", "show"])
def test_a_missing_plan(home: Home, command: tuple[str, ...]) -> None:
    said = refused(home, *command, "nowhere.json")
    assert "nowhere.json" in said
    assert "No such file" in said
    assert "directory" in refused(home, *command, "src")


def test_a_plan_for_another_database(home: Home, saved: Path) -> None:
    copy = home.path / "copy.db"
    checkpoint(home)
    shutil.copy(home.database, copy)
    said = refused(home, "apply", saved, "--yes", "--db", copy)
    assert str(copy) in said
    assert str(home.database) in said
    home.database.rename(home.database.with_name("elsewhere.db"))
    said = refused(home, "apply", saved, "--yes")
    assert str(home.database) in said
    assert "--db" not in said.split(";")[0]  # nobody typed it


def test_a_plan_for_a_destination_that_has_gone(home: Home, saved: Path) -> None:
    shutil.rmtree(home.src / "shop")
    said = refused(home, "apply", saved, "--yes", code=5)
    assert str(home.src / "shop") in said
    assert "plan again" in said
    (home.src / "shop").write_text("a file")
    refused(home, "apply", saved, "--yes", code=5)


def test_a_plan_for_a_project_whose_row_has_gone(home: Home) -> None:
    """It was registered by a move that was taken back since."""
    assert home.run("migrate", SESSION, "src/shop", "--yes").code == 0
    file = home.path / "moving.json"
    assert home.run("plan", *MOVE[1:-1], "-o", file).code == 0
    assert home.run("undo", "--yes").code == 0
    before = home.everything()
    said = sentence(home.run("apply", file, "--yes"), 5)
    assert root_commit(home.src / "shop") in said
    assert "plan again" in said
    assert home.everything() == before


def test_a_plan_for_a_destination_that_is_another_place_now(home: Home) -> None:
    """`git init` without a commit leaves the project "global" and changes the path, by which the terminal UI lists."""
    (home.src / "notes").mkdir()
    file = home.path / "moving.json"
    assert home.run("plan", "--from-dir", "~/src/shop-*", "--to-dir", "src/notes", "-o", file).code == 0
    subprocess.run(["git", "init", "-q"], cwd=home.src / "notes", check=True)
    said = refused(home, "apply", file, "--yes", code=5)
    assert str(home.src / "notes") in said
    assert f"the path '' now, and the plan says '{str(home.src)[1:]}/notes'" in said


def test_a_plan_file_that_cannot_be_written(home: Home) -> None:
    said = refused(home, "plan", *MOVE[1:-1], "-o", "nowhere/moving.json")
    assert "nowhere/moving.json" in said
    assert not (home.path / "nowhere").exists()
    refused(home, "plan", *MOVE[1:-1], "-o", "src", code=2)


# -- runs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("undo", "--yes"), ("resume", "--yes")], ids=["undo", "resume"])
def test_an_unknown_run(home: Home, command: tuple[str, ...]) -> None:
    said = refused(home, *command, "20260101-000000-beef")
    assert "20260101-000000-beef" in said
    assert "log" in said
    said = refused(home, *command)
    assert re.search(r"\bno run\b", said, re.IGNORECASE)


def test_text_that_is_none(home: Home) -> None:
    home.execute("UPDATE session SET title = CAST(x'ff00' AS TEXT) WHERE id = ?", (SESSION,))
    said = refused(home, *MOVE)
    assert "'title'" in said
    assert "sqlite3" in said


@pytest.mark.parametrize("command", ["undo", "resume"])
def test_a_run_is_named_not_a_path(home: Home, command: str) -> None:
    """Nothing outside the journal is opened, whatever is typed."""
    (home.path / "elsewhere.db").write_bytes(b"precious")
    for name in (str(home.path / "elsewhere"), "../../../../elsewhere", ""):
        refused(home, command, "--yes", name)
    assert (home.path / "elsewhere.db").read_bytes() == b"precious"


# -- nobody can be asked -----------------------------------------------------------------------------------------------


def test_without_yes_and_without_a_terminal(home: Home, saved: Path) -> None:
    before = home.everything()
    commands: tuple[tuple[str | Path, ...], ...] = (MOVE[:-1], ("migrate", SESSION, "src/shop"), ("apply", saved))
    for command in commands:
        finished = home.run(*command)
        said = sentence(finished, 1)
        assert finished.stdout.startswith("Plan: ")
        assert "Nothing was written" in said
        assert f"opencode-migrator {command[0]}" in said
        assert said.endswith(" --yes")
    assert home.everything() == before
    assert not list(home.state.glob("runs/*.db"))


def test_undo_without_yes_and_without_a_terminal_names_the_run(home: Home) -> None:
    run = home.run(*MOVE, "--json").json["run"]
    before = home.everything()
    finished = home.run("undo")
    assert finished.stdout.startswith("Plan: ")
    # whatever runs in between, what was shown is what is taken back
    assert sentence(finished, 1).endswith(f"opencode-migrator undo {run} --yes")
    assert home.everything() == before


def test_resume_without_yes_and_without_a_terminal(home: Home) -> None:
    run = cut_off(home)
    before = home.everything()
    for command in ("resume", "undo"):
        said = sentence(home.run(command), 1)
        assert run in said
        assert "--yes" in said
        assert home.everything() == before


def test_a_run_that_was_cut_off_stands_in_the_way(home: Home) -> None:
    run = cut_off(home)
    before = files(home)
    said = sentence(home.run("move", "--from-dir", "~/src/notes", "--to-dir", "src/shop", "--yes"), 1)
    assert f"resume {run}" in said
    assert f"undo {run}" in said
    assert files(home) == before


def cut_off(home: Home) -> str:
    """Make a run look as it does after `kill -9` between its last chunk and its end; return its id."""
    run: str = home.run(*MOVE, "--json").json["run"]
    with closing(sqlite3.connect(home.state / "runs" / f"{run}.db")) as journal, journal:
        journal.execute("UPDATE run SET status = 'running'")
    return run


# -- files of our own --------------------------------------------------------------------------------------------------


def test_a_state_directory_that_is_a_file(home: Home) -> None:
    state = home.path / "state"
    state.write_text("precious")
    home.environ["XDG_STATE_HOME"] = str(state)
    said = refused(home, *MOVE)
    assert str(state) in said
    assert "XDG_STATE_HOME" in said
    assert state.read_text() == "precious"


def test_a_journal_that_is_damaged(home: Home) -> None:
    run = home.run(*MOVE, "--json").json["run"]
    before = files(home)
    journal = home.state / "runs" / f"{run}.db"
    journal.write_bytes(b"not a journal at all")
    for command in (("log",), ("undo", "--yes"), ("undo", run, "--yes")):
        assert str(journal) in sentence(home.run(*command), 1)
    doctor = home.run("doctor")  # looks at the rest all the same
    assert doctor.code == 1
    assert str(journal) in doctor.stdout
    assert files(home) == before


def test_a_backup_to_a_file_that_exists(home: Home) -> None:
    precious = home.path / "precious"
    precious.write_text("precious")
    said = refused(home, *MOVE, "--backup", "precious")
    assert "precious exists already" in said
    assert precious.read_text() == "precious"
    assert "nowhere/backup.db" in refused(home, *MOVE, "--backup", "nowhere/backup.db")


def test_a_backup_is_a_whole_database_of_before(home: Home) -> None:
    before = home.everything()
    assert home.run(*MOVE, "--backup", "backup.db").code == 0
    backup = Home(home.path / "copy")
    backup.database.parent.mkdir(parents=True)
    shutil.copy(home.path / "backup.db", backup.database)
    assert backup.everything() == before
    assert (home.path / "backup.db").stat().st_mode & 0o777 == 0o600


# -- what nobody foresaw -----------------------------------------------------------------------------------------------

PLUGIN = """
import click
from migrator.selection import SelectorPlugin

class Plugin(SelectorPlugin):
    kind = "broken"
    def options(self):
        return [click.Option(["--broken"])]
    def build(self, values, facts):
        raise RuntimeError("first line\\nsecond line")
"""


def install(home: Home, code: str) -> None:
    """Put a selector plugin of somebody else on the path, as pip would."""
    site = home.path / "site"
    metadata = site / "broken-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / "broken_plugin.py").write_text(code)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[migrator.selectors]\nbroken = broken_plugin:Plugin\n")
    home.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))


def test_the_unexpected_is_one_line_and_a_log(home: Home) -> None:
    install(home, PLUGIN)
    said = refused(home, *MOVE, code=70)
    (log,) = home.state.glob("*.log")
    assert str(log) in said
    text = log.read_text()
    assert "Traceback (most recent call last)" in text
    assert "second line" in text
    assert "--from-dir" in text  # what was typed
    assert log.stat().st_mode & 0o777 == 0o600


def test_the_unexpected_with_nowhere_to_log_it(home: Home) -> None:
    install(home, PLUGIN)
    home.environ["XDG_STATE_HOME"] = str(home.src / "shop" / "README.md")
    assert "can't be written" in refused(home, *MOVE, code=70)


def test_a_plugin_that_cannot_be_loaded(home: Home) -> None:
    install(home, "import nothing_like_this\n")
    said = refused(home, *MOVE)
    assert "plugin broken" in said
    assert "uninstall" in said
