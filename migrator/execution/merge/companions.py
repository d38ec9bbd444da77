"""Files that come along with merged sessions: copied before the first commit, removed where a merge is taken back.

The journal names all of them before the first is made, with what is in it. So taking back, after a kill too, looks at
each one, and removes it if it is as it was brought. Each is complete and on the disk before it gets its name, and what
has that name already is never replaced. See `planning/merge/companions` for which they are.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.disk.data_directory import data_directory_of
from migrator.disk.ownership import give_path, make_directory, owner_of
from migrator.disk.plain_files import digest_of
from migrator.disk.spelling import is_same_directory
from migrator.disk.status import is_there, names_in
from migrator.disk.system import sync
from migrator.disk.temp_dirs import remove_abandoned, temporary_folder
from migrator.errors import MigratorError, StalePlan
from migrator.model import PlanWarning
from migrator.store.companion_files import OUTPUTS, outputs_named
from migrator.text import count, first_few, tilde

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from migrator.disk.ownership import Owner
    from migrator.model import Merge, MergedFile
    from migrator.store.reader import Store


_NAMED = 3


def bring_files(
    files: Iterable[MergedFile], between_steps: Callable[[], None] = lambda: None, *, again: bool = False
) -> None:
    """Copy each file to its target, unless that is there. Raises StalePlan if one isn't what the plan says any more.

    With `again`, rows come from our journal, and a file that has changed or gone is skipped. Raises MigratorError if
    one can't be copied.
    """
    in_order = sorted({file.target: file for file in files}.values(), key=lambda file: file.target)
    for directory, inside in groupby(in_order, lambda file: Path(file.target).parent):
        missing = [file for file in inside if digest_of(file.target) != file.digest]
        remove_abandoned(directory)
        if not missing:
            continue
        above = [path.parent for path in (directory, directory.parent) if not is_there(path)]
        try:
            owner = make_directory(directory, owner_of(directory))
            with temporary_folder(directory) as folder:
                for file in missing:
                    between_steps()
                    with suppress(*[StalePlan] * again):
                        _bring(file, folder / "new", owner)
            for changed in (directory, *above):
                sync(changed)
        except OSError as error:
            raise MigratorError(
                f"Files of sessions can't be copied to {directory} ({error.strerror or error}); nothing was brought."
            ) from error


def changed_files(files: Iterable[MergedFile]) -> dict[str, str]:
    """Map the sessions of those of these files that can't be brought as planned any more to what changed."""
    found: dict[str, str] = {}
    for file in files:
        if (here := digest_of(file.target)) == file.digest:
            continue
        if here is not None or is_there(file.target):
            found[file.session] = f"comes with {file.source}, and {file.target} is another file now"
        elif digest_of(file.source) != file.digest:
            found[file.session] = f"comes with {file.source}, which has changed or is gone"
    return found


def outputs_here(merge: Merge, store: str) -> dict[str, str]:
    """Map the names of the long outputs of another data directory to where they are in that of the database `store`.

    Only those that a merge brings, or that are here already.
    """
    there, here = Path(merge.other).parent, data_directory_of(Path(store))
    if is_same_directory(str(there), str(here)):
        return {}
    found = {Path(file.target).name: file.target for file in merge.files}
    for name in names_in(there / OUTPUTS):
        source, target = str(there / OUTPUTS / name), str(here / OUTPUTS / name)
        if is_there(target) and (digest := digest_of(target)) and digest == digest_of(source):
            found[name] = target
    return found


def gone_files(files: Iterable[MergedFile]) -> tuple[PlanWarning, ...]:
    """Return a warning that counts and names those of these files that can't be brought again from where they were."""
    wanted = {file.source: file for file in files}.values()
    gone = [file.source for file in wanted if not is_there(file.target) and digest_of(file.source) != file.digest]
    if not gone:
        return ()
    what = f"{count(len(gone), 'file')} of sessions can't be brought again, being gone or changed where"
    message = f"{what} {'it was' if len(gone) == 1 else 'they were'}: {first_few([*map(tilde, gone)], _NAMED)}."
    return (PlanWarning("file-gone", message),)


def missing_folders(files: Iterable[MergedFile]) -> tuple[str, ...]:
    """Return the folders that will be made for these files, the outer ones first."""
    wanted = {folder for file in files for folder in islice(Path(file.target).parents, 2)}
    return tuple(sorted(str(folder) for folder in wanted if not is_there(folder)))


def take_out_files(merge: Merge, store: Store) -> None:
    """Remove each file that is still as it was brought, and what a killed process has left of unfinished ones.

    A long output stays if a session of `store` names it, as a fork does that has come by another merge. Folders that
    were made for the files go if nothing else is in them.
    """
    files = merge.files
    named = outputs_named(store, [file.target for file in files])
    for directory, inside in groupby(files, lambda file: Path(file.target).parent):
        for file in inside:
            if file.target not in named and digest_of(file.target) == file.digest:
                os.unlink(file.target)
        remove_abandoned(directory)
        if directory.is_dir():
            sync(directory)
    for folder in reversed(merge.folders):
        with suppress(OSError):  # something is in it, or it is gone
            os.rmdir(folder)
            sync(Path(folder).parent)


def _bring(file: MergedFile, new: Path, owner: Owner | None) -> None:
    try:
        shutil.copy2(file.source, new, follow_symlinks=False)  # opencode deletes old outputs by their time
    except FileNotFoundError as error:
        raise _stale(file, f"{file.source} is gone") from error
    if digest_of(str(new)) != file.digest:
        raise _stale(file, f"{file.source} has changed")
    give_path(new, owner)
    sync(new)
    try:
        os.link(new, file.target)
    except FileExistsError as error:
        raise _stale(file, f"{file.target} is another file now") from error
    except OSError:  # a disk that knows no second names
        if is_there(file.target):
            raise
        new.rename(file.target)
    new.unlink(missing_ok=True)


def _stale(file: MergedFile, what: str) -> StalePlan:
    return StalePlan.since(what, (file.session,))
