"""Finding the lost asks git once about each checkout, and never about what is gone."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.support.git import repository, sub_directory

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.history import History


def test_many_directories_of_a_checkout_cost_no_more_than_one(
    history: History, processes: Callable[[], list[str]]
) -> None:
    shop = repository(history.src / "shop")
    for number in range(20):
        history.session(sub_directory(shop / str(number)))
    processes()
    assert history.home.run("orphans", "--json").json == []
    assert len(processes()) <= 3


def test_directories_that_are_gone_cost_no_process(history: History, processes: Callable[[], list[str]]) -> None:
    shop = repository(history.src / "shop")
    below = [sub_directory(shop / str(number)) for number in range(20)]
    beside = [repository(history.src / f"other-{number}") for number in range(20)]
    for directory in (*below, *beside):
        history.session(directory)
    for directory in (*below, *beside):
        shutil.rmtree(directory)
    processes()
    assert len(history.home.run("orphans", "--json").json) == 40
    assert len(processes()) <= 5  # about the checkout that is there: what it is, and what it was
    shutil.rmtree(history.src)
    assert len(history.home.run("orphans", "--json").json) == 40
    assert processes() == []
