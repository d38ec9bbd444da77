"""An error that nobody foresaw is one line and a log."""

from __future__ import annotations

from tests.support.home import MOVE, Home
from tests.support.plugins import install
from tests.support.refusal import refused

BROKEN = ("migrator.selectors", "broken = broken_plugin:Plugin")
PLUGIN = """
import click
from migrator.selection import SelectorPlugin

class Plugin(SelectorPlugin):
    kind = "broken"
    def options(self):
        return [click.Option(["--broken"])]
    def build(self, values, facts):
        raise RuntimeError("first line\\nsecond line")
"""


def test_the_unexpected_is_one_line_and_a_log(home: Home) -> None:
    install(home, *BROKEN, PLUGIN)
    said = refused(home, *MOVE, code=70)
    (log,) = home.state.glob("*.log")
    assert str(log) in said
    text = log.read_text()
    assert "Traceback (most recent call last)" in text
    assert "second line" in text
    assert "--from-dir" in text  # what was typed
    assert log.stat().st_mode & 0o777 == 0o600


def test_the_unexpected_with_nowhere_to_log_it(home: Home) -> None:
    install(home, *BROKEN, PLUGIN)
    home.environ["XDG_STATE_HOME"] = str(home.src / "shop" / "README.md")
    assert "can't be written" in refused(home, *MOVE, code=70)


def test_a_plugin_that_cannot_be_loaded(home: Home) -> None:
    install(home, *BROKEN, "import nothing_like_this\n")
    said = refused(home, *MOVE)
    assert "plugin broken" in said
    assert "uninstall" in said
