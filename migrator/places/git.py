"""What git says about a checkout, asked as opencode asks it.

Two processes for a checkout whose `origin` or kept id names the project, three if its root commit does; one more for a
linked worktree in opencode 2. Nothing is ever written: opencode keeps the id in `<git dir>/opencode` when it opens a
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
from migrator.places.checkout import GLOBAL, NO_CHECKOUT, Checkout, ProjectIdScheme, kept_project_id
from migrator.places.small_files import nearest_with

# Git sets these for its hooks and aliases: with them it would describe the repository we were called from.
_MISLEADING = frozenset({
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CEILING_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS", "GIT_DIR", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
    "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
})  # fmt: skip
_OURS = {
    "LC_ALL": "C",  # we read its messages
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone must not grow because somebody looked at it
}
_KEPT = "the id kept in its git directory"


class _Layout(NamedTuple):
    """`root` is the directory that holds `.git`, `top` git's top level (None: no work tree), `common` its git data."""

    root: str
    top: str | None
    common: str


def repository_root(directory: str) -> str | None:
    """Return the nearest directory at or above the absolute `directory` with a `.git` in it, without asking git."""
    return nearest_with(".git", directory)


def checkout(root: str, scheme: ProjectIdScheme) -> Checkout:
    """Describe the checkout whose `.git` is in `root`. Raises MigratorError if git is missing or refuses.

    If git says that a `.git` is no repository (its main repository moved away, say), it is no checkout to opencode.
    """
    layout = _layout(root)
    if scheme is ProjectIdScheme.ORIGIN_FIRST:
        return _origin_first(layout) if layout else NO_CHECKOUT
    if scheme is ProjectIdScheme.V2:
        return _version_2(layout) if layout else NO_CHECKOUT
    if layout:
        return _cache_first(layout)
    kept = kept_project_id(f"{root}/.git")
    project_id, id_source = (kept, _KEPT) if kept else (GLOBAL, "no repository to git")
    return Checkout(project_id, root, root, None, kept, id_source)


def _origin_first(layout: _Layout) -> Checkout:
    """Seen with opencode 1.15.13 and 1.18.34."""
    top = layout.top or layout.root
    kept = kept_project_id(layout.common)
    project_id, id_source = _by_origin(top) or _by_kept_id_or_root_commit(kept, top)
    return Checkout(project_id, top, top, "git", kept, id_source)


def _version_2(layout: _Layout) -> Checkout:
    """Read in the source of opencode 2: a new project row gets the main worktree, which git lists first."""
    facts = _origin_first(layout)
    link = git_worktrees.worktree_link(layout.root)
    if link is None or link.id is None:
        return facts
    _, listed, _ = _git(facts.worktree, "worktree", "list", "--porcelain")
    main = next((line for line in listed.split("\n") if line.startswith("worktree ")), None)
    if main is None:
        return facts
    return replace(facts, project_worktree=os.path.normpath(main.removeprefix("worktree ").strip()))


def _cache_first(layout: _Layout) -> Checkout:
    """Seen with opencode 1.14.34, and 1.3.2 but for the `project_worktree` of a bare repository's worktree."""
    root, top, common = layout
    kept = kept_project_id(f"{root}/.git") or kept_project_id(common)
    project_id, id_source = _by_kept_id_or_root_commit(kept, root)
    if project_id == GLOBAL:
        return Checkout(GLOBAL, root, root, "git", kept, id_source)
    if top is None:
        return Checkout(project_id, root, root, None, kept, id_source)
    return Checkout(project_id, top, _main_worktree(layout), "git", kept, id_source)


def _main_worktree(layout: _Layout) -> str:
    parent = str(Path(layout.common).parent)
    if layout.root in (layout.common, parent):
        return layout.root
    _, bare, _ = _git(layout.root, "config", "--bool", "core.bare")
    return layout.common if bare.strip() == "true" else parent


def _layout(root: str) -> _Layout | None:
    # One process for two paths. The top level comes last, because git stops there in a bare repository.
    _, out, complaint = _git(root, "rev-parse", "--git-common-dir", "--is-inside-work-tree", "--show-toplevel")
    answer = re.fullmatch(r"(.+)\n(?:true|false)\n(.*)", out, re.DOTALL)
    if answer:
        common, top = (os.path.normpath(Path(root, path.rstrip("\r\n"))) for path in answer.groups())
        return _Layout(root, top if answer[2].strip("\r\n") else None, common)
    if "not a git repository" in complaint:
        return None
    if "dubious ownership" in complaint or "unsafe repository" in complaint:
        raise MigratorError(
            f"git refuses to look into {root} because another user owns it, and opencode would see no project there: "
            f"run git config --global --add safe.directory {shlex.quote(root)} and try again"
        )
    raise MigratorError(f"git can't read the repository at {root}, repair it first: {complaint}")


def _by_origin(top: str) -> tuple[str, str] | None:
    failed, url, _ = _git(top, "remote", "get-url", "origin")
    project_id = None if failed else origin.project_id(url)
    return (project_id, f"origin {origin.host_and_path(url)}") if project_id else None


def _by_kept_id_or_root_commit(kept: str | None, top: str) -> tuple[str, str]:
    if kept:
        return kept, _KEPT
    first = min(root_commits(top), default=None)
    return (first, "its root commit") if first else (GLOBAL, "no commit yet")


def root_commits(top: str) -> frozenset[str]:
    """Return the ids of the ancestors of HEAD that have no parent; none if there is no commit.

    Clones and worktrees of a repository have them in common. Git walks the whole history unless it has a commit graph.
    """
    failed, commits, _ = _git(top, "rev-list", "--max-parents=0", "HEAD")
    return frozenset() if failed else frozenset(commits.split())


def environment() -> dict[str, str]:
    """Return our environment without the variables that point git to another repository."""
    return {name: value for name, value in os.environ.items() if name not in _MISLEADING} | _OURS


def _git(directory: str, *arguments: str) -> tuple[int, str, str]:
    """Run git in `directory`: return its exit code, its output, and what it wrote to stderr as one line."""
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
