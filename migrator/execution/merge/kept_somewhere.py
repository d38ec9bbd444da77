"""Refuse to take sessions out of one of the databases of a merge while they are out of the other one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.execution.run_log import find_undone, open_run, run_entries
from migrator.execution.traces import command, unfinished_on
from migrator.execution.undone import chains
from migrator.model import RunStatus
from migrator.store.comparison import compare
from migrator.store.location import is_same_file
from migrator.store.untouched import look_into
from migrator.text import agree, count, first_few, our_command

if TYPE_CHECKING:
    from collections.abc import Collection

    from migrator.store.reader import Store

_NAMED = 5


def refuse_if_removed(store: Store, other: str, sessions: Collection[str]) -> None:
    """Refuse to take a merge or its redo back if a removal has taken any of its sessions out of a database.

    A removal that was cut off counts too, and so does a redo of one. The sessions may go if a third database has them,
    at the path that the removal recorded. If none has, the removal relied on this database, wherever it lay then.
    """
    entries = run_entries(other)
    undone, links = find_undone(entries, other), chains(entries)
    for entry in entries:
        if entry.status is RunStatus.ROLLED_BACK or len(links[entry.id]) % 2 == 0 or entry.id in undone.by:
            continue
        with open_run(entry.id, other) as journal:
            if (merge := journal.merge) is None or not merge.taken_out:
                continue
            gone = (journal.session_ids() - undone.sessions.get(entry.id, set())).intersection(sessions)
        if gone and not _has_all(merge.other, gone, store):
            raise MigratorError(
                f"Run {entry.id} took the same sessions out of {entry.store}, and no other database is known to "
                f"have them; first `{our_command('undo', entry.id)}` puts them back there."
            )


def _has_all(path: str, sessions: Collection[str], but: Store) -> bool:
    """Tell whether a database, if it is another than `but`, is known to have all of these sessions."""
    if is_same_file(path, but.path):
        return False
    with suppress(MigratorError):
        return look_into(Path(path), lambda store: len(store.existing(sessions)) == len(sessions))
    return False


def refuse_unless_whole(store: Store, other: str, sessions: Collection[str]) -> None:
    """Refuse to take these sessions out, as a removal does, unless `other` has all that is said in them, and keeps it.

    It may not keep it while a run there was cut off, or is going on.
    """
    leaving = [(session, session, "") for session in sorted(store.existing(sessions))]
    try:
        compared, cut_off = look_into(
            Path(other),
            lambda ours: (
                compare(ours, store, leaving),
                [command("resume", run, ours) for run in unfinished_on(ours)],
            ),
        )
    except MigratorError as error:
        raise MigratorError(f"Nobody can tell whether the sessions are in {other} too: {error}.") from error
    if cut_off:
        raise MigratorError(f"A run on {other} was cut off, which may take the sessions out; first `{cut_off[0]}`.")
    if lacking := [merged.session for merged in compared if not merged.verdict.is_all_here]:
        number = len(lacking)
        raise MigratorError(
            f"{count(number, 'session')} {agree(number, 'is')} not whole in {other}, and what was said there would be "
            f"nowhere: {first_few(lacking, _NAMED)}. Bring {'it' if number == 1 else 'them'} there first; "
            f"`{our_command('log')}` lists the runs so far."
        )
