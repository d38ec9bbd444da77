"""Sessions that another column of their row hides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.real.losses.making import Loss, change, git, repository, session
from tests.real.readers import Reader, Spot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.losses.making import Losing
    from tests.real.opencode import OpenCode


def repository_without_a_commit_made_above(opencode: OpenCode, at: Path) -> Losing:
    """Its project stays global, and the path is seen from the new top."""
    below = at / "notes" / "2026"
    below.mkdir(parents=True)
    lost = session(opencode, below)
    yield Spot(lost, below, str(below)[1:])
    git(opencode, at / "notes", "init", "--quiet")
    return Loss(Spot(lost, below, "2026"), "stale-path", frozenset({Reader.TERMINAL_UI}))


def path_written_by_hand(opencode: OpenCode, at: Path) -> Losing:
    deep = repository(opencode, at / "shop", "src/deep") / "src" / "deep"
    lost = session(opencode, deep)
    spot = Spot(lost, deep, "src/deep")
    yield spot
    change(opencode, "UPDATE session SET path = '' WHERE id = ?", lost)
    return Loss(spot, "stale-path", frozenset({Reader.TERMINAL_UI}))


def workspace_gone(opencode: OpenCode, at: Path) -> Losing:
    shop = repository(opencode, at / "shop")
    lost = session(opencode, shop)
    yield Spot(lost, shop)
    change(opencode, "UPDATE session SET workspace_id = 'wrk_gone' WHERE id = ?", lost)
    return Loss(Spot(lost, shop), "stale-workspace", frozenset({Reader.BY_ID, Reader.PROMPT}))


def stored_through_a_link(opencode: OpenCode, at: Path) -> Losing:
    shop = repository(opencode, at / "shop")
    lost = session(opencode, shop)
    yield Spot(lost, shop)
    (at / "link").symlink_to(shop)
    change(opencode, "UPDATE session SET directory = ? WHERE id = ?", str(at / "link"), lost)
    return Loss(Spot(lost, shop), "symlinked-directory", frozenset({Reader.DIRECTORY_FILTER, Reader.ROOTS}))


def stored_with_a_slash(opencode: OpenCode, at: Path) -> Losing:
    shop = repository(opencode, at / "shop")
    lost = session(opencode, shop)
    yield Spot(lost, shop)
    change(opencode, "UPDATE session SET directory = ? WHERE id = ?", f"{shop}/", lost)
    return Loss(Spot(lost, shop), "symlinked-directory", frozenset({Reader.DIRECTORY_FILTER, Reader.ROOTS}))
