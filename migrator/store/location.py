"""Where opencode keeps its database.

Learnt from opencode 1.2.1 to 1.18.34: `OPENCODE_DB` is taken as it is when absolute and joined to the data directory
when relative; a release channel other than latest, beta and prod has a database of its own, `opencode-CHANNEL.db`. The
channel is compiled into the program. 1.3.2 gave prod one too, 1.14.34 and later don't: so `opencode-prod.db` may be
there with sessions that no opencode shows any more.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.disk.data_directory import channel_named, data_directory
from migrator.disk.status import is_directory, names_in, status_of
from migrator.errors import BadInput, CantTell, MigratorError
from migrator.text import our_command, shell_quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WITH_OPENCODE = ("--with-opencode", "opencode")
"""The words of `merge` that name the opencode 2 which is on the PATH."""
_SHARED_CHANNELS = frozenset({"latest", "beta", "prod"})


@dataclass(frozen=True, slots=True)
class Location:
    """A database file that exists, and its neighbours that could have been meant; `unknown` is why nobody can tell."""

    path: Path
    others: tuple[Path, ...] = ()
    unknown: str = ""


def locate(
    db: str | None, channel: str | None, environ: Mapping[str, str] = os.environ, why: str = "given by --db"
) -> Location:
    """Find the database as opencode would; MigratorError says what was found instead and what to do.

    `why` is where `db` comes from, in words.
    """
    data = data_directory(environ)
    if db is not None:
        if not db:
            raise MigratorError("--db is empty; name a file, or leave it out.")
        return Location(_existing(Path(db).expanduser(), data, why))
    wanted = environ.get("OPENCODE_DB")
    if channel is None and wanted:
        if wanted == ":memory:":
            raise MigratorError("OPENCODE_DB is :memory:, which no other process can read; name a file with --db PATH.")
        return Location(_existing(data / wanted, data, "named by OPENCODE_DB"))
    if channel is not None and is_pattern(channel):
        raise BadInput(f"The channel {channel} is a pattern, which only `list` takes; name one channel.")
    path = _existing(data / file_of_channel(channel, environ), data, "where opencode keeps it")
    try:
        return Location(path, tuple(other for other in _databases(data) if os.path.realpath(other) != str(path)))
    except CantTell as error:
        return Location(path, unknown=str(error))


def default_database() -> Path | None:
    """Return the database that opencode would open; None if there is none."""
    try:
        return locate(None, None).path
    except MigratorError:
        return None


def file_of_channel(channel: str | None, environ: Mapping[str, str] = os.environ) -> str:
    """Return the name of the database that opencode of a channel opens.

    TRUE in capitals doesn't count (seen with a build of September 2026; versions such as 1.3.2 took it for true).
    """
    unchanneled = environ.get("OPENCODE_DISABLE_CHANNEL_DB") in {"1", "true"}
    if channel is None or channel in _SHARED_CHANNELS or unchanneled:
        return "opencode.db"
    return _own_name(channel)


def _own_name(channel: str) -> str:
    return f"opencode-{re.sub(r'[^a-zA-Z0-9._-]', '-', channel)}.db"


def is_pattern(channel: str) -> bool:
    """Tell whether this is a pattern of channels: builds are named after branches, which have no such characters."""
    return not {"*", "?", "["}.isdisjoint(channel)


def is_same_file(recorded: str, path: Path) -> bool:
    """Tell whether a path that was recorded leads to the file at `path`, perhaps by another spelling or a new link."""
    if recorded == str(path):
        return True
    real, other = os.path.realpath(recorded), os.path.realpath(path)
    return real == other or _is_same_file(Path(real), Path(other))


def databases_beside(path: Path) -> list[Path]:
    """Return the other databases in the directory of one: those of other release channels, and copies.

    Where opencode has it by a link to another disk, also those in opencode's own directory. Raises CantTell if that
    can't be told.
    """
    data = data_directory()
    directories = {path.parent.resolve(), *([data.resolve()] if is_same_file(str(data / path.name), path) else [])}
    beside = {Path(os.path.realpath(other)): other for directory in directories for other in _databases(directory)}
    return sorted(other for real, other in beside.items() if not _is_same_file(real, path))


def database_of_channel(path: Path, channel: str) -> Path:
    """Return the database of a channel that lies beside the one at `path`, which is to be read.

    That is `opencode-NAME.db` if there is one: for prod too, which no opencode opens since it has `opencode.db`.
    Raises MigratorError with the channels that there are.
    """
    beside = databases_beside(path)
    for name in (_own_name(channel), file_of_channel(channel, {})):
        found = [other for other in beside if other.name == name]
        if found[1:]:
            raise MigratorError(
                f"Channel {channel} has several databases: {', '.join(map(str, found))}; name the file."
            )
        if found:
            return found[0]
    if path.name in {_own_name(channel), file_of_channel(channel, {})}:
        raise MigratorError(f"Channel {channel} has this very database, {path}; name another channel.")
    channels = [known for other in beside if (known := channel_named(other.name))]
    there = f"the channels that are there: {', '.join(channels)}" if channels else "no other channel's is there"
    raise MigratorError(f"There is no database of channel {channel or repr(channel)} beside {path}; {there}.")


def databases_of_channels(db: str | None, channels: Sequence[str]) -> dict[str, Path]:
    """Return the databases of several channels, by what a list calls each.

    A channel may be a pattern with `*`, `?` and `[ab]`, of the database at `db`, or of opencode's own, and those beside
    it. Raises MigratorError for a channel that has none, and for a pattern that none matches.
    """
    ours = locate(db, None).path if db is not None else default_database()
    every = [] if ours is None else [ours, *databases_beside(ours)]
    if db is None:
        every += _databases(data_directory())
    first: dict[str, Path] = {}
    for path in every:
        first.setdefault(os.path.realpath(path), path)
    labels = [database_label(path) for path in first.values()]
    found: dict[str, Path] = {}
    for label, path in zip(labels, first.values(), strict=True):
        if any(_is_of_channel(path, channel) for channel in channels):
            found[label if labels.count(label) == 1 else str(path)] = path
    for channel in channels:
        if not any(_is_of_channel(path, channel) for path in found.values()):
            there = f"there are {', '.join(labels)}" if labels else "there is no database at all"
            raise MigratorError(f"No channel that has a database is called {channel}; {there}.")
    return found


def _is_of_channel(path: Path, channel: str) -> bool:
    if is_pattern(channel):
        return fnmatchcase(channel_named(path.name) or path.name, channel)
    return path.name == file_of_channel(channel)


def database_label(path: Path) -> str:
    """Return what a list calls a database: the channel that opens it, or its file name.

    `opencode-prod.db` is called so: the channel prod has `opencode.db` today.
    """
    channel = channel_named(path.name)
    return channel if channel and file_of_channel(channel, {}) == path.name else path.name


def merge_words(path: Path, other: Path, *, named: bool = False) -> list[str]:
    """Return the words of `merge` that name another database as the source.

    They name the database at `path` too if opencode opens another one by default, or if it is to be `named` anyway.
    """
    channel = channel_named(other.name)
    try:
        by_channel = channel is not None and is_same_file(str(database_of_channel(path, channel)), other)
    except MigratorError:
        by_channel = False
    source = ["--from-channel", channel] if by_channel and channel else [str(other)]
    ours = default_database()
    is_default = not named and ours is not None and is_same_file(str(ours), path)
    return [*source, *([] if is_default else ["--db", str(path)])]


def import_command(path: Path, *words: str) -> str:
    """Return the command by which the user's opencode 2 imports what only opencode 1 has in the database at `path`.

    `words` may select some of its sessions.
    """
    return our_command("merge", *merge_words(path, path), *WITH_OPENCODE, *words)


def command_for(path: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Return the beginning of the commands on a database: `opencode-migrator --channel dev`, or with `--db PATH`."""
    channel = path.name.removeprefix("opencode-").removesuffix(".db")
    at_home = path.parent.resolve() == data_directory(environ).resolve()
    if at_home and path.name not in {"opencode.db", channel} and file_of_channel(channel, environ) == path.name:
        return f"opencode-migrator --channel {shell_quote(channel)}"
    return f"opencode-migrator --db {shell_quote(str(path))}"


