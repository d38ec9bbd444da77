"""The whole road in the UI: look, mark, choose where to, see the plan, apply it, take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.rows import directories
from tests.support.screen import run, shown

if TYPE_CHECKING:
    from tests.support.home import Home

SIZES = ((80, 24), (120, 40))
SEARCH = "Summarise the README"


@pytest.mark.parametrize("size", SIZES)
def test_a_move_and_its_undo(at_home: Home, size: tuple[int, int]) -> None:
    before, there = directories(at_home), {f"{at_home.src}/shop", f"{at_home.src}/notes"}

    async def scenario() -> None:
        async with shown(at_home.database, size) as ui:
            ui.looks_like("browse")
            await ui.press("space", "space", "x", "asterisk")
            await ui.type("~/src/shop-*")
            await ui.press("enter")
            await ui.press("m")
            await ui.type("~/src/sh")
            ui.looks_like("destination")
            await ui.press("tab", "enter")
            ui.looks_like("plan")
            assert directories(at_home) == before, "nothing is written before a yes"
            await ui.press("y")
            ui.looks_like("moved")
            assert {*directories(at_home).values()} == there
            await ui.press("u")
            assert "Nothing was written yet" in ui.text
            assert {*directories(at_home).values()} == there, "an undo is shown first too"
            await ui.press("y")
            await ui.press("escape")
            assert "marked" not in ui.text
            assert SEARCH in ui.text

    run(scenario())
    assert directories(at_home) == before


def test_keys_are_heard_in_order_however_fast_they_come(at_home: Home) -> None:
    async def scenario() -> None:
        async with shown(at_home.database) as ui:
            await ui.press("m")
            await ui.paste(*"~/src/shop", "enter")
            assert "to ~/src/shop " in ui.words

    run(scenario())
