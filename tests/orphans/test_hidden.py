"""Sessions that are where they belong, and that some list of opencode's leaves out: which, why, and how to open them.

Whether opencode does so is asked of the real one, in tests/real/test_hidden.py.
"""

from __future__ import annotations

import shlex
import sqlite3
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import repository, sub_directory

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.register import MakeRegister, Register

DAY = 86_400_000
NOW = int(time.time() * 1000)
IN_ORDER = "It isn't lost: opencode shows and resumes it where it is."
LEFT_OUT = "It isn't lost: opencode resumes it where it is, but not every list shows it."


def explained(register: Register, id_: str) -> Any:
    told = register.home.run("orphans", "--explain", id_, "--json")
    assert told.code == 0, told.stderr
    return told.json


def hidden(register: Register, id_: str) -> dict[str, str]:
    """The lists that leave a session out, by why they do."""
    return {entry["by"]: " and ".join(entry["lists"]) for entry in explained(register, id_)["hiddenBy"]}


def last_lines(register: Register, id_: str) -> list[str]:
    """What `--explain` says in the end, below the rules."""
    return register.home.run("orphans", "--explain", id_).stdout.rpartition("\n\n")[2].splitlines()


def summary(register: Register, *words: str | Path) -> str:
    """What `orphans` says beside the rows, without line breaks."""
    listed = register.home.run("orphans", "--json", *words)
    assert isinstance(listed.json, list)
    return " ".join(listed.stderr.split())


def many(register: Register, number: int, where: Path, name: str = "newer", **columns: Any) -> None:
    """Add several sessions in one place, used last a moment ago."""
    first = register.add(f"ses_{name}", where, time_updated=NOW, **columns)
    ((project, directory, path),) = register.home.query(
        "SELECT project_id, directory, path FROM session WHERE id = ?", [first]
    )
    bound = {"project_id": project, "directory": directory, "path": path, "title": name, "slug": name}
    register.home.insert(
        "session",
        *(
            bound | {"id": f"ses_{name}_{n}", "version": "1.18.34", "time_created": NOW, "time_updated": NOW} | columns
            for n in range(1, number)
        ),
    )


def test_one_that_every_list_shows(register: Register) -> None:
    register.add("ses_1", repository(register.at / "shop"), time_updated=NOW)
    assert hidden(register, "ses_1") == {}
    assert last_lines(register, "ses_1")[:2] == [IN_ORDER, "To go on with it:"]
    assert summary(register) == "No lost session."


def test_by_age(register: Register) -> None:
    shop = repository(register.at / "shop")
    register.add("ses_29", shop, time_updated=NOW - 29 * DAY)
    register.add("ses_43", shop, time_updated=NOW - 43 * DAY)
    assert hidden(register, "ses_29") == {}
    assert hidden(register, "ses_43") == {"age": "opencode --continue and the terminal UI before 1.17.18"}
    assert last_lines(register, "ses_43") == [
        LEFT_OUT,
        "  left out by age: opencode --continue and the terminal UI before 1.17.18; not",
        "    used for 43 days, and only what was used in the last 30 is listed",
        f"  open it: cd {shop} && opencode -s ses_43",
        "  find it: the terminal UI searches all titles for what is typed into its list",
        "    of sessions",
    ]
    assert summary(register) == (
        "No lost session. 1 session is where it belongs, but not in every list of opencode's: "
        "1 was last used more than 30 days ago. "
        "`opencode-migrator list --all` shows it, `opencode-migrator orphans --explain ses_43` says which list and how "
        "to open it."
    )


