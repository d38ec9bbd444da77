"""Run git on snapshot repositories: nothing else reads or writes their objects."""

from __future__ import annotations

import os
import signal
from typing import IO, TYPE_CHECKING

from migrator.disk.readable import with_remedy
from migrator.errors import MigratorError
from migrator.places.broken_git import why_endless
from migrator.places.git import environment
from migrator.places.programs import QUESTION, WORK, Command, run

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

# As opencode runs it: no translation of line ends, names as they are.
_PLAIN = ("-c", "core.autocrlf=false", "-c", "core.quotepath=false", "-c", "core.fsmonitor=false", "-c", "gc.auto=0")

_LONG = frozenset({"--batch-all-objects", "hash-object", "index-pack", "pack-objects", "rev-list", "verify-pack"})
"""What goes through all objects, or all of a large file."""


class GitFailed(MigratorError):
    """Git failed; the message has what it printed."""


def run_git(
    git_dir: str,
    *words: str,
    stdin: bytes | IO[bytes] = b"",
    stdout: IO[bytes] | None = None,
    work_tree: str | None = None,
    extra: Mapping[str, str] | None = None,
) -> bytes:
    """Run git on `git_dir` and return what it prints; raises GitFailed with any exit code but 0, CantTell if it waits.

    `stdin` is what it reads, or an open file; `stdout` is an open file that it prints into instead; `extra` is added to
    its environment. Git has no terminal, so Ctrl-C doesn't reach it: what stops us ends it.
    """
    check_not_endless(git_dir)
    what, environ = f"git {words[0]} on {git_dir}", {**environment(), **(extra or {})}
    command = Command(what, ("git", *_PLAIN, *git_at(git_dir, work_tree), *words), environ, work_tree or git_dir)
    try:
        done = run(command, QUESTION if _LONG.isdisjoint(words) else WORK, stdin=stdin, stdout=stdout)
    except OSError as error:
        raise GitFailed(f"git can't be run on {git_dir}: {error.strerror or error}") from error
    if done.returncode:
        raise GitFailed(f"{what} failed: {_complaint(done)}")
    return done.stdout


def check_not_endless(git_dir: str) -> None:
    """Raise CantTell if a file lies there that git might wait for, or read without end."""
    if (error := why_endless([git_dir])) is not None:
        raise with_remedy(error, git_dir)


def git_at(git_dir: str, work_tree: str | None = None) -> tuple[str, ...]:
    """Return the arguments that make git work on `git_dir`.

    Without a `work_tree`, that is the git directory too: git refuses to do anything if the configured worktree and the
    directory above it are gone. As opencode does, we tell Git for Windows to take paths of more than 260 characters.
    """
    return "-c", "core.longpaths=true", "--git-dir", git_dir, "--work-tree", work_tree or git_dir


def with_alternates(*objects: str) -> dict[str, str]:
    """Return the environment in which git reads these object directories too, whatever letters are in their names."""
    escaped = (path.replace("\\", "\\\\").replace('"', '\\"') for path in objects)
    return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": os.pathsep.join(f'"{path}"' for path in escaped)}


def git_path(worktree: str, *words: str) -> str:
    """Return the absolute path that `git rev-parse WORDS` names in a worktree."""
    words = ("git", "rev-parse", "--path-format=absolute", *words)
    try:
        done = run(Command(f"git rev-parse in {worktree}", words, environment(), worktree))
    except OSError as error:
        raise GitFailed(f"git can't be run in {worktree}: {error.strerror or error}") from error
    if done.returncode:
        raise GitFailed(f"git can't tell where the repository of {worktree} is: {_complaint(done)}")
    return os.fsdecode(done.stdout).rstrip("\n")


def common_directory(worktree: str) -> str:
    """Return the git directory that all worktrees of this one's repository share."""
    return git_path(worktree, "--git-common-dir")


def quotes_names(git_dir: str) -> bool:
    """Tell whether git, as the user configured it, quotes names with other letters than ASCII (its default)."""
    words = ("git", *git_at(git_dir), "config", "--type=bool", "--default=true", "core.quotepath")
    done = run(Command(f"git config on {git_dir}", words, environment()))
    return done.stdout.strip() != b"false"


def is_hash(name: str) -> bool:
    """Tell whether this can be the full name of an object, SHA-1 or SHA-256."""
    return len(name) in {40, 64} and all(letter in "0123456789abcdef" for letter in name)


def _complaint(done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode < 0:
        return f"it was ended by {signal.Signals(-done.returncode).name}"
    return " ".join(os.fsdecode(done.stderr).split()) or f"exit code {done.returncode}"
