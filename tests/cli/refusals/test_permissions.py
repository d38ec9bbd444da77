"""Files that may not be read or written are named in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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


@pytest.mark.parametrize("closed", ["share/opencode", "share"])
@pytest.mark.parametrize("words", [("list",), ("doctor",), ("list", "--db", "{database}"), MOVE])
def test_a_database_in_a_closed_directory_is_not_missing(
    unprivileged: UnprivilegedHome, closed: str, words: tuple[str, ...]
) -> None:
    directory = unprivileged.path / ".local" / closed
    directory.chmod(0)
    finished = unprivileged.run(*(word.format(database=unprivileged.database) for word in words))
    directory.chmod(0o755)
    said = sentence(finished, 1)
    assert said.startswith(
        f"The path {unprivileged.database} can't be looked at: Permission denied; {directory} belongs to "
    )
    assert "--db PATH" in said


def test_what_is_there_instead_of_a_database_may_not_be_told(unprivileged: UnprivilegedHome) -> None:
    other = unprivileged.database.rename(unprivileged.database.with_name("opencode-dev.db"))
    unprivileged.database.parent.chmod(0o311)
    said = sentence(unprivileged.run("list"), 1)
    unprivileged.database.parent.chmod(0o755)
    other.rename(unprivileged.database)
    assert f"There is no opencode database at {unprivileged.database}" in said
    assert f"nor can it be told what is there instead: {unprivileged.database.parent} can't be looked at" in said
    assert "start opencode once" not in said


def test_whether_there_are_other_databases_may_not_be_told(unprivileged: UnprivilegedHome) -> None:
    unprivileged.database.parent.chmod(0o311)
    listed = unprivileged.run("list", "--all", "--json")
    unprivileged.database.parent.chmod(0o755)
    assert len(listed.json) == 15
    assert f"Taking {unprivileged.database}; whether there are others can't be told: " in listed.stderr


def test_a_sub_directory_that_can_not_be_looked_at_is_not_missing(unprivileged: UnprivilegedHome) -> None:
    """Its sessions would go to the nearest directory above it."""
    closed = unprivileged.src / "shop" / "sub"
    closed.chmod(0)
    said = refused(unprivileged, *MOVE)
    closed.chmod(0o755)
    assert f"{closed}/deep can't be looked at: Permission denied; {closed} belongs to" in said


@pytest.mark.parametrize("words", [("list",), ("move", "--to-dir", "src/shop", "--yes")])
def test_a_project_in_a_closed_directory_is_not_unknown(unprivileged: UnprivilegedHome, words: tuple[str, ...]) -> None:
    closed = unprivileged.src / "closed"
    closed.mkdir(mode=0)
    said = refused(unprivileged, *words, "--from-project", "src/closed/app")
    closed.chmod(0o755)
    assert f"{closed}/app can't be looked at" in said


def test_state_directory_that_cannot_be_written(unprivileged: UnprivilegedHome) -> None:
    state = unprivileged.state.parent
    state.mkdir(parents=True)
    state.chmod(0o555)
    said = refused(unprivileged, *MOVE)
    assert str(state) in said
