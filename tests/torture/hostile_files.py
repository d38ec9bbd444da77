"""Anything at all in the place of a file that git, jj, opencode or we read: every command ends soon, and says why."""

from __future__ import annotations

import os
import shutil
import socket
import time
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from tests.support import forked
from tests.support.git import worktree
from tests.support.jj import JjRepository
from tests.support.rows import rows_without_times
from tests.support.undo_world import World, state, write
from tests.support.unprivileged import give_up_root_powers
from tests.torture.home import kept_contract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from random import Random

    from tests.support.home import Home
    from tests.torture.frame import Try

GIT_SECONDS = 2
MOST_SECONDS = 40
"""How long a command may take: git may be silent several times, and this machine may be busy."""
MOST_MEMORY = 2 << 30

COMMANDS = (
    "list", "list --all --json", "projects", "orphans --json", "doctor", "doctor --undo --json", "workspaces src/shop",
    "workspaces src/jay --json", "move --from-dir ~/src/shop --to-dir src/other --yes", "consolidate src/shop --yes",
    "relocate src/shop src/other --copied --yes", "rescue --likely --yes", "protect --yes", "gc --yes", "log --json",
    "undo --yes", "resume --yes", "show plan.json", "apply plan.json --yes", "list --all --exclude-from list",
    "relocate --map map --foreign --dry-run", "list --from-workspaces src/jay --no-roots", "list --from-project shop",
    "plan --from-dir ~/src/* --to-dir src/shop -o plan.json", "orphans --search src",
)  # fmt: skip

_IN_GIT = (
    "HEAD", "config", "commondir", "packed-refs", "opencode", "index", "shallow", "config.worktree", "refs", "objects",
    "objects/info/alternates", "objects/info/commit-graph", "refs/heads/main", "info/grafts", "logs/HEAD", "FETCH_HEAD",
)  # fmt: skip
_IN_RECORD = ("gitdir", "commondir", "HEAD", "locked", "index")
_IN_JJ = ("repo", "repo/store/git_target", "repo/workspace_store/index", "repo/op_heads/heads", "working_copy/checkout")
PLACES = (
    *(f"src/shop/.git/{name}" for name in _IN_GIT),
    *(f"src/shop/.git/worktrees/linked/{name}" for name in _IN_RECORD),
    *(f"src/jay/.jj/{name}" for name in _IN_JJ),
    "src/shop/.git", "src/linked/.git", "src/jay/.git", "src/jay/.jj", "src/shop", "src/linked", "src/second/.jj/repo",
    "plan.json", "list", "map", ".config/opencode/opencode.json", ".config/ai.opencode.desktop/opencode.global.dat",
    ".local/share/opencode/snapshot", ".local/share/opencode/storage/session/global/ses_old.json",
    ".local/share/opencode/storage/session", ".local/share/opencode/opencode-dev.db",
    ".local/state/opencode/service.json", ".local/state/opencode-migrator/runs/20200101-000000-abcd.db",
)  # fmt: skip
BELOW = (
    "src/shop/.git", "src/jay/.jj", "src/jay/.git", ".local/share/opencode/snapshot", ".local/state/opencode-migrator",
)  # fmt: skip
"""In these, any file may be replaced."""


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    here = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as made:  # whose path may have 108 bytes
            made.bind(f"/proc/self/fd/{here}/{path.name}")
    finally:
        os.close(here)


def _sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 30)


def _closed(path: Path) -> None:
    path.touch(mode=0)


KINDS: dict[str, Callable[[Path], object]] = {
    "a FIFO": _fifo,
    "a socket": _socket,
    "/dev/zero": lambda path: path.symlink_to("/dev/zero"),
    "1 GB of nothing": _sparse,
    "NULs": lambda path: path.write_bytes(bytes(1000)),
    "a link to itself": lambda path: path.symlink_to(path),
    "a link to nowhere": lambda path: path.symlink_to("nowhere"),
    "a closed file": _closed,
    "a closed directory": lambda path: path.mkdir(mode=0),
    "an empty directory": lambda path: path.mkdir(),
    "an empty file": lambda path: path.touch(),
    "no UTF-8": lambda path: path.write_bytes(b"gitdir: caf\xe9\nref: refs/heads/caf\xe9\n"),
    "a long path": lambda path: path.write_text("gitdir: /" + "x/" * 30_000),
    "brackets": lambda path: path.write_text("[" * 100_000),
    "itself": lambda path: path.write_text(f"gitdir: {path}\n"),
}


