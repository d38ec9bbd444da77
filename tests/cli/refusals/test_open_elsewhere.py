"""A database that another process has open is not written, and the process is named."""

from __future__ import annotations

import pytest

from tests.support.home import MOVE, Home
from tests.support.marks import long_round
from tests.support.other_process import held_open
from tests.support.refusal import refused, sentence


@pytest.mark.parametrize("command", [("list", "--all"), long_round(MOVE)], ids=["list", "move"])
def test_locked_file(home: Home, command: tuple[str, ...]) -> None:
    before = home.everything()
    with held_open(home.database, "locked") as pid:
        said = sentence(home.run(*command), 4)
    assert f"(pid {pid})" in said
    assert home.everything() == before
    assert ("--wait" in said) == (command == MOVE)  # a command that reads has no such option


def test_open_in_another_process(home: Home) -> None:
    with held_open(home.database) as pid:
        assert home.run("list", "--all").code == 0
        said = refused(home, *MOVE, code=4)
        below = home.run(*MOVE).stderr.splitlines()[-2:]
        waited = refused(home, *MOVE, "--wait", "0.3", code=4)
        assert "To wait a minute" not in home.run(*MOVE, "--wait", "0.3").stderr
    assert f"(pid {pid})" in said
    assert f"(pid {pid})" in waited
    assert "--wait" in said
    again = "opencode-migrator move --from-dir '~/src/shop-*' --to-dir src/shop --yes --wait 60"
    assert below == ["To wait a minute for it:", f"  {again}"]


@pytest.mark.parametrize(
    ("how", "seconds"), [("idle", 1), long_round("locked", 6)]
)  # a reader gives up after 5 s by itself
def test_waiting_for_it_to_be_closed(home: Home, how: str, seconds: int) -> None:
    with held_open(home.database, how, seconds):
        moved = home.run(*MOVE, "--wait", "30", "--json")
    assert moved.code == 0, moved.stderr
    assert moved.json["sessions"] == 17
