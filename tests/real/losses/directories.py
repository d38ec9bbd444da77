"""Sessions whose directory is gone, or is something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.real.losses.making import Loss, git, repository, session
from tests.real.readers import Reader, Spot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.losses.making import Losing
    from tests.real.opencode import OpenCode

GONE = frozenset({Reader.DIRECTORY_FILTER, Reader.ROOTS, Reader.PROMPT})
"""The lists by project still have it."""


def renamed_repository(opencode: OpenCode, at: Path) -> Losing:
    old = repository(opencode, at / "old")
    lost = session(opencode, old)
    yield Spot(lost, old)
    old.rename(at / "new")
    return Loss(Spot(lost, at / "new"), "missing-directory", GONE)


def moved_folder(opencode: OpenCode, at: Path) -> Losing:
    """No repository: nothing tells what it was but its name and its files."""
    old, far = at / "old", at / "far"
    old.mkdir()
    lost = session(opencode, old)
    yield Spot(lost, old, str(old)[1:])
    far.mkdir()
    new = old.rename(far / "old")
    return Loss(Spot(lost, new, str(new)[1:]), "missing-directory", GONE | {Reader.TERMINAL_UI})


def deleted_worktree(opencode: OpenCode, at: Path) -> Losing:
    main = repository(opencode, at / "main")
    git(opencode, main, "worktree", "add", "--quiet", "../linked")
    lost = session(opencode, at / "linked")
    yield Spot(lost, at / "linked")
    git(opencode, main, "worktree", "remove", "--force", "../linked")
    return Loss(Spot(lost, main), "missing-directory", GONE)


def file_in_its_place(opencode: OpenCode, at: Path) -> Losing:
    old = repository(opencode, at / "old")
    lost = session(opencode, old)
    yield Spot(lost, old)
    old.rename(at / "new")
    old.write_text("")
    return Loss(Spot(lost, at / "new"), "not-a-directory", GONE | {Reader.BY_ID})


def loop_of_links(opencode: OpenCode, at: Path) -> Losing:
    old = repository(opencode, at / "old")
    lost = session(opencode, old)
    yield Spot(lost, old)
    old.rename(at / "new")
    old.symlink_to(old.name)
    return Loss(Spot(lost, at / "new"), "unreadable", GONE | {Reader.BY_ID})
