"""Which sessions that are where they belong a list leaves out: what `--explain` says is what opencode does.

The terminal UI is driven in a terminal. Of the desktop app and the web only the list of all projects can be asked for.
"""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.opencode.losses.making import repository
from tests.support.opencode.migrator_command import answer, run_migrator
from tests.support.opencode.terminal_ui import START_PAGE, terminal_ui

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.conftest import Install
    from tests.support.opencode.opencode_1 import OpenCode

pytestmark = pytest.mark.long

DAY = 86_400_000
VERSIONS = ["1.15.13", "1.18.34"]
OTHERS = ["1.3.2", "1.17.11", "1.17.18"]
LISTS_OF_ANY_AGE = {"1.17.18", "1.18.34"}


class Shop:
    """A repository with sessions of one version of opencode."""

    def __init__(self, opencode: OpenCode, at: Path) -> None:
        self.opencode = opencode
        self.directory = repository(at / "shop")
        with opencode.serve(self.directory):
            self._first = opencode.new_session("first", self.directory)
        self.now = int(time.time() * 1000)

    def add(self, title: str, **columns: Any) -> str:
        """A session as opencode made the first one, but for these columns; its id is its title."""
        with closing(sqlite3.connect(self.opencode.database)) as database, database:
            database.row_factory = sqlite3.Row
            row = dict(database.execute("SELECT * FROM session WHERE id = ?", [self._first]).fetchone())
            row |= {"id": f"ses_{title}", "slug": title, "title": title, **columns}
            database.execute(
                f"INSERT INTO session ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()]
            )
        return f"ses_{title}"

    def explained(self, session: str) -> dict[str, list[str]]:
        """What `--explain` says of the lists that leave a session out: the lists by reason."""
        told = answer(self.opencode, "orphans", "--explain", session, cwd=self.directory)
        assert told["reasons"] == []
        return {hidden["by"]: hidden["lists"] for hidden in told["hiddenBy"]}

    def in_terminal_ui(self, title: str, search: str = "") -> bool:
        """Whether its list of sessions shows a title; a list of a hundred is looked through to its end."""
        with terminal_ui(self.opencode, self.directory) as ui:
            ui.open_list()
            if search:
                ui.type(search)
            if ui.shows(title):
                return True
            ui.type("\x1b[F")
            return ui.shows(title)


@pytest.fixture(params=VERSIONS)
def shop(install: Install, tmp_path: Path, request: pytest.FixtureRequest) -> Shop:
    return Shop(install(tmp_path / "home", request.param), tmp_path)


def of_any_age(shop: Shop) -> bool:
    return shop.opencode.binary.parent.name in LISTS_OF_ANY_AGE


@pytest.mark.parametrize("shop", [*VERSIONS, *OTHERS], indirect=True)
def test_age(shop: Shop) -> None:
    aged = shop.add("AGED-SESSION", time_updated=shop.now - 31 * DAY)
    fresh = shop.add("FRESH-SESSION", time_updated=shop.now - 29 * DAY)
    assert shop.in_terminal_ui("FRESH-SESSION")
    assert shop.explained(fresh) == {}
    terminal_ui_s = "the terminal UI before 1.17.18" if of_any_age(shop) else "the terminal UI"
    assert shop.explained(aged) == {"age": ["opencode --continue", terminal_ui_s]}
    assert shop.in_terminal_ui("AGED-SESSION") is of_any_age(shop)
    assert set(shop.opencode.listed(shop.directory)) >= {aged, fresh}


def test_what_is_left_out_can_be_searched_for_and_opened_as_explained(shop: Shop) -> None:
    aged = shop.add("AGED-SESSION", time_updated=shop.now - 31 * DAY)
    # what is typed is shown too, so the title is recognised by what wasn't typed of it
    assert shop.in_terminal_ui("AGED-SESSION", search="GED-SESS")
    told = answer(shop.opencode, "orphans", "--explain", aged, cwd=shop.directory)
    command = re.fullmatch(r"cd (\S+) && opencode (-s \S+)", told["open"])
    assert command is not None
    assert command[1] == str(shop.directory)
    with terminal_ui(shop.opencode, shop.directory, *command[2].split()) as ui:
        assert ui.shows_soon("AGED-SESSION")


def test_continue_takes_none_that_is_aged(shop: Shop) -> None:
    with closing(sqlite3.connect(shop.opencode.database)) as database, database:
        database.execute("UPDATE session SET title = 'THE-LAST-ONE', time_updated = ?", [shop.now - 29 * DAY])
    with terminal_ui(shop.opencode, shop.directory, "--continue") as ui:
        assert ui.shows_soon("THE-LAST-ONE")
    with closing(sqlite3.connect(shop.opencode.database)) as database, database:
        database.execute("UPDATE session SET time_updated = ?", [shop.now - 31 * DAY])
    with terminal_ui(shop.opencode, shop.directory, "--continue") as ui:
        assert ui.shows_soon(START_PAGE)
        assert not ui.shows("THE-LAST-ONE")


def test_number(shop: Shop) -> None:
    last = shop.add("NUMBER-HUNDRED", time_updated=shop.now - DAY)
    out = shop.add("NUMBER-HUNDRED-AND-ONE", time_updated=shop.now - 2 * DAY)
    for number in range(98):  # and the first one
        shop.add(f"newer-{number}", time_updated=shop.now - number)
    assert (shop.explained(last), shop.explained(out)) == (
        {},
        {"number": ["opencode session list", "the terminal UI"]},
    )
    listed = shop.opencode.listed(shop.directory)
    assert (len(listed), listed[-1]) == (100, last)
    assert not shop.in_terminal_ui("NUMBER-HUNDRED-AND-ONE")
    summary = run_migrator(shop.opencode, "orphans", cwd=shop.directory).stderr
    assert "1 comes after the first 100." in " ".join(summary.split())


def test_children_take_places_in_the_older_terminal_ui(shop: Shop) -> None:
    out = shop.add("BEHIND-CHILDREN", time_updated=shop.now - DAY)
    for number in range(100):
        shop.add(f"child-{number}", parent_id=f"{out}", time_updated=shop.now - number)
    assert shop.in_terminal_ui("BEHIND-CHILDREN") is of_any_age(shop)
    assert shop.explained(out) == ({} if of_any_age(shop) else {"number": ["the terminal UI"]})
    assert out in shop.opencode.listed(shop.directory)


def test_archive(shop: Shop) -> None:
    archived = shop.add("ARCHIVED-SESSION", time_archived=shop.now)

    def in_all_projects() -> bool:
        with shop.opencode.serve(shop.directory):
            return archived in {row["id"] for row in shop.opencode.call("GET", "/experimental/session")}

    assert shop.explained(archived) == {"archive": ["the desktop app", "the web"]}
    assert shop.in_terminal_ui("ARCHIVED-SESSION")
    assert archived in shop.opencode.listed(shop.directory)
    assert not in_all_projects()
    told = run_migrator(shop.opencode, "orphans", "--explain", archived, cwd=shop.directory).stdout
    ((file, sql),) = re.findall(r'^    sqlite3 (\S+) "(.+)"$', told, re.MULTILINE)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(sql)
    assert in_all_projects()
    assert shop.explained(archived) == {}
