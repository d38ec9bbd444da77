"""Splitting a repository: what was begun in a package goes on in the repository that was made of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.opencode.binary import MAIN
from tests.support.opencode.lab import Lab, patched_files, writes
from tests.support.opencode.migrator_command import move

if TYPE_CHECKING:
    from tests.real.conftest import Install

pytestmark = pytest.mark.long


def test_sessions_of_a_package_follow_it_after_filter_repo(install: Install, tmp_path: Path) -> None:
    root = tmp_path.resolve()
    lab = Lab(install(root / "home", MAIN), root / "repos", {})
    opencode, mono, split = lab.opencode, lab.repos / "mono", lab.repos / "x"

    def run(cwd: Path, *words: str | Path) -> None:
        subprocess.run([*map(str, words)], cwd=cwd, env=opencode.environment(cwd), check=True, timeout=60)

    package = mono / "packages" / "x"
    (package / "sub").mkdir(parents=True)
    (package / "sub" / "x.txt").write_text("in x\n")
    (mono / "top.txt").write_text("of mono\n")
    run(mono, "git", "init", "--quiet", "--initial-branch=main")
    run(mono, "git", "add", "--all")
    run(mono, "git", "commit", "--quiet", "--message", "start")
    with opencode.serve(mono):
        for name, directory in (("mono", mono), ("x", package), ("sub", package / "sub")):
            lab.sessions[name] = opencode.new_session(name, directory)
            opencode.prompt(lab.sessions[name], writes(f"{name}.txt", "v1\n"), directory)
            assert patched_files(opencode, lab.sessions[name])

    run(lab.repos, "git", "clone", "--quiet", "--no-local", mono, split)
    run(split, Path(sys.executable).with_name("git-filter-repo"), "--quiet", "--subdirectory-filter", "packages/x")
    assert (split / "sub" / "x.txt").exists()
    move(opencode, package, split)

    with opencode.serve(split):
        assert set(opencode.listed(split)) == lab.ids("x", "sub")
        assert set(opencode.listed(mono)) == lab.ids("mono")
        assert opencode.listed_in(split) == lab.ids("x")
        assert opencode.listed_in(split / "sub") == opencode.listed_under(split / "sub", "sub") == lab.ids("sub")
        before = lab.files()
        for name in ("x", "sub"):
            opencode.revert(lab.sessions[name], opencode.turns(lab.sessions[name])[0], split)
            assert lab.files() == before
            opencode.unrevert(lab.sessions[name], split)
        opencode.prompt(lab.sessions["sub"], writes("more.txt", "more\n"), split / "sub")
        assert lab.files() == before | {"x/sub/more.txt": b"more\n"}
