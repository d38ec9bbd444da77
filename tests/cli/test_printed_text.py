"""Whatever names a home has: what is printed about it acts on no terminal, forges no line, and hides nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.hostile_text import EVIL, commands, hostile_home, run_clean
from tests.support.plugins import install
from tests.support.printed import acting
from tests.support.shell import printed_command, run_in_shell
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

ALL = "".join(EVIL)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return hostile_home(tmp_path / "home", ALL)


@pytest.mark.long
def test_what_each_command_prints_is_clean(home: Home) -> None:
    worked = {words[0] for words in commands(home, ALL) if run_clean(home, words) == 0}
    assert worked >= {"list", "projects", "orphans", "doctor", "workspaces", "rescue", "protect", "move"}
    assert worked >= {"plan", "show", "apply", "log", "undo"}


def test_what_a_hostile_repository_says_is_clean(home: Home) -> None:
    """Its kept project id cleared the screen and set the title: `move`, `plan`, `show`, `apply`, `rescue`."""
    here, gone = str(home.src / f"here{ALL}"), str(home.src / f"gone{ALL}")
    (home.src / f"here{ALL}" / ".git" / "config").unlink()  # without an origin the kept id counts
    plan = "move.json"
    assert run_clean(home, ["plan", "--from-dir", gone, "--to-dir", here, "-o", plan]) == 0
    assert "kept" in home.run("show", plan).stdout
    for words in (["show", plan], ["apply", plan, "--yes"], ["rescue", "-n"], ["orphans"], [f"no{ALL}"]):
        run_clean(home, words)


def test_what_sqlite_says_of_a_hostile_table_is_clean(home: Home) -> None:
    home.execute(f'CREATE TABLE "table{ALL}" (parent REFERENCES "parent{ALL}" (id))')
    home.execute(f'INSERT INTO "table{ALL}" VALUES (1)')
    run_clean(home, ["doctor"])
    assert r"1 row of table\x1b[2J" in home.run("doctor").stdout


def test_json_has_the_exact_text(home: Home) -> None:
    for form in (["--json"], ["--format", "ndjson"]):
        shown = home.run("list", "--all", *form)
        assert shown.stdout.replace("\n", "").isprintable()
        rows = shown.json if form == ["--json"] else [json.loads(line) for line in shown.stdout.splitlines()]
        assert {row["title"] for row in rows} == {f"title{ALL}"}
        assert {row["project"]["name"] for row in rows} == {f"name{ALL}"}


def test_a_printed_command_finds_what_it_names(home: Home) -> None:
    """The command that says how to go on is pasted into bash, and does what was shown."""
    here, gone = str(home.src / f"here{ALL}"), str(home.src / f"gone{ALL}")
    shown = home.run("move", "--from-dir", gone, "--to-dir", here, "-n")
    done = run_in_shell(home, printed_command(shown.stdout), shell="bash")
    assert "Moved 2 sessions" in done.stdout, done.stderr
    assert home.query("SELECT count(*) FROM session WHERE directory = ?", [here]) == [(3,)]


def test_on_a_terminal_colours_are_ours_alone(home: Home) -> None:
    here, gone = str(home.src / f"here{ALL}"), str(home.src / f"gone{ALL}")
    with Terminal(home, "move", "--from-dir", gone, "--to-dir", here, columns=120) as terminal:
        terminal.wait_for("[y/N")
        assert "\x1b[1mPlan: 2 sessions" in terminal.raw
        terminal.type("n\n")
        assert terminal.finish() == 1
    assert not acting(terminal.raw.replace("\r\n", "\n"))
    assert r"\x1b[31mred" in terminal.text
    assert "\x1b[31mred" not in terminal.raw


def test_help_with_the_text_of_plugins(home: Home) -> None:
    source = f"""
import click
from migrator.selection import SelectorPlugin

class Plugin(SelectorPlugin):
    kind = "evil"
    def options(self):
        return [click.Option(["--evil"], help={f"help{ALL}"!r}, metavar={ALL!r})]
    def build(self, values, context):
        return []

command = click.Command("evil", short_help={f"short{ALL}"!r})
"""
    install(home, "migrator.selectors", "evil = evil_selector:Plugin", source)
    install(home, "migrator.commands", "tally = evil_command:command", source)
    for words in (["--help"], ["move", "--help"], ["plan", "rescue", "--help"], ["orphans", "--help"]):
        shown = home.run(*words)
        assert (shown.code, shown.stderr) == (0, "")
        assert ("tally" if words == ["--help"] else "--evil") in shown.stdout
        assert not acting(shown.stdout)  # a help text may have several lines
