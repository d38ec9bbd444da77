"""A repository with a session whose turns create, change and delete files, to see what undo in opencode does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.git import git
from tests.support.opencode.fake_model import order
from tests.support.opencode.lab import writes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.opencode.opencode_1 import OpenCode

Files = dict[str, bytes]


def files(worktree: Path) -> Files:
    """Every file of a worktree with its content, but for git's own; of a link, where it leads."""
    return {
        str(file.relative_to(worktree)): bytes(file.readlink()) if file.is_symlink() else file.read_bytes()
        for file in worktree.rglob("*")
        if ".git" not in file.relative_to(worktree).parts and (file.is_file() or file.is_symlink())
    }


@dataclass(frozen=True)
class UndoLab:
    """A repository `source`, and its session. `expected` is what undo and redo do there: see `walk`."""

    opencode: OpenCode
    repos: Path
    session: str
    expected: list[Files]

    @property
    def source(self) -> Path:
        return self.repos / "source"

    @property
    def snapshots(self) -> list[Path]:
        """Every snapshot repository that there is."""
        return sorted(config.parent for config in (self.opencode.data / "snapshot").glob("**/config"))


def make_undo_lab(opencode: OpenCode, root: Path, keep: Callable[[], None]) -> UndoLab:
    """Make the repository and its session; see Template."""
    source = root / "repos/source"
    _repository(source)
    with opencode.serve(source):
        session = _session(opencode, source)
        keep()
        return UndoLab(opencode, root / "repos", session, walk(opencode, session, source))


def _repository(source: Path) -> None:
    (source / "sub").mkdir(parents=True)
    (source / ".gitattributes").write_text("*.win text eol=crlf\n")
    for name in ("kept.txt", "changed.txt", "deleted.txt", "sub/deep.txt"):
        (source / name).write_text(f"{name} as committed\n")
    git(source, "init", "--quiet", "--initial-branch=main")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "start")


def _session(opencode: OpenCode, source: Path) -> str:
    turns = (
        writes("new.txt", "one\n"),
        order("read", filePath="@CWD@/changed.txt") + writes("changed.txt", "two\n") + writes("sub/made.txt", "2\n"),
        order("bash", command="rm deleted.txt; echo three > new.txt; printf 'a\\r\\n' > a.win", description="delete"),
        order("bash", command="echo 4 > sub/deep.txt; mkdir -p more 'm [x]'; echo 4 > more/u; echo 4 > 'm [x]/y'",
              description="more"),
        order("bash", command="rm kept.txt; ln -s new.txt link; chmod +x more/u",
            description="a link, a program"),
    )  # fmt: skip
    session = opencode.new_session("turns", source)
    for prompt in turns:
        opencode.prompt(session, prompt, source)
    patches = [part for m in opencode.conversation(session) for part in m["parts"] if part["type"] == "patch"]
    assert len(patches) >= len(turns), "opencode took no snapshot in one of them"
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "what the session did")
    return session


def undo_and_redo(opencode: OpenCode, session: str, worktree: Path, *, go_on: bool = True) -> list[Files]:
    """Start opencode in a worktree for a `walk`."""
    with opencode.serve(worktree):
        return walk(opencode, session, worktree, go_on=go_on)


def walk(opencode: OpenCode, session: str, worktree: Path, *, go_on: bool = True) -> list[Files]:
    """What the files are after each of: undo to every turn, newest first; redo; for each turn undo and redo.

    To `go_on` is a prompt after an undo, which makes opencode forget the turns that were undone. It must be running.
    """
    seen = []

    def look() -> None:
        seen.append(files(worktree))

    turns = opencode.turns(session)
    for turn in reversed(turns):
        opencode.revert(session, turn, worktree)
        look()
    opencode.unrevert(session, worktree)
    look()
    for turn in turns:
        opencode.revert(session, turn, worktree)
        look()
        opencode.unrevert(session, worktree)
        look()
    if go_on:
        opencode.revert(session, turns[1], worktree)
        opencode.prompt(session, writes("after.txt", "after\n"), worktree)
        look()
    assert len({repr(sorted(state.items())) for state in seen}) > len(turns), "each turn must make a difference"
    return seen
