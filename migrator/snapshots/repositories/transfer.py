"""Carry snapshots from one repository to another: as one pack with a `.keep` file, complete or not at all.

The pack is built in a temporary folder inside the target, checked there, and moved into place when it is complete and
on the disk, so that a killed process leaves the repository as it was. What a run carried stays after that run is
undone: objects do no harm.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.disk.ownership import give_path, make_directory, owner_of
from migrator.disk.system import link, locked, make_removable, sync
from migrator.disk.temp_dirs import remove_abandoned, temporary_folder
from migrator.errors import MigratorError
from migrator.places.small_files import read_small
from migrator.snapshots.git.alternates import add_alternates
from migrator.snapshots.git.run import GitFailed, run_git
from migrator.snapshots.git.trees import complete_trees
from migrator.snapshots.repositories.create import create

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from migrator.disk.ownership import Owner
    from migrator.snapshots.repositories.route import SnapshotRoute

_OURS = "opencode-migrator"
"""The content of the `.keep` files of our packs."""


def carry(route: SnapshotRoute, trees: Collection[str], between_steps: Callable[[], None] = lambda: None) -> bool:
    """Copy every object of `trees` that a route's target lacks from its source; return whether the target was made.

    A missing target is made as opencode would make it. When this returns, all objects are complete in the target and on
    the disk. If it raises MigratorError (disk full, unwritable, a corrupt pack), nothing of them is in place.
    """
    target = route.target
    if route.source == target:
        trees = set(trees) - complete_trees(target, trees) if route.other_source_objects else ()
        if not trees:
            return False
    try:
        remove_abandoned(Path(target).parent)
        is_new = not Path(target).exists()
        if is_new:
            create(route)
        else:
            add_alternates(target, route.target_alternates)
        _fetch(route, trees, between_steps)
    except (OSError, GitFailed) as error:
        what = (error.strerror or error) if isinstance(error, OSError) else str(error).rstrip(".")
        raise MigratorError(
            f"The snapshots that file undo needs can't be carried to {target} ({what}); nothing was moved. "
            "Fix that, or move without file undo: --undo-files detach.",
        ) from error
    return is_new


def _fetch(route: SnapshotRoute, trees: Collection[str], between_steps: Callable[[], None]) -> None:
    packs = Path(route.target, "objects", "pack")
    owner = make_directory(packs, owner_of(packs))
    _remove_incomplete(packs)
    remove_abandoned(Path(route.target))
    with temporary_folder(Path(route.target)) as folder:
        kept_packs = _KeptPacks(folder / "kept", route.target)
        # Only kept packs count: what the target has from its alternates may be pruned there one day.
        kept = kept_packs.objects()
        between_steps()
        # This lists each object with its path, by which git finds out what to store as a difference.
        stdin = "".join(f"{tree}\n" for tree in trees).encode()
        listed = run_git(route.source, "rev-list", "--objects", "--stdin", stdin=stdin, extra=route.git_environment)
        needed = {line.partition(b" ")[0]: line for line in listed.split(b"\n") if line}
        missing = [line for name, line in needed.items() if name not in kept]
        between_steps()
        if not missing:
            return
        packed = folder / "objects.pack"
        with packed.open("wb") as out:
            words = ("pack-objects", "--stdout", "--quiet", "--delta-base-offset")
            run_git(route.source, *words, stdin=b"\n".join(missing) + b"\n", stdout=out, extra=route.git_environment)
        between_steps()
        name = kept_packs.add(packed)
        between_steps()
        if not needed.keys() <= kept_packs.objects():
            raise GitFailed("not all of them arrived whole")
        _install(kept_packs.folder, packs, name, owner)


class _KeptPacks:
    """A bare repository that has the kept packs of the real one, but no loose objects and no alternates.

    Damaged packs are left out, so that their objects are copied again.
    """

    def __init__(self, path: Path, target: str) -> None:
        self._git_dir = str(path)
        self.folder = path / "objects" / "pack"
        self.folder.mkdir(parents=True)
        (path / "refs").mkdir()
        (path / "HEAD").write_bytes(b"ref: refs/heads/main\n")
        for keep in Path(target, "objects", "pack").glob("*.keep"):
            pack, index = keep.with_suffix(".pack"), keep.with_suffix(".idx")
            if pack.exists() and index.exists():
                with suppress(GitFailed):
                    run_git(self._git_dir, "verify-pack", str(index))
                    for file in (pack, index):
                        link(self.folder / file.name, file.resolve())

    def objects(self) -> set[bytes]:
        """Return the hashes of all objects."""
        words = ("cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)")
        return set(run_git(self._git_dir, *words).split())

    def add(self, packed: Path) -> str:
        """Add what `pack-objects` has written, each object checked against its hash; return the pack's name."""
        with packed.open("rb") as stdin:
            printed = run_git(self._git_dir, "index-pack", "--stdin", f"--keep={_OURS}", stdin=stdin)
        packed.unlink()
        return f"pack-{printed.decode().split()[-1]}"


def _install(source: Path, packs: Path, name: str, owner: Owner | None) -> None:
    """Move a finished pack into place, its index last: git finds a pack by its index."""
    with locked(packs):
        for suffix in (".keep", ".pack", ".rev", ".idx"):
            if (file := source / f"{name}{suffix}").exists():
                give_path(file, owner)
                sync(file)
                file.replace(packs / file.name)
        sync(packs)


def _remove_incomplete(packs: Path) -> None:
    """Remove our packs that have no index: the process that installed them was killed before the last file."""
    with locked(packs):
        for keep in packs.glob("*.keep"):
            if not keep.with_suffix(".idx").exists() and (read_small(str(keep), 64) or b"").strip() == _OURS.encode():
                for suffix in (".pack", ".rev", ".keep"):
                    with suppress(FileNotFoundError):
                        make_removable(keep.with_suffix(suffix))
                        keep.with_suffix(suffix).unlink()
