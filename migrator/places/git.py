"""What git says about a checkout, asked as opencode asks it.

Two processes for a checkout whose `origin` or kept id names the project, three where its root commit does; one more for
a linked worktree of opencode 2. Nothing is ever written: opencode keeps the id in `<git dir>/opencode` when it opens a
repository, we only read that file.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from migrator.errors import MigratorError
from migrator.places import git_worktrees, origin
from migrator.places.checkout import GLOBAL, NO_CHECKOUT, Checkout, ProjectIdScheme
from migrator.places.small_files import nearest_with

# Set by git for its hooks and aliases: with them git would describe the repository we were called from.
_MISLEADING = frozenset({
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
})  # fmt: skip
_OURS = {
    "LC_ALL": "C",  # we read its messages
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone must not grow because somebody looked at it
}


class _Layout(NamedTuple):
    """`marked` is the directory that holds `.git`, `top` git's top level (None: no work tree), `common` its store."""

    marked: str
    top: str | None
    common: str


def marked_directory(directory: str) -> str | None:
    """Return the nearest directory at or above the absolute `directory` with a `.git` in it, without asking git."""
    return nearest_with(".git", directory)


def checkout(marked: str, identity: ProjectIdScheme) -> Checkout:
    """Describe the checkout whose `.git` is in `marked`. Raises MigratorError where git is missing or refuses.

    A `.git` that git says is no repository (its main repository moved away, say) is no checkout to opencode either.
    """
    layout = _layout(marked)
    if identity is ProjectIdScheme.ORIGIN_FIRST:
        return _origin_first(layout) if layout else NO_CHECKOUT
    if identity is ProjectIdScheme.V2:
        return _version_2(layout) if layout else NO_CHECKOUT
    if layout:
        return _cache_first(layout)
    kept = _kept_id(Path(marked, ".git"))
    project_id, told_by = _by_kept(kept) or (GLOBAL, "no repository to git")
    return Checkout(project_id, marked, marked, None, kept, told_by)


def _origin_first(layout: _Layout) -> Checkout:
    """Seen with opencode 1.15.13 and 1.18.34."""
    top = layout.top or layout.marked
    kept = _kept_id(Path(layout.common))
    project_id, told_by = _by_origin(top) or _by_kept(kept) or _by_root_commit(top) or _NOBODY
    return Checkout(project_id, top, top, "git", kept, told_by)


def _version_2(layout: _Layout) -> Checkout:
    """Read in the source of opencode 2: a new project row gets the main worktree, which is git's first."""
    found = _origin_first(layout)
    link = git_worktrees.worktree_link(layout.marked)
    if link is None or link.id is None:
        return found
    _, listed, _ = _git(found.worktree, "worktree", "list", "--porcelain")
    main = next((line for line in listed.split("\n") if line.startswith("worktree ")), None)
    return replace(found, project_worktree=os.path.normpath(main.removeprefix("worktree ").strip())) if main else found


def _cache_first(layout: _Layout) -> Checkout:
    """Seen with opencode 1.14.34, and 1.3.2 but for the `project_worktree` of a bare repository's worktree."""
    marked, top, common = layout
    kept = _kept_id(Path(marked, ".git")) or _kept_id(Path(common))
    project_id, told_by = _by_kept(kept) or _by_root_commit(marked) or _NOBODY
    if project_id == GLOBAL:
        return Checkout(GLOBAL, marked, marked, "git", kept, told_by)
    if top is None:
        return Checkout(project_id, marked, marked, None, kept, told_by)
    return Checkout(project_id, top, _main_worktree(layout), "git", kept, told_by)


def _main_worktree(layout: _Layout) -> str:
    beside = str(Path(layout.common).parent)
    if layout.marked in (layout.common, beside):
        return layout.marked
    _, bare, _ = _git(layout.marked, "config", "--bool", "core.bare")
    return layout.common if bare.strip() == "true" else beside


def _layout(marked: str) -> _Layout | None:
    # One process for two paths. The top level comes last, for git stops there in a bare repository.
    _, out, complaint = _git(marked, "rev-parse", "--git-common-dir", "--is-inside-work-tree", "--show-toplevel")
    answer = re.fullmatch(r"(.+)\n(?:true|false)\n(.*)", out, re.DOTALL)
    if answer:
        common, top = (os.path.normpath(Path(marked, path.rstrip("\r\n"))) for path in answer.groups())
        return _Layout(marked, top if answer[2].strip("\r\n") else None, common)
    if "not a git repository" in complaint:
        return None
    if "dubious ownership" in complaint or "unsafe repository" in complaint:
        raise MigratorError(
            f"git refuses to look into {marked} because another user owns it, and opencode would see no project there: "
            f"run git config --global --add safe.directory {shlex.quote(marked)} and try again"
        )
    raise MigratorError(f"git can't read the repository at {marked}, repair it first: {complaint}")


_NOBODY = (GLOBAL, "no commit yet")


def _by_origin(top: str) -> tuple[str, str] | None:
    failed, url, _ = _git(top, "remote", "get-url", "origin")
    project_id = None if failed else origin.project_id(url)
    return (project_id, f"origin {origin.host_and_path(url)}") if project_id else None


def _by_kept(kept: str | None) -> tuple[str, str] | None:
    return (kept, "the id kept in its git directory") if kept else None


def _by_root_commit(top: str) -> tuple[str, str] | None:
    first = min(root_commits(top), default=None)
    return (first, "its root commit") if first else None


def root_commits(top: str) -> frozenset[str]:
    """Return the ids of the commits without a parent from which HEAD has grown; none where there is no commit.

    Takes as long as the history is, where nobody wrote a commit graph.
    """
    failed, commits, _ = _git(top, "rev-list", "--max-parents=0", "HEAD")
    return frozenset() if failed else frozenset(commits.split())


def _kept_id(git_directory: Path) -> str | None:
    try:
        return (git_directory / "opencode").read_text("utf-8-sig", "replace").strip() or None
    except OSError:
        return None


def environment() -> dict[str, str]:
    """Return our environment without what would make git describe another repository than it is asked about."""
    return {name: value for name, value in os.environ.items() if name not in _MISLEADING} | _OURS


def _git(directory: str, *arguments: str) -> tuple[int, str, str]:
    """Run git in `directory`: exit code, output, and its complaint as one line."""
    try:
        done = subprocess.run(
            ("git", *arguments),
            cwd=directory,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        if not Path(directory).is_dir():
            return 1, "", f"{directory} is gone"
        raise MigratorError(
            f"git is not on PATH, so nobody can tell which project the repository at {directory} is: install git"
        ) from error
    except OSError as error:
        return 1, "", str(error)
    return done.returncode, os.fsdecode(done.stdout), " ".join(os.fsdecode(done.stderr).split())
