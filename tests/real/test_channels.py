"""Release channels of the real opencode: which database each opens, and what is only in another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.store.location import file_of_channel
from tests.support.git import repository
from tests.support.merging import bytes_around
from tests.support.opencode.binary import MAIN
from tests.support.opencode.database import all_rows
from tests.support.opencode.lab import writes
from tests.support.opencode.migrator_command import answer, orphans, undo
from tests.support.opencode.opencode_1 import OpenCode

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.conftest import Install

pytestmark = pytest.mark.long

DEV = "0.0.0-dev-202609212252"
"""The one build of another channel that npm has."""


class OfDev(OpenCode):
    """An opencode of the channel dev."""

    @property
    def database(self) -> Path:
        return self.data / "opencode-dev.db"


@pytest.fixture
def dev(install: Install, tmp_path: Path) -> OfDev:
    made = install(tmp_path / "home", DEV)
    return OfDev(made.binary, made.home, made.model_url)


@pytest.mark.parametrize("disabled", ["", "1", "true", "TRUE"])
def test_we_name_its_database_as_it_does(dev: OfDev, monkeypatch: pytest.MonkeyPatch, disabled: str) -> None:
    environ = {"OPENCODE_DISABLE_CHANNEL_DB": disabled}
    environment = dev.environment
    monkeypatch.setattr(dev, "environment", lambda cwd: environment(cwd) | environ)
    assert dev.run_cli("db", "path", cwd=dev.home).strip() == str(dev.data / file_of_channel("dev", environ))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return repository(tmp_path / "shop")


def test_sessions_of_another_channel_are_found_and_come_here(dev: OfDev, install: Install, shop: Path) -> None:
    with dev.serve(shop):
        there = dev.new_session("Made by dev", shop)
        dev.prompt(there, "hello", shop)
        conversation = dev.conversation(there)
    opencode = install(dev.home, MAIN)
    with opencode.serve(shop):
        here = opencode.new_session("Made by latest", shop)
    assert (opencode.listed(shop), dev.listed(shop)) == ([here], [there])
    assert orphans(opencode, shop) == {there: {"other-database": "certain"}}
    rows = answer(opencode, "list", "--channel", "*", cwd=shop)
    assert {(row["id"], row["database"]["channel"]) for row in rows} == {(here, "latest"), (there, "dev")}

    files = bytes_around(dev.database)
    answer(opencode, "merge", "--from-channel", "dev", "--yes", cwd=shop)
    assert {name: bytes_around(dev.database)[name] for name in files if "-dev" in name} == {
        name: content for name, content in files.items() if "-dev" in name
    }
    assert orphans(opencode, shop) == {}
    assert set(opencode.listed(shop)) == {here, there}
    with opencode.serve(shop):
        assert opencode.listed_in(shop) == {here, there}
        assert opencode.conversation(there) == conversation
        opencode.prompt(there, "go on", shop)
        assert len(opencode.turns(there)) == 2
    assert dev.listed(shop) == [there]
    answer(opencode, "merge", "--from-channel", "dev", "--yes", cwd=shop)  # it went on here: nothing to do
    with opencode.serve(shop):
        assert len(opencode.turns(there)) == 2


def test_a_merge_from_another_channel_is_taken_back(dev: OfDev, install: Install, shop: Path) -> None:
    with dev.serve(shop):
        there = dev.new_session("Made by dev", shop)
        dev.prompt(there, writes("made.txt", "by dev\n"), shop)
    opencode = install(dev.home, MAIN)
    with opencode.serve(shop):
        here = opencode.new_session("Made by latest", shop)
    before = all_rows(opencode.database)
    undo(opencode, answer(opencode, "merge", "--from-channel", "dev", "--yes", cwd=shop)["run"], cwd=shop)
    assert all_rows(opencode.database) == before
    assert opencode.listed(shop) == [here]
