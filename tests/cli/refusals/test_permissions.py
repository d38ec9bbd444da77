"""Files that may not be read or written are named in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.home import MOVE
from tests.support.refusal import refused, sentence

if TYPE_CHECKING:
    from tests.support.unprivileged import UnprivilegedHome


def test_read_only_file(unprivileged: UnprivilegedHome) -> None:
    unprivileged.database.chmod(0o444)
    assert len(unprivileged.run("list", "--all", "--json").json) == 15
    said = refused(unprivileged, *MOVE)
    assert str(unprivileged.database) in said
    assert "permissions" in said


def test_read_only_directory(unprivileged: UnprivilegedHome) -> None:
    unprivileged.database.chmod(0o444)
    unprivileged.database.parent.chmod(0o555)
    assert len(unprivileged.run("list", "--all", "--json").json) == 15
    said = refused(unprivileged, *MOVE)
    assert str(unprivileged.database) in said
    assert "permissions" in said


def test_unreadable_file(unprivileged: UnprivilegedHome) -> None:
    unprivileged.database.chmod(0)
    finished = unprivileged.run("list", "--all")
    unprivileged.database.chmod(0o644)
    said = sentence(finished, 1)
    assert str(unprivileged.database) in said
    assert "permissions" in said


def test_state_directory_that_cannot_be_written(unprivileged: UnprivilegedHome) -> None:
    state = unprivileged.state.parent
    state.mkdir(parents=True)
    state.chmod(0o555)
    said = refused(unprivileged, *MOVE)
    assert str(state) in said
