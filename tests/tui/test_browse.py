"""Looking and marking: filters, patterns, children, the mouse, hostile text, and a start on a selection."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from migrator.arguments import SelectRequest
from tests.support.git import sub_directory
from tests.support.hostile_text import EVIL
from tests.support.other_process import held_open
from tests.support.printed import acting
from tests.support.rows import directories
from tests.support.screen import shown

if TYPE_CHECKING:
    from tests.support.history import History
    from tests.support.home import Home
    from tests.tui.conftest import LiveIn

pytestmark = pytest.mark.anyio


@pytest.mark.long
async def test_titles_are_filtered_as_one_types_and_then_what_was_said(at_home: Home) -> None:
    async with shown(at_home.database) as ui:
        await ui.press("slash")
        assert "look in what was said" in ui.lines()[-1]
        await ui.type("FLAKY")
        assert "Sessions 1 " in ui.text
        assert "Fix the flaky index test" in ui.text
        await ui.press("ctrl+u")
        await ui.type("child: read")
        assert "Sessions 0 " in ui.text
        assert "no such title; Ctrl+T looks in what was said" in ui.text
        await ui.press("ctrl+t")
        assert "Sessions 1 " in ui.text, "the child in which it was said too is folded"


@pytest.mark.long
async def test_a_place_shows_its_sessions_and_the_mouse_does_what_keys_do(at_home: Home) -> None:
    async with shown(at_home.database) as ui:
        await ui.click("~/src/notes")
        assert "Sessions 1 " in ui.text
        assert "Plan the next release" in ui.text
        await ui.click("All sessions")
        await ui.click("Name things better")
        assert "first prompt: " in ui.text
        await ui.click("space mark")
        assert "1 marked" in ui.text
        await ui.click("m move")
        assert "Move 1 session to:" in ui.text


@pytest.mark.long
async def test_children_are_folded(at_home: Home) -> None:
    async with shown(at_home.database) as ui:
        await ui.press("end", "up")
        row = ui.app.focused
        before = ui.text.count("Rank results by freshness")
        await ui.press("right")
        ui.looks_like("unfolded")
        await ui.press("left")
        assert ui.text.count("Rank results by freshness") == before
        assert ui.app.focused is row


@pytest.mark.long
async def test_a_pattern_marks_and_x_takes_all_marks_away(at_home: Home) -> None:
    async with shown(at_home.database) as ui:
        await ui.press("asterisk")
        await ui.type("~/src/shop-*")
        await ui.press("enter")
        assert "17 marked" in ui.text
        await ui.press("asterisk")
        await ui.type("~/nowhere")
        await ui.press("enter")
        assert "17 marked" in ui.text
        (*_, told) = ui.app._notifications  # noqa: SLF001 - none is on the screen of a test
        assert told.message.startswith("No session matches --from-dir ~/nowhere; ")
        await ui.press("x")
        assert "marked" not in ui.lines()[2]
        assert not ui.app._notifications  # noqa: SLF001 - it would cover what is below it


async def test_a_marks_what_is_shown_from_the_list_of_places_too(at_home: Home) -> None:
    async with shown(at_home.database) as ui:
        await ui.press("shift+tab", "a")
        assert re.search(r"Sessions (\d+), \1 marked", ui.text), ui.text


async def test_an_empty_database_is_said_to_be_empty(home: Home) -> None:
    home.execute("DELETE FROM session")
    async with shown(home.database) as ui:
        assert "No session is in this database; start opencode, or name another database with --db PATH." in ui.words


async def test_a_long_path_is_cut_where_the_line_ends(history: History, live_in: LiveIn) -> None:
    away = sub_directory(history.src / ("a-long-name-" * 10))
    history.session(away, title="Far away")
    away.rmdir()
    live_in(history.home)
    async with shown(history.home.database) as ui:
        await ui.click("Far away")
        assert "lost (certain, missing-directory): ~/src/a-long-name-" in ui.text


async def test_a_selection_is_where_it_starts(at_home: Home) -> None:
    async with shown(at_home.database, select=SelectRequest({"from_dir": ("~/src/shop-api",)})) as ui:
        assert "Selected" in ui.text
        assert "API: paginate orders" in ui.text
        assert "Sessions 1 " in ui.text


@pytest.mark.long
async def test_children_are_folded_in_what_was_selected_or_found_too(history: History, live_in: LiveIn) -> None:
    parent = history.session("/gone/shop", title="Cook")
    child = history.session("/gone/shop", parent, title="Cook the soup")
    history.session("/gone/shop", child, title="Salt")
    live_in(history.home)
    async with shown(history.home.database, select=SelectRequest({"from_dir": ("/gone",)})) as ui:
        assert "Sessions 1 " in ui.text
        await ui.press("slash")
        for text, title in (("soup", "Cook the soup"), ("cook", "Cook "), ("salt", "Salt")):
            await ui.press("ctrl+u")
            await ui.type(text)
            assert "Sessions 1 " in ui.text, "a child is in the list only where what it is a child of is not"
            assert f"! {title}" in ui.text
        await ui.press("ctrl+u", "escape", "right")
        assert "Cook the soup" in ui.text
        assert "Salt" in ui.text


@pytest.mark.long
async def test_why_there_is_nothing_is_said(at_home: Home) -> None:
    async with shown(at_home.database, select=SelectRequest({"from_dir": ("~/nowhere",)})) as ui:
        assert "No session matches --from-dir ~/nowhere" in ui.words
        await ui.click("All sessions")
        assert "No session matches" not in ui.words


@pytest.mark.long
async def test_all_keys_can_be_found_in_a_small_terminal(at_home: Home) -> None:
    async with shown(at_home.database, (60, 15)) as ui:
        assert ui.lines()[-1].endswith("? help")
        assert "! Summarise the README" in ui.text
        await ui.press("m")
        assert ui.lines()[-1].endswith("esc back")


@pytest.mark.long
async def test_what_is_left_out_is_shown_by_a_key(history: History, live_in: LiveIn) -> None:
    for number in range(25):
        history.session(f"/gone/part-{number}")
    history.home.repository("shop")
    live_in(history.home)
    async with shown(history.home.database, (80, 200)) as ui:
        await ui.press("a", "m")
        await ui.paste(*"~/src/shop", "enter")
        assert "and 5 more groups with 5 sessions; v shows all." in ui.words
        assert "--verbose" not in ui.text
        await ui.press("v")
        assert "more groups" not in ui.words


async def test_the_plan_is_that_of_the_command_line_and_what_is_saved_can_be_applied(at_home: Home) -> None:
    (session,) = [row["id"] for row in at_home.run("list", "--from-dir", "~/src/shop-api", "--json").json]
    said = at_home.run("move", "--from-id", session, "--to-dir", "src/shop", "--dry-run").stdout
    lines = said.split("\n\nNothing was written")[0].splitlines()
    expected = [line.strip() for line in lines if line.strip()]

    before = directories(at_home)
    async with shown(at_home.database, (80, 60), SelectRequest({"from_dir": ("~/src/shop-api",)})) as ui:
        await ui.press("m")
        await ui.type("~/src/shop")
        await ui.press("enter")
        inside = [line.strip("│").strip() for line in ui.lines() if line.startswith("│")]
        assert [line for line in inside if line] == expected
        with held_open(at_home.database) as pid:
            await ui.press("y")
            assert f"(pid {pid}); close it" in ui.words
            assert "is in use by" in ui.text
            await ui.press("s")
            await ui.type("plan.json")
            await ui.press("enter")
            assert "nothing was moved" in ui.text
    assert directories(at_home) == before
    assert json.loads((at_home.path / "plan.json").read_text())["changes"]
    assert at_home.run("apply", "plan.json", "--yes").code == 0


async def test_who_has_the_database_open_is_said_at_once(at_home: Home) -> None:
    with held_open(at_home.database) as pid:
        async with shown(at_home.database) as ui:
            assert ui.lines()[0].strip().startswith("Open in python")
            assert f"(pid {pid}): look, plan and save" in ui.lines()[0]
            await ui.press("m")
            assert f"(pid {pid}): look, plan and save" in ui.lines()[0]


@pytest.mark.long
async def test_text_of_others_is_text(history: History, live_in: LiveIn) -> None:
    for number, evil in enumerate((*EVIL, "[bold red]x[/]", "[@click=app.quit]x[/]", "[/]")):
        history.session(f"/gone/{number}{evil}", title=f"t{number}{evil}")
    live_in(history.home)

    async with shown(history.home.database, (120, 60)) as ui:
        assert not acting(ui.text)
        assert "[bold red]x[/]" in ui.text
        await ui.press("a")
        await ui.press("m")
        assert not acting(ui.text)
        await ui.type("~/src")
        await ui.press("enter")
        await ui.press("v")
        assert not acting(ui.text)
        await ui.press("escape")
        await ui.press("o")
        assert not acting(ui.text)


@pytest.mark.long
async def test_without_colour_there_is_none(at_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async with shown(at_home.database) as ui:
        assert "red" in ui.colors()
    monkeypatch.setenv("NO_COLOR", "1")
    async with shown(at_home.database) as ui:
        assert not ui.colors()
