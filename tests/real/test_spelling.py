"""opencode stores and compares the name that it is given, in whatever Unicode form and case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.git import repository
from tests.support.mac_disk import mac_disk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.opencode.opencode_1 import OpenCode

pytestmark = pytest.mark.long

NFC, NFD = "caf\u00e9", "cafe\u0301"


def stored_and_listed(opencode: OpenCode, directory: Path) -> tuple[str, list[str]]:
    session = opencode.call("POST", "/session", body={}, directory=directory)
    listed = opencode.call("GET", "/session", directory=directory)
    return session["directory"], [each["directory"] for each in listed]


def test_two_forms_of_a_name_are_two_directories(opencode: OpenCode, tmp_path: Path) -> None:
    one, other = (repository(tmp_path / name) for name in (NFC, NFD))
    with opencode.serve(one):
        for directory in (one, other):
            assert stored_and_listed(opencode, directory) == (str(directory), [str(directory)])


@pytest.mark.parametrize("names", [("App", "APP"), (NFC, NFD)])
def test_even_where_the_disk_takes_them_for_one(opencode: OpenCode, tmp_path: Path, names: tuple[str, str]) -> None:
    """So a session under a name that the disk doesn't list is in no list of the directory: it belongs under that."""
    repository(tmp_path / "shown" / names[0])
    with mac_disk(tmp_path / "shown", tmp_path / "mac") as mac, opencode.serve(mac / names[0]):
        for name in names:
            assert stored_and_listed(opencode, mac / name) == (str(mac / name), [str(mac / name)])
