from __future__ import annotations

import pytest

from migrator.errors import BadInput, MigratorError, NothingMatched
from migrator_selectors.from_id import FromIdPlugin
from tests.support.selector_context import FixedSelectorContext, selected_ids, session

PLUGIN = FromIdPlugin()
IDS = ["ses_1", "ses_12", "ses_2a", "ses_2b", "ses_3%", "ses_3x"]


def facts(*lines: str) -> FixedSelectorContext:
    return FixedSelectorContext([session(id_) for id_ in IDS], lines=lines)


def test_ids_add_up() -> None:
    assert selected_ids(PLUGIN, facts(), from_id=("ses_2b", "ses_2a")) == ["ses_2a", "ses_2b"]


def test_a_prefix_of_one_session_is_enough() -> None:
    assert selected_ids(PLUGIN, facts(), from_id=("ses_3%", "ses_12")) == ["ses_12", "ses_3%"]
    assert selected_ids(PLUGIN, facts(), from_id=("ses_3x",)) == ["ses_3x"]
    assert selected_ids(PLUGIN, FixedSelectorContext([session("ses_abc")]), from_id=("ses_a",)) == ["ses_abc"]


def test_a_whole_id_is_not_taken_for_a_prefix() -> None:
    assert selected_ids(PLUGIN, facts(), from_id=("ses_1",)) == ["ses_1"]


def test_a_prefix_of_several_names_them() -> None:
    with pytest.raises(MigratorError, match="ses_2a, ses_2b") as refusal:
        PLUGIN.build({"from_id": ("ses_2",)}, facts())
    assert refusal.value.exit_code == 1


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(NothingMatched, match="ses_9"):
        PLUGIN.build({"from_id": ("ses_1", "ses_9")}, facts())


def test_of_very_many_unknown_ids_the_first_are_named() -> None:
    here = facts(*(f"no_{number:05}" for number in range(1000)))
    with pytest.raises(NothingMatched, match=r"no_00009 and more$"):
        PLUGIN.build({"from_id": ("-",)}, here)
    assert len(here.asked) < 20


def test_standard_input_is_one_selector_and_one_query() -> None:
    here = facts("ses_2a", "ses_12", "ses_2a")
    assert selected_ids(PLUGIN, here, from_id=("-", "ses_1")) == ["ses_1", "ses_12", "ses_2a"]
    assert here.asked == ["existing"]
    assert [selector.as_typed for selector in PLUGIN.build({"from_id": ("-", "ses_1")}, here)] == [
        "--from-id -",
        "--from-id ses_1",
    ]


def test_empty_standard_input_is_not_the_same_as_no_selector() -> None:
    with pytest.raises(NothingMatched, match="standard input"):
        PLUGIN.build({"from_id": ("-",)}, facts())


def test_the_empty_prefix_of_everything_is_refused() -> None:
    with pytest.raises(BadInput, match="empty"):
        PLUGIN.build({"from_id": ("",)}, facts())


def test_it_chooses_and_names_no_directory() -> None:
    (selector,) = PLUGIN.build({"from_id": ("ses_1",)}, facts())
    assert selector.base(session("ses_1")) is None
    assert not PLUGIN.narrows
    assert not PLUGIN.build({"from_id": ()}, facts())


def test_very_many_ids_are_one_selector() -> None:
    many = [f"ses_{number:05}" for number in range(1200)]
    here = FixedSelectorContext([session(id_) for id_ in [*many, "ses_other"]])
    (selector,) = PLUGIN.build({"from_id": tuple(many)}, here)
    assert selector.as_typed == "--from-id (1,200 of them)"
    assert selected_ids(PLUGIN, here, from_id=tuple(many)) == many
