"""Which directories may be those of another machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.orphans import other_machine
from migrator.orphans.other_machine import counterparts, folder_to_follow, why_other_machine

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


def drives(top: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the drives of Windows in a folder, as WSL has them in /mnt, and a home that is empty."""
    monkeypatch.setattr(other_machine, "DRIVES_AT", (f"{top}/mnt/{{}}",))
    monkeypatch.setenv("HOME", str(top))
    return top / "mnt"


@pytest.mark.parametrize("stored", [r"C:\Users\Me\src\shop", "c:/users/me/SRC/shop", r"\\?\C:\Users\Me\src\shop"])
def test_a_path_of_windows_is_where_wsl_has_the_drive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stored: str
) -> None:
    """Its names are those on the disk."""
    home = drives(tmp_path, monkeypatch) / "c" / "Users" / "Me"
    assert counterparts(stored) == []
    (home / "src" / "Shop").mkdir(parents=True)
    assert counterparts(stored) == [(str(home / "src" / "Shop"), str(home))]
    assert folder_to_follow(stored).lower() == "c:/users/me"


def test_outside_of_a_home_the_whole_drive_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = drives(tmp_path, monkeypatch) / "d" / "work"
    work.mkdir(parents=True)
    assert (folder_to_follow(r"D:\work"), counterparts(r"D:\work")) == ("D:/", [(str(work), str(work.parent))])


def test_files_of_wsl_as_windows_names_them_are_here(tmp_path: Path) -> None:
    for server in ("wsl.localhost", "wsl$"):
        stored = rf"\\{server}\Ubuntu{tmp_path}".replace("/", "\\")
        assert (folder_to_follow(stored), counterparts(stored)) == (f"//{server}/Ubuntu", [(str(tmp_path), "/")])


@pytest.mark.parametrize("stored", [r"\\server\share\x", r"C:\Users\Me", "C:/"])
def test_nothing_is_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stored: str) -> None:
    drives(tmp_path, monkeypatch)
    (tmp_path / "x").mkdir()
    assert counterparts(stored) == []
