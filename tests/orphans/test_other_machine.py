"""Which directories may be those of another machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.orphans.other_machine import why_other_machine

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("gone", ["gone", "gone/further/down", "gone/"])
def test_what_was_beside_something_of_ours_was_here(tmp_path: Path, gone: str) -> None:
    assert why_other_machine(f"{tmp_path}/{gone}") is None


@pytest.mark.parametrize("here", ["/", "/usr", "/usr/"])
def test_what_is_here_is_here(here: str) -> None:
    """A checkout at the very top, of which only a sub-directory is gone: /app in a container."""
    assert why_other_machine(here) is None


@pytest.mark.parametrize("foreign", ["/no-such-top/x", "/no-such-top", "/home/no-such-user", "/Users/no-such/x/"])
def test_what_begins_with_nothing_of_ours_may_be_elsewhere(foreign: str) -> None:
    assert "may be of another machine" in str(why_other_machine(foreign))


@pytest.mark.parametrize("foreign", ["C:/Users/bob/x", r"C:\Users\bob", r"\\server\share", "relative/path", ""])
def test_what_is_no_path_here_is_elsewhere(foreign: str) -> None:
    assert "another system" in str(why_other_machine(foreign))
