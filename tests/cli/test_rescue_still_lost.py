"""What `rescue` says of the sessions that it can't bring home: one sentence for many, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from migrator.model import STILL_LOST, PlanWarning
from migrator.reporting.style import cleaned_line
from migrator.reporting.warning_text import warning_lines
from tests.support.git import repository, sub_directory
from tests.support.history import History
from tests.support.home import build_home
from tests.support.shell import run_in_shell
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(build_home(tmp_path / "home", "1.18.34"))


def gone(history: History, name: str, sessions: int) -> list[str]:
    """Leave sessions in src/NAME, which was in no repository and is gone."""
    directory = sub_directory(history.src / name)
    found = [history.session(directory) for _ in range(sessions)]
    directory.rmdir()
    return found


def test_equal_sentences_are_one_with_a_number(history: History) -> None:
    gone(history, "notes", 12)
    shown = history.home.run("rescue", "-n")
    assert shown.code == 0
    first, *rest = shown.stdout.splitlines()
    assert first == "Nothing can be moved home by itself; 12 sessions are still lost:"
    assert " ".join(rest[:2]).startswith("  12 sessions: ~/src/notes does not exist; a directory in no repository")
    assert shown.stdout.count("12 sessions") == 2
    assert "Nothing to do" not in shown.stdout
    plan = history.home.run("rescue", "-n", "--json").json
    assert len(plan["warnings"]) == 12
    assert {warning["lost"]["rule"] for warning in plan["warnings"]} == {"missing-directory"}


@pytest.mark.long
def test_hundreds_of_many_directories_fit_on_two_screens(history: History) -> None:
    sessions = [gone(history, f"notes-{number:02}", 3 + number) for number in range(30)]
    many = sum(map(len, sessions))
    with Terminal(history.home, "rescue") as terminal:
        assert terminal.finish() == 0
    lines = terminal.text.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert lines[0] == f"Nothing can be moved home by itself; {many} sessions are still lost:"
    assert lines[1].startswith(f"  {many} sessions in 30 directories (missing-directory): a directory in no")
    (directories,) = [line for line in lines if line.startswith("      ~/src/")]
    assert directories.startswith("      ~/src/notes-29 32, ~/src/notes-28 31, ")
    assert directories.endswith(" more")
    assert "ses_" not in "".join(lines[:-1])
    verbose = history.home.run("rescue", "-n", "--verbose").stdout
    assert all(session in verbose for group in sessions for session in group)


def test_the_most_frequent_reason_comes_first_and_few_are_shown(history: History) -> None:
    for number in range(14):
        directory = f"/gone-{number}/x"
        for _ in range(2 + number):
            history.session(directory, project_id="global", path=directory[1:])
    shown = history.home.run("rescue", "-n").stdout.splitlines()
    assert shown[1].startswith("  15 sessions: /gone-13/x does not exist")
    assert len(shown) <= 48
    assert "  and 14 more sessions for 4 more reasons; --verbose shows all." in shown


def test_it_ends_with_the_command_that_explains_one_of_them(history: History) -> None:
    gone(history, "few", 1)
    most = gone(history, "most", 5)
    database = history.home.database.rename(history.home.path / "a copy.db")
    shown = history.home.run("rescue", "--yes", "--db", database).stdout.splitlines()
    assert shown[-3:-1] == ["", "For every fact about one of them:"]
    told = run_in_shell(history.home, shown[-1])
    assert told.code == 0
    assert "in no repository" not in told.stderr
    assert any(session in told.stdout for session in most)


def test_what_moves_comes_first_and_the_applying_command_last(history: History) -> None:
    history.session(sub_directory(repository(history.src / "shop") / "sub"), path="wrong")
    (lost,) = gone(history, "notes", 1)
    shown = history.home.run("rescue", "-n").stdout
    lines = shown.splitlines()
    assert lines[-5:] == [
        "For every fact about it:",
        f"  opencode-migrator orphans --explain {lost}",
        "",
        "Nothing was written. To apply:",
        "  opencode-migrator rescue --yes",
    ]
    assert run_in_shell(history.home, lines[-1]).code == 0
    assert history.lost() == {lost}


def test_of_a_plan_that_an_earlier_version_saved_the_messages_are_shown() -> None:
    warnings = [PlanWarning(STILL_LOST, "/notes does not exist; nobody knows", session) for session in ("a", "b")]
    assert [click.unstyle(cleaned_line(line)) for line in warning_lines(warnings)] == [
        "still lost: 2 sessions",
        "  2 sessions: /notes does not exist; nobody knows",
    ]
