"""Which sessions stay in the other database with `--remove-from-other`, though they are in this one too.

A session stays if it has a share, prompts waiting to be sent or parts of another session: those don't come along, and
would be in no database. It also stays if both sides say the same, but its to-do list or title is only there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import MergeVerdict, PlanWarning
from migrator.store.session_tables import differing_outside, rows_never_merged, torn_parts
from migrator.text import agree, count, first_few, tilde

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from migrator.model import MergedSession
    from migrator.store.reader import Store

STAYS_THERE = "stays-there"
"""The code of a warning about what stays in the other database, as a plan knows it; a run says NOT_REMOVED."""
_NAMED = 5


def with_more_there(ours: Store, theirs: Store, compared: Sequence[MergedSession]) -> frozenset[str]:
    """Return those of these sessions that have something in `theirs` that isn't here and doesn't come along."""
    found = {*rows_never_merged(theirs, [session.session for session in compared])}
    found |= differing_outside(ours, theirs, [s.session for s in compared if s.verdict is MergeVerdict.SAME])
    found |= {id_ for part in torn_parts(theirs) for id_ in (part.message_of, part.part_of)}
    return frozenset(found)


def warn_of_staying(code: str, sessions: Collection[str], other: str) -> tuple[PlanWarning, ...]:
    """Return a warning that names these sessions, which stay in the other database; none if there are none."""
    if not sessions:
        return ()
    number = len(sessions)
    trees = "its whole tree" if number == 1 else "their whole trees"
    what = f"{count(number, 'session')} {agree(number, 'stays')} in {tilde(other)} with {trees}"
    why = "having there what isn't here: a share, a prompt, a to-do list, a title, or what was said"
    return (PlanWarning(code, f"{what}, {why}: {first_few(sorted(sessions), _NAMED)}."),)
