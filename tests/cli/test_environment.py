"""Options that variables set: OPENCODE_MIGRATOR_<COMMAND>_<OPTION>."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.home import MOVE, Home, build_home
from tests.support.shell import printed_command, run_in_shell

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.forked import Finished


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = build_home(tmp_path / "home", "real-1.18.34")
    home.repository("shop", "sub/deep")
    return home


def run(home: Home, *words: str, **variables: str) -> Finished:
    home.environ = {f"OPENCODE_MIGRATOR_{name}": value for name, value in variables.items()}
    done = home.run(*words)
    home.environ = {}
    return done


def ids(done: Finished) -> list[str]:
    assert done.code == 0, done.stderr
    return [row["id"] for row in done.json]


def test_what_is_typed_comes_first_then_the_command_then_all_commands(home: Home) -> None:
    assert len(ids(run(home, "list", LIST_ALL="1", LIST_LIMIT="3", LIST_JSON="true"))) == 3
    assert len(ids(run(home, "list", "--all", "-n", "2", "--json", LIST_LIMIT="3", LIST_FORMAT="csv"))) == 2
    assert run(home, "list", "--all", "--format", "csv", LIST_JSON="1").stdout.startswith("id,title,")
    assert ids(run(home, "list", "--all", "--json", LIST_DB=str(home.database), DB="/nowhere"))
    assert ids(run(home, "--db", str(home.database), "list", "--all", "--json", LIST_DB="/nowhere", DB="/nowhere"))
    assert "opencode-dev.db" in run(home, "list", "--channel", "dev", DB=str(home.database)).stderr
    assert run(home, "list", "--all", "--limit", "1", QUIET="1").stderr == ""
    assert run(home, "list", "--all", "--limit", "1", LIST_LIMIT="").code == 0


def test_flags_are_on_or_off_also_those_with_a_no(home: Home) -> None:
    every = run(home, "list", "--all", "--json").stdout
    assert run(home, "list", "--json", LIST_ALL="0", LIST_ROOTS="1").stdout != every
    roots = run(home, "list", "--all", "--json", "--roots").stdout
    assert run(home, "list", "--all", "--json", LIST_ROOTS="yes").stdout == roots
    assert run(home, "list", "--all", "--json", LIST_NO_ROOTS="0").stdout == roots
    lost = run(home, "list", "--json", "--orphans").stdout
    assert run(home, "list", "--json", LIST_ORPHANS="1").stdout == lost
    assert run(home, "list", "--json", LIST_ORPHANS="missing-directory").stdout == lost
    assert run(home, "list", "--all", LIST_JSON="off").stdout == run(home, "list", "--all").stdout


def test_several_values_are_one_a_line(home: Home) -> None:
    home.execute("UPDATE session SET directory = '/a b:c' WHERE directory LIKE '%shop-api'")
    typed = run(home, "list", "--json", "--from-dir", "/a b:c", "--from-dir", "~/src/notes")
    assert len(ids(typed)) == 2
    assert run(home, "list", "--json", LIST_FROM_DIR="/a b:c\n~/src/notes\n").stdout == typed.stdout
    home.execute("UPDATE session SET directory = '/a\u2028b' WHERE directory = '/a b:c'")
    listed = run(home, "list", "--json", LIST_FROM_DIR="/a\u2028b\n~/src/notes\n")
    assert ids(listed) == ids(typed), "other characters than a line end end no line"


@pytest.mark.parametrize("name", ["rebind", "migrate"])
def test_an_alias_has_the_variables_of_its_command(home: Home, name: str) -> None:
    (session,) = home.query("SELECT min(id) FROM session WHERE parent_id IS NULL")[0]
    assert run(home, name, session, str(home.src / "shop"), MIGRATE_DRY_RUN="1", MIGRATE_JSON="1").json["changes"]


def test_the_kinds_of_plan_have_the_variables_of_plan(home: Home) -> None:
    done = run(home, "plan", "--from-dir", "~/src/shop-*", PLAN_TO_DIR=str(home.src / "shop"), PLAN_JSON="1")
    assert done.json["summary"]["sessions"] == 17


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("LIST_LIMIT", "many", ("list",)),
        ("LIST_SINCE", "soon", ("list",)),
        ("LIST_JSON", "maybe", ("list",)),
        ("LIST_ALL", "x", ("list",)),
        ("LIST_FORMAT", "xml", ("list",)),
        ("LIST_FROM_PROJECT", "none-such", ("list",)),
        ("DB", "/nowhere.db", ("list",)),
        ("MOVE_WAIT", "long", MOVE),
        ("MOVE_BACKUP", "/", MOVE),
        ("PLAN_FORCE", "1", ("plan", *MOVE[1:-1])),
    ],
)
def test_a_wrong_value_is_refused_with_the_name_of_the_variable(
    home: Home, variable: str, value: str, words: tuple[str, ...]
) -> None:
    done = run(home, *words, **{variable: value})
    assert done.code in {1, 2, 3}
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count(f"OPENCODE_MIGRATOR_{variable}") == 1


def test_a_yes_of_the_environment_is_said_and_holds_for_its_command_only(home: Home) -> None:
    assert run(home, *MOVE[:-1], YES="1", RESCUE_YES="1").code == 1
    done = run(home, *MOVE[:-1], MOVE_YES="1")
    assert done.code == 0
    assert "note: OPENCODE_MIGRATOR_MOVE_YES is set, so nobody is asked." in done.stderr


def test_printed_commands_are_whole(home: Home) -> None:
    variables = {"MOVE_DRY_RUN": "1", "MOVE_FROM_DIR": "~/src/shop-*", "MOVE_TO_DIR": str(home.src / "shop")}
    shown = run(home, "move", **variables)
    line = shown.stdout.split("To apply:")[1].strip()
    assert line.startswith("OPENCODE_MIGRATOR_MOVE_DRY_RUN= opencode-migrator move ")
    home.environ = {"OPENCODE_MIGRATOR_MOVE_DRY_RUN": "1"}  # the others may be gone
    assert run_in_shell(home, line).code == 0
    home.environ = {}
    assert "--from-dir=~/src/shop-*" in run(home, "log", "--json").json[0]["command"]


def test_another_command_that_is_printed_has_the_options_too(home: Home) -> None:
    gone = run(home, "plan", PLAN_FROM_DIR="~/src/shop-*", PLAN_TO_DIR=str(home.src / "shop"), PLAN_OUTPUT="p.json")
    assert printed_command(gone.stdout) == "opencode-migrator apply p.json"
    assert "--from-dir=" in run(home, "list", "--limit", "1", LIST_FROM_DIR="~/src/shop-*").stderr


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("LIST_LIMITS", "LIST_LIMIT"),
        ("LIST_MAX_COUNT", "LIST_LIMIT"),
        ("LSIT_ALL", "LIST_ALL"),
        ("NOPAGER", "NO_PAGER"),
        ("REBIND_YES", "MIGRATE_YES"),
        ("DETACHED_LIMIT", "ORPHANS_LIMIT"),
    ],
)
def test_a_variable_that_sets_no_option_is_noted_with_the_one_that_is_meant(
    home: Home, variable: str, meant: str
) -> None:
    done = run(home, "list", "--all", **{variable: "1"})
    assert done.code == 0
    assert done.stderr.splitlines()[0] == (
        f"note: OPENCODE_MIGRATOR_{variable} sets no option, so it is ignored. "
        f"Did you mean 'OPENCODE_MIGRATOR_{meant}'?"
    )
    assert run(home, "list", "--all", "--quiet", **{variable: "1"}).stderr == ""


def test_a_variable_of_another_command_is_not_noted(home: Home) -> None:
    """It is looked at when that command is used; all kinds of `plan` share theirs."""
    others = {"MOVE_TODIR": "x", "PLAN_SUBDIRS": "keep", "GIT_SECONDS": "9", "COLOR": "never", "LIST_TIME": "absolute"}
    assert "sets no option" not in run(home, "list", "--all", **others).stderr
    rescue = run(home, "plan", "rescue", **others, PLAN_TODIR="x").stderr
    assert rescue.count("sets no option") == 1
    assert "Did you mean 'OPENCODE_MIGRATOR_PLAN_TO_DIR'?" in rescue
