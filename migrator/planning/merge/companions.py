"""Which files outside of the database come along with sessions of another data directory, and what stays there.

The plan carries each file with its full path in the other data directory, where it goes in ours, and the SHA-256 of
what is in it. `execution/merge/companions` copies them before the rows of the first chunk are committed, and the
journal names each of them before that, so that taking the merge back removes exactly those that are still as they were
brought. A file that is there already with the same content is nothing to do; one with another content is left alone,
and the plan says so with a warning.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from migrator.disk.data_directory import data_directory_of
from migrator.disk.plain_files import digest_of
from migrator.disk.spelling import is_same_directory
from migrator.disk.status import is_there
from migrator.model import MergedFile, PlanWarning
from migrator.store.companion_files import OUTPUTS, companion_names
from migrator.store.session_tables import rows_never_merged
from migrator.text import agree, count, first_few, tilde

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from migrator.store.reader import Store

FILE_STAYS, PROMPT_STAYS = "file-stays", "prompt-stays"
"""The codes of warnings about files that aren't replaced, and about what stays in the other database."""
_NAMED = 3


class Companions(NamedTuple):
    """The files that come along with sessions, and what a person should know of others.

    `naming` are the sessions with rows that name a long output which will be here, usually at another path.
    """

    files: tuple[MergedFile, ...] = ()
    warnings: tuple[PlanWarning, ...] = ()
    naming: frozenset[str] = frozenset()


def companion_files(ours: Store, theirs: Store, sessions: Collection[str]) -> Companions:
    """Return what comes along with these sessions."""
    warnings = [*_left_there(theirs, sessions)]
    there, here = theirs.path.parent, data_directory_of(ours.path)
    if is_same_directory(str(there), str(here)):
        return Companions((), tuple(warnings))
    coming, staying, naming = [], [], set()
    sessions_of: dict[str, list[str]] = {}
    for name, session in sorted(companion_names(theirs, there, sessions)):
        sessions_of.setdefault(name, []).append(session)
    for name, owners in sessions_of.items():
        source, target = os.path.join(there, name), os.path.join(here, name)
        if (digest := digest_of(source)) is None:
            continue
        if not is_there(target):
            coming += [MergedFile(session, source, target, digest) for session in owners]
        elif digest_of(target) != digest:
            staying.append(target)
            continue
        if name.startswith(OUTPUTS):
            naming.update(owners)
    warnings += [_warn_of(staying)] if staying else []
    return Companions(tuple(coming), tuple(warnings), frozenset(naming))


def _left_there(theirs: Store, sessions: Collection[str]) -> Iterator[PlanWarning]:
    """Yield what stays in the other database though a person may look for it here: prompts waiting to be sent."""
    left = rows_never_merged(theirs, sessions).values()
    if number := sum(bool(tables - {"session_share"}) for tables in left):
        have = f"{count(number, 'session')} {agree(number, 'has')} prompts waiting to be sent"
        yield PlanWarning(PROMPT_STAYS, f"{have}; these stay in the other database.")


def _warn_of(files: list[str]) -> PlanWarning:
    named = first_few([tilde(file) for file in files], _NAMED)
    what = f"{count(len(files), 'file')} of sessions {agree(len(files), 'is')} here already, with"
    return PlanWarning(FILE_STAYS, f"{what} another content, and {agree(len(files), 'stays')}: {named}.")
