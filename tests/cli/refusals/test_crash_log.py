"""An error that nobody foresaw is one line and a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.plugins import install
from tests.support.refusal import refused

if TYPE_CHECKING:
    from tests.support.home import Home

BROKEN = ("migrator.commands", "broken = broken_command:command")
COMMAND = """
import click

@click.command()
@click.argument("words", nargs=-1)
def command(words):
    raise RuntimeError("first line\\nsecond \\x1b[2Jline")
"""


def test_the_unexpected_is_one_line_and_a_log(home: Home) -> None:
    install(home, *BROKEN, COMMAND)
    said = refused(home, "broken", "what", "was typed", code=70)
    (log,) = home.state.glob("*.log")
    assert str(log) in said
    text = log.read_text()
    assert "Traceback (most recent call last)" in text
    assert r"first line\nsecond \x1b[2Jline" in said
    assert "\nsecond \\x1b[2Jline\n" in text
    assert "was typed" in text
    assert log.stat().st_mode & 0o777 == 0o600


def test_the_unexpected_with_nowhere_to_log_it(home: Home) -> None:
    install(home, *BROKEN, COMMAND)
    home.environ["XDG_STATE_HOME"] = str(home.src / "shop" / "README.md")
    assert "can't be written" in refused(home, "broken", "what", "was typed", code=70)
