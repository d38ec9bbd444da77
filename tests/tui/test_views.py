"""The other views: what is lost, workspaces, the log, and the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.arguments import SelectRequest
from tests.support.git import git
from tests.support.history import one_with_two_homes, two_with_a_home
from tests.support.rows import directories
from tests.support.screen import shown

if TYPE_CHECKING:
    from tests.support.history import History
    from tests.support.home import Home
    from tests.tui.conftest import LiveIn

pytestmark = pytest.mark.anyio


async def test_what_is_lost_is_shown_and_what_is_certain_is_rescued(history: History, live_in: LiveIn) -> None:
    two_with_a_home(history)
    live_in(history.home)

    async with shown(history.home.database) as ui:
        await ui.press("o")
        ui.looks_like("lost")
        await ui.press("r")
        assert "Plan: 2 sessions to move." in ui.text
        assert len(history.lost()) == 2
        await ui.press("y")
        assert "Moved 2 sessions" in ui.text
        await ui.press("escape")
        assert "No lost session." in ui.text
    assert not history.lost()


@pytest.mark.long
async def test_where_nothing_tells_a_person_chooses(history: History, live_in: LiveIn) -> None:
    one_with_two_homes(history)
    live_in(history.home)

    async with shown(history.home.database) as ui:
        await ui.press("o")
        await ui.press("enter")
        ui.looks_like("tie")
        await ui.press("down", "enter")
        assert "you said so" in ui.text
        await ui.press("y")
    assert [*directories(history.home).values()] == [f"{history.src}/store"]


@pytest.mark.long
async def test_workspaces_are_gathered_in_the_main_one(history: History, live_in: LiveIn) -> None:
    shop = history.home.repository("shop")
    git(shop, "worktree", "add", "-q", str(history.src / "review"))
    history.session(history.src / "review")
    live_in(history.home)

    async with shown(history.home.database) as ui:
        await ui.press("w")
        ui.looks_like("workspaces")
        await ui.press("c")
        await ui.press("y")
        assert "Moved 1 session" in ui.text
    assert {*directories(history.home).values()} == {str(shop)}


@pytest.mark.long
async def test_a_folder_that_is_gone_has_no_workspaces_and_another_can_be_named(at_home: Home) -> None:
    async with shown(at_home.database) as ui:
        await ui.press("w")
        assert "does not exist; name a directory in any workspace" in " ".join(ui.text.split())
        await ui.press("d")
        await ui.type("~/src/shop")
        await ui.press("enter")
        assert "1 workspace of ~/src/shop" in ui.text


async def test_a_name_in_a_frame_is_text(history: History, live_in: LiveIn) -> None:
    slug = history.home.repository("[")
    history.session(slug)
    history.home.execute("UPDATE session SET id = 'ses_[/]' WHERE directory = ?", (str(slug),))
    live_in(history.home)
    async with shown(history.home.database, select=SelectRequest({"from_dir": ("~/src/[[]",)})) as ui:
        assert "─ ses_[/] ─" in ui.text
        await ui.press("w")
        assert "─ 1 workspace of ~/src/[ ─" in ui.text


async def test_the_log_takes_a_run_back_and_brings_it_about_again(at_home: Home) -> None:
    before = directories(at_home)
    at_home.run("move", "--from-dir", "~/src/shop-search", "--to-dir", "src/shop", "--yes")
    after = directories(at_home)

    async with shown(at_home.database) as ui:
        await ui.press("l")
        assert "~/src/shop-search -> ~/src/shop" in ui.text
        assert "15 sessions (3 of subagents) moved; verified 15." in ui.words
        await ui.press("u")
        assert "Nothing was written yet" in ui.text
        await ui.press("y")
        await ui.press("escape")
        assert directories(at_home) == before
        await ui.press("down", "r")
        assert "to move again" in ui.text
        await ui.press("y")
        assert directories(at_home) == after


@pytest.mark.long
async def test_the_keys(at_home: Home) -> None:
    async with shown(at_home.database) as ui:
        await ui.press("question_mark")
        ui.looks_like("help")
        await ui.press("escape")
        assert "Keys" not in ui.text
