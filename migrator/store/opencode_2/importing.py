"""What opencode 2 has on record of its import of opencode 1's sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.store import opencode_2_schema

if TYPE_CHECKING:
    from migrator.store.reader import Store


def import_phase(store: Store) -> str:
    """Return how far the import is, in words; "completed" where it is done, and where there is nothing to import."""
    if store.schema.dialect != "v1+v2":
        return opencode_2_schema.COMPLETED
    with store.translate_errors():
        return opencode_2_schema.import_phase(store.connection)
