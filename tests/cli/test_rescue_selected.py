"""`rescue` of selected sessions: only those of them that are lost, with their whole trees."""

from __future__ import annotations

import shlex
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.git import copy_of, git, repository, sub_directory
from tests.support.history import History
from tests.support.home import build_home
from tests.support.plugins import pip_install
from tests.support.refusal import sentence
from tests.support.shell import printed_command, run_in_shell

if TYPE_CHECKING:
    from pathlib import Path

SATURDAY = 1_767_441_600_000  # 2026-01-03T12:00Z
LATER = SATURDAY + 300 * 24 * 3_600_000


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(build_home(tmp_path / "home", "1.18.34"))


@pytest.fixture
def lost(history: History) -> dict[str, str]:
    """Lost in two repositories, to which an origin was added; opencode sees other projects in them now."""
    one, two = repository(history.src / "one"), repository(history.src / "two")
    sessions = {
        "one": history.session(one, created=SATURDAY, title="Fix the build"),
        "two": history.session(two, created=LATER, title="Write the docs"),
        "fine": history.session(sub_directory(history.src / "notes")),
    }
    for place in (one, two):
        git(place, "remote", "add", "origin", f"https://example.com/acme/{place.name}.git")
    return sessions


@pytest.mark.parametrize(
    "words",
    [
        ("--from-dir", "~/src/one"),
        ("--from-dir", "~/src/*", "--exclude-dir", "~/src/two"),
        ("--exclude-dir", "~/src/two"),
        ("--from-id", "ses_0001"),
        ("--from-project", "one"),
        ("--until", "2026-02-01"),
        ("--title", "BUILD"),
        ("--orphans=project-drift", "--title", "build"),
        ("--from-id", "ses_0001", "--from-dir", "~/src/two", "--match", "any", "--exclude-dir", "~/src/two"),
    ],
    ids=" ".join,
)
def test_only_those_that_are_selected_come_home(history: History, lost: dict[str, str], words: tuple[str, ...]) -> None:
    plan = history.home.run("plan", "rescue", *words, "--json").json
    run = history.home.run("rescue", *words, "--yes")
    assert [change["session"] for change in plan["changes"]] == [lost["one"]]
    assert "Moved 1 session" in run.stdout
    assert "still lost" not in run.stderr
    assert history.lost() == {lost["two"]}


@pytest.mark.long
def test_a_selector_of_somebody_else_selects_too(history: History, lost: dict[str, str], tmp_path: Path) -> None:
    history.home.site = pip_install("example_plugin", tmp_path / "site")
    history.home.environ["TZ"] = "UTC0"
    assert "Moved 1 session" in history.home.run("rescue", "--from-weekday", "saturday", "--yes").stdout
    assert history.lost() == {lost["two"]}


def test_the_printed_command_selects_the_same(history: History, lost: dict[str, str]) -> None:
    database = shutil.copy(history.home.database, history.home.path / "a copy.db")
    shown = history.home.run("--db", database, "rescue", "--from-dir", "~/src/o*", "-nv")
    assert run_in_shell(history.home, printed_command(shown.stdout)).code == 0
    assert history.lost() == {lost["one"], lost["two"]}
    history.home.database.write_bytes((history.home.path / "a copy.db").read_bytes())
    assert history.lost() == {lost["two"]}


def test_what_selects_nothing_is_said_as_everywhere(history: History, lost: dict[str, str]) -> None:
    assert lost
    assert "No session matches" in sentence(history.home.run("rescue", "--from-dir", "~/nowhere", "--yes"), 3)
    assert "No session has" in sentence(history.home.run("rescue", "--from-id", "ses_9", "--yes"), 3)


def test_if_none_of_the_selected_is_lost_there_is_nothing_to_do(history: History, lost: dict[str, str]) -> None:
    root = history.session(history.src / "notes")
    history.session(history.src / "notes", root)
    few = history.home.run("rescue", "--from-dir", "~/src/notes", "--yes")
    then = "To check the rest:\n  opencode-migrator doctor\n"
    said = f"Nothing to do: none of the 3 selected sessions is lost.\n{then}"
    assert (few.code, few.stdout, few.stderr) == (0, said, "")
    one = history.home.run("rescue", "--from-id", lost["fine"], "-n")
    assert (one.code, one.stdout) == (0, f"Nothing to do: the selected session is not lost.\n{then}")
    rule = history.home.run("rescue", "--from-dir", "~/src/**", "--rule", "stale-path", "-n")
    assert rule.stdout == f"Nothing to do: none of the 5 selected sessions is lost by stale-path.\n{then}"
    (warning,) = history.home.run("rescue", "--from-id", lost["fine"], "-n", "--json").json["warnings"]
    assert (warning["code"], warning["message"]) == ("none-lost", "the selected session is not lost")


