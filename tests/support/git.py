"""git as tests run it, without anybody's settings, and repositories made with it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NO_SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
KEPT_ID = "0123456789abcdef0123456789abcdef01234567"


DATE = 1_700_000_000


def git(directory: Path, *words: str | Path, date: int = DATE, stdin: str = "") -> str:
    """Run git in a directory and return its output without the last newline. It must succeed."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    identity = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "dev"), ("EMAIL", "dev@example.com"), ("DATE", f"{date} +0000"))
    }
    options = ("protocol.file.allow=always", "init.defaultBranch=main", "maintenance.auto=false")  # 2.55: in background
    command = ["git", *(word for option in options for word in ("-c", option)), *map(str, words)]
    done = subprocess.run(
        command,
        cwd=directory,
        env=inherited | NO_SETTINGS | identity,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout.rstrip("\n")


def root_commit(directory: Path) -> str:
    """Return the id of the only root commit."""
    (commit,) = root_commits(directory)
    return commit


def root_commits(directory: Path) -> list[str]:
    """Return the ids of all root commits below HEAD, in git's order."""
    return git(directory, "rev-list", "--max-parents=0", "HEAD").splitlines()


def repository(directory: Path, origin: str | None = None, *options: str) -> Path:
    """Make a repository with one commit, which no other repository of the same test has."""
    directory.mkdir(parents=True)
    git(directory, "init", "-q", *options)
    (directory / "file.txt").write_text(f"{directory}\n")
    commit(directory, f"first in {directory}")
    if origin:
        git(directory, "remote", "add", "origin", origin)
    return directory


def commit(directory: Path, message: str = "what was done", date: int = DATE) -> None:
    """Commit everything that is there, even if that is nothing."""
    git(directory, "add", "--all")
    git(directory, "commit", "-q", "--allow-empty", "-m", message, date=date)


def worktree(repository: Path, name: str, *options: str) -> Path:
    """Add a linked worktree beside a repository."""
    git(repository, "worktree", "add", "-q", *options, f"../{name}")
    return repository.parent / name


def clone(repository: Path, name: str = "target") -> Path:
    """Clone a repository beside itself."""
    git(repository.parent, "clone", "-q", repository, name)
    return repository.parent / name


def sub_directory(directory: Path) -> Path:
    """Make a directory unless it is there."""
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def keep_id(git_directory: Path, kept: str = KEPT_ID) -> None:
    """Write what opencode leaves behind when it opens a repository."""
    (git_directory / "opencode").write_text(kept)


def copy_of(directory: Path, copy: Path) -> Path:
    """Copy the plain files of a repository, `.git` and all."""
    shutil.copytree(directory, copy, symlinks=True)
    return copy
