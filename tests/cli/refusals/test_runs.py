"""A run that doesn't exist can't be taken back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.refusal import refused

if TYPE_CHECKING:
    from tests.support.home import Home


@pytest.mark.parametrize("command", [("undo", "--yes"), ("resume", "--yes")], ids=["undo", "resume"])
def test_an_unknown_run(home: Home, command: tuple[str, ...]) -> None:
    said = refused(home, *command, "20260101-000000-beef")
    assert "20260101-000000-beef" in said
    assert "log" in said
    said = refused(home, *command)
    assert re.search(r"\bno run\b", said, re.IGNORECASE)


@pytest.mark.parametrize("command", ["undo", "resume"])
def test_a_run_is_named_not_a_path(home: Home, command: str) -> None:
    """Nothing outside the journal is opened, whatever is typed."""
    (home.path / "elsewhere.db").write_bytes(b"precious")
    for name in (str(home.path / "elsewhere"), "../../../../elsewhere", ""):
        refused(home, command, "--yes", name)
    assert (home.path / "elsewhere.db").read_bytes() == b"precious"
