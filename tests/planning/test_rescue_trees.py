"""Trees are rescued whole or not at all, whatever the rules find in their members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.arguments import SearchRequest
from migrator.model import Certainty, Reason
from migrator.operations.context import CommandContext
from migrator.operations.orphans import find_homes
from migrator.orphans.rule import OrphanRule
from migrator.planning.rescue import Rescue
from tests.support.git import copy_of, git, repository
from tests.support.history import History
from tests.support.home import build_home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from migrator.orphans.rule import Finding, RuleContext

GONE = Reason("missing-directory", "it is gone", Certainty.CERTAIN)
FORBIDDEN = Reason("kept-by-law", "it is kept by law", Certainty.CERTAIN)
DOUBTFUL = Reason("stale-path", "it may be", Certainty.UNKNOWN)


class KeptByLaw(OrphanRule):
    """A third party's rule, whose sessions are never moved."""

    name = "kept-by-law"
    movable = False

    def find(self, ground: RuleContext) -> Iterator[Finding]:
        raise NotImplementedError


@pytest.fixture
def tree(tmp_path: Path) -> tuple[History, list[str]]:
    """A root, a child and a grandchild in src/shop, which is src/store now."""
    history = History(build_home(tmp_path / "home", "1.18.34"))
    shop = repository(history.src / "shop")
    root = history.session(shop)
    child = history.session(shop, root)
    grandchild = history.session(shop, child)
    shop.rename(history.src / "store")
    return history, [root, child, grandchild]


def rescued(history: History, lost: dict[str, Reason]) -> tuple[list[str], dict[str | None, str]]:
    """Who comes home, and what is said of those who don't."""
    with CommandContext(history.home.database) as context:
        rescue = Rescue(context.rule_context, find_homes(context, SearchRequest()), [KeptByLaw()])
        selection = rescue.select({id_: (context.rule_context.by_id[id_], [reason]) for id_, reason in lost.items()})
        goes = [selected.session.id for selected in selection.sessions if rescue.place_for(selected)]
        return goes, {warning.session: warning.message for warning in selection.warnings}


def test_nobody_leaves_a_root_that_may_not_move(tree: tuple[History, list[str]]) -> None:
    history, (root, child, grandchild) = tree
    goes, said = rescued(history, {root: FORBIDDEN, child: GONE, grandchild: GONE})
    assert goes == []
    assert said.keys() == {root, child, grandchild}
    assert f"its parent {root} stays lost, and the two stay together" in said[child]


def test_a_member_that_may_not_move_stays_and_the_others_go(tree: tuple[History, list[str]]) -> None:
    history, (root, child, grandchild) = tree
    goes, said = rescued(history, {root: GONE, child: FORBIDDEN, grandchild: GONE})
    assert goes == [root, grandchild]
    assert said.keys() == {child}


def test_parents_come_before_their_children(tree: tuple[History, list[str]]) -> None:
    history, ids = tree
    goes, said = rescued(history, dict.fromkeys(reversed(ids), GONE))
    assert goes == ids
    assert not said


def test_who_is_in_order_follows_its_root_into_another_project(tree: tuple[History, list[str]]) -> None:
    """No rule found the child; left where it is, it would be in another project than its root."""
    history, ids = tree
    store = history.src / "store"
    history.home.execute("UPDATE session SET directory = ?", [str(store)])
    git(store, "remote", "add", "origin", "https://example.com/acme/store.git")
    goes, said = rescued(history, {ids[0]: GONE})
    assert goes == ids
    assert not said


def test_a_root_of_which_nobody_can_say_that_it_is_lost_holds_nobody_back(tmp_path: Path) -> None:
    history = History(build_home(tmp_path / "home", "1.18.34"))
    shop = repository(history.src / "shop")
    root = history.session(copy_of(shop, history.src / "store"))
    child = history.session(history.src / "store", root, path="wrong")
    history.home.execute("UPDATE session SET path = NULL WHERE id = ?", [root])
    goes, said = rescued(history, {root: DOUBTFUL, child: GONE})
    assert goes == [child]
    assert said.keys() == {root}
