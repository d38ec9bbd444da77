"""The repository that a directory is in, by the files on the disk."""

from __future__ import annotations

import os

from migrator.disk.status import is_directory, is_there, no_directory
from migrator.errors import MigratorError
from migrator.paths import upwards
from migrator.places import git_worktrees
from migrator.places.place_finder import check_name
from migrator.places.small_files import real_path
from migrator.workspaces import jj
from migrator.workspaces.model import Repository


def working_copy_root(directory: str) -> str | None:
    """Return the root of the working copy that a directory is in; None if it is in none."""
    return next(filter(is_working_copy_root, upwards(directory)), None)


def is_working_copy_root(directory: str) -> bool:
    """Tell whether a directory is the root of a working copy of any repository: it holds a `.git` or a jj `.jj`.

    Raises CantTell if nobody can tell.
    """
    return is_there(os.path.join(directory, ".git")) or is_there(os.path.join(directory, ".jj", "repo"))


def find_repository(directory: str) -> Repository:
    """Return the repository that `directory` is in, without its workspaces; the directory may be in any of them.

    Raises MigratorError if it is in none, or its repository is gone.
    """
    check_name(directory)
    here = real_path(directory)
    if not is_directory(here):
        raise MigratorError(f"{directory} {no_directory(here)}; name a directory in any workspace of the repository.")
    root = working_copy_root(here)
    if root is None:
        bare = next((link for above in upwards(here) if (link := git_worktrees.worktree_link(above))), None)
        if bare is None:
            raise MigratorError(
                f"{here} is in no git or jj repository; name a directory in any workspace of the repository."
            )
        return _of_git(bare.common, None)
    return _of_root(root)


def _of_root(root: str) -> Repository:
    repo = jj.repo_dir(root)
    link = git_worktrees.worktree_link(root)
    if repo is not None and jj.is_repo_dir(repo):
        return _of_jj(repo)
    if link is not None:
        main = git_worktrees.main_root(link.common)
        main_repo = main and jj.repo_dir(main)
        if main_repo and jj.is_repo_dir(main_repo) and _common(main_repo) == link.common:
            return _of_jj(main_repo)
        return _of_git(link.common, root if link.id is None and root != link.common else None)
    if repo is not None:
        raise MigratorError(
            f"The jj workspace {root} belongs to a repository that is no longer at {repo}; "
            "name the directory where the repository is now."
        )
    raise MigratorError(
        f"{os.path.join(root, '.git')} leads to no repository; if that was moved, run `git worktree repair` in it, "
        "or name the directory where the repository is now."
    )


def _of_jj(repo: str) -> Repository:
    main = jj.main_root(repo)
    return Repository(main, main, _common(repo), repo)


def _common(repo: str) -> str | None:
    """Return git's common directory if its worktrees are workspaces of this jj repository too, else None.

    They are if `.git` lies beside `.jj`. A git repository elsewhere has a main working copy of its own, and the one
    that jj keeps inside `.jj` has no worktrees but jj's.
    """
    link = git_worktrees.worktree_link(jj.main_root(repo)) if jj.is_colocated(repo) else None
    return link.common if link is not None and link.id is None else None


def _of_git(common: str, root: str | None) -> Repository:
    """Describe a git repository; `root` is its main working copy if the directory asked about is in that."""
    main = git_worktrees.main_root(common) or (None if git_worktrees.is_bare(common) else root)
    return Repository(main or common, main, common, None)
