"""Where several directories fit equally well: named with the commands that settle it, or asked on a terminal."""

from __future__ import annotations

import shlex
import shutil
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import copy_of, repository, sub_directory
from tests.support.history import History
from tests.support.home import build_home
from tests.support.rows import add_patch, patch_files
from tests.support.shell import run_in_shell
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ASKED = "Choose (1, 2, s) [s]: "


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(build_home(tmp_path / "home", "1.18.34"))


def torn(history: History, name: str, one: str, two: str, sessions: int) -> list[str]:
    """Leave sessions in src/NAME, which is gone, and of which there are two copies, both opened since."""
    old = repository(history.src / name)
    found = [history.session(old) for _ in range(sessions)]
    for copy in (one, two):
        copy_of(old, history.src / copy)
    shutil.rmtree(old)
    for copy in (one, two):
        history.opened(history.src / copy)
    return found


def commands_of(history: History, name: str, *copies: str, more: Sequence[str] = ()) -> list[str]:
    old = str(history.src / name)
    return [
        shlex.join(["opencode-migrator", "relocate", old, str(history.src / copy), *more]) for copy in sorted(copies)
    ]


def bound(history: History, sessions: Sequence[str]) -> set[str]:
    return {history.binding(session)[1] for session in sessions}


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


@pytest.mark.parametrize("copies", [("store", "shop-review"), ("it's $HOME", "a  b=c")], ids=" and ".join)
def test_each_command_is_whole_and_settles_it(history: History, copies: tuple[str, str]) -> None:
    sessions = torn(history, "my shop", *copies, 3)
    commands = commands_of(history, "my shop", *copies)
    for words in (["rescue", "-n"], ["orphans"], ["orphans", "--explain", sessions[0]]):
        assert set(commands) <= set(lines_of(history.home.run(*words).stdout)), words
    row = history.home.run("orphans", "--json").json[0]
    assert row["commands"] == commands
    for warning in history.home.run("rescue", "-n", "--json").json["warnings"]:
        assert warning["lost"]["commands"] == commands
        assert all(command in warning["message"] for command in commands)
    for command, copy in zip(commands, sorted(copies), strict=True):
        assert run_in_shell(history.home, f"{command} --yes").code == 0
        assert bound(history, sessions) == {str(history.src / copy)}
        assert history.home.run("undo", "--yes").code == 0


def test_a_search_is_not_recommended_where_it_can_not_settle_it(history: History) -> None:
    torn(history, "shop", "store", "shop-review", 1)
    for words in (["rescue", "-n"], ["orphans"], ["rescue", "-n", "--json"]):
        assert "--search" not in history.home.run(*words).stdout


def test_they_name_the_database_that_was_named(history: History) -> None:
    (session,) = torn(history, "shop", "store", "shop-review", 1)
    copy = shutil.copy(history.home.database, history.home.path / "a copy.db")
    more = ["--db", str(copy)]
    commands = commands_of(history, "shop", "store", "shop-review", more=more)
    for words in (
        ["--db", copy, "rescue", "-n"],
        ["rescue", "--db", "a copy.db", "--yes"],
        ["rescue", "--db=~/a copy.db", "-n"],
        ["orphans", *more],
        ["orphans", "--explain", session, *more],
    ):
        assert set(commands) <= set(lines_of(history.home.run(*words).stdout)), words
    assert history.home.run("orphans", "--json", *more).json[0]["commands"] == commands
    shutil.copy(history.home.database, history.home.database.with_name("opencode-dev.db"))
    commands = commands_of(history, "shop", "store", "shop-review", more=["--channel", "dev"])
    assert set(commands) <= set(lines_of(history.home.run("rescue", "--channel", "dev", "-n").stdout))


def test_a_plan_that_was_saved_shows_them_too(history: History) -> None:
    torn(history, "shop", "store", "shop-review", 2)
    history.session(sub_directory(repository(history.src / "two") / "sub"), path="wrong")
    assert history.home.run("plan", "rescue", "-o", "plan.json").code == 0
    shown = lines_of(history.home.run("show", "plan.json").stdout)
    assert set(commands_of(history, "shop", "store", "shop-review")) <= set(shown)


# -- asked on a terminal ----------------------------------------------------------------------------------------------


def test_the_answer_becomes_part_of_the_plan(history: History) -> None:
    shop = torn(history, "shop", "store", "shop-review", 12)
    api = torn(history, "api", "api-1", "api-2", 3)
    with Terminal(history.home, "rescue") as terminal:
        terminal.wait_for(ASKED)
        assert "Where do these 12 sessions of ~/src/shop belong?\n  1) ~/src/shop-review\n" in terminal.text
        assert "Plan:" not in terminal.text
        terminal.type("2\n")
        terminal.wait_for("Where do these 3 sessions of ~/src/api belong?")
        terminal.type("s\n")
        terminal.wait_for("Rescue 12 sessions from ")
        assert "because: you said so: ~/src/shop is ~/src/store now" in terminal.text
        assert "still lost: 3 sessions" in terminal.text
        terminal.type("y\n")
        assert terminal.finish() == 0
    assert "To take it back:\n  opencode-migrator undo" in terminal.text
    assert bound(history, shop) == {str(history.src / "store")}
    assert bound(history, api) == {str(history.src / "api")}