class Case(NamedTuple):
    """What is put where, and the commands after it. `below`, from 0 to 1, is which file in a folder, None: itself."""

    kind: str
    place: str
    below: float | None
    commands: tuple[str, ...]


def tries(random: Random) -> Iterator[Try]:
    """Yield any kind of file at any place."""
    while True:
        is_any = random.random() < 0.4
        place = random.choice(BELOW if is_any else PLACES)
        commands = tuple(random.sample(COMMANDS, 3))
        yield partial(_attempt, Case(random.choice([*KINDS]), place, random.random() if is_any else None, commands))


def _attempt(case: Case, directory: Path) -> str | None:
    home = _home(directory)
    path = home.path / case.place
    if case.below is not None:
        files = sorted(file for file in path.rglob("*") if file.is_file())
        path = files[int(case.below * len(files))]
    path.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(path):
        path.rename(directory / "aside")
    KINDS[case.kind](path)
    files_before = state(home.src)
    line = ""
    try:
        for line in case.commands:
            _check(home, line)
        assert state(home.src) == files_before, "a file of the user's is changed"
        assert os.path.lexists(path), "it is gone"
    except AssertionError as error:
        return f"{case.kind} as {path.relative_to(home.path)}, {line}: {error}"
    return None


def _check(home: Home, line: str) -> None:
    """Run a command, and assert that it ends soon, as the contract says, with one sentence if it fails."""
    rows, start = rows_without_times(home), time.monotonic()
    environ = {**home.env(), "OPENCODE_MIGRATOR_GIT_SECONDS": str(GIT_SECONDS)}
    words = [word.replace("~", str(home.path)) for word in line.split()]
    done = kept_contract(forked.run(words, environ, home.path, first=_as_a_user_with_little_memory))
    assert time.monotonic() - start < MOST_SECONDS, f"it took {time.monotonic() - start:.0f} seconds"
    if done.code:
        said = [text for text in done.stderr.splitlines() if text.startswith("error: ")]
        assert len(said) == 1 or done.stdout, f"exit code {done.code}, and {len(said)} sentences: {done.stderr[-500:]}"
        assert rows_without_times(home) == rows, f"exit code {done.code}, and rows are changed"


def _as_a_user_with_little_memory() -> None:
    import resource

    give_up_root_powers()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def _home(directory: Path) -> Home:
    kept = _kept(directory)
    shutil.rmtree(directory)
    shutil.copytree(kept.directory, directory, symlinks=True)
    return kept.home


class _Kept(NamedTuple):
    home: Home
    directory: Path


@cache
def _kept(directory: Path) -> _Kept:
    """Make a home with git worktrees, jj workspaces, snapshots, a run and all the files that commands are given."""
    world = World(directory)
    home, world.repos = world.home, world.home.src
    shop = world.repository("shop")
    world.repository("other")
    linked = worktree(shop, "linked", "-b", "linked")
    jay = JjRepository(home.src / "jay").build()
    jay.add(home.src / "second")
    for at in (shop, linked, jay.root):
        talk = world.session(at)
        world.turn(talk, write, at / "made", f"by the model in {at.name}\n")
    (home.path / "list").write_text("other/\n")
    (home.path / "map").write_text(f"{shop}={home.src}/other\n")
    for words in (("plan", "--from-dir", str(shop), "--to-dir", "src/other", "-o", "plan.json"),
                  ("move", "--from-dir", str(linked), "--to-dir", "src/other", "--yes")):  # fmt: skip
        done = home.run(*words)
        assert done.code == 0, done.stderr
    copy = directory.parent / f"kept {directory.name} files"
    shutil.copytree(directory, copy, symlinks=True)
    return _Kept(home, copy)
