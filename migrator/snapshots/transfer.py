"""Carrying snapshots from one repository to another: as one kept pack, whole or not at all.

The pack is built in a folder of its own inside the target and moved into place when it is complete and on the disk, so
that a kill leaves a repository as it was. What a move of ours carried stays after an undo: objects harm nobody.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.places.git import environment
from migrator.snapshots.plumbing import GitFailed, borrowing, common_directory, run, whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from migrator.snapshots.passages import Passage

_INCOMING = "opencode-migrator-incoming-"

# What opencode 1.18.34 sets in a new snapshot repository, in its order.
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


def carry(passage: Passage, trees: Collection[str]) -> None:
    """Bring every object of `trees` from the source of a passage to its target.

    If the target isn't there it is made, as opencode would make it. Returns when all of it was found there, whole, and
    is on the disk. Raises MigratorError with nothing of it in place: disk full, unwritable, a corrupt pack.
    """
    target = passage.target
    if passage.source == target:
        return
    try:
        if not Path(target).exists():
            _create(target, passage.target_worktree)
        # What the target borrows from its worktree may be pruned there one day: only its own objects count.
        missing = sorted(set(trees) - _own(target, trees))
        if missing:
            _pack(passage, missing)
            _check_arrived(target, missing)
    except (OSError, GitFailed) as error:
        what = error.strerror if isinstance(error, OSError) else error
        raise MigratorError(
            f"The snapshots that file undo needs can't be carried to {target} ({what}); nothing was moved. "
            "See to the cause, or move without file undo: --undo-files detach.",
        ) from error


def _check_arrived(target: str, trees: Collection[str]) -> None:
    if set(trees) - _own(target, trees):
        raise GitFailed("not all of them arrived whole")


def _own(target: str, trees: Collection[str]) -> set[str]:
    """Return those of `trees` that stay whole when nothing is borrowed: a kept pack of an earlier run has them."""
    with _incoming(Path(target)) as alone:
        (alone / "HEAD").write_text("ref: refs/heads/main\n")
        (alone / "refs").mkdir()
        (alone / "objects" / "pack").mkdir(parents=True)
        for kept in (Path(target) / "objects" / "pack").glob("*.keep"):
            for suffix in (".pack", ".idx"):
                file = kept.with_suffix(suffix)
                if file.exists():
                    (alone / "objects" / "pack" / file.name).symlink_to(file.resolve())
        return whole(str(alone), trees)


def _create(target: str, worktree: str) -> None:
    """Make a snapshot repository as opencode 1.18.34 does, under another name first: opencode asks only if it is there.

    It borrows the objects of the worktree's repository and begins with a copy of its index.
    """
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _incoming(path.parent) as incoming:
        new = incoming / "new"
        new.mkdir()
        run(str(new), "init", "--quiet", extra={"GIT_DIR": str(new), "GIT_WORK_TREE": worktree}, work_tree=worktree)
        for name, value in _CONFIG:
            run(str(new), "config", name, value)
        common = Path(common_directory(worktree))
        borrowed = common / "objects"
        more = borrowed / "info" / "alternates"
        lines = [str(borrowed), *(more.read_text().split("\n") if more.exists() else ())]
        found = [line for line in map(str.strip, lines) if line and Path(line).exists()]
        (new / "objects" / "info").mkdir(exist_ok=True)
        (new / "objects" / "info" / "alternates").write_text("".join(f"{line}\n" for line in found))
        if (common / "index").exists():
            shutil.copyfile(common / "index", new / "index")
        try:
            new.rename(path)
        except OSError:
            if not path.exists():  # else somebody made it meanwhile, which serves as well
                raise


def _pack(passage: Passage, trees: Collection[str]) -> None:
    target = passage.target
    with _incoming(Path(target)) as incoming:
        packed = incoming / "objects.pack"
        with packed.open("wb") as out:
            _to_file(passage, trees, out.fileno())
        pack = incoming / "pack"
        pack.mkdir()
        with packed.open("rb") as into:
            name = run(
                target, "index-pack", "--stdin", "--keep=opencode-migrator",
                stdin=into, extra={"GIT_OBJECT_DIRECTORY": str(incoming)},
            ).decode().split()[1]  # fmt: skip
        packed.unlink()
        _install(pack, Path(target) / "objects" / "pack", f"pack-{name}")


def _to_file(passage: Passage, trees: Collection[str], out: int) -> None:
    done = subprocess.run(
        ("git", "--git-dir", passage.source, "pack-objects", "--revs", "--stdout", "--quiet", "--delta-base-offset"),
        input="\n".join(trees).encode() + b"\n",
        stdout=out,
        stderr=subprocess.PIPE,
        env={**environment(), **borrowing(passage.objects)},
        check=False,
    )
    if done.returncode:
        raise GitFailed(f"{passage.source} can't be read: {' '.join(os.fsdecode(done.stderr).split())}")


def _install(pack: Path, target: Path, name: str) -> None:
    """Move a finished pack into place, its index last: git sees a pack by its index."""
    target.mkdir(parents=True, exist_ok=True)
    for suffix in (".keep", ".pack", ".rev", ".idx"):
        file = pack / f"{name}{suffix}"
        if file.exists():
            _sync(file)
            file.replace(target / file.name)
    _sync(target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _incoming(parent: Path) -> Iterator[Path]:
    """Make a folder of this process's own, and take away those of processes that were killed."""
    for left in parent.glob(f"{_INCOMING}*"):
        if not _alive(left.name.removeprefix(_INCOMING).partition("-")[0]):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{_INCOMING}{os.getpid()}-", dir=parent) as directory:
        yield Path(directory)


def _alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
