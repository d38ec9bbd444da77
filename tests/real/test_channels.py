"""Release channels of the real opencode: which database each opens, and what is only in another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.store.location import file_of_channel
from tests.support.git import repository
from tests.support.opencode.binary import MAIN
from tests.support.opencode.migrator_command import answer, orphans
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


def test_sessions_of_another_channel_are_found_and_listed(dev: OfDev, install: Install, tmp_path: Path) -> None:
    shop = repository(tmp_path / "shop")
    with dev.serve(shop):
        there = dev.new_session("Made by dev", shop)
        dev.prompt(there, "hello", shop)
    opencode = install(dev.home, MAIN)
    with opencode.serve(shop):
        here = opencode.new_session("Made by latest", shop)
    assert opencode.listed(shop) == [here]
    assert dev.listed(shop) == [there]
    assert orphans(opencode, shop) == {there: {"other-database": "certain"}}
    rows = answer(opencode, "list", "--channel", "*", cwd=shop)
    assert {(row["id"], row["database"]["channel"]) for row in rows} == {(here, "latest"), (there, "dev")}
