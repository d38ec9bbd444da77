"""Git's own plumbing on a snapshot repository: the only thing that reads or writes its objects."""

from __future__ import annotations

import os
import subprocess
from typing import IO, TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.places.git import environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# As opencode runs it: no translation of line ends, names as they are.
_PLAIN = ("-c", "core.autocrlf=false", "-c", "core.quotepath=false", "-c", "core.fsmonitor=false", "-c", "gc.auto=0")


class GitFailed(MigratorError):
    """Git could not do it; the message has its complaint."""


def run(
    git_dir: str,
    *words: str,
    stdin: bytes | IO[bytes] = b"",
    work_tree: str | None = None,
    extra: Mapping[str, str] | None = None,
) -> bytes:
    """Run git on `git_dir` and return what it prints; GitFailed with any exit code but 0.

    `stdin` is what it reads, or an open file; `extra` is added to its environment.
    """
    where = ("--git-dir", git_dir, *(("--work-tree", work_tree) if work_tree else ()))
    piped = None if isinstance(stdin, bytes) else stdin
    try:
        done = subprocess.run(
            ("git", *_PLAIN, *where, *words),
            cwd=work_tree or git_dir,
            env={**environment(), **(extra or {})},
            input=stdin if isinstance(stdin, bytes) else None,
            stdin=piped,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise GitFailed(f"git can't be run on {git_dir}: {error.strerror or error}") from error
    if done.returncode:
        raise GitFailed(f"git {words[0]} on {git_dir} failed: {_one_line(done.stderr)}")
    return bytes(done.stdout)


def borrowing(objects: str) -> dict[str, str]:
    """Return the environment in which git looks into this object directory too, whatever letters its path has."""
    escaped = objects.replace("\\", "\\\\").replace('"', '\\"')
    return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{escaped}"'}


def common_directory(worktree: str) -> str:
    """Return the git directory that all worktrees of this one's repository share."""
    words = ("git", "rev-parse", "--path-format=absolute", "--git-common-dir")
    done = subprocess.run(words, cwd=worktree, env=environment(), capture_output=True, check=False)
    if done.returncode:
        raise GitFailed(f"git can't tell where the repository of {worktree} is: {_one_line(done.stderr)}")
    return os.fsdecode(done.stdout).rstrip("\n")


def whole(git_dir: str, trees: Iterable[str], extra: Mapping[str, str] | None = None) -> set[str]:
    """Return those of `trees` of which every object is in the repository or in one it borrows from.

    Two processes if nothing is missing, one more for each tree where something is.
    """
    there = _present(git_dir, trees, extra)
    if not there or not _lacks(git_dir, there, extra):
        return there
    return {tree for tree in there if not _lacks(git_dir, {tree}, extra)}


def _present(git_dir: str, objects: Iterable[str], extra: Mapping[str, str] | None) -> set[str]:
    wanted = [name for name in dict.fromkeys(objects) if is_hash(name)]
    if not wanted:
        return set()
    asked = "\n".join(wanted).encode() + b"\n"
    answer = run(git_dir, "cat-file", "--batch-check", stdin=asked, extra=extra).decode()
    return {name for name, line in zip(wanted, answer.splitlines(), strict=True) if line.split()[1] == "tree"}


def _lacks(git_dir: str, trees: Iterable[str], extra: Mapping[str, str] | None) -> bool:
    words = ("rev-list", "--objects", "--no-object-names", "--missing=print", "--stdin")
    try:
        return b"?" in run(git_dir, *words, stdin="\n".join(trees).encode() + b"\n", extra=extra)
    except GitFailed:  # a damaged object stops the walk
        return True


def quotes_names(git_dir: str) -> bool:
    """Tell whether git, as the user has it configured, quotes names with other letters than ASCII (its default)."""
    words = ("git", "--git-dir", git_dir, "config", "--type=bool", "--default=true", "core.quotepath")
    done = subprocess.run(words, env=environment(), capture_output=True, check=False)
    return done.stdout.strip() != b"false"


def is_hash(name: str) -> bool:
    """Tell whether this is the full name of an object, SHA-1 or SHA-256."""
    return len(name) in {40, 64} and all(letter in "0123456789abcdef" for letter in name)


def _one_line(complaint: bytes) -> str:
    return " ".join(os.fsdecode(complaint).split())
