"""What a shell offers at Tab, and that what it inserts comes back as the very value: in bash, zsh and fish."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from migrator.cli.shells.shell_words import typed_words
from tests.support.home import MOVE, Home, build_home
from tests.support.interactive_shell import INSTALLED, InteractiveShell
from tests.support.marks import long_round
from tests.support.required import NotAvailable, or_skipped
from tests.support.rows import add_workspace

if TYPE_CHECKING:
    from pathlib import Path

MONDAYS = "ses_dfbea755effe28TdSAn7PWdk2u"
"""The session `Why is search slow on Mondays?`."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return build_home(tmp_path / "home", "real-1.18.34")


def ask(home: Home, line: str, shell: str = "bash", cwd: Path | None = None) -> list[str]:
    """Return what is printed for a shell, the first line for bash included."""
    home.environ["_OPENCODE_MIGRATOR_COMPLETE"] = shell
    done = home.run(line, cwd=cwd)
    del home.environ["_OPENCODE_MIGRATOR_COMPLETE"]
    assert (done.code, done.stderr) == (0, "")
    return done.stdout.splitlines()


def values(home: Home, line: str, cwd: Path | None = None) -> list[str]:
    """Return what is offered, as words."""
    return [text.split("\t")[0] for text in ask(home, line, "fish", cwd)]


def odd_directories(home: Home) -> dict[str, str]:
    """Give sessions directories that a shell would take for something else; return them by what begins each."""
    odd = {
        "it": 'it\'s "a" $HOME `x` dir',
        "co": "co:lo=n;&|<>(y)",
        "ti": "ti~de*?[a]{b,c}",
        "ba": "ba\\ck!slash",
        "nl": "nl\nand\ttab",
        "es": "es\x1b[31mc\u202e",
        "ün": "ünï 日本",
    }
    ids = home.query("SELECT id FROM session ORDER BY id LIMIT ?", [len(odd)])
    for (id_,), name in zip(ids, odd.values(), strict=True):
        home.execute("UPDATE session SET directory = ? WHERE id = ?", [str(home.src / name), id_])
    return {start: str(home.src / name) for start, name in odd.items()}


@pytest.mark.parametrize("shell", ["bash", long_round("zsh"), long_round("fish")])
def test_shell_inserts_the_very_value(home: Home, shell: str) -> None:
    with or_skipped(shell):
        if shell not in INSTALLED:
            raise NotAvailable(f"{shell} is not installed")
    odd = odd_directories(home)
    if shell == "fish":  # it takes one value a line, so that these can't be told to it
        odd = {start: path for start, path in odd.items() if start not in {"nl", "es"}}
    home.repository("shop", "plan files")
    with InteractiveShell(shell, home) as at:
        assert at.complete("ocmig mov") == ["ocmig", "move"]
        assert at.complete("opencode-migrator list --from-pro") == ["opencode-migrator", "list", "--from-project"]
        assert at.complete("ocmig list --from-project shop-a")[-1] == "shop-api"
        assert at.complete(f"ocmig migrate {MONDAYS[:-4]}")[-1] == MONDAYS
        for start, path in odd.items():
            assert at.complete(f"ocmig list --from-dir {home.src}/{start}")[-1] == path
        assert at.complete("ocmig list --from-dir ~/src/it")[-1] == odd["it"]
        assert at.complete("ocmig list --from-dir '~/src/it")[-1] in {odd["it"], f"~{odd['it'][len(str(home.path)) :]}"}
        assert at.complete(f"ocmig list --from-dir={home.src}/co")[-1] == f"--from-dir={odd['co']}"
        assert at.complete("ocmig show src/shop/pl")[-1] == "src/shop/plan files/"
        at.offered("ocmig migrate ses_dfbea7", "Mondays")
        assert "\x1b[31mc" not in at.offered("ocmig list --from-dir ~/src/", "shop-search")


def test_channels_with_a_database_that_the_option_takes(home: Home) -> None:
    """`--channel prod` takes `opencode.db`, so it isn't offered for a file that it doesn't take."""
    for name in ("opencode-dev.db", "opencode-prod.db", "notes-of-dev.db"):
        home.database.with_name(name).touch()
    assert values(home, "ocmig list --channel ") == ["dev", "latest"]
    assert values(home, "ocmig --channel d") == ["dev"]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_words_of_a_title_become_its_id_and_several_leave_them(home: Home, shell: str) -> None:
    with or_skipped(shell):
        if shell not in INSTALLED:
            raise NotAvailable(f"{shell} is not installed")
    with InteractiveShell(shell, home) as at:
        assert at.complete("ocmig migrate mondays")[-1] == MONDAYS
        assert at.complete("ocmig migrate the")[-1] == "the"


