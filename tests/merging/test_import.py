"""What `merge --with-opencode` gives to a program, and what it does with one that is no opencode 2, or a wrong one.

The programs here are little scripts that misbehave. What opencode 2 makes of sessions only it can tell: nothing here
says anything of it, but tests/real/test_import.py does, with a program that somebody has.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import migrator
from migrator.documents.plan import plan_document, read_plan
from migrator.importing import program as of_user
from migrator.text import json_text
from tests.support.ended import wait_until_ended
from tests.support.home import SESSION, build_home, checkpoint
from tests.support.merging import built, bytes_around
from tests.support.rows import rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.home import Home
    from tests.support.merging import OtherDatabase

    Script = Callable[..., Path]

PYTHON = f"#!{sys.executable} -SE\nimport sqlite3, sys, os, time\n"
TABLES = """
db = sqlite3.connect(os.environ["OPENCODE_DB"])
db.execute("CREATE TABLE kv (key, value)")
db.execute("CREATE TABLE session_v2 AS SELECT * FROM session LIMIT 1")
db.execute("INSERT INTO kv VALUES ('migration.v1-v2', '{\\"phase\\":\\"completed\\"}')")
"""
"""What says that all was imported: only one session was."""
NEWER = "db.execute(\"INSERT INTO migration VALUES ('20990101000000_new', 1)\")\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home of opencode 2 alone, whose temporary files are beside it."""
    home = build_home(tmp_path / "home", "v2-run-fresh")
    (tmp_path / "tmp").mkdir()
    home.environ["TMPDIR"] = str(tmp_path / "tmp")
    return home


@pytest.fixture
def other(home: Home) -> OtherDatabase:
    """A database of opencode 1 in another data directory."""
    return built(home, "real-1.18.34", home.path / "old" / "opencode.db")


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """A program that says it is opencode 2, and does this to import."""

    def _script(serve: str, version: str = "2.0.25") -> Path:
        path = tmp_path / "opencode"
        path.write_text(f"{PYTHON}if sys.argv[1] == '--version':\n    print('{version}'); sys.exit(0)\n{serve}")
        path.chmod(0o755)
        return path

    return _script


def refusal(home: Home, *words: str | Path) -> str:
    """What `merge` says when it refuses; nothing is written, and nothing is left."""
    before, files = rows(home), bytes_around(home.path / "old" / "opencode.db")
    refused = home.run("merge", *words, "--foreign", "--yes")
    assert refused.code in {1, 2, 3}, refused.stdout
    assert (rows(home), bytes_around(home.path / "old" / "opencode.db")) == (before, files)
    assert not [*Path(home.environ["TMPDIR"]).glob("opencode-migrator-*")]
    return " ".join(refused.stderr.split())


def test_without_a_program_the_option_is_named(home: Home, other: OtherDatabase) -> None:
    told = refusal(home, other.database)
    assert "which alone can convert sessions of opencode 1: name your opencode 2 with --with-opencode PROGRAM" in told


def test_what_is_no_program(home: Home, other: OtherDatabase, tmp_path: Path) -> None:
    told = refusal(home, other.database, "--with-opencode", tmp_path / "nothing")
    assert f"there is no program {tmp_path / 'nothing'}; name your opencode 2" in told
    (tmp_path / "text").write_text("no program")
    told = refusal(home, other.database, "--with-opencode", tmp_path / "text")
    assert f"{tmp_path / 'text'} is no program that you may run." in told
    (tmp_path / "text").chmod(0o755)
    assert "text can't be run: Exec format error." in refusal(
        home, other.database, "--with-opencode", tmp_path / "text"
    )
    assert "/false is no opencode 2: `" in refusal(home, other.database, "--with-opencode", "false")


@pytest.mark.parametrize(
    ("serve", "version", "told"),
    [
        ("", "1.18.34", "is opencode 1.18.34, and only opencode 2 imports sessions of opencode 1."),
        ("", "opencode v1.18.34", "is opencode 1.18.34, and only opencode 2 imports sessions of opencode 1."),
        (
            "print('Error: no such column: name.\\n    at x'); sys.exit(3)",
            "2.0.25",
            "ended with 3 after it had imported 0 of 18 sessions, and says: Error: no such column: name. Nothing was",
        ),
        (f"{TABLES}db.commit()", "2.0.25", "made a database of a preview of opencode 2, whose rules aren't those of"),
        (
            f"{TABLES}db.execute('CREATE TABLE worktree (id)'); db.commit()",
            "2.0.25",
            "imported 1 of 18 sessions; ses_",
        ),
        (
            f"{TABLES}db.execute('CREATE TABLE worktree (id)')\n{NEWER}db.commit()",
            "2.0.25",
            "is newer than the tables of this database: start it on this database once, which upgrades them.",
        ),
        (
            f"{TABLES.replace('LIMIT 1', '')}db.execute('CREATE TABLE worktree (id)'); db.commit()",
            "2.0.25",
            "opencode made no database of opencode 2.0: table session_v2 lacks fork_session_id, time_suspended, which",
        ),
        (
            "import shutil; shutil.rmtree(os.getcwd()); print('What an error.'); sys.exit(3)",
            "2.0.25",
            "ended with 3 after it had imported 0 of 18 sessions, and says: What an error. Nothing was",
        ),
        ("", "dir (GNU coreutils) 9.1\\nCopyright", "is no opencode 2: `"),
        ("", "dir (GNU coreutils) 9.1\\nCopyright", "opencode --version` says: dir (GNU coreutils) 9.1."),
        ("", "v22.1.0", "opencode --version` says: v22.1.0."),
        (
            "open(os.environ['OPENCODE_DB'], 'wb').write(b'x' * 5000)",
            "2.0.25",
            "ended with 0 after it had imported 0 of 18 sessions.",
        ),
    ],
)
def test_what_imports_nothing_or_the_wrong_thing(  # noqa: PLR0913, PLR0917 - two databases, and what is said of one
    home: Home, other: OtherDatabase, script: Script, serve: str, version: str, told: str
) -> None:
    assert told in refusal(home, other.database, "--with-opencode", script(serve, version))


