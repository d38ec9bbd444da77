"""A command that another distribution brings by entry point is one like any other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.plugins import install

if TYPE_CHECKING:
    from tests.support.home import Home

COMMAND = """
import click

@click.command("tally")
@click.option("--loud", is_flag=True)
def command(loud):
    \"""Count what there is.\"""
    click.echo("MANY" if loud else "many")
"""


def test_it_is_listed_and_runs(home: Home) -> None:
    install(home, "migrator.commands", "tally = tally_command:command", COMMAND)
    assert re.search(r"^  tally +Count what there is\.$", home.run("--help").stdout, re.MULTILINE)
    assert (home.run("tally").stdout, home.run("tally", "--loud").stdout) == ("many\n", "MANY\n")
    assert "'tally'" in home.run("taly").stderr


def test_ours_can_not_be_replaced(home: Home) -> None:
    install(home, "migrator.commands", "projects = tally_command:command", COMMAND)
    assert "many" not in home.run("projects").stdout


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import no_such_module", "No module named 'no_such_module'"),
        ("command = 'text'", "'text' is not a click command"),
    ],
)
def test_a_broken_one_costs_only_itself(home: Home, source: str, why: str) -> None:
    install(home, "migrator.commands", "broken = broken_command:command", source)
    for words in (("broken",), ("broken", "--loud", "x"), ("broken", "--help")):
        refused = home.run(*words)
        assert (refused.code, refused.stdout) == (1, "")
        assert " ".join(refused.stderr.split()) == (
            f"error: The command broken (broken_command:command) can't be loaded: {why}; "
            "repair or uninstall the package that brings it."
        )
    shown = home.run("--help")
    assert (shown.code, shown.stderr) == (0, "")
    assert re.search(r"^  broken +can't be loaded", shown.stdout, re.MULTILINE)
    assert home.run("projects").code == 0