@pytest.mark.parametrize("shell", ["bash", long_round("zsh"), long_round("fish")])
def test_the_end_of_the_id_of_a_run_becomes_the_id(home: Home, shell: str) -> None:
    with or_skipped(shell):
        if shell not in INSTALLED:
            raise NotAvailable(f"{shell} is not installed")
    home.repository("shop", "sub/deep")
    run = home.run(*MOVE, "--json").json["run"]
    with InteractiveShell(shell, home) as at:
        assert at.complete(f"ocmig undo {run[-4:-1]}")[-1] == run
        assert at.complete("ocmig relocate ~/old=~/src/note")[-1].endswith("/src/notes")


def test_commands_options_and_choices(home: Home) -> None:
    assert {"list", "move", "completion"} < {*values(home, "ocmig ")}
    assert values(home, "ocmig rest") == []  # a guess is no command
    assert values(home, "ocmig help rel") == ["relocate"]
    assert values(home, "ocmig plan re") == ["relocate", "rescue"]
    assert values(home, "ocmig plan --to-d") == ["--to-dir", "--to-directory"]
    assert values(home, "ocmig list --format=c") == ["--format=csv"]
    assert values(home, "ocmig list --columns title,proj") == ["title,project", "title,project-id"]
    assert values(home, "ocmig completion ") == ["bash", "zsh", "fish"]
    assert "--dry-run" in values(home, "ocmig move ")  # there is nothing else to offer
    assert "missing-directory" in values(home, "ocmig list --orphans=mis")[0]


def test_directories_are_those_of_the_database_and_those_on_the_disk(home: Home) -> None:
    home.repository("shop", "sub")
    offered = values(home, "ocmig list --from-dir ~/src/shop-")
    assert offered[0].startswith("~/src/shop-")
    assert "~/src/shop-api" in offered
    assert values(home, "ocmig relocate shop-a", cwd=home.src) == ["shop-api"]
    assert "~/src/shop/" in values(home, "ocmig list --from-dir ~/src/sho")
    assert values(home, "ocmig list --from-dir ~/src/shop/s") == ["~/src/shop/sub/"]
    assert ask(home, "ocmig list --from-dir ~/src/shop/s") == ["nospace", "~/src/shop/sub/"]
    assert str(home.src / "shop-api") in values(home, "ocmig move --to-dir ")
    assert values(home, "ocmig move --to-dir k") == ["keep"]


def test_both_sides_of_a_map_of_folders(home: Home) -> None:
    (home.src / "shop-api=2").mkdir()
    assert values(home, "ocmig relocate ~/src/shop-a") == ["~/src/shop-api", "~/src/shop-api=2/"]
    assert "~/src/x\\=y=~/src/shop-api" in values(home, "ocmig relocate '~/src/x\\=y=~/src/shop-a")
    assert "/x=/y\\=" not in values(home, "ocmig relocate /x=/y")
    assert values(home, "ocmig relocate src/x=src/shop-api") == ["src/x=src/shop-api", "src/x=src/shop-api\\=2/"]


def test_workspaces_of_opencode(home: Home) -> None:
    add_workspace(home, "wrk_named", None, "4284baed5f10c280f234f02ab62431a6d8091933")
    home.execute("UPDATE session SET workspace_id = 'wrk_gone' WHERE directory LIKE '%/shop-api'")
    home.execute("UPDATE workspace SET name = 'two'")
    assert ask(home, "ocmig list --workspace wrk_", "fish") == ["wrk_gone\t1 session", "wrk_named\ttwo 0 sessions"]


def test_files_for_options_that_read_or_write_one(home: Home) -> None:
    (home.src / "plan.json").write_text("{}")
    for line in ("ocmig apply", "ocmig --db", "ocmig plan -o", "ocmig move --backup", "ocmig list >"):
        assert values(home, f"{line} src/pl") == ["src/plan.json"]


def test_runs_say_what_they_did(home: Home) -> None:
    home.repository("shop", "sub/deep")
    assert home.run("move", "--from-dir", "~/src/shop-*", "--to-dir", "src/shop", "--yes").code == 0
    (offered,) = ask(home, "ocmig undo 2", "fish")
    assert [offered] == ask(home, "ocmig log 2", "fish") == ask(home, "ocmig show 2", "fish")
    run, what = offered.split("\t")
    assert run in home.run("log", "--json").stdout
    assert "--to-dir src/shop" in what
    assert ask(home, f"ocmig undo {run[-4:-1]}") == ["space", run]
    assert ask(home, f"ocmig undo {run[-4:-1]}", "fish") == [offered]
    assert what.endswith("(applied)")
    undo = home.run("undo", "--yes", "--json").json["run"]
    assert ends(home) == {run: "(undone)", undo: "(applied)"}
    redo = home.run("redo", "--yes", "--json").json["run"]
    assert ends(home) == {run: "(applied)", undo: "(undone)", redo: "(applied)"}


