"""Three repositories are renamed; plain `rescue` brings home what the real opencode made in them, undo and all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.git import clone, commit
from tests.support.opencode.file_changes import NOWHERE, Walk, walk
from tests.support.opencode.losses.making import MADE, repository, session
from tests.support.opencode.migrator_command import answer
from tests.support.opencode.readers import Spot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.opencode.opencode_1 import OpenCode

pytestmark = pytest.mark.long


def test_three_renamed_repositories_come_home_with_their_undo(opencode: OpenCode, tmp_path: Path) -> None:
    at = tmp_path / "at"
    before = [repository(at / name) for name in ("shop", "api", "web")]
    with opencode.serve(at):
        sessions = [session(opencode, directory) for directory in before]
    after = [directory.rename(f"{directory}-renamed") for directory in before]
    run = answer(opencode, "rescue", "--yes", cwd=at)
    assert (run["status"], run["sessions"]) == ("applied", 3)
    with opencode.serve(at):
        for home, lost in zip(after, sessions, strict=True):
            assert opencode.listed_in(home) == {lost}
            assert walk(opencode, Spot(lost, home), at) == Walk({str(home / file): None for file in MADE}, {})


@pytest.mark.parametrize("original", ["renamed", "deleted"])
def test_a_clone_is_not_touched_by_the_undo_of_what_was_done_in_the_original(
    opencode: OpenCode, tmp_path: Path, original: str
) -> None:
    """The clone has what the turn made, since somebody committed it: its undo must delete nothing there."""
    at = tmp_path / "at"
    shop = repository(at / "shop")
    with opencode.serve(at):
        lost = session(opencode, shop)
        commit(shop, "what the turn made")
        review = clone(shop, "shop-review")
        opencode.new_session("of the clone", review)
    home = shop.rename(at / "store") if original == "renamed" else shop.rename(tmp_path / "out of sight")
    run = answer(opencode, "rescue", "--yes", cwd=at)
    with opencode.serve(at):
        if original == "renamed":
            assert (run["status"], run["sessions"]) == ("applied", 1)
            assert opencode.listed_in(home) == {lost}
            assert walk(opencode, Spot(lost, home), at) == Walk({str(home / file): None for file in MADE}, {})
            return
    assert run["status"] == "unchanged"
    assert answer(opencode, "rescue", "--yes", "--likely", cwd=at)["sessions"] == 1
    with opencode.serve(at):
        assert lost in opencode.listed_in(review)
        assert walk(opencode, Spot(lost, review), at) == NOWHERE
