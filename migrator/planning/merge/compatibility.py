"""Can rows of one database be rows of another? From an older opencode to a newer one of the same main version they can.

opencode's own upgrades add columns, and rows that are there get the default of the schema (seen with 1.2.1 to 1.18.34):
so a column that only this database has may stay out of what is copied. One that only the other has would be lost. Some
tables and columns are never merged: NOT_MERGED and CLEARED in store/session_tables.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.store.schema import newest_upgrade
from migrator.store.session_tables import NOT_MERGED, has_rows, session_tables

if TYPE_CHECKING:
    from collections.abc import Collection

    from migrator.store.reader import Store

_OF_1 = {"session", "message", "part", "todo", "session_share"}
"""The tables of opencode 1 that opencode 2 leaves where they are."""

_UPGRADE = "Start the newer opencode on this database once, which upgrades it, then merge."


def check_versions(ours: Store, theirs: Store) -> None:
    """Raise MigratorError if sessions can't come, since the opencode of the other database is newer, or another one."""
    check_dialects(ours, theirs)
    check_age(ours, theirs)


def check_dialects(ours: Store, theirs: Store) -> None:
    """Raise MigratorError if sessions of one main version of opencode would have to become those of another."""
    if ours.schema.has_v2 == theirs.schema.has_v2:
        return
    if theirs.schema.has_v2:
        raise MigratorError(
            f"{theirs.path} is of opencode 2, and {ours.path} of opencode 1, which can't read its sessions; merge the "
            "other way round, or start opencode 2 on this database first."
        )
    raise MigratorError(
        f"{theirs.path} is of opencode 1, and {ours.path} of opencode 2, which alone can convert sessions of opencode "
        "1: name your opencode 2 with --with-opencode PROGRAM, which imports a copy of them."
    )


def check_age(ours: Store, theirs: Store) -> None:
    """Raise MigratorError if the other database has seen an upgrade that this one hasn't."""
    here, there = newest_upgrade(ours.connection), newest_upgrade(theirs.connection)
    if here is not None and there is not None and there > here:
        raise MigratorError(
            f"{theirs.path} is of a newer opencode than {ours.path}: its tables were last upgraded by one of "
            f"{_day(there)}, and these by one of {_day(here)}. {_UPGRADE}"
        )


def _day(upgrade: str) -> str:
    return f"{upgrade[:4]}-{upgrade[4:6]}-{upgrade[6:8]}"


def check_columns(ours: Store, theirs: Store, sessions: Collection[str]) -> None:
    """Raise MigratorError if rows of these sessions wouldn't fit: the other database is of a newer opencode."""
    here = {table.name: table for table in session_tables(ours.connection)}
    for table in session_tables(theirs.connection):
        if table.name in NOT_MERGED:
            continue
        if table.name in _OF_1 and ours.schema.dialect == "v2":
            continue  # opencode 2 has imported what is in it, and doesn't read it
        fitting = here.get(table.name)
        extra = set(table.columns) - set(fitting.columns if fitting else ())
        lacking = fitting.needed - set(table.columns) if fitting else frozenset()
        if not (extra or lacking) or not has_rows(theirs, table, sessions):
            continue
        if extra:
            what = (
                f"its table {table.name} has {', '.join(sorted(extra))}" if fitting else f"it has rows in {table.name}"
            )
            raise MigratorError(
                f"{theirs.path} is of a newer opencode than {ours.path} ({what}, which has no place here). {_UPGRADE}"
            )
        raise MigratorError(
            f"{theirs.path} has rows in {table.name} without {', '.join(sorted(lacking))}, which this database needs. "
            f"Copy {theirs.path}, start the opencode that you use with {ours.path} on the copy, which upgrades it, and "
            "merge the copy."
        )
