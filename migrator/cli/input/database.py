"""The database that a command works on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.input.environment import is_typed
from migrator.cli.terminal.printing import note

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.operations.context import CommandContext


_FOUND = __name__
"""Under this name the context of a command has the path of the database that it works on."""


def database(values: dict[str, Any]) -> Path:
    """Find the database; if there are several, print which one is used."""
    from migrator.store.location import locate

    location = locate(database_option("db", values), database_option("channel", values))
    if location.others:
        others = ", ".join(str(path) for path in location.others)
        note(f"Taking {location.path}; there is also {others} (--db or --channel).")
    elif location.unknown:
        note(f"Taking {location.path}; whether there are others can't be told: {location.unknown}.")
    click.get_current_context().meta[_FOUND] = str(location.path)
    return location.path


def several_databases(values: dict[str, Any]) -> dict[str, Path]:
    """Return the databases of all channels that are named by `databases_options`, by what a list calls them.

    There are none if one database is meant.
    """
    if not (channels := _several_channels(values)):
        return {}
    from migrator.store.location import databases_of_channels

    return databases_of_channels(database_option("db", values), channels)


def _several_channels(values: dict[str, Any]) -> tuple[str, ...]:
    from migrator.store.location import is_pattern

    channel = database_option("channel", values)
    if isinstance(channel, tuple):
        return channel
    return (channel,) if channel is not None and is_pattern(channel) else ()


def only_database(values: dict[str, Any]) -> Path | None:
    """Return the database that --db or --channel names; None, for runs of every database, without these options."""
    named = any(database_option(name, values) is not None for name in ("db", "channel"))
    return database(values) if named else None


def note_other_database(path: Path, values: dict[str, Any], why: str = "the run is there") -> None:
    """Print which database is taken and why, by default that of the chosen run, if `is_unexpected`."""
    from migrator.store.location import default_database

    if is_unexpected(path, values):
        default = default_database()
        instead = f", not {default}" if default else ""
        note(f"Taking {path}{instead}: {why} (--db FILE names another database).")


def is_unexpected(path: Path, values: dict[str, Any]) -> bool:
    """Tell whether neither an option names a database nor other commands would read it."""
    from migrator.store.location import default_database, is_same_file

    default = default_database()
    return only_database(values) is None and not (default and is_same_file(str(default), path))


def open_context(values: dict[str, Any]) -> CommandContext:
    """Open the database for reading; --wait holds for that too.

    If it can't be written to whatever is asked of it, that is printed first, and a command that writes is refused.
    """
    from migrator.errors import DatabaseInUse
    from migrator.operations.context import CommandContext
    from migrator.store.connection import BUSY_SECONDS
    from migrator.store.open_by import in_use_error, who_has_open

    path = database(values)
    home, busy_seconds = database_option("home", values), max(values.get("wait") or 0.0, BUSY_SECONDS)
    try:
        context = CommandContext(path, home, busy_seconds, database_words(values))
    except DatabaseInUse:
        _refuse_while_our_run_goes_on(path)
        raise in_use_error(path, who_has_open(path), can_wait="wait" in values) from None
    because = context.store.schema.read_only_because
    if because is not None and "yes" in values and not values.get("dry_run"):
        context.store.close()
        context.store.schema.check_writable(path)
    note_read_only(path, because)
    return context


def note_read_only(path: Path, because: str | None) -> None:
    """Print why a database is only read, if it is."""
    if because is not None:
        note(f"note: {path} is only read: {because}.")


def _refuse_while_our_run_goes_on(path: Path) -> None:
    """Raise DatabaseInUse with the run and its process, if it is a run of ours that has the database locked."""
    from migrator.errors import DatabaseInUse, MigratorError
    from migrator.execution.run_log import refuse_while_going_on, run_entries
    from migrator.store.location import is_same_file

    try:
        for run in run_entries(str(path)):
            if is_same_file(run.store, path):
                refuse_while_going_on(run, str(path))
    except DatabaseInUse:
        raise
    except MigratorError:
        return  # journals that can't be read: who has the database open is said at least


def is_reported(values: dict[str, Any]) -> bool:
    """Tell whether somebody may read the commands in a report, and run them elsewhere."""
    return values.get("html") is not None or values.get("form") == "markdown"


def portable_path(name: str, values: dict[str, Any]) -> str:
    """Return the name of a file for a command; in a report it is a whole path."""
    return os.path.abspath(name) if is_reported(values) and not name.startswith(("-", "~")) else name


def database_words(values: dict[str, Any]) -> list[str]:
    """Return --db and --channel as far as they were given, for a command line that can be run in any directory.

    In a report that is --db with the database that was found, whatever variables say where the report is read.
    """
    found = click.get_current_context().meta.get(_FOUND)
    if found is not None and is_reported(values):
        return ["--db", found]
    db, channel = database_option("db", values), database_option("channel", values)
    named = [] if db is None else ["--db", os.path.abspath(os.path.expanduser(db))]
    return [*named, *([] if channel is None or _several_channels(values) else ["--channel", channel])]


def database_option(name: str, values: dict[str, Any]) -> Any:
    """Return the value of one of `database_options`, given before or after the command's name.

    A channel that is typed comes before a --db that a variable has set.
    """
    if name == "db" and is_typed("channel") and not is_typed("db"):
        return None
    context = click.get_current_context().find_root()
    value = values.get(name)
    return (context.obj or {}).get(name) if value is None else value
