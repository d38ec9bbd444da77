"""The whole road in the UI: look, mark, choose where to, see the plan, apply it, take it back."""

from __future__ import annotations

import asyncio
import os
from sqlite3 import connect
from typing import TYPE_CHECKING

import pytest
from textual.events import Key

from migrator.disk import mounts
from migrator.tui.session_list import PAGES
from tests.support.marks import long_round
from tests.support.rows import directories
from tests.support.screen import shown

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.history import History
    from tests.support.home import Home
    from tests.tui.conftest import LiveIn


pytestmark = pytest.mark.anyio

SEARCH = "Summarise the README"


@pytest.mark.parametrize("size", [(80, 24), long_round((120, 40))])
async def test_a_move_and_its_undo(at_home: Home, size: tuple[int, int]) -> None:
    before, there = directories(at_home), {f"{at_home.src}/{name}" for name in ("shop", "shop/sub/deep", "notes")}

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
    assert directories(at_home) == before


async def test_locks_are_trusted_only_if_it_was_started_so(
    at_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text("27 1 254:0 / / rw - nfs4 server:/ rw\n")
    monkeypatch.setattr(mounts, "MOUNTINFO", str(table))
    before = directories(at_home)
    for trusted in (False, True):
        async with shown(at_home.database, (120, 40), trust_locks=trusted) as ui:
            await ui.press("space", "m")
            await ui.type("~/src/shop")
            await ui.press("tab", "enter")
            await ui.press("y")
            assert ("is not written to: it is on nfs4" in ui.words) is not trusted
        assert (directories(at_home) == before) is not trusted


@pytest.mark.long
async def test_sessions_of_several_directories_keep_their_sub_paths_unless_f_is_pressed(at_home: Home) -> None:
    async with shown(at_home.database) as ui:
        await ui.press("a")
        await ui.press("m")
        await ui.paste(*"~/src/shop", "enter")
        assert "to ~/src/shop/sub/deep" in ui.words
        await ui.press("f")
        assert "to ~/src/shop " in ui.words
        assert "to ~/src/shop/sub/deep" not in ui.words
        assert "Press y to apply" in ui.words
        await ui.press("y")
    assert {*directories(at_home).values()} == {f"{at_home.src}/shop"}
    (run,) = at_home.run("log", "--json").json
    assert run["command"].endswith("--subdirs flatten")


@pytest.mark.long
async def test_keys_are_heard_in_order_however_fast_they_come(at_home: Home) -> None:
    async with shown(at_home.database) as ui:
        await ui.press("m")
        await ui.paste(*"~/src/shop", "enter")
        assert "to ~/src/shop " in ui.words


async def test_who_quits_while_it_writes_leaves_all_or_nothing(at_home: Home) -> None:
    before = at_home.everything()

    async with shown(at_home.database) as ui:
        await ui.press("a")
        await ui.press("m")
        await ui.paste(*"~/src/shop", "enter")
        await ui.paste("y", "ctrl+q")
    runs = at_home.run("log", "--json").json
    assert [run["status"] for run in runs] in ([], ["rolled-back"], ["applied"])
    if not any(run["status"] == "applied" for run in runs):
        assert at_home.everything() == before


async def test_a_yes_typed_ahead_of_the_plan_is_no_answer_to_it(at_home: Home) -> None:
    before = at_home.everything()

    async with shown(at_home.database) as ui:
        await ui.press("a")
        await ui.paste("m", *"~/src/shop", "enter", "y")
        assert "Press y to apply" in ui.words
    assert at_home.everything() == before


async def test_what_is_moved_is_all_that_a_marks_however_soon_m_comes(history: History, live_in: LiveIn) -> None:
    for number in range(PAGES[0] + 30):
        history.session("/gone/here", title=f"Session {number}")
    live_in(history.home)

    async with shown(history.home.database) as ui:
        await ui.paste("pagedown", "pagedown", "a", "m")
        assert f"Move {PAGES[0] + 30} sessions to:" in ui.text


async def test_keys_after_a_filter_are_about_what_it_found(at_home: Home) -> None:
    async with shown(at_home.database) as ui:
        await ui.paste("slash", *"flaky", "enter", "a", "m")
        assert "Move 1 session to:" in ui.text
        await ui.paste("escape", "slash", *["backspace"] * 5, "enter", "space", "m")
        assert "Move 2 sessions to:" in ui.text


@pytest.mark.long
@pytest.mark.parametrize("keys", [("m",), ("asterisk",), ("question_mark",), ("slash",)])
async def test_ctrl_c_quits_wherever_one_is(at_home: Home, keys: tuple[str, ...]) -> None:
    async with shown(at_home.database) as ui:
        await ui.press(*keys)
        ui.app.post_message(Key("ctrl+c", None))
        await asyncio.wait_for(ui.ended(), 5)


@pytest.mark.long
@pytest.mark.parametrize("name", ["pipe", "-", "/dev/null"])
async def test_a_plan_is_saved_to_an_ordinary_file_only(at_home: Home, name: str) -> None:
    os.mkfifo(at_home.path / "pipe")

    async with shown(at_home.database) as ui:
        await ui.press("m")
        await ui.paste(*"~/src/shop", "enter")
        await ui.press("s")
        await ui.paste(*name, "enter")
        assert "name another file" in ui.words or "name a file" in ui.words
        assert "Saved" not in ui.words


@pytest.mark.long
async def test_a_plan_that_no_longer_holds_is_made_again(at_home: Home) -> None:
    async with shown(at_home.database) as ui:
        await ui.press("m")
        await ui.paste(*"~/src/shop", "enter")
        with connect(at_home.database) as other:
            other.execute("UPDATE session SET directory = directory || '/elsewhere'")
        other.close()
        await ui.press("y")
        assert "Press p to plan again" in ui.words
        await ui.press("p")
        assert "Press y to apply" in ui.words
        await ui.press("y")
        assert "Moved 1 session" in ui.words
