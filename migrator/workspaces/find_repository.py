"""From a directory to the repository it is a working copy of, by the files on the disk."""

from __future__ import annotations

import os

from migrator.errors import MigratorError
from migrator.paths import upwards
from migrator.places import git_worktrees
from migrator.places.small_files import real_path
from migrator.workspaces import jj
from migrator.workspaces.model import Repository


def marked(directory: str) -> str | None:
    """Return the nearest directory at or above `directory` that holds a `.jj` or a `.git`."""
    return next(filter(is_marked, upwards(directory)), None)


def is_marked(directory: str) -> bool:
    """Tell whether this directory is the top of a working copy of whatever repository."""
    return os.path.lexists(os.path.join(directory, ".git")) or os.path.lexists(os.path.join(directory, ".jj", "repo"))


def find_repository(directory: str) -> Repository:
    """Return the repository, without its workspaces, that `directory` is in; it may be in any of them.

    Raises MigratorError where it is in none, or its repository is gone.
    """
    here = real_path(directory)
    if not os.path.isdir(here):
        raise MigratorError(f"{directory} is no directory; name a directory in any workspace of the repository.")
    top = marked(here)
    if top is None:
        bare = next((link for above in upwards(here) if (link := git_worktrees.worktree_link(above))), None)
        if bare is None:
            raise MigratorError(
                f"{here} is in no git or jj repository; name a directory in any workspace of the repository."
            )
        return _of_git(bare.common, None)
    return _of_top(top)


def _of_top(top: str) -> Repository:
    repo = jj.repository(top)
    link = git_worktrees.worktree_link(top)
    if repo is not None and jj.is_repository(repo):
        return _of_jj(repo)
    if link is not None:
        main = git_worktrees.main_root(link.common)
        owner = main and jj.repository(main)
        if owner and jj.is_repository(owner) and _common(owner) == link.common:
            return _of_jj(owner)
        return _of_git(link.common, top if link.id is None and top != link.common else None)
    if repo is not None:
        raise MigratorError(
            f"The jj workspace {top} belongs to a repository that is no longer at {repo}; "
            "name the directory where the repository is now."
        )
    raise MigratorError(
        f"{os.path.join(top, '.git')} leads to no repository; if that was moved, run `git worktree repair` in it, "
        "or name the directory where the repository is now."
    )


def _of_jj(repo: str) -> Repository:
    main = jj.main_root(repo)
    return Repository(main, main, _common(repo), repo)


def _common(repo: str) -> str | None:
    """Return git's directory where its worktrees are workspaces of this jj repository too.

    That is where `.git` lies beside `.jj`. A git repository elsewhere has a main working copy of its own, and the one
    that jj keeps inside `.jj` has no worktrees but jj's.
    """
    git = jj.git(repo)
    if git is None or git.backing is not jj.Backing.COLOCATED:
        return None
    link = git_worktrees.worktree_link(jj.main_root(repo))
    return link.common if link is not None and link.id is None else None


def _of_git(common: str, top: str | None) -> Repository:
    """Describe a git repository; `top` is its main working copy if that is where we came from."""
    main = git_worktrees.main_root(common) or (None if git_worktrees.is_bare(common) else top)
    return Repository(main or common, main, common, None)
