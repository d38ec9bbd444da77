"""Builders of directories with a `.git` that git doesn't take for a repository, or can't work with.

Each takes an empty directory and gives the directory to ask about. The real opencode is asked about the same ones.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from tests.support.git import git, keep_id, repository, sub_directory
from tests.support.repository_kinds import linked_worktree, submodule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def emptied_head(at: Path) -> Path:
    """What a crash leaves of a file that was just being written."""
    directory = repository(at / "repo")
    (directory / ".git" / "HEAD").write_text("")
    return directory


def below_emptied_head(at: Path) -> Path:
    return sub_directory(emptied_head(at) / "packages" / "ü")


def emptied_head_with_kept_id(at: Path) -> Path:
    directory = emptied_head(at)
    keep_id(directory / ".git")
    return directory


def zeroed_head(at: Path) -> Path:
    directory = repository(at / "repo")
    (directory / ".git" / "HEAD").write_bytes(bytes(21))
    return directory


def no_head(at: Path) -> Path:
    directory = repository(at / "repo")
    (directory / ".git" / "HEAD").unlink()
    return directory


def no_objects_directory(at: Path) -> Path:
    directory = repository(at / "repo")
    shutil.rmtree(directory / ".git" / "objects")
    return directory


def no_refs_directory(at: Path) -> Path:
    directory = repository(at / "repo")
    shutil.rmtree(directory / ".git" / "refs")
    return directory


def damaged_config(at: Path) -> Path:
    directory = repository(at / "repo")
    (directory / ".git" / "config").write_text("[core\n")
    return directory


def missing_objects(at: Path) -> Path:
    directory = repository(at / "repo")
    for folder in (directory / ".git" / "objects").iterdir():
        shutil.rmtree(folder)
    return directory


def emptied_branch(at: Path) -> Path:
    directory = repository(at / "repo")
    (directory / ".git" / "refs" / "heads" / "main").write_text("")
    return directory


def lost_branch(at: Path) -> Path:
    """git takes it for a branch without a commit, though there is a log of its commits."""
    directory = repository(at / "repo")
    (directory / ".git" / "refs" / "heads" / "main").unlink()
    return directory


def empty_git_directory(at: Path) -> Path:
    sub_directory(at / "repo" / ".git")
    return at / "repo"


def empty_git_directory_in_a_repository(at: Path) -> Path:
    sub_directory(repository(at / "repo") / "src" / ".git")
    return at / "repo" / "src"


def emptied_head_in_a_repository(at: Path) -> Path:
    inner = repository(repository(at / "repo") / "vendor")
    (inner / ".git" / "HEAD").write_text("")
    return inner


def link_to_nowhere(at: Path) -> Path:
    (sub_directory(at / "repo") / ".git").symlink_to(at / "gone")
    return at / "repo"


def link_to_nowhere_in_a_repository(at: Path) -> Path:
    directory = sub_directory(repository(at / "repo") / "src")
    (directory / ".git").symlink_to(at / "gone")
    return directory


def moved_main_repository(at: Path) -> Path:
    """The linked worktree still points to where its repository was."""
    linked = linked_worktree(at)
    (at / "repo").rename(at / "renamed")
    return linked


def submodule_without_its_git_directory(at: Path) -> Path:
    directory = submodule(at)
    shutil.rmtree(at / "super" / ".git" / "modules" / "module")
    return directory


def no_separate_git_directory(at: Path) -> Path:
    directory = repository(at / "repo", None, "--separate-git-dir", str(at / "store"))
    shutil.rmtree(at / "store")
    return directory


def git_file_of_something_else(at: Path) -> Path:
    (sub_directory(at / "repo") / ".git").write_text("")
    return at / "repo"


def fifo(at: Path) -> Path:
    os.mkfifo(sub_directory(at / "repo") / ".git")
    return at / "repo"


def closed_git_directory(at: Path) -> Path:
    directory = repository(at / "repo")
    (directory / ".git").chmod(0)
    return directory


def closed_head(at: Path) -> Path:
    directory = repository(at / "repo")
    (directory / ".git" / "HEAD").chmod(0)
    return directory


def closed_objects(at: Path) -> Path:
    directory = repository(at / "repo")
    (directory / ".git" / "objects").chmod(0)
    return directory


def closed_config(at: Path) -> Path:
    directory = repository(at / "repo")
    (directory / ".git" / "config").chmod(0)
    return directory


def closed_pack(at: Path) -> Path:
    directory = repository(at / "repo")
    git(directory, "repack", "-adq")
    for file in (directory / ".git" / "objects" / "pack").iterdir():
        file.chmod(0)
    return directory


_WHY: dict[Callable[[Path], Path], str] = {
    emptied_head: "it has no branch in HEAD",
    below_emptied_head: "it has no branch in HEAD",
    emptied_head_with_kept_id: "it has no branch in HEAD",
    zeroed_head: "it has no branch in HEAD",
    no_head: "it has no branch in HEAD",
    no_objects_directory: "it has no objects",
    no_refs_directory: "it has no refs",
    damaged_config: "fatal: bad config line 1 in file .git/config",
    missing_objects: "fatal: bad object HEAD",
    emptied_branch: "fatal: ambiguous argument 'HEAD'",
    lost_branch: "fatal: ambiguous argument 'HEAD'",
    empty_git_directory: "it is empty",
    empty_git_directory_in_a_repository: "it is empty",
    emptied_head_in_a_repository: "it has no branch in HEAD",
    link_to_nowhere: "it is a link to {at}/gone, which is not there",
    link_to_nowhere_in_a_repository: "it is a link to {at}/gone, which is not there",
    moved_main_repository: "it names {at}/repo/.git/worktrees/linked, which is not there",
    submodule_without_its_git_directory: "it names {at}/super/.git/modules/module, which is not there",
    no_separate_git_directory: "it names {at}/store, which is not there",
    git_file_of_something_else: "it names no git directory",
    fifo: "it is a FIFO, not a file",
}
_WHY_CLOSED: dict[Callable[[Path], Path], str] = {
    closed_git_directory: "because {at}/repo/.git can't be looked at: Permission denied",
    closed_head: "{at}/repo/.git/HEAD can't be looked at: Permission denied",
    closed_objects: "{at}/repo/.git/objects can't be looked at: Permission denied",
    closed_config: "run chmod -R u+rwX {at}/repo/.git first: warning: unable to access '.git/config'",
    closed_pack: "run chmod -R u+rwX {at}/repo/.git first: fatal: ",  # git 2.39 can't read HEAD, to 2.55 it is bad
}


def _named(why: dict[Callable[[Path], Path], str]) -> dict[str, tuple[Callable[[Path], Path], str]]:
    return {build.__name__.replace("_", "-"): (build, words) for build, words in why.items()}


BROKEN = _named(_WHY)
"""Each with words of the reason that a person is given; `{at}` is the directory that it was built in."""

CLOSED = _named(_WHY_CLOSED)
"""The same for those in which something may not be read; root may, so they are for commands that aren't root."""
