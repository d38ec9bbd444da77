from __future__ import annotations

import pytest

from migrator.errors import BadInput
from migrator_selectors.title import TitlePlugin
from tests.support.selector_context import FixedSelectorContext, selected_ids, session

PLUGIN = TitlePlugin()
TITLES = ["Fix login", "fix LOGOUT", "100% done", "1000 done", "foo_bar", "fooXbar", "Straße", "ÉTÉ"]
FACTS = FixedSelectorContext([session(title, title=title) for title in TITLES])


@pytest.mark.parametrize(
    ("typed", "titles"),
    [
        (("FIX",), ["Fix login", "fix LOGOUT"]),
        (("logout",), ["fix LOGOUT"]),
        (("100%",), ["100% done"]),
        (("o_b",), ["foo_bar"]),
        (("STRASSE",), ["Straße"]),
        (("été",), ["ÉTÉ"]),
        (("fix", "login"), ["Fix login"]),
        (("nothing",), []),
    ],
)
def test_part_of_the_title_whatever_the_case(typed: tuple[str, ...], titles: list[str]) -> None:
    assert selected_ids(PLUGIN, FACTS, title=typed) == titles


def test_empty_is_refused() -> None:
    with pytest.raises(BadInput, match="empty"):
        PLUGIN.build({"title": ("",)}, FACTS)


def test_it_narrows_and_says_what_was_typed() -> None:
    assert PLUGIN.narrows
    assert [selector.as_typed for selector in PLUGIN.build({"title": ("Fix It",)}, FACTS)] == ["--title 'Fix It'"]
    assert not PLUGIN.build({}, FACTS)
