"""What keeps the UI from starting is one sentence."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from migrator.errors import Interrupted
from tests.support.refusal import refused
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home


def test_it_needs_a_terminal(home: Home) -> None:
    assert refused(home, "ui", code=1).startswith("The command `ui` needs a terminal")


def test_it_says_how_to_install_what_it_needs(home: Home, tmp_path: Path) -> None:
    (tmp_path / "textual.py").write_text("raise ImportError(name='textual')\n")
    home.environ["PYTHONPATH"] = str(tmp_path)
    assert "`ui` needs textual, which isn't installed: pip install 'opencode-migrator[tui]'." in home.run("ui").stderr


def test_it_starts_in_a_terminal_and_q_ends_it(home: Home) -> None:
    with Terminal(home, "ui") as seen:
        seen.wait_for("Name things better")
        seen.type("q")
        assert seen.finish() == 0


def test_a_file_that_is_no_database_is_named_as_everywhere(home: Home, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all\n")
    with Terminal(home, "ui", "--db", tmp_path / "text.db") as seen:
        assert seen.finish() == 1
    assert "text.db is not an SQLite database; name opencode's with --db PATH." in " ".join(seen.text.split())


def test_who_ends_it_hears_what_was_moved_and_how_to_take_it_back(at_home: Home) -> None:
    with Terminal(at_home, "ui") as seen:
        seen.wait_for("Name things better")
        seen.type("m~/src/shop\r")
        seen.wait_for("to apply")
        seen.insist("y", "take it back")
        seen.interrupt(signal.SIGTERM)
        assert seen.finish() == Interrupted.exit_code
    (made,) = at_home.run("log", "--json").json
    assert f"undo {made['run']}" in " ".join(seen.text.split())
    assert "nothing was written." not in seen.text
