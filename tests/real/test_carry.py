"""File undo that is carried along: in the target, opencode's undo does what it would have done in the source."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.real.binary import MAIN
from tests.real.fake_model import order
from tests.real.migrator_command import answer, undo
from tests.real.sessions import writes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.real.conftest import Install
    from tests.real.opencode import OpenCode

Files = dict[str, bytes]


def git(repository: Path, *words: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    done = subprocess.run(["git", *identity, *words], cwd=repository, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def files(worktree: Path) -> Files:
    """Every file of a worktree with its content, but for git's own."""
    return {
        str(file.relative_to(worktree)): file.read_bytes()
        for file in worktree.rglob("*")
        if ".git" not in file.relative_to(worktree).parts and file.is_file()
    }


@dataclass(frozen=True)
class Bench:
    """A repository `source` with a session of turns that create, change and delete files."""

    opencode: OpenCode
    repos: Path
    session: str

    @property
    def source(self) -> Path:
        return self.repos / "source"


def build(opencode: OpenCode, repos: Path) -> Bench:
    source = repos / "source"
    (source / "sub").mkdir(parents=True)
    for name in ("kept.txt", "changed.txt", "deleted.txt", "sub/deep.txt"):
        (source / name).write_text(f"{name} as committed\n")
    git(source, "init", "--quiet", "--initial-branch=main")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "start")
    with opencode.serve(source):
        session = opencode.new_session("turns", source)
        for prompt in (
            writes("new.txt", "one\n"),
            order("read", filePath="@CWD@/changed.txt")
            + writes("changed.txt", "two\n")
            + writes("sub/made.txt", "2\n"),
            order("bash", command="rm deleted.txt && echo three > new.txt", description="delete"),
            order(
                "bash", command="echo four > sub/deep.txt; mkdir -p more && echo 4 > more/file.txt", description="more"
            ),
        ):
            opencode.prompt(session, prompt, source)
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "what the session did")
    return Bench(opencode, repos, session)


def rename(bench: Bench) -> Path:
    target = bench.repos / "renamed"
    bench.source.rename(target)
    return target


def linked_worktree(bench: Bench) -> Path:
    target = bench.repos / "linked"
    git(bench.source, "worktree", "add", "--quiet", "--detach", str(target))
    return target


def clone(bench: Bench) -> Path:
    target = bench.repos / "clone"
    git(bench.repos, "clone", "--quiet", str(bench.source), str(target))
    return target


def drift(bench: Bench) -> Path:
    git(bench.source, "remote", "add", "origin", "https://example.com/acme/drift.git")
    return bench.source


SITUATIONS: dict[str, Callable[[Bench], Path]] = {
    "rename": rename,
    "worktree": linked_worktree,
    "clone": clone,
    "drift": drift,
}


def undo_and_redo(opencode: OpenCode, session: str, worktree: Path) -> list[Files]:
    """What the files are after each of: undo to every turn, newest first, redo, undo to each again, redo between."""
    seen = []
    with opencode.serve(worktree):
        turns = opencode.turns(session)
        for turn in reversed(turns):
            opencode.revert(session, turn, worktree)
            seen.append(files(worktree))
        opencode.unrevert(session, worktree)
        seen.append(files(worktree))
        for turn in turns:
            opencode.revert(session, turn, worktree)
            seen.append(files(worktree))
            opencode.unrevert(session, worktree)
            seen.append(files(worktree))
        opencode.revert(session, turns[1], worktree)
        opencode.prompt(session, writes("after.txt", "after\n"), worktree)
        seen.append(files(worktree))
    return seen


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("afterwards", ["source stays", "source and its snapshots are removed"])
def test_undo_does_in_the_target_what_it_would_have_done_in_the_source(
    install: Install, tmp_path: Path, situation: str, afterwards: str
) -> None:
    opencode = install(tmp_path / "home", MAIN)
    bench = build(opencode, tmp_path / "repos")
    shutil.copytree(tmp_path, tmp_path.with_name(tmp_path.name + "-before"), symlinks=True)
    expected = undo_and_redo(opencode, bench.session, bench.source)
    assert len({repr(sorted(state.items())) for state in expected}) >= 5, "the turns must make a difference"
    for name in ("home", "repos"):
        shutil.rmtree(tmp_path / name)
        shutil.copytree(tmp_path.with_name(tmp_path.name + "-before") / name, tmp_path / name, symlinks=True)

    target = SITUATIONS[situation](bench)
    run = answer(opencode, "move", "--from-dir", bench.source, "--to-dir", target, "--yes", cwd=target)
    assert run["status"] == "applied"
    if afterwards != "source stays":
        for snapshots in (opencode.data / "snapshot").glob("*/*"):
            if bench.source != target and str(bench.source) in (snapshots / "config").read_text():
                shutil.rmtree(snapshots)
        if bench.source != target and situation == "clone":
            shutil.rmtree(bench.source)
        git(target, "gc", "--quiet", "--prune=now")
        for snapshots in (opencode.data / "snapshot").glob("*/*"):
            subprocess.run(["git", "--git-dir", snapshots, "gc", "--quiet", "--prune=now"], check=True)
    untouched = files(bench.source) if bench.source != target and bench.source.exists() else None
    seen = undo_and_redo(opencode, bench.session, target)
    assert seen == expected
    if untouched is not None:
        assert files(bench.source) == untouched
    if afterwards == "source stays" and situation == "worktree":
        undo(opencode, run["run"], target)
