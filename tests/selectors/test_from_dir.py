from __future__ import annotations

import pytest

from migrator.errors import BadInput
from migrator_selectors.from_dir import FromDirPlugin
from tests.support.selector_context import FixedSelectorContext, in_directories, selected_ids, session

PLUGIN = FromDirPlugin()
STORED = ["/home/ada", "/home/ada/src/oc-a", "/home/ada/src/oc-a/pkg", "/home/ada/src/oc-b", "/home/ada/src/other"]
FACTS = FixedSelectorContext(in_directories(*STORED))


def test_what_is_below_is_meant_too() -> None:
    assert selected_ids(PLUGIN, FACTS, from_dir=("~/src/oc*",)) == STORED[1:4]


def test_exact_leaves_out_what_is_below() -> None:
    assert selected_ids(PLUGIN, FACTS, from_dir=("~/src/oc*",), exact=True) == [STORED[1], STORED[3]]


def test_patterns_add_up() -> None:
    assert selected_ids(PLUGIN, FACTS, from_dir=("~/src/oc-b", "~/src/oth*")) == STORED[3:]


def test_the_base_is_the_directory_that_was_named() -> None:
    (selector,) = PLUGIN.build({"from_dir": ("~/src/oc*",)}, FACTS)
    assert selector.base(session(directory=STORED[2])) == STORED[1]
    assert selector.base(session(directory="/elsewhere")) is None


def test_exactly_named_the_base_is_the_directory_itself() -> None:
    (selector,) = PLUGIN.build({"from_dir": ("/home/**",), "exact": True}, FACTS)
    assert selector.base(session(directory=STORED[2])) == STORED[2]
    assert selector.base(session(directory="/elsewhere")) is None


def test_each_distinct_directory_is_one_value_of_one_parameter() -> None:
    rows = [session(f"ses_{number}", "/x/a") for number in range(50)]
    (selector,) = PLUGIN.build({"from_dir": ("/x",)}, FixedSelectorContext(rows))
    clause = selector.clause()
    assert clause
    assert clause.params == ('["/x/a"]',)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"from_dir": ("~/src/opencode*",)}, "--from-dir ~/src/opencode*"),
        ({"from_dir": ("cwd",), "exact": True}, "--from-dir cwd --exact"),
        ({"from_dir": ("/x y",)}, "--from-dir '/x y'"),
        ({"from_dir": ("/x/{a,b}",)}, "--from-dir '/x/{a,b}'"),
        ({"from_dir": ("/x/$HOME",)}, "--from-dir '/x/$HOME'"),
    ],
)
def test_it_says_what_was_typed(values: dict[str, object], said: str) -> None:
    (selector,) = PLUGIN.build(values, FACTS)
    assert selector.as_typed == said


def test_nothing_typed_is_no_selector() -> None:
    assert not PLUGIN.build({"from_dir": (), "exact": False}, FACTS)
    assert not PLUGIN.build({}, FACTS)


def test_exact_alone_is_refused() -> None:
    with pytest.raises(BadInput, match="--exact"):
        PLUGIN.build({"from_dir": (), "exact": True}, FACTS)


def test_one_malformed_pattern_refuses_them_all() -> None:
    with pytest.raises(BadInput, match="never closed"):
        PLUGIN.build({"from_dir": ("/x", "/y[")}, FACTS)


def test_it_chooses() -> None:
    assert not PLUGIN.narrows