@pytest.mark.parametrize(
    ("version", "terminal_ui"),
    [
        ("1.3.2", "the terminal UI"),
        ("1.17.11", "the terminal UI"),
        ("1.17.18", "the terminal UI before 1.17.18"),
        ("local", "the terminal UI before 1.17.18"),
        ("0.0.0-dev-202609212252", "the terminal UI before 1.17.18"),
    ],
)
def test_which_terminal_ui_is_told_by_the_newest_session(register: Register, version: str, terminal_ui: str) -> None:
    register.add("ses_1", register.at, time_updated=NOW - 43 * DAY, version="1.2.1", time_created=1)
    register.add("ses_2", register.at, time_updated=NOW - 43 * DAY, version=version, time_created=2)
    assert hidden(register, "ses_1") == {"age": f"opencode --continue and {terminal_ui}"}


def test_by_number(register: Register) -> None:
    shop = repository(register.at / "shop")
    register.add("ses_101", shop, time_updated=NOW - DAY)
    register.add("ses_102", shop, time_updated=NOW - 2 * DAY)
    register.add("ses_other", repository(register.at / "other"), time_updated=NOW - 2 * DAY)
    many(register, 98, shop)
    assert hidden(register, "ses_101") == hidden(register, "ses_other") == {}  # it is the 99th yet
    many(register, 2, shop, "more")
    assert hidden(register, "ses_101") == {"number": "opencode session list and the terminal UI"}
    assert explained(register, "ses_102")["hiddenBy"][0]["because"].startswith("number 102 of its project")
    assert "opencode's: 2 come after the first 100. " in summary(register)


def test_below_the_top_the_terminal_ui_lists_what_is_there(register: Register) -> None:
    shop = repository(register.at / "shop")
    deep = sub_directory(shop / "src" / "deep")
    register.add("ses_deep", deep, time_updated=NOW - DAY)
    register.add("ses_null", deep, path=None, version="1.3.2", time_created=1, time_updated=NOW - DAY)
    many(register, 100, shop)
    assert hidden(register, "ses_deep") == hidden(register, "ses_null") == {"number": "opencode session list"}
    many(register, 100, deep, "below")
    assert hidden(register, "ses_deep") == {"number": "opencode session list and the terminal UI"}


@pytest.mark.parametrize(("version", "lists"), [("1.17.11", {"number": "the terminal UI"}), ("1.17.18", {})])
def test_children_take_places_in_older_ones(register: Register, version: str, lists: dict[str, str]) -> None:
    shop = repository(register.at / "shop")
    register.add("ses_1", shop, time_updated=NOW - DAY)
    many(register, 100, shop, parent_id="ses_1")
    register.add("ses_2", shop, version=version, time_updated=NOW + 5, time_created=NOW + 5)
    assert hidden(register, "ses_1") == lists
    assert hidden(register, "ses_2") == {}


def test_by_archive_and_how_to_take_it_back(register: Register) -> None:
    shop = repository(register.at / "my shop")
    register.add("ses_1", shop, time_updated=NOW, time_archived=NOW)
    assert hidden(register, "ses_1") == {"archive": "the desktop app and the web"}
    assert "opencode's: 1 is archived. " in summary(register)
    assert explained(register, "ses_1")["open"] == f"cd '{shop}' && opencode -s ses_1"
    *_, command = last_lines(register, "ses_1")
    words = shlex.split(command)
    assert words[:2] == ["sqlite3", str(register.home.database)]
    with closing(sqlite3.connect(words[1])) as db, db:
        db.execute(words[2])
    assert last_lines(register, "ses_1")[:2] == [IN_ORDER, "To go on with it:"]


def test_one_for_several_reasons_is_one_session(register: Register) -> None:
    shop = repository(register.at / "shop")
    register.add("ses_1", shop, time_updated=NOW - 43 * DAY, time_archived=NOW)
    register.add("ses_2", shop, time_updated=NOW - 43 * DAY)
    many(register, 100, shop)
    assert "2 sessions are where they belong, but not in every list of opencode's: " in summary(register)
    assert "2 were last used more than 30 days ago, 2 come after the first 100, 1 is archived. " in summary(register)