def test_a_tree_that_is_selected_in_part_comes_home_whole(history: History) -> None:
    shop = repository(history.src / "shop")
    root = history.session(shop)
    child = history.session(sub_directory(shop / "sub"), root)
    other = history.session(shop)
    git(shop, "remote", "add", "origin", "https://example.com/acme/shop.git")
    plan = history.home.run("rescue", "--from-dir", "~/src/shop/sub", "-n", "--json").json
    assert {change["session"] for change in plan["changes"]} == {root, child}
    (warning,) = plan["warnings"]
    assert (warning["code"], warning["session"]) == ("whole-tree", child)
    assert history.home.run("rescue", "--from-dir", "~/src/shop/sub", "--yes").code == 0
    assert history.lost() == {other}


def test_who_stays_lost_is_named_only_if_selected(history: History) -> None:
    notes, other = sub_directory(history.src / "notes"), sub_directory(history.src / "other")
    session = history.session(notes)
    history.session(other)
    notes.rmdir()
    other.rmdir()
    (warning,) = history.home.run("rescue", "--from-dir", "~/src/notes", "-n", "--json").json["warnings"]
    assert warning["session"] == session


def test_orphans_ends_with_the_command_that_rescues_the_same(history: History, lost: dict[str, str]) -> None:
    database = history.home.path / "a copy.db"
    shutil.move(history.home.database, database)
    words = ("detached", "--json", "--format", "table", "--from-dir", "~/src/*", "--exclude-dir=~/src/two", "-v")
    shown = history.home.run(*words, "--rule", "project-drift", "--db", database).stdout.splitlines()
    assert shown[-2] == "1 session has a certain home. To bring it there:"
    expected = ["rescue", "--from-dir", "~/src/*", "--exclude-dir=~/src/two", "--rule", "project-drift"]
    assert shlex.split(shown[-1]) == ["opencode-migrator", *expected, "--db", str(database)]
    assert run_in_shell(history.home, f"{shown[-1]} --yes").code == 0
    shutil.move(database, history.home.database)
    assert history.lost() == {lost["two"]}


def test_orphans_names_the_command_that_explains_one_where_none_can_be_rescued(history: History) -> None:
    notes = sub_directory(history.src / "notes")
    lost = history.session(notes)
    notes.rmdir()
    shown = history.home.run("orphans")
    assert shown.stdout.splitlines()[-6:] == [
        "1 lost session in 1 directory: missing-directory 1.",
        "",
        "To see what can be done:",
        "  opencode-migrator rescue --dry-run",
        "For every fact about it:",
        f"  opencode-migrator orphans --explain {lost}",
    ]
    why = f"opencode-migrator rescue --from-id {lost} --dry-run"
    explained = history.home.run("orphans", "--explain", lost).stdout
    assert explained.endswith(f"Where it belongs is not known.\nTo see what can be done:\n  {why}\n")
    assert "leaves no trace of where it went; --search DIR looks for it below DIR" in " ".join(
        run_in_shell(history.home, why).stdout.split()
    )


def test_explain_ends_with_the_command_that_rescues_it(history: History, lost: dict[str, str]) -> None:
    shown = history.home.run("orphans", "--explain", lost["one"]).stdout.splitlines()
    assert shown[-1] == f"  opencode-migrator rescue --from-id {lost['one']}"
    assert run_in_shell(history.home, f"{shown[-1]} --yes").code == 0
    assert history.lost() == {lost["two"]}
    told = history.home.run("orphans", "--explain", lost["one"], "--json")
    assert told.json["id"] == lost["one"]


def test_whether_there_is_something_to_do_as_an_exit_code(history: History, lost: dict[str, str]) -> None:
    assert history.home.run("rescue", "-n", "--exit-code").code == 1
    assert history.home.run("rescue", "-n", "--exit-code", "--from-id", lost["fine"]).code == 0
    assert history.home.run("rescue", "-n").code == 0
    assert "--dry-run" in sentence(history.home.run("rescue", "--exit-code", "--yes"), 2)
    shown = history.home.run("rescue", "-n", "--exit-code")
    assert printed_command(shown.stdout) == "opencode-migrator rescue --yes"


def test_likely_homes_are_named_with_their_command(history: History) -> None:
    shop, far = repository(history.src / "shop"), sub_directory(history.home.path / "far away")
    sessions = {history.session(shop) for _ in range(3)}
    copy_of(shop, far / "shop")
    shutil.rmtree(shop)
    shown = history.home.run("rescue", "--certain", "--search", far, "-n", "--verbose")
    assert "3 sessions have a likely home. To take likely homes too:" in shown.stdout
    assert "--explain" not in shown.stdout
    command = shown.stdout.splitlines()[-1].strip()
    assert shlex.split(command) == ["opencode-migrator", "rescue", "--search", str(far), "--likely"]
    assert run_in_shell(history.home, f"{command} --yes").code == 0
    assert {history.binding(session)[1] for session in sessions} == {str(far / "shop")}
