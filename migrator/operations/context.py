"""What every verb works with: an open database, and the places, selectors and orphan rules around it."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Self

from migrator.places import Places, ProjectIdScheme
from migrator.places.programs import check_setting
from migrator.plugins import check_rule_names, orphan_rules
from migrator.progress import doing
from migrator.selection.context import DatabaseSelectorContext
from migrator.store.connection import BUSY_SECONDS
from migrator.store.open_by import until_free
from migrator.store.reader import Store
from migrator.text import shell_quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from migrator.orphans.context import DatabaseRuleContext


class CommandContext:
    """An open database together with what selectors and orphan rules may ask; `home` is what a leading `~` means.

    `database_words` are the options that name the database in a command line, none where opencode's own is meant.
    `opened` is a store that somebody else has opened, and closes.
    """

    def __init__(
        self,
        path: Path,
        home: str | None = None,
        busy_seconds: float = BUSY_SECONDS,
        database_words: Sequence[str] = (),
        opened: Store | None = None,
    ) -> None:
        self._database_words = database_words
        self._closes = opened is None
        # SQLite's own wait can't be interrupted, nor shown.
        self.store = opened or until_free(lambda: Store(path, busy_seconds=0), busy_seconds)
        self.store.wait_when_busy(BUSY_SECONDS)
        self._shown = ExitStack()
        self.places = places_of(self.store)
        self.selector_context = DatabaseSelectorContext(self.store, self.places, self._orphan_ids, home)

    def __enter__(self) -> Self:
        self._shown.enter_context(doing("Reading the database"))
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.close()
        if self._closes:
            self.store.close()

    @cached_property
    def rule_context(self) -> DatabaseRuleContext:
        """What orphan rules ask; nothing is read before they do."""
        from migrator.orphans.context import DatabaseRuleContext

        return DatabaseRuleContext(self.store, self.places)

    def on_this_database(self, commands: Iterable[str]) -> tuple[str, ...]:
        """Return command lines that name this database too, so that they can be copied into a shell."""
        return tuple(" ".join([command, *map(shell_quote, self._database_words)]) for command in commands)

    def _orphan_ids(self, rule: str | None) -> frozenset[str]:
        """Return the ids of the sessions in the database that are lost, or those that the rule of this name finds."""
        from migrator.orphans.find import find_reasons

        check_rule_names([rule] if rule is not None else [], "--orphans")
        rules = [known for known in orphan_rules() if rule in {None, known.name}]
        return frozenset(find_reasons(self.rule_context, rules)).intersection(self.rule_context.by_id)


def places_of(store: Store) -> Places:
    """Return what resolves directories as the opencode of this database does.

    Raises BadInput for a setting of how long git may take that means nothing: whoever asks git comes by here first.
    """
    check_setting()
    if store.schema.has_v2 and not store.schema.is_preview:  # a preview has no project of a plain directory
        return Places(ProjectIdScheme.V2)
    return Places(ProjectIdScheme.ORIGIN_FIRST if store.schema.origin_first else ProjectIdScheme.CACHE_FIRST)
