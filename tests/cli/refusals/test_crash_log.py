"""An error that nobody foresaw is one line and a log."""

from __future__ import annotations

import os

from tests.support.home import MOVE, Home
from tests.support.refusal import refused

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


def install(home: Home, code: str) -> None:
    """Put a selector plugin of somebody else on the path, as pip would."""
    site = home.path / "site"
    metadata = site / "broken-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / "broken_plugin.py").write_text(code)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[migrator.selectors]\nbroken = broken_plugin:Plugin\n")
    home.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))


def test_the_unexpected_is_one_line_and_a_log(home: Home) -> None:
    install(home, PLUGIN)
    said = refused(home, *MOVE, code=70)
    (log,) = home.state.glob("*.log")
    assert str(log) in said
    text = log.read_text()
    assert "Traceback (most recent call last)" in text
    assert "second line" in text
    assert "--from-dir" in text  # what was typed
    assert log.stat().st_mode & 0o777 == 0o600


def test_the_unexpected_with_nowhere_to_log_it(home: Home) -> None:
    install(home, PLUGIN)
    home.environ["XDG_STATE_HOME"] = str(home.src / "shop" / "README.md")
    assert "can't be written" in refused(home, *MOVE, code=70)


def test_a_plugin_that_cannot_be_loaded(home: Home) -> None:
    install(home, "import nothing_like_this\n")
    said = refused(home, *MOVE)
    assert "plugin broken" in said
    assert "uninstall" in said
