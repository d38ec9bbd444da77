"""The one gate for every file that a person names for us to write: an output must never be an input.

What is refused, with --force too: a file that the command reads, or writes something else into; a database, also under
another name or behind a link; a name that SQLite uses beside one, since the next program that opens it deletes or
replays what has that name; a name by which opencode would open its database; the journals of our runs, and whatever
else we keep for ourselves; a file of the kernel. Everything else that exists is replaced if it is of the same kind, or
with --force.

A pipe or a device gets the text as it is, where the kind allows that, and so does standard output.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.disk.data_directory import is_opened_by_opencode
from migrator.disk.mounts import kernel_file_system
from migrator.disk.ownership import make_directory, owner_of
from migrator.disk.readable import head_of
from migrator.disk.status import is_open_here, status_of, why_not_writable
from migrator.errors import BadInput, CantTell, MigratorError
from migrator.output.kinds import HEAD_BYTES
from migrator.output.sqlite_files import database_beside, database_of, log_beside, sqlite_file
from migrator.paths import upwards
from migrator.state_dir import runs_directories, state_directory, written_beside

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from migrator.output.kinds import Kind


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that we may write. The constructor raises MigratorError if we may not, before any work is done.

    `force` is whether --force was given, None where nobody could give it; `inputs` are the files that are read, and
    `others` those that are written besides.
    """

    name: str
    kind: Kind
    force: bool | None = None
    inputs: Collection[str] = ()
    others: Collection[str] = ()

    def __post_init__(self) -> None:
        with self._explained():
            self._target()

    def __str__(self) -> str:
        return self.name

    @property
    def is_standard_output(self) -> bool:
        """Whether this is "-", or a name of what standard output is, as /dev/stdout or the file that `>` made."""
        if self.name == "-":
            return True
        with suppress(OSError, ValueError):  # closed; a NUL
            return os.path.samestat(os.stat(self.name), os.fstat(1))
        return False

    @property
    def is_stream(self) -> bool:
        """Whether what is written there can't be read again."""
        with self._explained():
            return self._target() is None

    def write(self, text: str, database: str | Path) -> None:
        """Write the file whole or not at all; it belongs to whoever the database belongs to."""
        with self._explained():
            if self._target() is None:
                with open(os.open(self.name, os.O_WRONLY), "w", encoding="utf-8") as stream:
                    stream.write(text)
                return
        with self.beside(database) as new:
            new.write_text(text, encoding="utf-8", newline="\n")

    @contextmanager
    def beside(self, database: str | Path) -> Iterator[Path]:
        """Yield an empty file under another name, which takes the place of this one if the block succeeds."""
        with self._explained():
            target = self._target()
            if target is None:
                raise self._refusal(f"{self.name} is no file")
            owner = owner_of(database)
            if self.kind.makes_directory:
                owner = make_directory(target.parent, owner, 0o700)
            status = status_of(target)
            with written_beside(target, self.kind.mode, owner) as new:
                if status is not None:
                    new.chmod(stat.S_IMODE(status.st_mode) & self.kind.mode)
                yield new
                self._target()  # what has come there meanwhile is not replaced either

    def _target(self) -> Path | None:
        """Return the path of the file itself, behind all links; None if it is a stream.

        Raises MigratorError if it may not be written, OSError if it could not.
        """
        if self.name == "-" or (self.kind.may_be_stream and self.is_standard_output):
            if self.kind.may_be_stream:
                return None
            raise BadInput(f"A {self.kind.what} can't go to standard output; name a file with {self.kind.option}.")
        if not os.path.basename(self.name) or "\0" in self.name:
            raise BadInput(f"The name {self.name or repr('')} is no file's; name one with {self.kind.option}.")
        status = status_of(self.name)
        if status is not None and stat.S_ISDIR(status.st_mode):
            raise BadInput(f"The name {self.name} is a directory's; name a file with {self.kind.option}.")
        if status is not None and not stat.S_ISREG(status.st_mode):
            if self.kind.may_be_stream and (stat.S_ISFIFO(status.st_mode) or stat.S_ISCHR(status.st_mode)):
                return None
            raise self._refusal(f"The file {self.name} is not an ordinary one")
        if self.kind.mode == 0o600 and os.path.islink(self.name):  # noqa: PLR2004 - for its owner alone
            raise self._refusal(f"The file {self.name} is a link, and no {self.kind.what} is written through one")
        target = Path(os.path.realpath(self.name))
        if (kernels := kernel_file_system(target)) is not None:
            raise self._refusal(f"The file {self.name} is on {kernels}, which is the kernel's")
        self._check(target, status or status_of(target))  # "nowhere/../file" leads nowhere, and yet to a file
        if not self.kind.makes_directory or target.parent.exists():
            self._check_directory(target.parent)
        return target

    def _check(self, target: Path, status: os.stat_result | None) -> None:
        shown = f"The file {self.name}"
        if str(target) != os.path.abspath(self.name):
            shown += f" leads to {target}, which"
        self._check_name(target, status, shown)
        if status is None:
            return
        if is_open_here(status):
            raise self._refusal(f"{shown} is in use by this very command")
        head = head_of(target, HEAD_BYTES)
        if (what := sqlite_file(head)) is not None:
            raise self._refusal(f"{shown} is {what}, which is never replaced")
        if self.kind.begins is not None and self.kind.begins.match(head):
            return
        if _is_below(target, state_directory()):
            raise self._refusal(f"{shown} is a file that we keep for ourselves, not a {self.kind.what}")
        if not self.force:
            hint = ", or replace it with --force" if self.force is not None else ""
            exists = f"exists and is not a {self.kind.what}" if self.kind.begins else "exists already"
            raise self._refusal(f"{shown} {exists}", hint)

    def _check_name(self, target: Path, status: os.stat_result | None, shown: str) -> None:
        """Refuse what may not be written whatever is in it, or if nothing is there yet."""
        if any(_is_same(target, status, name) for name in self.inputs):
            raise self._refusal(f"{shown} is a file that this command reads")
        if any(_is_same(target, status, name) for name in self.others):
            raise self._refusal(f"{shown} is another output of this command too")
        if is_opened_by_opencode(database_of(target) or target):
            raise self._refusal(f"{shown} has the name of a database of opencode, or of a part of one")
        if (database := database_beside(target)) is not None:
            raise self._refusal(f"{shown} has the name of a file that SQLite keeps beside the database {database}")
        if any(_is_below(target, folder) for folder in runs_directories(None)):
            raise self._refusal(f"{shown} is where the journals of our runs are kept")
        if self.kind.is_database and (log := log_beside(target)) is not None:
            raise self._refusal(f"{log} is there, and whoever opened {self.name} would replay it; remove that first")

    def _check_directory(self, directory: Path) -> None:
        """Raise OSError or MigratorError if no file can be made in a directory, before any work is done."""
        os.stat(os.path.join(directory, "."))
        if (why := why_not_writable(directory)) is not None:
            raise self._refusal(f"The {self.kind.what} can't be written to {self.name}: {why}")

    def _refusal(self, why: str, hint: str = "") -> MigratorError:
        return MigratorError(f"{why}; name another file with {self.kind.option}{hint}.")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except CantTell as error:
            raise self._refusal(str(error).rstrip(".")) from error
        except OSError as error:
            raise self._refusal(
                f"The {self.kind.what} can't be written to {self.name}: {error.strerror or error}"
            ) from error


def _is_same(target: Path, status: os.stat_result | None, name: str) -> bool:
    """Tell whether a name leads to the target, which is at its real path, or may not be there yet."""
    other = status_of(name)
    return os.path.realpath(name) == str(target) or bool(status and other and os.path.samestat(status, other))


def _is_below(target: Path, folder: Path) -> bool:
    """Tell whether a path leads into a directory, however both are spelled; False if we may not enter that."""
    with suppress(OSError):
        wanted = os.stat(folder)
        above = (status_of(directory) for directory in upwards(str(target.parent)))
        return any(status and os.path.samestat(status, wanted) for status in above)
    return False
