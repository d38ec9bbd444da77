"""Carrying snapshots from one repository to another: as one kept pack, whole or not at all.

The pack is built in a folder of its own inside the target, checked there, and moved into place when it is complete and
on the disk, so that a kill leaves a repository as it was. What a move of ours carried stays after an undo: objects harm
nobody.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from migrator.disk import sync
from migrator.errors import MigratorError
from migrator.snapshots.alternates import add_alternates
from migrator.snapshots.create import create
from migrator.snapshots.git import GitFailed, run_git
from migrator.snapshots.temp_dirs import locked, remove_abandoned, temporary_repository
from migrator.snapshots.trees import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from migrator.snapshots.route import SnapshotRoute

_OURS = "opencode-migrator"
"""What the `.keep` file of a pack says that we have brought."""


def carry(passage: SnapshotRoute, trees: Collection[str], waiting: Callable[[], None] = lambda: None) -> bool:
    """Bring every object of `trees` from the source of a passage to its target; what it has already isn't copied.

    If the target isn't there it is made, as opencode would make it; the answer is whether it was. Returns when all of
    it was found there, whole, and is on the disk. Raises MigratorError with nothing of it in place: disk full,
    unwritable, a corrupt pack. `waiting` is called between the steps.
    """
    target = passage.target
    if passage.source == target:
        trees = set(trees) - whole(target, trees) if passage.also else ()
        if not trees:
            return False
    try:
        remove_abandoned(Path(target).parent)
        makes = not Path(target).exists()
        if makes:
            create(passage)
        else:
            add_alternates(target, passage.lenders)
        _fetch(passage, trees, waiting)
    except (OSError, GitFailed) as error:
        what = (error.strerror or error) if isinstance(error, OSError) else str(error).rstrip(".")
        raise MigratorError(
            f"The snapshots that file undo needs can't be carried to {target} ({what}); nothing was moved. "
            "See to the cause, or move without file undo: --undo-files detach.",
        ) from error
    return makes


def _fetch(passage: SnapshotRoute, trees: Collection[str], waiting: Callable[[], None]) -> None:
    packs = Path(passage.target, "objects", "pack")
    packs.mkdir(parents=True, exist_ok=True)
    _sweep(packs)
    remove_abandoned(Path(passage.target))
    with temporary_repository(Path(passage.target)) as folder:
        shelf = _Shelf(folder / "shelf", passage.target)
        # What the target borrows from its worktree may be pruned there one day: only what is kept for good counts.
        kept = shelf.objects()
        waiting()
        # Each object with its path, by which git finds what is worth being stored as a difference.
        asked = "".join(f"{tree}\n" for tree in trees).encode()
        listed = run_git(passage.source, "rev-list", "--objects", "--stdin", stdin=asked, extra=passage.environment)
        needed = {line.partition(b" ")[0]: line for line in listed.splitlines()}
        missing = [line for name, line in needed.items() if name not in kept]
        waiting()
        if not missing:
            return
        packed = folder / "objects.pack"
        with packed.open("wb") as out:
            words = ("pack-objects", "--stdout", "--quiet", "--delta-base-offset")
            run_git(passage.source, *words, stdin=b"\n".join(missing) + b"\n", stdout=out, extra=passage.environment)
        waiting()
        name = shelf.take(packed)
        waiting()
        if not needed.keys() <= shelf.objects():
            raise GitFailed("not all of them arrived whole")
        _install(shelf.packs, packs, name)


class _Shelf:
    """A bare repository beside the real one: it has the packs that are kept there, and nothing else, borrowed or loose.

    Packs that are damaged are left out, so that what is in them is brought anew.
    """

    def __init__(self, path: Path, target: str) -> None:
        self._git_dir = str(path)
        self.packs = path / "objects" / "pack"
        self.packs.mkdir(parents=True)
        (path / "refs").mkdir()
        (path / "HEAD").write_text("ref: refs/heads/main\n")
        for keep in Path(target, "objects", "pack").glob("*.keep"):
            pack, index = keep.with_suffix(".pack"), keep.with_suffix(".idx")
            if pack.exists() and index.exists() and self._is_sound(index):
                for file in (pack, index):
                    (self.packs / file.name).symlink_to(file.resolve())

    def objects(self) -> set[bytes]:
        """Return the names of all objects."""
        words = ("cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)")
        return set(run_git(self._git_dir, *words).split())

    def take(self, packed: Path) -> str:
        """Add what `pack-objects` has written, each object checked against its name; return the pack's name."""
        with packed.open("rb") as into:
            said = run_git(self._git_dir, "index-pack", "--stdin", f"--keep={_OURS}", stdin=into)
        packed.unlink()
        return f"pack-{said.decode().split()[-1]}"

    def _is_sound(self, index: Path) -> bool:
        try:
            run_git(self._git_dir, "verify-pack", str(index))
        except GitFailed:
            return False
        return True


def _install(shelf: Path, packs: Path, name: str) -> None:
    """Move a finished pack into place, its index last: git sees a pack by its index."""
    found: Iterable[Path] = (shelf / f"{name}{suffix}" for suffix in (".keep", ".pack", ".rev", ".idx"))
    with locked(packs):
        for file in found:
            if file.exists():
                sync(file)
                file.replace(packs / file.name)
        sync(packs)


def _sweep(packs: Path) -> None:
    """Take away packs of ours that have no index: whoever installed them was killed before the last file."""
    with locked(packs):
        for keep in packs.glob("*.keep"):
            if not keep.with_suffix(".idx").exists() and keep.read_bytes().strip() == _OURS.encode():
                for suffix in (".pack", ".rev", ".keep"):
                    keep.with_suffix(suffix).unlink(missing_ok=True)
