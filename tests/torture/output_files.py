"""Commands are told to write to what is there already, by all the names that it can have."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.faults import run
from tests.torture.home import MERGED, UNDO, WORLDS, kept_contract, tortured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from tests.torture.frame import Try

WRITING = {
    "plan": ("plan", "--from-dir", "~/src/**", "--to-dir", "src", "-o"),
    "backup": (*UNDO, "--backup"),
    "token": ("serve", "--host", "256.0.0.1", "--token-file"),  # which fails, should the file be accepted
}
_ENDS = ("", "", "", "-wal", "-shm", "-journal", "-WAL", "-mj0123ABCDE", ".new")
_NAMES = ("whole", "relative", "detour", "link", "hard link", "link above", "chain")


def tries(random: Random) -> Iterator[Try]:
    """Yield one file that a command is told to write, in a home in which something was moved."""
    while True:
        writing, end, name = (random.choice([*words]) for words in (WRITING, _ENDS, _NAMES))
        world = random.choice([world for world in WORLDS if world != MERGED])  # there an undo removes files
        yield partial(_write, world, writing, random.random(), end, name, random.random() < 0.7)


def _write(world: str, writing: str, which: float, end: str, name: str, force: bool, directory: Path) -> None:  # noqa: PLR0913, PLR0917 - what was drawn
    scene = tortured(directory, world, applied=True)
    home = scene.home
    (home.path / "notes.txt").write_text("buy milk\n")
    files = sorted(path for path in home.path.rglob("*") if path.is_file() and ".git" not in path.parts)
    # What --force may replace is not what an undo needs, and the database is one of many.
    targets = [path for path in files if not {"snapshot", "src"} & set(path.parts)]
    target = Path(f"{home.database if which < 0.3 else targets[int(which * len(targets))]}{end}")
    before = {path: (path.stat().st_ino, path.read_bytes()) for path in files}
    named = _named(home.path, target, name)
    if name == "hard link":
        target = Path(named)  # the other name of the file stays what it is
    done = kept_contract(run(home, *WRITING[writing], named, *["--force"] * force))
    replaced = done.code == 0 and writing in {"plan", "backup"}
    for path, (inode, content) in before.items():
        if path == target and replaced:
            assert force, f"{path} was replaced without --force"
            assert not content.startswith(b"SQLite format 3\0"), f"the database {path} was replaced"
            assert not path.is_relative_to(home.state), f"{path}, which is ours, was replaced"
        elif not path.name.endswith(("-wal", "-shm", "-journal")):
            assert path.stat().st_ino == inode, f"{path} was replaced"
            assert path.suffix == ".db" or path.read_bytes() == content, f"{path} was written to"
    if replaced and writing == "backup":
        with closing(sqlite3.connect(target)) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    if replaced:
        target.unlink()
    scene.check()


def _named(home: Path, target: Path, name: str) -> str:
    """Return a name of a file that may be there."""
    link = home / "innocent"
    match name:
        case "relative":
            return os.path.relpath(target, home)
        case "detour":
            return f"./src/../{os.path.relpath(target, home)}"
        case "hard link" if target.exists():
            link.hardlink_to(target)
        case "link above":
            link.symlink_to(target.parent)
            return str(link / target.name)
        case "chain":
            (home / "between").symlink_to(target)
            link.symlink_to("between")
        case "link":
            link.symlink_to(target)
        case _:
            return str(target)
    return str(link)
