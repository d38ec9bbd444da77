"""What the `jj` program says is joined with what the files say; where it is there, our trees are as it makes them."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from migrator.workspaces import jj, jj_command
from migrator.workspaces.discover import with_workspaces
from migrator.workspaces.find_repository import find_repository
from migrator.workspaces.jj_op_log import additions
from tests.support.jj import JjRepository

if TYPE_CHECKING:
    from pathlib import Path

needs_jj = pytest.mark.skipif(shutil.which("jj") is None, reason="jj is not on PATH")


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a `jj` on PATH that answers as a certain version does: few machines have that one."""
    program = tmp_path / "bin" / "jj"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


OLD = r"""case "$*" in *"root()"*) echo "no function root" >&2; exit 1;; esac; printf 'default\0\n\0two\0\n\0'"""
NEW = r"""printf 'default\0%s\n\0two\0%s/two\n\0old\0<Error: Workspace has no recorded path>\n\0' "$PWD" "${PWD%/*}" """


class TestWhatItSays:
    def test_names_and_roots(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        made = JjRepository(tmp_path.resolve() / "shop").build()
        stand_in(tmp_path, monkeypatch, NEW)
        expected = {"default": str(made.root), "two": str(tmp_path.resolve() / "two"), "old": None}
        assert jj_command.list_workspaces(str(made.root)) == expected

    def test_names_alone_where_it_has_no_roots(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        stand_in(tmp_path, monkeypatch, OLD)
        assert jj_command.list_workspaces(str(tmp_path)) == {"default": None, "two": None}

    @pytest.mark.parametrize("script", ["exit 1", "kill -9 $$", "printf '\\377\\0'; exit 2"])
    def test_its_failure_is_no_error(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
        stand_in(tmp_path, monkeypatch, script)
        assert jj_command.list_workspaces(str(tmp_path)) is None

    def test_its_absence_is_no_error(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert jj_command.list_workspaces(str(tmp_path)) is None

    def test_a_place_that_only_the_program_knows_is_joined(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = JjRepository(tmp_path.resolve() / "shop", "none").build()
        stand_in(tmp_path, monkeypatch, NEW)
        found = with_workspaces(find_repository(str(made.root)))
        assert [(workspace.name, workspace.path) for workspace in found.workspaces] == [
            ("default", str(made.root)),
            ("two", str(tmp_path.resolve() / "two")),
        ]


@needs_jj
class TestARealJj:
    """Against whatever version is here."""

    def jj(self, cwd: Path, *words: str) -> str:
        env = os.environ | {"JJ_CONFIG": str(cwd.parents[0] / "jj.toml"), "JJ_USER": "dev", "JJ_EMAIL": "d@example.com"}
        done = subprocess.run(
            ["jj", *words, "--no-pager", "--color=never"], cwd=cwd, env=env, capture_output=True, text=True, check=True
        )
        return done.stdout

    @pytest.fixture
    def shop(self, tmp_path: Path) -> Path:
        src = tmp_path.resolve() / "src"
        (src / "shop").mkdir(parents=True)
        (tmp_path / "jj.toml").write_text("")
        shop = src / "shop"
        self.jj(shop, "git", "init", "--colocate")
        self.jj(shop, "workspace", "add", "../two")
        self.jj(shop, "workspace", "add", "--name", "third one", "../three")
        self.jj(shop, "workspace", "add", "../gone")
        self.jj(shop, "workspace", "forget", "gone")
        shutil.rmtree(src / "gone")
        return shop

    def test_the_readers_and_the_program_agree(self, shop: Path) -> None:
        repo = jj.repo_dir(str(shop.parent / "two"))
        assert repo == str(shop / ".jj/repo")
        listed = jj_command.list_workspaces(str(shop))
        assert listed is not None
        assert jj.workspace_names(repo) == frozenset(listed) == frozenset({"default", "two", "third one"})
        places = {name: path for name, path in listed.items() if path is not None}
        assert places.items() <= jj.index(repo).paths.items()
        assert [addition.name for addition in additions(repo)] == ["two", "third one", "gone"]
        found = with_workspaces(find_repository(str(shop.parent / "three")))
        assert {w.path: w.name for w in found.workspaces} == {
            str(shop): "default",
            str(shop.parent / "two"): "two",
            str(shop.parent / "three"): "third one",
        }

    def test_our_builder_writes_what_it_writes(self, shop: Path, tmp_path: Path) -> None:
        style = "none"
        if (shop / ".jj/repo/workspace_store").exists():
            style = "absolute" if (shop.parent / "two/.jj/repo").read_text().startswith("/") else "relative"
        made = JjRepository(tmp_path.resolve() / "again" / "shop", style).build()
        made.add(tmp_path.resolve() / "again" / "two")
        made.add(tmp_path.resolve() / "again" / "three", "third one")
        theirs, ours = shop.parent, tmp_path.resolve() / "again"
        for file in (
            "two/.jj/repo", "two/.jj/working_copy/type", "shop/.jj/repo/store/git_target", "shop/.jj/repo/store/type",
            "shop/.jj/repo/op_store/type", "shop/.jj/repo/op_heads/type", "shop/.jj/repo/workspace_store/index",
        ):  # fmt: skip
            if (theirs / file).exists():
                expected = (theirs / file).read_bytes().replace(os.fsencode(theirs), os.fsencode(ours))
                assert (ours / file).read_bytes() == expected, file
        # an operation's id differs, since it holds times; the rest of these files is the same
        mine, real = ((at / "two/.jj/working_copy/checkout").read_bytes() for at in (ours, theirs))
        assert len(mine) == len(real)
        assert (mine[:2], mine[66:]) == (real[:2], real[66:])
