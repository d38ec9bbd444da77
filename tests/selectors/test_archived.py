from __future__ import annotations

from migrator_selectors.archived import ArchivedPlugin
from tests.support.selector_context import FixedSelectorContext, selected_ids, session

PLUGIN = ArchivedPlugin()
FACTS = FixedSelectorContext([session("live"), session("archived", archived=5), session("at zero", archived=0)])


def test_archived_or_not() -> None:
    assert selected_ids(PLUGIN, FACTS, archived=True) == ["archived", "at zero"]
    assert selected_ids(PLUGIN, FACTS, archived=False) == ["live"]


def test_by_default_both() -> None:
    assert not PLUGIN.build({"archived": None}, FACTS)


def test_it_narrows_and_says_what_was_typed() -> None:
    assert PLUGIN.narrows
    assert [PLUGIN.build({"archived": value}, FACTS)[0].as_typed for value in (True, False)] == [
        "--archived",
        "--no-archived",
    ]
