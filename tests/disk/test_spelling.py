"""Which name a directory really has, on a disk where several find it and on one where they are several."""

from __future__ import annotations

import os
import subprocess
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from migrator.disk.spelling import (
    as_on_disk,
    difference,
    directories_named,
    existing_directory,
    ignores_case,
    is_one_name,
    is_same_directory,
)
from migrator.disk.system import user
from migrator.paths import FolderMap, composed, same_name
from migrator.places import Places, ProjectIdScheme
from tests.support.mac_disk import mac_disk
from tests.support.strategies import directories

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NFC, NFD = "caf\u00e9", "cafe\u0301"


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    shown = tmp_path.resolve() / "shown"
    for name in ("App/Sub", NFD, "123"):
        (shown / name).mkdir(parents=True)
    return shown


@pytest.fixture
def disk(shown: Path) -> Iterator[Path]:
    with mac_disk(shown, shown.parent / "disk") as disk:
        yield disk


def test_a_disk_that_ignores_case_and_form_lists_one_name(disk: Path) -> None:
    for typed in ("app/SUB", "App/Sub", "APP/sub"):
        assert os.path.isdir(disk / typed)
        assert as_on_disk(str(disk / typed)) == str(disk / "App/Sub")
    assert as_on_disk(str(disk / NFC)) == str(disk / NFD)
    assert as_on_disk(str(disk / "APP/gone/Too")) == str(disk / "App/gone/Too")
    assert directories_named(str(disk / NFC)) == [str(disk / NFD)]
    assert is_one_name(str(disk / "app"), str(disk / "APP"))
    assert not is_one_name(str(disk / "app"), str(disk / "123"))


def test_it_is_asked_of_what_is_there_and_of_what_is_not(disk: Path, shown: Path) -> None:
    assert all(ignores_case(str(disk / name)) for name in ("app", "gone", "app/gone", "123/x", f"{NFC}/Gone"))
    assert not any(ignores_case(str(shown / name)) for name in ("App", "gone", "App/gone", "123/x"))
    (shown / "App" / "link").symlink_to(shown / "App" / "Sub")
    (shown / "App" / "LINK").symlink_to(shown / "App" / "Sub")
    assert not ignores_case(str(shown / "App" / "link"))


def test_the_place_of_a_directory_has_the_name_that_the_disk_has(disk: Path) -> None:
    places = Places(ProjectIdScheme.ORIGIN_FIRST)
    assert places.find(str(disk / "aPP/sUB")).directory == str(disk / "App/Sub")
    assert places.find(str(disk / NFC)).directory == str(disk / NFD)


def test_two_forms_of_a_name_are_two_directories_elsewhere(shown: Path) -> None:
    assert existing_directory(str(shown / NFC)) == str(shown / NFD)
    (shown / NFC).mkdir()
    for form in (NFC, NFD):
        assert existing_directory(str(shown / form)) == as_on_disk(str(shown / form)) == str(shown / form)
    assert sorted(directories_named(str(shown / NFC))) == sorted([str(shown / NFC), str(shown / NFD)])


def test_of_several_other_forms_none_is_the_one(tmp_path: Path) -> None:
    for form in ("e\u0301\u00e9", "\u00e9e\u0301"):
        (tmp_path / form).mkdir()
    assert existing_directory(str(tmp_path / "\u00e9\u00e9")) is None


@pytest.mark.skipif(user() != 0, reason="only root can mount")
def test_a_directory_that_is_mounted_under_another_case_is_listed_twice(shown: Path) -> None:
    """Both names are real, so the disk doesn't ignore case."""
    (shown / "aPP").mkdir()
    if subprocess.run(["mount", "--bind", shown / "App", shown / "aPP"], check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        assert is_same_directory(str(shown / "App"), str(shown / "aPP"))
        assert as_on_disk(str(shown / "aPP")) == str(shown / "aPP")
        assert not ignores_case(str(shown / "App"))
    finally:
        subprocess.run(["umount", shown / "aPP"], check=True)


def test_what_is_no_path_of_this_system_stays_as_it_is() -> None:
    for path in ("", "C:\\App", "relative/App", "/no/where\0", "/"):
        assert as_on_disk(path) == path
        assert existing_directory(path) in {None, "/"}


def test_the_difference_in_words() -> None:
    assert difference(f"/x/{NFC}", f"/x/{NFD}") == "the same name in another Unicode form"
    assert difference("/x/App", "/x/app") == "the same name in other upper and lower case"
    assert difference("/x", "/y") == difference("/x", "/x") == ""


@given(directories, directories)
def test_a_folder_in_another_form_is_mapped_like_itself(old: str, path: str) -> None:
    decomposed = unicodedata.normalize("NFD", old)
    assert same_name(old, decomposed)
    folders = FolderMap([(old, "/new")])
    below = f"{decomposed.rstrip('/')}{path}"
    mapped = folders.new_path(f"{composed(old).rstrip('/')}{path}")
    assert folders.new_path(below) == mapped == (f"/new{path}".rstrip("/") or "/")


def test_a_form_that_is_spelled_exactly_comes_first() -> None:
    folders = FolderMap([(f"/{NFC}", "/c"), (f"/{NFD}", "/d")])
    assert [folders.new_path(f"/{form}/x") for form in (NFC, NFD)] == ["/c/x", "/d/x"]
    staying = FolderMap([(f"/{NFC}", "/c")], [f"/{NFD}"])
    assert [staying.new_path(f"/{form}/x") for form in (NFC, NFD)] == ["/c/x", None]
    assert not staying.has_arrived(f"/{NFD}/x")


def test_a_folder_whose_name_only_got_another_form_or_case() -> None:
    form = FolderMap([(f"/{NFD}", f"/{NFC}")])
    assert [form.new_path(f"/{name}/x") for name in (NFD, NFC)] == [f"/{NFC}/x", None]
    assert not form.has_arrived(f"/{NFC}/x")
    case = FolderMap([("/app", "/App")], ignores_case=True)
    assert [case.new_path(f"/{name}/x") for name in ("app", "APP", "App")] == ["/App/x", "/App/x", None]
    assert case.old_path("/App/x") == "/app/x"
    assert FolderMap([("/app", "/App")]).new_path("/APP/x") is None
