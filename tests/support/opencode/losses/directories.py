"""Sessions whose directory is gone, or is something else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.support.git import git
from tests.support.opencode.losses.making import Loss, in_repository, repository, session
from tests.support.opencode.readers import Reader, Spot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.opencode.losses.making import Losing
    from tests.support.opencode.opencode_1 import OpenCode

GONE = frozenset({Reader.DIRECTORY_FILTER, Reader.ROOTS, Reader.PROMPT})
"""The lists by project still have it."""


def renamed_repository(opencode: OpenCode, at: Path) -> Losing:
    spot = yield from in_repository(opencode, at / "old")
    new = spot.home.rename(at / "new")
    return Loss(replace(spot, home=new), "missing-directory", GONE)


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
    main = repository(at / "main")
    git(main, "worktree", "add", "--quiet", "../linked")
    lost = session(opencode, at / "linked")
    yield Spot(lost, at / "linked")
    git(main, "worktree", "remove", "--force", "../linked")
    return Loss(Spot(lost, main), "missing-directory", GONE)


def file_in_its_place(opencode: OpenCode, at: Path) -> Losing:
    spot = yield from in_repository(opencode, at / "old")
    new = spot.home.rename(at / "new")
    spot.home.write_text("")
    return Loss(replace(spot, home=new), "not-a-directory", GONE | {Reader.BY_ID})


def loop_of_links(opencode: OpenCode, at: Path) -> Losing:
    spot = yield from in_repository(opencode, at / "old")
    new = spot.home.rename(at / "new")
    spot.home.symlink_to(spot.home.name)
    return Loss(replace(spot, home=new), "unreadable", GONE | {Reader.BY_ID})
