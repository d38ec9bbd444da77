"""A destination that doesn't exist, is a file or can't be read is refused in one sentence."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.git import root_commit
from tests.support.home import MOVE, SESSION
from tests.support.refusal import refused

if TYPE_CHECKING:
    from tests.support.home import Home
    from tests.support.unprivileged import UnprivilegedHome


@pytest.mark.parametrize("command", [("move", "--from-dir", "~/src/shop-*", "--to-dir"), ("migrate", SESSION)])
def test_a_destination_that_is_no_directory(home: Home, command: tuple[str, ...]) -> None:
    assert "does not exist" in refused(home, *command, "src/nowhere")
    assert "is a file" in refused(home, *command, "src/shop/README.md")
    assert "lies below a file" in refused(home, *command, "src/shop/README.md/sub")
    refused(home, *command, "")


def test_a_destination_that_cannot_be_read(unprivileged: UnprivilegedHome) -> None:
    (unprivileged.src / "closed").mkdir(mode=0o000)
    said = refused(unprivileged, "move", "--from-dir", "~/src/shop-*", "--to-dir", "src/closed", "--yes")
    assert "permission" in said


def test_a_project_that_opencode_would_not_resolve(home: Home) -> None:
    said = refused(home, *MOVE, "--to-project", "shop-search")
    assert str(home.src / "shop") in said
    assert root_commit(home.src / "shop") in said  # what opencode does resolve
    assert "--to-project" in said
    kept = refused(home, *MOVE, "--to-project", "keep")
    assert "its project kept" in kept


def test_keep_with_a_directory_that_is_gone(home: Home) -> None:
    said = refused(home, "move", "--from-dir", "~/src/shop-*", "--to-dir", "keep", "--yes")
    assert f"{home.src}/shop-" in said
    assert "does not exist" in said


def test_subdirs_keep_with_one_that_is_missing(home: Home) -> None:
    shutil.rmtree(home.src / "shop" / "sub")
    said = refused(home, *MOVE, "--subdirs", "keep")
    assert str(home.src / "shop" / "sub" / "deep") in said


def test_allow_split(home: Home) -> None:
    said = refused(home, *MOVE, "--allow-split", code=2)
    assert "child left behind" in said


def test_carrying_undo_is_not_there_yet(home: Home) -> None:
    said = refused(home, *MOVE, "--undo-files", "carry")
    assert "detach" in said
