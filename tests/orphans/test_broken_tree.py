from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty
from tests.support.git import git, repository, sub_directory

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.register import Register


@pytest.fixture
def shop(register: Register) -> Path:
    shop = repository(register.at / "shop")
    git(shop, "worktree", "add", "-q", "../linked")
    register.add("ses_root", shop)
    register.add("ses_healthy", shop, parent_id="ses_root")
    return shop


def broken(register: Register) -> dict[str, tuple[str, Certainty]]:
    found = register.found()
    assert all(list(why) == ["broken-tree"] for why in found.values())
    return {id_: why["broken-tree"][1:] for id_, why in found.items()}


def test_a_root_that_moved_to_another_project_alone(register: Register, shop: Path) -> None:
    """What a move by hand leaves behind, grandchildren too."""
    other = repository(register.at / "other")
    register.add("ses_moved", other)
    register.add("ses_child", shop, parent_id="ses_moved")
    register.add("ses_grandchild", shop, parent_id="ses_child")
    found = broken(register)
    assert sorted(found) == ["ses_child", "ses_grandchild"]
    evidence, certainty = found["ses_grandchild"]
    assert evidence.startswith("in project ")
    assert evidence.endswith(f", at {other}")
    assert "its root ses_moved" in evidence
    assert certainty is Certainty.CERTAIN


def test_a_root_that_moved_to_another_checkout_alone(register: Register, shop: Path) -> None:
    """What opencode's own move leaves behind."""
    register.add("ses_moved", register.at / "linked")
    register.add("ses_child", shop, parent_id="ses_moved")
    assert broken(register) == {
        "ses_child": (f"in {shop}, and its root ses_moved is in {register.at}/linked", Certainty.LIKELY),
    }


def test_another_directory_of_the_same_checkout_is_odd_and_no_loss(register: Register, shop: Path) -> None:
    src = sub_directory(shop / "src")
    register.add("ses_child", src, parent_id="ses_root")
    evidence = f"in {src}, and its root ses_root is in {shop}, of the same checkout"
    assert broken(register) == {"ses_child": (evidence, Certainty.UNKNOWN)}


def test_the_same_checkout_is_told_by_the_rows_where_it_is_gone(register: Register, shop: Path) -> None:
    src = sub_directory(shop / "src")
    register.add("ses_child", src, parent_id="ses_root")
    shutil.rmtree(shop)
    assert register.found()["ses_child"]["broken-tree"].certainty is Certainty.UNKNOWN


def test_a_parent_that_is_not_there(register: Register, shop: Path) -> None:
    register.add("ses_child", shop, parent_id="ses_gone")
    register.add("ses_grandchild", shop, parent_id="ses_child")
    assert broken(register) == {
        "ses_child": ("its parent ses_gone is not in the database", Certainty.CERTAIN),
        "ses_grandchild": ("its ancestor ses_gone is not in the database", Certainty.CERTAIN),
    }


def test_parents_in_a_circle(register: Register, shop: Path) -> None:
    register.add("ses_a", shop, parent_id="ses_b")
    register.add("ses_b", shop, parent_id="ses_a")
    register.add("ses_c", shop, parent_id="ses_c")
    register.add("ses_d", shop, parent_id="ses_a")
    assert set(broken(register).values()) == {("its parents are their own descendants", Certainty.CERTAIN)}
    assert sorted(broken(register)) == ["ses_a", "ses_b", "ses_c", "ses_d"]
