"""Which files outside of the database come along with a session of another data directory.

This is the seam for everything that hangs on a session besides rows. `companion_files` is asked once when a merge is
planned, with the sessions that come, and returns a `CompanionFile` for each file: its full path in the other data
directory, where it goes in ours, and the SHA-256 of what is in it. The plan carries them, `execution/merge/companions`
copies them before the rows of the first chunk are committed, and records each of them in the journal before that, so
that taking the merge back removes exactly those that are still as they were brought. A file that is there already with
the same content is nothing to do; one with another content is left alone, and the plan says so with a warning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from migrator.model import CompanionFile, PlanWarning
    from migrator.store.reader import Store


def companion_files(
    ours: Store, theirs: Store, sessions: Collection[str]
) -> tuple[tuple[CompanionFile, ...], tuple[PlanWarning, ...]]:
    """Return the files that come along with these sessions, and what a person should know of others."""
    del ours, theirs, sessions
    return (), ()
