"""Children that are elsewhere than their root, or have none any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.git import git
from tests.support.opencode.losses.making import Loss, change, repository, session
from tests.support.opencode.readers import CHILD, Reader, Spot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.opencode.losses.making import Losing
    from tests.support.opencode.opencode_1 import OpenCode


def left_behind_by_the_move_of_its_root(opencode: OpenCode, at: Path) -> Losing:
    """opencode's own move of a session takes no child along."""
    shop, linked = repository(at / "shop"), at / "linked"
    git(shop, "worktree", "add", "--quiet", "../linked")
    root = opencode.new_session("root", shop)
    child = session(opencode, shop, parentID=root)
    yield Spot(child, shop, readers=CHILD)
    yield None
    body = {"sessionID": root, "destination": {"directory": str(linked)}, "moveChanges": False}
    opencode.call("POST", "/experimental/control-plane/move-session", body, shop)
    hidden_from = frozenset({Reader.DIRECTORY_FILTER, Reader.PROMPT})
    return Loss(Spot(child, linked, readers=CHILD), "broken-tree", hidden_from)


def parent_deleted_by_hand(opencode: OpenCode, at: Path) -> Losing:
    """What was a child has no parent to be shown below, and isn't listed as a root either."""
    shop = repository(at / "shop")
    root = opencode.new_session("root", shop)
    child = session(opencode, shop, parentID=root)
    yield Spot(child, shop, readers=CHILD)
    change(opencode, "DELETE FROM session WHERE id = ?", root)
    return Loss(Spot(child, shop), "broken-tree", frozenset({Reader.SESSION_LIST, Reader.ROOTS}))
