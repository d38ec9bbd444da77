"""Renamed repositories come home by plain `rescue`, though opencode was never started under their new names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.git import clone, keep_id, repository, root_commit, sub_directory
from tests.support.history import History
from tests.support.home import build_home

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(build_home(tmp_path / "home", "1.18.34"))


def opened(repository: Path) -> Path:
    """Leave in a repository what opencode leaves there: the id of its project."""
    keep_id(repository / ".git", root_commit(repository))
    return repository


def test_three_that_are_beside_their_old_names(history: History) -> None:
    expected: dict[str, str] = {}
    for old, new in (("shop", "store"), ("api", "service"), ("web", "site")):
        here = opened(repository(history.src / old))
        root, below = history.session(here), history.session(sub_directory(here / "sub" / "deep"))
        child = history.session(here, root)
        here.rename(there := history.src / new)
        expected |= {root: str(there), child: str(there), below: str(there / "sub" / "deep")}
    run = history.home.run("rescue", "--yes")
    assert run.code == 0
    assert "Moved 9 sessions" in run.stdout
    assert "still lost" not in run.stderr
    assert {session: history.binding(session)[1] for session in expected} == expected
    assert not history.lost()


def test_the_renamed_one_is_home_and_not_its_clone(history: History) -> None:
    shop = opened(repository(history.src / "shop"))
    review = opened(clone(shop, "shop-review"))
    ours, theirs = history.session(shop), history.session(review)
    store = shop.rename(history.src / "store")
    assert history.home.run("rescue", "--yes").code == 0
    assert history.binding(ours)[1] == str(store)
    assert history.binding(theirs)[1] == str(review)
    assert not history.lost()
