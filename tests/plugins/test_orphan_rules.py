"""A rule that another distribution brings by entry point is asked like any other, and selects like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.plugins import install, pip_install

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.register import Register


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the example is installed, as `pip install` leaves it."""
    return pip_install("example_rule", tmp_path_factory.mktemp("site"))


@pytest.fixture
def mac(register: Register) -> Register:
    register.add_project("shop", "/Users/ada/shop")
    register.add_row("ses_mac", project_id="shop", directory="/Users/ada/shop", path="")
    register.add_row("ses_gone", project_id="shop", directory="/home/no-such-user", path="")
    return register


def test_it_is_asked_once_it_is_installed(mac: Register, site: Path) -> None:
    without = mac.home.run("orphans", "--rule", "from-macos")
    assert (without.code, "from-macos" in mac.home.run("orphans", "--help").stdout) == (2, False)
    mac.home.site = site
    assert "from-macos" in mac.home.run("orphans", "--help").stdout
    (row,) = mac.home.run("orphans", "--rule", "from-macos", "--json").json
    assert [reason["rule"] for reason in row["reasons"]] == ["missing-directory", "from-macos"]
    assert row["reasons"][1] == {
        "rule": "from-macos",
        "evidence": "/Users/ada/shop looks like a directory of a Mac's",
        "certainty": "likely",
    }
    assert mac.home.run("doctor", "--json").json["orphans"] == {"missing-directory": 2, "from-macos": 1}
    explained = mac.home.run("orphans", "--explain", "ses_gone")
    assert "no   from-macos: nothing found" in explained.stdout


def test_it_selects(mac: Register, site: Path) -> None:
    mac.home.site = site
    assert [row["id"] for row in mac.home.run("list", "--orphans=from-macos", "--json").json] == ["ses_mac"]


def test_one_that_cant_be_loaded_is_named(mac: Register) -> None:
    install(mac.home, "migrator.orphan_rules", "broken = no_such_module:Rule", "import nothing_like_this\n")
    listed = mac.home.run("orphans")
    assert listed.code == 0
    assert listed.stderr.startswith("warning: The orphan rule broken (no_such_module:Rule) can't be loaded: ")