def test_what_it_is_given(home: Home, other: OtherDatabase, script: Script, tmp_path: Path) -> None:
    """A home of its own, in which nothing is, and a copy that holds the chosen tree, its project and no secret."""
    other.execute("INSERT INTO session_share VALUES (?, 'shr', 'secret', 'https://x', 1, 1)", [SESSION])
    home.environ |= {"OPENCODE_CONFIG": "/mine", "ANTHROPIC_API_KEY": "key", "XDG_CACHE_HOME": "/mine", "LANG": "C"}
    kept = tmp_path / "kept.db"
    said = tmp_path / "said.txt"
    program = script(
        f"""
sys.stdout = open({str(said)!r}, "w")
print(sys.argv[1:], os.getcwd())
for name, value in sorted(os.environ.items()): print(name, value, sep="=")
for at, _, files in os.walk(os.getcwd()):
    for file in files: print("file", os.path.relpath(os.path.join(at, file)))
sqlite3.connect(os.environ["OPENCODE_DB"]).backup(sqlite3.connect({str(kept)!r}))
"""
    )
    refusal(home, other.database, "--with-opencode", program, "--from-id", SESSION)
    first, *lines = said.read_text().splitlines()
    words, _, folder = first.rpartition(" ")
    assert words == "['serve', '--stdio']"
    environ = dict(line.split("=", 1) for line in lines if not line.startswith("file "))
    for name in (
        "HOME",
        "TMPDIR",
        "OPENCODE_DB",
        *(f"XDG_{kind}_HOME" for kind in ("DATA", "CONFIG", "STATE", "CACHE")),
    ):
        assert Path(environ[name]).is_relative_to(folder)
    assert Path(folder).parent == Path(home.environ["TMPDIR"])
    assert (environ["LANG"], environ["HTTPS_PROXY"]) == ("C", "http://127.0.0.1:9")
    assert not [name for name in environ if "KEY" in name or name in {"OPENCODE_CONFIG", "GIT_AUTHOR_NAME"}]
    found = {line.removeprefix("file ") for line in lines if line.startswith("file ")}
    assert found == {"opencode.db", "config/opencode/opencode.json"}
    with closing(sqlite3.connect(kept)) as copy:
        sessions = {id_ for (id_,) in copy.execute("SELECT id FROM session")}
        tree = {id_ for (id_,) in other.query("SELECT id FROM session WHERE ? IN (id, parent_id)", [SESSION])}
        assert sessions == tree
        assert {id_ for (id_,) in copy.execute("SELECT session_id FROM part")} <= sessions
        assert copy.execute("SELECT id FROM project").fetchall() == other.query(
            "SELECT project_id FROM session WHERE id = ?", [SESSION]
        )
        for table in ("session_share", "credential", "event", "permission", "todo"):
            assert copy.execute(f"SELECT count(*) FROM {table}").fetchall() == [(0,)], table


LINK = "os.unlink(os.environ['OPENCODE_DB']); os.symlink('MINE', os.environ['OPENCODE_DB'])\n"
"""The copy becomes a link to another database."""


@pytest.mark.parametrize(
    ("serve", "told"),
    [
        (LINK, "ended with 0 after it had imported 0 of 8 sessions."),
        (
            f"{TABLES}db.commit(); sys.stdin.read()\n{LINK}",
            "opencode made can't be copied: it is a link, not a file.",
        ),
    ],
    ids=["at once", "at the end"],
)
def test_a_link_in_place_of_the_copy_is_not_followed(home: Home, script: Script, serve: str, told: str) -> None:
    other = built(home, "v2-run-upgraded.v1", home.path / "old" / "opencode.db")
    mine = built(home, "v2-run-upgraded", home.path / "mine" / "opencode.db")
    before = bytes_around(mine.database)
    assert told in refusal(home, other.database, "--with-opencode", script(serve.replace("MINE", str(mine.database))))
    assert bytes_around(mine.database) == before


