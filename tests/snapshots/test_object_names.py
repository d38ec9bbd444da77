"""What a repository's own files say of an object agrees with git, and where they can't say, git is to be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.snapshots.git.object_names import ObjectNames
from tests.support.git import git, repository

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = ("0" * 40, "f" * 40, "00" + "f" * 38)


def names(directory: Path) -> list[str]:
    listed = git(directory, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    return [*listed.split(), *NOWHERE]


def has(directory: Path, objects: Path) -> list[bool]:
    told, every = ObjectNames(str(objects)), names(directory)
    found = told.may_have(every)
    assert found == {name for name in every[-50:] + every[:50] if told.may_have([name])} | {*every[50:-50]} & found
    return [name in found for name in every]


def filled(tmp_path: Path) -> Path:
    top = repository(tmp_path / "one")
    for number in range(40):
        (top / f"{number}.txt").write_text(f"{number}\n")
    git(top, "add", "--all")
    git(top, "commit", "-q", "-m", "Files")
    return top


def test_loose_packed_and_borrowed_objects_are_all_found_and_no_others(tmp_path: Path) -> None:
    top = filled(tmp_path)
    expected = [True] * (len(names(top)) - len(NOWHERE)) + [False] * len(NOWHERE)
    assert has(top, top / ".git/objects") == expected
    git(top, "repack", "-a", "-d", "-q")
    assert not list((top / ".git/objects").glob("??/*"))
    assert has(top, top / ".git/objects") == expected
    git(tmp_path, "clone", "-q", "--shared", str(top), str(tmp_path / "two"))
    assert has(top, tmp_path / "two/.git/objects") == expected


def test_a_pack_with_many_names(tmp_path: Path) -> None:
    top = filled(tmp_path)
    blobs = "".join(f"blob\ndata {len(text)}\n{text}\n" for text in map(str, range(8000)))
    git(top, "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", stdin=blobs)
    assert has(top, top / ".git/objects") == [True] * (len(names(top)) - len(NOWHERE)) + [False] * len(NOWHERE)


def test_an_index_that_is_not_understood_is_no_reason_for_a_no(tmp_path: Path) -> None:
    top = filled(tmp_path)
    git(top, "repack", "-a", "-d", "-q")
    git(top, "-c", "pack.indexVersion=1", "repack", "-a", "-d", "-q", "-F")
    assert all(has(top, top / ".git/objects"))
    (index,) = (top / ".git/objects/pack").glob("*.idx")
    index.chmod(0o644)
    index.write_bytes(b"")
    assert all(has(top, top / ".git/objects"))
