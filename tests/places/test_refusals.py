"""Where there is no place to find, one sentence says what is wrong, where, and what to do."""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING

import pytest

from migrator.errors import MigratorError, NoSuchDirectory
from migrator.places import Places, ProjectIdScheme
from tests.support.git import git, sub_directory
from tests.support.repository_kinds import KINDS
from tests.support.unprivileged import NOBODY, only_root_can, without_root_powers

if TYPE_CHECKING:
    from pathlib import Path

both = pytest.mark.parametrize("identity", ProjectIdScheme)


@both
def test_a_directory_that_is_missing(identity: ProjectIdScheme, tmp_path: Path) -> None:
    with pytest.raises(NoSuchDirectory) as refusal:
        Places(identity).find(str(tmp_path / "gone"))

    assert str(refusal.value) == f"the directory {tmp_path}/gone does not exist; create it or give another directory"


@both
def test_a_symlink_to_nowhere(identity: ProjectIdScheme, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("gone")

    with pytest.raises(NoSuchDirectory, match="/link does not exist"):
        Places(identity).find(str(tmp_path / "link"))


@both
@pytest.mark.parametrize(("name", "complaint"), [("file", "/file is a file"), ("file/below", "lies below a file")])
def test_a_file(identity: ProjectIdScheme, name: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(NoSuchDirectory, match=complaint):
        Places(identity).find(str(tmp_path / name))


def test_symlinks_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("link")

    with pytest.raises(NoSuchDirectory, match=rf"/link can't be read \({os.strerror(errno.ELOOP)}\)"):
        Places(ProjectIdScheme.ORIGIN_FIRST).find(str(tmp_path / "link"))


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_what_is_no_name(name: str) -> None:
    """An unset variable in a script must not mean the working directory."""
    complaint = f"the name {name!r} is not that of a directory; give a path"
    with pytest.raises(NoSuchDirectory, match=f"^{re.escape(complaint)}$"):
        Places(ProjectIdScheme.ORIGIN_FIRST).find(name)


def test_a_name_that_opencode_cant_store(tmp_path: Path) -> None:
    latin = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        latin.mkdir()
    except OSError:
        pytest.skip("this file system takes nothing but UTF-8")

    with pytest.raises(NoSuchDirectory, match="is not UTF-8") as refusal:
        Places(ProjectIdScheme.ORIGIN_FIRST).find(str(latin))
    str(refusal.value).encode()


@pytest.mark.parametrize(
    ("closed", "complaint"),
    [
        ("closed", "can't be read; give yourself permission to list and enter it"),
        ("closed/below", "can't be read (Permission denied); check its permissions"),
    ],
)
@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_a_directory_that_cant_be_read(tmp_path: Path, closed: str, complaint: str, mode: int) -> None:
    sub_directory(tmp_path / "closed" / "below")
    (tmp_path / "closed").chmod(mode)
    said = re.escape(f"the directory {tmp_path}/{closed} {complaint}")
    with without_root_powers(), pytest.raises(NoSuchDirectory, match=f"^{said}$"):
        Places(ProjectIdScheme.ORIGIN_FIRST).find(f"{tmp_path}/{closed}")
    (tmp_path / "closed").chmod(0o755)


@both
@only_root_can
def test_a_repository_of_somebody_else(identity: ProjectIdScheme, tmp_path: Path) -> None:
    """opencode would call it no project, until the user trusts it: then its sessions would be lost from sight."""
    directory = KINDS["below-top"](tmp_path)
    for owned in (tmp_path / "repo", *(tmp_path / "repo").rglob("*")):
        os.chown(owned, NOBODY, NOBODY)

    with pytest.raises(MigratorError) as refusal:
        Places(identity).find(str(directory))

    assert str(refusal.value) == (
        f"git refuses to look into {tmp_path}/repo because another user owns it, and opencode would see no project "
        f"there: run git config --global --add safe.directory {tmp_path}/repo and try again"
    )
    assert not isinstance(refusal.value, NoSuchDirectory)


@both
@only_root_can
def test_a_repository_of_somebody_else_that_is_trusted(
    identity: ProjectIdScheme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = KINDS["top"](tmp_path)
    os.chown(directory, NOBODY, NOBODY)
    os.chown(directory / ".git", NOBODY, NOBODY)
    (tmp_path / "settings").write_text(f"[safe]\n\tdirectory = {directory}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "settings"))

    assert Places(identity).find(str(directory)).vcs == "git"


@both
def test_a_repository_that_git_cant_read(identity: ProjectIdScheme, tmp_path: Path) -> None:
    directory = KINDS["top"](tmp_path)
    git(directory, "config", "core.repositoryFormatVersion", "99")

    with pytest.raises(MigratorError, match=f"^git can't read the repository at {directory}, repair it first: fatal: "):
        Places(identity).find(str(directory))


@both
def test_no_git_at_all(identity: ProjectIdScheme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a repository needs it."""
    directory = KINDS["top"](tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert Places(identity).find(str(tmp_path)).vcs is None
    with pytest.raises(MigratorError, match=f"^git is not on PATH, so nobody can tell .* {directory} is: install git$"):
        Places(identity).find(str(directory))
