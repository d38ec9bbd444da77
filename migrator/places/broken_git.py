"""What is wrong with a `.git` that git doesn't take for a repository, and what mends it.

git itself only says that it is none, and then asks the directories above: a crash that emptied its HEAD, a `.git` of
somebody else's that is closed, and an empty directory are all the same to it (2.39.5), and to opencode they are no
project, or a part of the repository around (1.18.34).
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from migrator.disk.readable import remedy, why_not_plain, why_unreadable
from migrator.disk.status import is_there
from migrator.places import git_worktrees
from migrator.places.small_files import read_small
from migrator.text import shell_quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from migrator.errors import CantTell

_BACKUP = "bring it back from a backup"
_HEAD_LIMIT = 64 * 1024
_READ_WHOLE: Mapping[str, int | None] = {
    "HEAD": _HEAD_LIMIT,
    "commondir": _HEAD_LIMIT,
    "config": 1 << 24,
    "config.worktree": 1 << 24,
    "objects/info/alternates": 1 << 20,
    "packed-refs": None,
    "shallow": None,
    "index": None,
    "info/grafts": None,
    "objects/info/commit-graph": None,
}
"""The files in a git directory that git waits for if they are FIFOs (2.39.5), and how many bytes can be in them."""
_REFERENCE_OF_HEAD = re.compile(rb"ref:\s*(refs/[^\s\0]+)")
_REFERENCE = re.compile(rb"ref:\s*refs/|[0-9a-f]{40}")


def what_is_wrong(root: str) -> tuple[str, str]:
    """Return why `<root>/.git` is no repository to git, and what to do, in words; the first is "" if nobody knows.

    Raises CantTell if even that can't be looked at.
    """
    marker = os.path.join(root, ".git")
    if os.path.islink(marker) and not is_there(os.path.realpath(marker)):
        return f"it is a link to {os.path.realpath(marker)}, which is not there", "bring that back, or remove the link"
    if (error := why_unreadable([marker])) is not None:
        return str(error), remedy(error, marker)
    if os.path.isdir(marker):
        return what_is_wrong_in(marker, "it")
    named = git_worktrees.named_git_dir(root)
    if not named:
        return "it names no git directory", _BACKUP
    git_dir = os.path.normpath(os.path.join(root, named))
    if not is_there(git_dir):
        return f"it names {git_dir}, which is not there", _reunite(root)
    return what_is_wrong_in(git_dir, f"{git_dir}, which it names,")


def _reunite(root: str) -> str:
    """Return what brings a `.git` file and the git directory that it names together again."""
    admin = git_worktrees.admin_dir(root)
    if admin is not None:
        return f"run `git worktree repair {shell_quote(root)}` in its repository, where that is now,"
    if f"{os.sep}modules{os.sep}" in (git_worktrees.named_git_dir(root) or ""):
        return "move it aside, run `git submodule update --init` in the repository around it, put your changes back,"
    return "bring that back"


def what_is_wrong_in(git_dir: str, it: str) -> tuple[str, str]:
    """Do the same for a git directory, which is called `it` in the answer."""
    head, commondir, objects, refs = (os.path.join(git_dir, name) for name in ("HEAD", "commondir", "objects", "refs"))
    if (error := why_unreadable([git_dir, head, commondir, objects, refs])) is not None:
        return str(error), remedy(error, git_dir)
    if not os.listdir(git_dir):
        return f"{it} is empty", f"bring the repository back, or remove that with rmdir {shell_quote(git_dir)}"
    if not _REFERENCE.match(read_small(head, _HEAD_LIMIT) or b""):
        return f"{it} has no branch in HEAD", f"write one (echo 'ref: refs/heads/BRANCH' > {shell_quote(head)})"
    of_all_worktrees = () if os.path.lexists(commondir) else (objects, refs)
    missing = next((name for name in of_all_worktrees if not os.path.lexists(name)), None)
    return (f"{it} has no {os.path.basename(missing)}", _BACKUP) if missing else ("", "repair it")


def why_endless(git_dirs: Iterable[str]) -> CantTell | None:
    """Return which file of these git directories git might read for ever, or into all of our memory; None: no file."""
    for git_dir in git_dirs:
        branch = _REFERENCE_OF_HEAD.match(read_small(os.path.join(git_dir, "HEAD"), _HEAD_LIMIT) or b"")
        names = {**_READ_WHOLE, **({os.fsdecode(branch[1]): _HEAD_LIMIT} if branch else {})}
        if (error := why_not_plain({os.path.join(git_dir, name): limit for name, limit in names.items()})) is not None:
            return error
    return None
