"""Sessions that another column of their row hides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.git import git
from tests.support.opencode.losses.making import Loss, change, in_notes, in_repository, repository, session
from tests.support.opencode.readers import Reader, Spot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.opencode.losses.making import Losing
    from tests.support.opencode.opencode_1 import OpenCode


def repository_without_a_commit_made_above(opencode: OpenCode, at: Path) -> Losing:
    """Its project stays global, and the path is seen from the new top."""
    spot = yield from in_notes(opencode, at)
    git(at / "notes", "init", "--quiet")
    return Loss(spot, "stale-path", frozenset({Reader.TERMINAL_UI}))


def path_written_by_hand(opencode: OpenCode, at: Path) -> Losing:
    deep = repository(at / "shop", "src/deep") / "src" / "deep"
    lost = session(opencode, deep)
    spot = Spot(lost, deep, "src/deep")
    yield spot
    change(opencode, "UPDATE session SET path = '' WHERE id = ?", lost)
    return Loss(spot, "stale-path", frozenset({Reader.TERMINAL_UI}))


def workspace_gone(opencode: OpenCode, at: Path) -> Losing:
    spot = yield from in_repository(opencode, at / "shop")
    change(opencode, "UPDATE session SET workspace_id = 'wrk_gone' WHERE id = ?", spot.session)
    return Loss(spot, "stale-workspace", frozenset({Reader.BY_ID, Reader.PROMPT}))


def stored_through_a_link(opencode: OpenCode, at: Path) -> Losing:
    spot = yield from in_repository(opencode, at / "shop")
    (at / "link").symlink_to(spot.home)
    return _stored_as(opencode, spot, f"{at}/link")


def stored_with_a_slash(opencode: OpenCode, at: Path) -> Losing:
    spot = yield from in_repository(opencode, at / "shop")
    return _stored_as(opencode, spot, f"{spot.home}/")


def _stored_as(opencode: OpenCode, spot: Spot, directory: str) -> Loss:
    change(opencode, "UPDATE session SET directory = ? WHERE id = ?", directory, spot.session)
    return Loss(spot, "symlinked-directory", frozenset({Reader.DIRECTORY_FILTER, Reader.ROOTS}))