def test_a_child_is_opened_from_its_root(register: Register) -> None:
    shop = repository(register.at / "shop")
    register.add("ses_root", shop, time_updated=NOW - 43 * DAY)
    register.add("ses_child", shop, parent_id="ses_root", time_updated=NOW - 43 * DAY)
    below, age, *_ = last_lines(register, "ses_child")
    assert below == "It isn't lost: opencode shows it below its root ses_root; lists show only roots."
    assert age.startswith("  root left out by age: ")
    assert explained(register, "ses_child")["open"] == f"cd {shop} && opencode -s ses_root"
    assert "1 session is where it belongs" in summary(register)


def test_what_is_lost_is_not_called_hidden(register: Register) -> None:
    register.add_project("global", "/")
    register.add_row("ses_1", directory=str(register.at / "gone"), time_updated=1, time_archived=NOW)
    told = explained(register, "ses_1")
    assert (told["hiddenBy"], told["open"]) == ([], None)
    assert summary(register) == "1 lost session in 1 directory: missing-directory 1."


def test_it_stands_below_the_orphans_too_and_for_the_selected_sessions(register: Register) -> None:
    shop, other = repository(register.at / "shop"), repository(register.at / "other")
    register.add_project("global", "/")
    register.add_row("ses_gone", directory=str(register.at / "gone"))
    for number, where in enumerate((shop, shop, other)):
        register.add(f"ses_{number}", where, time_updated=NOW - 43 * DAY)
    shown = register.home.run("orphans")
    assert "1 lost session in 1 directory: missing-directory 1." in shown.stdout.splitlines()
    assert shown.stderr.startswith("3 sessions are where they belong")
    assert len(shown.stderr.splitlines()) == 1  # no terminal, which has lines that fit
    assert summary(register, "--from-dir", shop).startswith(
        "No lost session among the selected sessions. 2 sessions are"
    )


def test_the_commands_name_the_database_that_was_named(register: Register) -> None:
    register.add("ses_1", register.at, time_updated=1)
    file = register.home.database
    named = summary(register, "--db", file)
    assert f"`opencode-migrator list --all --db {file}` shows it" in named
    assert f"`opencode-migrator orphans --explain ses_1 --db {file}` says" in named


def test_asked_for_one_rule_it_says_nothing_of_what_is_in_place(register: Register) -> None:
    register.add("ses_1", register.at, time_updated=1)
    assert summary(register, "--rule", "missing-directory") == "No lost session that these rules find."


def test_a_time_that_somebody_wrote_by_hand_is_no_age(register: Register) -> None:
    register.add("ses_1", register.at, time_updated="yesterday")
    assert hidden(register, "ses_1") == {}


@pytest.mark.parametrize("fixture", ["1.2.1", "1.2.27", "1.14.34"])
def test_in_every_schema(make_register: MakeRegister, fixture: str) -> None:
    register = make_register(fixture)
    register.add("ses_1", register.at, time_updated=NOW - 43 * DAY, version=fixture)
    assert hidden(register, "ses_1") == {"age": "opencode --continue and the terminal UI"}


@pytest.mark.long
def test_of_opencode_2_only_the_length_of_its_list_is_known(register_v2: Register) -> None:
    register, shop = register_v2, repository(register_v2.at / "shop")
    register.add("ses_1", shop, time_updated=NOW - 43 * DAY, time_archived=NOW)
    assert hidden(register, "ses_1") == {}
    for number in range(100):
        register.add(f"ses_newer_{number}", shop, time_updated=NOW)
    assert hidden(register, "ses_1") == {"number": "opencode session list"}
    assert explained(register, "ses_1")["open"] is None  # no program of it could be asked how


def test_the_command_that_opens_one_is_one_command_of_a_shell(register: Register) -> None:
    odd = sub_directory(register.at / "it's $HOME;")
    register.add("ses_1", odd, time_updated=1)
    command = explained(register, "ses_1")["open"]
    pretend = f'opencode() {{ echo "$PWD" "$@"; }}; {command}'
    said = subprocess.run(["sh", "-c", pretend], capture_output=True, text=True, check=True).stdout
    assert said == f"{odd} -s ses_1\n"
