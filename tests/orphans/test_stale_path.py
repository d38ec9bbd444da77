"""The path counts where it hides a session from the terminal UI; tests/real/test_orphans.py asks the real opencode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty
from tests.support.git import repository, sub_directory

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.register import MakeRegister, Register


@pytest.fixture
def shop(register: Register) -> Path:
    return repository(register.at / "shop")


def reason_of(register: Register) -> tuple[str, Certainty]:
    found = register.found()
    assert {id_: list(why) for id_, why in found.items()} == {"ses_1": ["stale-path"]}
    reason = found["ses_1"]["stale-path"]
    return reason.evidence, reason.certainty


@pytest.mark.parametrize("path", ["", "elsewhere", "src", "src/dee", "/src/deep", "src/deeper"])
def test_a_wrong_path_below_the_top(register: Register, shop: Path, path: str) -> None:
    register.add("ses_1", sub_directory(shop / "src" / "deep"), path=path)
    evidence, certainty = reason_of(register)
    assert evidence == f'path is "{path}"; opencode computes "src/deep", so its terminal UI there leaves it out'
    assert certainty is Certainty.CERTAIN


def test_a_wrong_path_that_hides_nothing(register: Register, shop: Path) -> None:
    """At the top the terminal UI shows all; opencode itself leaves such paths there when it adopts sessions."""
    register.add("ses_1", shop, path="home/ada/shop")
    register.add("ses_2", sub_directory(shop / "src"), path="src/deep")
    assert register.found() == {}
    assert "hides it nowhere" in register.acquittals("ses_1")["stale-path"]


def test_no_repository(register: Register) -> None:
    register.add("ses_1", sub_directory(register.at / "notes"), path="")
    evidence, certainty = reason_of(register)
    assert f'opencode computes "{str(register.at)[1:]}/notes"' in evidence
    assert certainty is Certainty.CERTAIN


def test_null_hides_it_between_its_directory_and_the_top(register: Register, shop: Path) -> None:
    register.add("ses_1", sub_directory(shop / "src" / "deep"), path=None)
    evidence, certainty = reason_of(register)
    assert evidence.startswith('path is NULL; opencode computes "src/deep"; between ')
    assert certainty is Certainty.LIKELY


@pytest.mark.parametrize("below", ["", "src"])
def test_null_where_nothing_is_hidden_by_it(register: Register, shop: Path, below: str) -> None:
    register.add("ses_1", sub_directory(shop / below), path=None)
    assert reason_of(register)[1] is Certainty.UNKNOWN


@pytest.mark.parametrize("version", ["1.2.1", "1.3.2", "1.1.65", "local", "0.0.0-dev-202609212252"])
def test_null_is_in_order_in_a_row_from_before_there_were_paths(register: Register, shop: Path, version: str) -> None:
    register.add("ses_1", sub_directory(shop / "src" / "deep"), path=None, version=version)
    register.add("ses_2", sub_directory(register.at / "notes"), path=None, version=version)
    assert register.found() == {}


def test_with_another_project_the_path_is_no_reason_of_its_own(register: Register, shop: Path) -> None:
    register.add("ses_1", sub_directory(shop / "src"), path="wrong", project_id="other")
    assert "stale-path" not in register.found()["ses_1"]


@pytest.mark.parametrize("fixture", ["1.2.1", "1.2.27"])
def test_a_schema_without_paths(make_register: MakeRegister, fixture: str) -> None:
    register = make_register(fixture)
    register.add("ses_1", sub_directory(repository(register.at / "shop") / "src" / "deep"))
    assert register.found() == {}
    assert register.acquittals("ses_1")["stale-path"] == "this database has no paths yet"
