from __future__ import annotations

import pytest

from migrator.errors import BadInput
from migrator_selectors.exclude_dir import ExcludeDirPlugin
from tests.support.selector_context import FixedSelectorContext, in_directories, selected_ids

PLUGIN = ExcludeDirPlugin()
FACTS = FixedSelectorContext(in_directories("/x/a", "/x/a/b", "/x/ab", "/x/c"))


def test_what_is_named_and_what_is_below_is_left_out() -> None:
    assert selected_ids(PLUGIN, FACTS, exclude_dir=("/x/a",)) == ["/x/ab", "/x/c"]


def test_each_pattern_leaves_out_more() -> None:
    assert selected_ids(PLUGIN, FACTS, exclude_dir=("/x/a", "/x/c")) == ["/x/ab"]


def test_exact_is_not_about_this() -> None:
    assert selected_ids(PLUGIN, FACTS, exclude_dir=("/x/a",), exact=True) == ["/x/ab", "/x/c"]


def test_a_pattern_without_a_match_leaves_out_nothing() -> None:
    assert len(selected_ids(PLUGIN, FACTS, exclude_dir=("/y",))) == 4


def test_malformed() -> None:
    with pytest.raises(BadInput, match="never closed"):
        PLUGIN.build({"exclude_dir": ("/x/{a",)}, FACTS)


def test_it_narrows_and_says_what_was_typed() -> None:
    assert PLUGIN.narrows
    assert [selector.as_typed for selector in PLUGIN.build({"exclude_dir": ("/x/*", "/y z")}, FACTS)] == [
        "--exclude-dir /x/*",
        "--exclude-dir '/y z'",
    ]
    assert not PLUGIN.build({"exclude_dir": ()}, FACTS)