def test_sub_paths_are_kept_and_children_follow(history: History) -> None:
    shop, notes = repository(history.src / "shop"), repository(history.src / "notes")
    sub = history.session(sub_directory(shop / "sub" / "deep"))
    root = history.session(shop)
    child = history.session(notes, root)
    for name in ("one", "two"):
        copy_of(shop, history.src / name)
        history.opened(history.src / name)
    (history.src / "one" / "sub" / "deep").rmdir()
    shutil.rmtree(shop)
    with Terminal(history.home, "rescue") as terminal:
        terminal.wait_for(ASKED)
        terminal.type("1\n")
        terminal.wait_for("Rescue 3 sessions from ")
        terminal.type("y\n")
        assert terminal.finish() == 0
    assert history.binding(sub)[1:3] == (str(history.src / "one" / "sub"), "sub")
    assert bound(history, [root, child]) == {str(history.src / "one")}
    assert not history.lost()


def test_file_undo_is_detached_since_nothing_was_proven(history: History) -> None:
    (session,) = torn(history, "shop", "store", "shop-review", 1)
    add_patch(history.home, session, history.src / "shop" / "file.txt")
    with Terminal(history.home, "rescue") as terminal:
        terminal.wait_for(ASKED)
        terminal.type("2\n")
        terminal.wait_for("[y/N")
        assert "was said, not seen" in " ".join(terminal.text.split())
        terminal.type("y\n")
        assert terminal.finish() == 0
    assert patch_files(history.home, session) == []


def test_who_says_no_after_all_gets_a_command_that_asks_again(history: History) -> None:
    sessions = torn(history, "shop", "store", "shop-review", 1)
    page = history.home.path / "page.html"
    with Terminal(history.home, "rescue", "--html", page) as terminal:
        terminal.wait_for(ASKED)
        terminal.type("?\n")
        terminal.wait_for("Type 1, 2 or s.\n" + ASKED)
        terminal.type("2\n")
        terminal.wait_for("[y/N")
        terminal.type("n\n")
        assert terminal.finish() == 1
    assert "Nothing was written.\nTo apply it after all:\n  opencode-migrator rescue --db " in terminal.text
    assert "--yes" not in terminal.text + page.read_text()
    assert bound(history, sessions) == {str(history.src / "shop")}


def test_enter_alone_skips(history: History) -> None:
    sessions = torn(history, "shop", "store", "shop-review", 1)
    with Terminal(history.home, "rescue") as terminal:
        terminal.wait_for("Where does the session of ~/src/shop belong?")
        terminal.wait_for(ASKED)
        terminal.type("\n")
        assert terminal.finish() == 0
    assert "Nothing can be moved home by itself; 1 session is still lost:" in terminal.text
    assert bound(history, sessions) == {str(history.src / "shop")}


@pytest.mark.parametrize("end", ["ctrl-c", "end of file"])
def test_whoever_leaves_at_the_question_leaves_everything_as_it_is(history: History, end: str) -> None:
    torn(history, "shop", "store", "shop-review", 1)
    history.session(sub_directory(repository(history.src / "two") / "sub"), path="wrong")
    before = history.home.everything()
    with Terminal(history.home, "rescue") as terminal:
        terminal.wait_for(ASKED)
        if end == "ctrl-c":
            terminal.interrupt(signal.SIGINT)
        else:
            terminal.type("\x04")
        assert terminal.finish() == 130
    assert terminal.text.endswith("\nerror: Interrupted; nothing was written.\n")
    assert history.home.everything() == before


@pytest.mark.parametrize("words", [["--yes"], ["-n"], ["--yes", "--json"], ["-n", "--json"]], ids=" ".join)
def test_nobody_is_asked_who_did_not_want_to_be(history: History, words: list[str]) -> None:
    torn(history, "shop", "store", "shop-review", 1)
    with Terminal(history.home, "rescue", *words) as terminal:
        assert terminal.finish() == 0
    assert "belong?" not in terminal.text


def test_nobody_is_asked_about_what_is_not_selected(history: History) -> None:
    torn(history, "shop", "store", "shop-review", 1)
    history.session(sub_directory(repository(history.src / "two") / "sub"), path="wrong")
    with Terminal(history.home, "rescue", "--from-dir", "~/src/two") as terminal:
        terminal.wait_for("Rescue 1 session from ")
        terminal.type("n\n")
        assert terminal.finish() == 1
    assert "belong?" not in terminal.text


def test_the_bar_of_a_search_does_not_overwrite_the_question(history: History) -> None:
    torn(history, "shop", "store", "shop-review", 1)
    words: list[Any] = ["rescue", "--search", history.src]
    with Terminal(history.home, *words) as terminal:
        terminal.wait_for(ASKED)
        terminal.type("1\n")
        terminal.wait_for("[y/N")
        terminal.type("y\n")
        assert terminal.finish() == 0
    assert not history.lost()
