"""What a Mercurial repository is to opencode 2, side by side with the hg that it would ask."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from migrator.errors import MigratorError
from migrator.model import Place
from migrator.places import Places, ProjectIdScheme
from tests.support.git import KEPT_ID, sub_directory
from tests.support.home import build_home
from tests.support.marks import long_round
from tests.support.unprivileged import UnprivilegedHome

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAMS = Path(sys.executable).parent
"""Where the development requirements put hg."""


def hg(directory: Path, *arguments: str) -> str:
    command = [str(PROGRAMS / "hg"), "--config", "ui.username=t", *arguments]
    environ = os.environ | {"HGRCPATH": ""}
    done = subprocess.run(command, cwd=directory, env=environ, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def roots(directory: Path) -> list[str]:
    """What opencode asks."""
    return sorted(hg(directory, "log", "-r", "roots(all())", "-T", "{node}\n").split())


def empty(at: Path) -> Path:
    hg(sub_directory(at), "init", "clone")
    return at / "clone"


def one_changeset(at: Path) -> Path:
    directory = empty(at)
    commit(directory, "first")
    return directory


def commit(directory: Path, message: str) -> None:
    (directory / "file").write_text(f"{message[:99]} {os.urandom(8).hex()}")
    (directory.parent / "message").write_text(message)
    hg(directory, "commit", "-qAl", str(directory.parent / "message"))


def several_roots(at: Path) -> Path:
    """The last is merged with the first."""
    directory = one_changeset(at)
    commit(directory, "child")
    for root in ("second", "third"):
        hg(directory, "update", "-q", "null")
        commit(directory, f"{root} root")
    hg(directory, "merge", "-q", "--tool", ":local", "-r", "0")
    hg(directory, "commit", "-qm", "merged")
    return directory


def long_history(at: Path) -> Path:
    """Beyond 128 KiB a changelog's index and its data are two files."""
    directory = one_changeset(at)
    commit(directory, os.urandom(150_000).hex())
    hg(directory, "update", "-q", "null")
    commit(directory, os.urandom(150_000).hex())
    assert (directory / ".hg" / "store" / "00changelog.d").exists()
    return directory


def with_a_hidden_root(at: Path) -> Path:
    directory = several_roots(at)
    hidden = roots(directory)[0]
    (directory / ".hg" / "hgrc").write_text("[experimental]\nevolution = all\n")
    hg(directory, "update", "-q", "null")
    for obsolete in hg(directory, "log", "-r", f"descendants({hidden})", "-T", "{node}\n").split():
        hg(directory, "debugobsolete", obsolete)
    assert hidden not in roots(directory)
    return directory


def shared(at: Path) -> Path:
    one_changeset(at)
    hg(at, "--config", "extensions.share=", "share", "-q", "clone", "second")
    return at / "second"


def of_an_old_kind(at: Path) -> Path:
    hg(sub_directory(at), "--config", "format.usestore=no", "init", "clone")
    commit(at / "clone", "first")
    return at / "clone"


LONG_TO_MAKE = (several_roots, long_history, with_a_hidden_root, of_an_old_kind)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Callable[[Path], Path]], Path]:
    """Gives a repository that is built once for all tests here, each of which leaves its history alone."""
    return cache(lambda build: build(tmp_path_factory.mktemp(build.__name__)))


@pytest.mark.parametrize("build", [one_changeset, *map(long_round, (empty, shared, *LONG_TO_MAKE))])
def test_the_smallest_first_changeset_names_the_project(
    build: Callable[[Path], Path], tree: Callable[[Callable[[Path], Path]], Path]
) -> None:
    directory = tree(build)
    named = [*roots(directory), "global"][0]

    found = Places(ProjectIdScheme.V2).find(str(sub_directory(directory / "src" / "ü")))

    top = str(directory)
    assert found == Place(f"{top}/src/ü", named, top, "src/ü", "hg", top)


def test_a_kept_id_comes_first(tmp_path: Path) -> None:
    directory = empty(tmp_path)
    (directory / ".hg" / "opencode").write_text(f" {KEPT_ID}\n")

    assert Places(ProjectIdScheme.V2).find(str(directory)).project_id == KEPT_ID


@pytest.mark.parametrize("build", [empty, one_changeset, *map(long_round, (several_roots, long_history))])
def test_no_hook_of_the_repository_runs_where_its_changelog_can_be_read(
    build: Callable[[Path], Path], tree: Callable[[Callable[[Path], Path]], Path], tmp_path: Path
) -> None:
    """Somebody else's archive, unpacked by this user, is trusted by hg."""
    directory = tree(build)
    (directory / ".hg" / "hgrc").write_text(f"[hooks]\npre-log = touch {tmp_path}/ran\n")

    Places(ProjectIdScheme.V2).find(str(directory))

    assert not (tmp_path / "ran").exists()
    roots(directory)
    assert (tmp_path / "ran").exists(), "the hook would have run"


def test_a_changelog_that_was_cut_off_is_left_to_hg(tmp_path: Path) -> None:
    """hg complains, and then nobody can tell: that opencode 2 makes "global" of it is no answer to go by."""
    directory = one_changeset(tmp_path)
    changelog = directory / ".hg" / "store" / "00changelog.i"
    whole = changelog.read_bytes()

    for size in (1, 63):
        changelog.write_bytes(whole[:size])
        with pytest.raises(MigratorError, match=f"^hg can't read the repository at {directory}, repair it first: "):
            Places(ProjectIdScheme.V2).find(str(directory))


@pytest.mark.parametrize("closed", [".hg", ".hg/store", ".hg/store/00changelog.i", ".hg/opencode"])
def test_a_repository_that_may_not_be_read_is_not_empty(
    closed: str, tree: Callable[[Callable[[Path], Path]], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "clone"
    shutil.copytree(tree(one_changeset), directory)
    monkeypatch.setenv("PATH", f"{PROGRAMS}:{os.environ['PATH']}")
    if closed.endswith("opencode"):
        (directory / closed).write_text(KEPT_ID)
    (directory / closed).chmod(0)
    home = UnprivilegedHome(build_home(tmp_path / "home", "v2-run-fresh").path)

    done = home.run("list", cwd=directory)

    (directory / closed).chmod(0o700)
    assert done.code == 1
    assert re.search(r"Permission denied|repair it first: abort: ", done.stderr)


def test_without_hg_nobody_can_tell(
    tree: Callable[[Callable[[Path], Path]], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """opencode would call it "global" until hg is there again, and then its sessions would be lost from sight."""
    directory = tree(one_changeset)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(MigratorError, match=f"^hg is not on PATH, .* {directory} for one of global, .* install Mer"):
        Places(ProjectIdScheme.V2).find(str(directory))
    assert Places(ProjectIdScheme.ORIGIN_FIRST).find(str(directory)).project_id == "global"
