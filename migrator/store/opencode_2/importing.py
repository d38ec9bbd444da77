"""What opencode 2 has on record of its import of opencode 1's sessions, and of the checkouts it opened since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.store.opencode_2 import schema

if TYPE_CHECKING:
    from migrator.store.reader import Store


def import_phase(store: Store) -> str:
    """Return how far the import is, in words; "completed" where it is done, and where there is nothing to import."""
    if store.schema.dialect != "v1+v2":
        return schema.COMPLETED
    with store.explained():
        return schema.import_phase(store.connection)


def worktrees_resolved(store: Store) -> frozenset[tuple[str, str]]:
    """Return the rows of `worktree`: (project id, directory) of each checkout that opencode 2 has opened."""
    if not store.columns_of("worktree"):
        return frozenset()
    return frozenset((id_, directory) for id_, directory in store.rows("SELECT project_id, directory FROM worktree"))