def test_what_is_odd_in_the_other_database_is_said(home: Home, script: Script) -> None:
    other = built(home, "v2-run-upgraded.v1", home.path / "old" / "opencode.db")
    upgraded = built(home, "v2-run-upgraded", home.path / "upgraded" / "opencode.db")
    other.execute("UPDATE session SET title = CAST(x'61ff62' AS TEXT) WHERE id = (SELECT max(id) FROM session)")
    checkpoint(other)
    import_ = f"sqlite3.connect({str(upgraded.database)!r}).backup(sqlite3.connect(os.environ['OPENCODE_DB']))"
    shown = home.run("merge", other.database, "--foreign", "--dry-run", "--with-opencode", script(import_))
    assert shown.stdout.startswith("Plan: 7 sessions "), shown.stderr
    assert "1 odd row is left out, with values that opencode never writes;" in " ".join(shown.stdout.split())


def test_what_it_leaves_running_is_ended(home: Home, other: OtherDatabase, script: Script, tmp_path: Path) -> None:
    leave = f"""
import subprocess
open({str(tmp_path / "pid")!r}, "w").write(str(subprocess.Popen(["sleep", "600"]).pid))
"""
    assert "ended with 0" in refusal(home, other.database, "--with-opencode", script(leave))
    wait_until_ended(int((tmp_path / "pid").read_text()))


# -- one that goes on, and on ------------------------------------------------------------------------------------------


@pytest.fixture
def hanging(script: Script, tmp_path: Path) -> Script:
    """One that says who it is, and waits for the end of its input, as opencode does."""
    return lambda: script(f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); sys.stdin.read()")


@pytest.mark.parametrize("ended_by", ["silence", "Ctrl-C"])
def test_it_is_ended(  # noqa: PLR0913, PLR0917 - two databases, and a program
    home: Home,
    other: OtherDatabase,
    hanging: Script,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ended_by: str,
) -> None:
    def once_it_runs(_: float) -> None:
        if not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            return
        if ended_by == "Ctrl-C":
            raise KeyboardInterrupt
        monkeypatch.setattr(of_user, "SECONDS", 0)

    for name, value in {"HOME": home.path, "XDG_STATE_HOME": tmp_path / "state", "TMPDIR": tmp_path / "tmp"}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(of_user, "wait", once_it_runs)
    raised: type[BaseException] = KeyboardInterrupt
    why = None
    if ended_by == "silence":
        raised, why = (
            migrator.MigratorError,
            "it has imported 0 of 18 sessions, and none in the last 0 seconds. Nothing was",
        )
    store = migrator.open_store(home.database)
    with pytest.raises(raised, match=why):
        migrator.plan_merge(store, other.database, foreign=True, with_opencode=hanging())
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert not [*(tmp_path / "tmp").iterdir()]


# -- what can't be asked for -------------------------------------------------------------------------------------------


def test_what_excludes_it(home: Home, other: OtherDatabase, script: Script, tmp_path: Path) -> None:
    asked = ("--with-opencode", script("sys.exit(1)"))
    assert "--remove-from-other and --with-opencode exclude each other" in refusal(
        home, other.database, *asked, "--remove-from-other"
    )
    assert "leave out --to-dir and --map" in refusal(home, home.database, *asked, "--to-dir", "~")
    assert "opencode.db has no sessions of opencode 1; leave out --with-opencode." in refusal(
        home, home.database, *asked
    )
    saved = home.run("plan", "merge", other.database, *asked, "-o", tmp_path / "plan.json")
    assert (saved.code, "A saved plan runs no program" in saved.stderr) == (2, True)
    assert not (tmp_path / "plan.json").exists()
    old = build_home(tmp_path / "old", "real-1.18.34")
    refused = old.run("merge", other.database, *asked)
    assert "takes sessions of opencode 1 as they are: leave out --with-opencode." in refused.stderr


def test_a_plan_that_somebody_gives_us_runs_no_program(home: Home, tmp_path: Path) -> None:
    other = built(home, "v2-run-upgraded", home.path / "old" / "opencode.db")
    plan = read_plan(home.run("merge", other.database, "--foreign", "--dry-run", "--json").json, "plan")
    assert plan.merge is not None
    given = plan_document(replace(plan, merge=replace(plan.merge, imported_by="/bin/true")))
    assert "/bin/true" not in json_text(given)
    (tmp_path / "plan.json").write_text(json_text(given))
    before = rows(home)
    shown = home.run("show", tmp_path / "plan.json").stdout
    assert "your opencode 2 makes them out of sessions of opencode 1\n" in shown
    refused = home.run("apply", tmp_path / "plan.json", "--yes")
    assert (refused.code, rows(home)) == (1, before)
    assert "a saved plan runs no program; merge them in one go" in " ".join(refused.stderr.split())
