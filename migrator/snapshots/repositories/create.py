"""Make a snapshot repository, as opencode does before the first snapshot of a worktree."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.disk.ownership import give_path, make_directory, owner_of
from migrator.disk.system import sync
from migrator.disk.temp_dirs import temporary_folder
from migrator.snapshots.git.alternates import write_alternates
from migrator.snapshots.git.run import git_path, run_git

if TYPE_CHECKING:
    from migrator.snapshots.repositories.route import SnapshotRoute

# What opencode 1.18.34 sets, in its order; 1.3.2 to 1.15.13 set the first four.
_CONFIG = (
    ("core.autocrlf", "false"),
    ("core.longpaths", "true"),
    ("core.symlinks", "true"),
    ("core.fsmonitor", "false"),
    ("feature.manyFiles", "true"),
    ("index.version", "4"),
    ("index.threads", "true"),
    ("core.untrackedCache", "true"),
)


def create(route: SnapshotRoute) -> None:
    """Make the target of a route under another name and move it into place: opencode only asks whether it is there.

    Its alternates are the objects of the worktree's repository, and it begins with a copy of that one's index; opencode
    1.15.13 and older do neither, and don't mind. If the worktree's folder moves next, it is made for the new place.
    """
    path, worktree = Path(route.target), route.target_worktree_now
    owner = make_directory(path.parent, owner_of(path.parent))
    with temporary_folder(path.parent) as folder:
        new = folder / "new"
        new.mkdir()
        run_git(str(new), "init", "--quiet", extra={"GIT_DIR": str(new), "GIT_WORK_TREE": worktree}, work_tree=worktree)
        for name, value in _CONFIG:
            run_git(str(new), "config", name, value)
        if route.target_worktree != worktree:
            run_git(str(new), "config", "core.worktree", route.target_worktree)
        (new / "objects" / "info").mkdir(exist_ok=True)
        write_alternates(str(new), route.target_alternates)
        # opencode copies the main worktree's index for every worktree. In another one it would then see main's files
        # wherever it hasn't looked itself, outside the session's directory, and write those on a redo.
        index = Path(git_path(worktree, "--git-path", "index"))
        if index.exists():
            shutil.copyfile(index, new / "index")
        for made in (*new.rglob("*"), new):
            if made.is_dir() or made.is_file():
                give_path(made, owner)
                sync(made)
        try:
            new.rename(path)
        except OSError:
            if not path.exists():  # else somebody else has made it meanwhile
                raise
