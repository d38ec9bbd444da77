"""A database of opencode 2 is served like one of opencode 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import migrator
from migrator.client import Client
from tests.support.opencode_2_database import V2_DIALECTS, dialect_home
from tests.support.server import serving

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("dialect", V2_DIALECTS)
def test_there_and_back(tmp_path: Path, dialect: str) -> None:
    home = dialect_home(tmp_path / "home", "real-1.18.34", dialect)
    shop = home.repository("shop")
    home.execute("UPDATE session_v2 SET title = 'As 2 says' WHERE title = 'Read about BM25'")
    home.execute("UPDATE session_v2 SET title = NULL WHERE title = 'Summarise the README'")
    before = home.everything()
    with serving(home) as served, Client(served.url, served.token) as client:
        titles = {listed.session.title for listed in client.session.history(archived=True)}
        assert {"As 2 says", ""} <= titles
        assert not titles & {"Read about BM25", "Summarise the README"}
        for announce in (True, False):
            plan = client.plan(from_dir="~/src/shop-*", to_dir=shop, announce=announce, with_forks=True)
            run = client.apply(plan)
            assert (run.status, run.verified) == (migrator.RunStatus.APPLIED, 17)
            there = client.session.history(archived=True, directory=shop)
            assert len(list(there)) == 17
            assert plan.announce is announce
            assert client.undo(run).sessions == 17
    assert home.everything()["session_v2"] == before["session_v2"]