def _is_same_file(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:  # a link to nothing, or into a directory that nobody lets us enter
        return False


def _databases(folder: Path) -> list[Path]:
    return [folder / name for name in names_in(folder) if name.startswith("opencode") and name.endswith(".db")]


def _existing(path: Path, data: Path, why: str) -> Path:
    try:
        status = status_of(path)
    except CantTell as error:
        raise MigratorError(f"{error} ({why}); see to its permissions, or name another file with --db PATH.") from error
    if status is not None and stat.S_ISDIR(status.st_mode):
        raise MigratorError(
            f"The path {path} is a directory, not a database ({why}); name the file, as in --db {path}/opencode.db."
        )
    if status is not None:
        if not stat.S_ISREG(status.st_mode):
            raise MigratorError(f"The path {path} is no file ({why}); name opencode's database with --db PATH.")
        return path.resolve()
    try:
        hint = _what_is_there_instead(path, data)
    except CantTell as error:
        hint = f"nor can it be told what is there instead: {error}; name another file with --db PATH."
    raise MigratorError(f"There is no opencode database at {path} ({why}); {hint}")


def _what_is_there_instead(path: Path, data: Path) -> str:
    beside = [str(other) for other in _databases(path.parent) if other != path]
    storages = [parent / "storage" for parent in (path.parent, data) if is_directory(parent / "storage" / "session")]
    if beside:
        return f"found instead: {', '.join(beside)}; take one with --db PATH or --channel NAME."
    if storages:
        return (
            f"but {storages[0]} holds sessions in the JSON files of opencode before 1.2; "
            "start opencode 1.2 to 1.15 once, which imports them, then try again."
        )
    return "start opencode once, or name another file with --db PATH."