def test_runs_that_were_taken_back_in_part_end_as_the_log_says(home: Home) -> None:
    home.repository("shop", "sub/deep")
    moved = home.run(*MOVE, "--json").json["run"]
    home.execute("UPDATE session SET directory = '/tmp/zz' WHERE id GLOB 'ses_dfbea745*'")
    for command in ("undo", "redo", "undo"):
        assert home.run(command, "--yes", "--on-conflict", "skip").code == 0
    log = home.run("log", "--json").json
    assert ends(home) == {row["run"]: "(undone)" if row["undoneBy"] else f"({row['status']})" for row in log}
    assert [row["undoneBy"] is None for row in log] == [True, False, False, True]
    assert log[-1]["run"] == moved


def ends(home: Home) -> dict[str, str]:
    """Return how the runs that are offered are said to have ended."""
    return {text.split("\t")[0]: text.rpartition(" ")[2] for text in ask(home, "ocmig undo 2", "fish")}


def test_first_and_last_id_are_offered_so_that_no_beginning_is_typed_ahead_that_others_lack(home: Home) -> None:
    with closing(sqlite3.connect(home.database)) as connection, connection:
        connection.execute("""
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
            INSERT INTO session (id, project_id, directory, slug, title, version, time_created, time_updated)
            SELECT printf('ses_a%04d', i), s.project_id, s.directory, 'x', 'Many', s.version, i, i
            FROM n, (SELECT * FROM session LIMIT 1) s
        """)
    offered = values(home, "ocmig migrate ")
    assert len(offered) < 200
    (last,) = home.query("SELECT max(id) FROM session")
    assert last[0] in offered


@pytest.mark.parametrize("what", ["none", "no database", "other tables", "locked", "odd rows", "not UTF-8"])
def test_database_that_cannot_be_read_offers_nothing_and_says_nothing(home: Home, what: str) -> None:
    with closing(sqlite3.connect(home.database, isolation_level=None)) as connection:
        if what == "none":
            home.database.unlink()
        elif what == "no database":
            home.database.write_text("This is no database at all, but long enough to be looked at." * 10)
        elif what == "other tables":
            connection.execute("ALTER TABLE session RENAME TO sessions")
            connection.execute("ALTER TABLE project RENAME TO projects")
        elif what == "locked":
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
        elif what == "odd rows":
            connection.execute("UPDATE session SET id = CAST(id AS BLOB), title = 7, directory = x'00ff'")
            connection.execute("UPDATE project SET id = CAST(id AS BLOB), worktree = 5")
        else:
            connection.execute("UPDATE session SET id = CAST(x'ff' AS TEXT) || id, directory = CAST(x'ff' AS TEXT)")
            connection.execute("UPDATE project SET worktree = CAST(x'ff' AS TEXT), name = NULL")
        for line in ("ocmig migrate ses", "ocmig list --from-dir /ho", "ocmig list --from-project x"):
            assert values(home, line) == [each for each in values(home, line) if each == "/home/"]


def test_only_the_line_is_read_whatever_is_in_it(home: Home) -> None:
    for line in ("", "ocmig", "ocmig 'move", "ocmig no-such-command ", "ocmig move --no-such ", "ocmig \\", "ocmig $("):
        ask(home, line)
    assert values(home, "ocmig --db /nowhere/x.db list --from-id ") == []


def test_typed_words() -> None:
    words, word = typed_words("ocmig  a\\ b 'c d'\"e\\\"f\" $'\\303\\251\\n' >out x=y:~/\\'z")
    assert words == ["ocmig", "a b", 'c de"f', "é\n"]
    assert (word.raw, word.text, word.replaced) == ("x=y:~/\\'z", "x=y:~/'z", "~/\\'z")
    assert typed_words("ocmig 'a b")[1][:4] == ("'a b", "a b", "'", "a b")
    assert typed_words("ocmig a\\")[1].raw == "a"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_is_printed_as_it_is(home: Home, shell: str) -> None:
    done = home.run("completion", shell)
    assert done.code == 0
    assert "\t" not in done.stdout
    assert all(name in done.stdout for name in ("opencode-migrator", "ocmig"))


def test_a_plug_in_says_of_which_kind_its_values_are_and_may_fail(home: Home, tmp_path: Path) -> None:
    package = tmp_path / "site" / "like.py"
    package.parent.mkdir()
    package.write_text(
        "import click\n"
        "from migrator.selection import SelectorPlugin, completes\n"
        "def fails(*_): print('noise'); raise SystemExit(3)\n"
        "class Like(SelectorPlugin):\n"
        "    kind = 'like'\n"
        "    def options(self):\n"
        "        return [click.Option(['--like'], shell_complete=completes('session', words=['none'])),\n"
        "                click.Option(['--fails'], shell_complete=fails)]\n"
        "    def build(self, values, context): return ()\n"
    )
    information = package.parent / "like-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Name: like\nVersion: 1\n")
    (information / "entry_points.txt").write_text("[migrator.selectors]\nlike = like:Like\n")
    home.site = package.parent
    assert values(home, f"ocmig list --like {MONDAYS[:-3]}") == [MONDAYS]
    assert values(home, "ocmig list --like no") == ["none"]
    assert values(home, "ocmig list --fails x") == []
