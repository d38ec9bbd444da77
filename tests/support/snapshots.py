"""Snapshots as opencode takes them, with real git, for databases that no opencode has run on."""

from __future__ import annotations

import os
from hashlib import sha1
from typing import TYPE_CHECKING

from tests.support.git import git, root_commit
from tests.support.rows import add_message, add_part, add_project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home


def snapshot_repository(home: Home, project: str, worktree: Path) -> Path:
    """Where opencode keeps the snapshots of a worktree."""
    return home.database.parent / "snapshot" / project / sha1(str(worktree).encode()).hexdigest()


def snapshot(home: Home, worktree: Path, project: str | None = None) -> str:
    """Take a snapshot of a worktree as it is now; the hash of its tree."""
    git_dir = snapshot_repository(home, project or root_commit(worktree), worktree)
    git_dir.parent.mkdir(parents=True, exist_ok=True)
    there = ("--git-dir", git_dir, "--work-tree", worktree)
    if not git_dir.exists():
        git(worktree, *there, "init", "--quiet")
        (git_dir / "objects" / "info" / "alternates").write_text(f"{worktree}/.git/objects\n")
    git(worktree, *there, "add", "--all")
    return git(worktree, *there, "write-tree")


def add_turn(home: Home, session: str, tree: str, *files: Path | str, number: int = 1) -> str:
    """Give a session a turn that changed these files, as opencode stores it; the id of the user's message."""
    said, answer = f"msg_{number}_user_{session}", f"msg_{number}_{session}"
    messages = ((said, {"role": "user"}, 1000 * number), (answer, {"role": "assistant", "parentID": said}, 9000))
    for id_, data, time in messages:
        add_message(home, session, id_, time, **data)
    part, named = f"prt_{number}_{session}", [os.fspath(file) for file in files]
    add_part(home, session, answer, part, type="patch", hash=tree, files=named)
    return said


def bind(home: Home, session: str, directory: Path, project: str) -> None:
    """Say where a session is; its project gets a row."""
    add_project(home, project, directory)
    home.execute(
        "UPDATE session SET project_id = ?, directory = ?, path = '', workspace_id = NULL WHERE id = ?",
        (project, str(directory), session),
    )


SAFE, MIXED, LOST = "ses_dfbea7dbbffe6PXdBNzjBZcPpX", "ses_dfbea8ed3ffeeEpHJ5KIKZRinX", "ses_dfbea8bbdffeoRjJtH8InRDUco"
"""Three sessions of the real ones: what an undo does in them after `three_sessions`. LOST is a child of MIXED."""
GONE = "1" * 40
"""The hash of a snapshot that was pruned."""


def three_sessions(home: Home) -> Path:
    """Make a repository with three sessions, of which two have a turn that can't be undone without deleting files."""
    shop = home.repository("shop")
    for name in ("one", "two", "three"):
        (shop / name).write_text("before\n")
    tree = snapshot(home, shop)
    for name in ("one", "two", "three", "made"):
        (shop / name).write_text("after\n")
    for session in (SAFE, MIXED, LOST):
        bind(home, session, shop, root_commit(shop))
    add_turn(home, SAFE, tree, shop / "one", shop / "made")
    add_turn(home, MIXED, GONE, shop / "two", shop / "nowhere")
    add_turn(home, MIXED, tree, shop / "two", number=2)
    add_turn(home, LOST, GONE, shop / "three", shop / "README.md")
    return shop
