"""Bring files of sessions from another data directory into ours, and take exactly those away again.

A file that is here already is never replaced. Each new one is complete and on the disk before it gets its name, and it
is in the journal before that: whatever happens in between, what is here and has the journal's content is the run's.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from migrator.disk.ownership import give_path, make_directory, owner_of
from migrator.disk.status import is_there
from migrator.disk.system import sync
from migrator.disk.temp_dirs import remove_abandoned, temporary_folder
from migrator.errors import MigratorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from migrator.store.companion_files import CompanionFile


class BroughtFile(NamedTuple):
    """A file that a run brings: `name` below the data directory, full paths there and here, SHA-256 of the content."""

    session: str
    name: str
    source: str
    target: str
    digest: str


class ComparedFiles(NamedTuple):
    """Files of sessions: those to bring, those that are here already, and those that are another here."""

    missing: Sequence[BroughtFile]
    same: Sequence[CompanionFile]
    differing: Sequence[CompanionFile]


def compare_files(files: Iterable[CompanionFile], source: Path, target: Path) -> ComparedFiles:
    """Compare files of the data directory `source` with those of the same name in `target`.

    What isn't a file there is left out. Raises MigratorError where one can't be read.
    """
    missing: list[BroughtFile] = []
    same: list[CompanionFile] = []
    differing: list[CompanionFile] = []
    for file in files:
        there, here = str(source / file.name), str(target / file.name)
        if (digest := _digest(there)) is None:
            continue
        if not is_there(here):
            missing.append(BroughtFile(*file, there, here, digest))
        else:
            (same if _digest(here) == digest else differing).append(file)
    return ComparedFiles(missing, same, differing)


def bring(files: Iterable[BroughtFile], between_steps: Callable[[], None] = lambda: None) -> list[BroughtFile]:
    """Put those into place that aren't there; return those that can't be, since another file is, or the source is gone.

    Raises MigratorError where one can't be copied.
    """
    left = []
    in_order = sorted(files, key=lambda file: file.target)
    for directory, inside in groupby(in_order, lambda file: Path(file.target).parent):
        try:
            owner = make_directory(directory, owner_of(directory))
            remove_abandoned(directory)
            with temporary_folder(directory) as folder:
                for file in inside:
                    between_steps()
                    if _digest(file.target) != file.digest and not _place(file, folder / "new"):
                        left.append(file)
                    else:
                        give_path(file.target, owner)
            sync(directory)
        except OSError as error:
            raise MigratorError(
                f"The files of sessions can't be copied to {directory} ({error.strerror or error}); free or mend that."
            ) from error
    return left


def take_away(files: Iterable[BroughtFile]) -> list[BroughtFile]:
    """Remove those that are as they were brought; return those that are another now, which stay."""
    left = []
    for file in files:
        if (digest := _digest(file.target)) == file.digest:
            try:
                os.unlink(file.target)
            except OSError:
                left.append(file)
        elif digest is not None or is_there(file.target):
            left.append(file)
    for directory in {Path(file.target).parent for file in files if file not in left}:
        sync(directory)
    return left


def _place(file: BroughtFile, new: Path) -> bool:
    """Copy a file to `new`, and give it its name if nothing has that; return whether it has it."""
    try:
        shutil.copyfile(file.source, new, follow_symlinks=False)
    except FileNotFoundError:
        return False
    shutil.copystat(file.source, new, follow_symlinks=False)  # opencode deletes old outputs by their time
    try:
        if _digest(str(new)) != file.digest:
            return False
        sync(new)
        _name(new, file.target)
    except FileExistsError:
        return False
    finally:
        new.unlink(missing_ok=True)
    return True


def _name(new: Path, target: str) -> None:
    """Let a file have a name that nothing has. Raises FileExistsError if something has it."""
    try:
        os.link(new, target)
    except FileExistsError:
        raise
    except OSError:  # a disk that knows no second names
        if is_there(target):
            raise FileExistsError(target) from None
        new.rename(target)


def _digest(path: str) -> str | None:
    """Return the SHA-256 of a file's content; None if it isn't there or is no plain file. Raises MigratorError."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        if not is_there(path):
            return None
        raise MigratorError(f"{path} can't be read ({error.strerror or error}).") from error
