"""How selectors combine into one query."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from migrator.model import Session
    from migrator.selection.contract import Selector, SelectorContext, SelectorPlugin
    from migrator.store.reader import Store


class Query:
    """What the user asked for: the selectors that `plugins` make of the values of their options."""

    def __init__(
        self,
        values: Mapping[str, Any],
        context: SelectorContext,
        plugins: Iterable[SelectorPlugin],
        *,
        match_any: bool = False,
    ) -> None:
        self.choosing: list[Sequence[Selector]] = []
        self.narrowing: list[Sequence[Selector]] = []
        for plugin in plugins:
            if selectors := plugin.build(values, context):
                (self.narrowing if plugin.narrows else self.choosing).append(selectors)
        self._match_any = match_any
        choosers = [selector for group in self.choosing for selector in group]
        self._only = choosers[0] if len(choosers) == 1 else None
        self._only_typed = (choosers[0].as_typed,) if choosers else ()

    @property
    def chooses(self) -> bool:
        """Whether the user said which sessions are meant, not only which aren't."""
        return bool(self.choosing)

    @property
    def selects(self) -> bool:
        """Whether any selector was given, one that chooses or one that narrows."""
        return bool(self.choosing or self.narrowing)

    def matches(self, session: Session) -> bool:
        """Tell in Python whether a session is meant."""
        return all(any(s.match(session) for s in group) for group in self._groups())

    def conditions(self) -> list[tuple[str, tuple[Any, ...]]] | None:
        """Return the SQL conditions that must all hold for a session to be meant, or None if SQL can't answer."""
        conditions = []
        for group in self._groups():
            clauses = [clause for selector in group if (clause := selector.clause())]
            if len(clauses) < len(group):
                return None
            sql = " OR ".join(f"({clause.sql})" for clause in clauses)
            conditions.append((sql, tuple(param for clause in clauses for param in clause.params)))
        return conditions

    def sessions(self, store: Store) -> list[Session]:
        """Return the sessions that are meant, before trees are completed, by id."""
        conditions = self.conditions()
        if conditions is None:
            return [session for session in store.sessions_where("TRUE", (), "ORDER BY id") if self.matches(session)]
        sql = " AND ".join(f"({condition})" for condition, _ in conditions) or "TRUE"
        params = [param for _, some in conditions for param in some]
        # Sorting what the table yields in its own order is quicker than walking it by the index of ids.
        return sorted(store.sessions_where(sql, params), key=attrgetter("id"))

    def _groups(self) -> list[Sequence[Selector]]:
        choosing = self.choosing
        if self._match_any and choosing:
            choosing = [[selector for group in choosing for selector in group]]
        # Each narrowing selector narrows on its own: two --exclude-dir exclude both.
        return choosing + [[selector] for group in self.narrowing for selector in group]

    def reasons(self, session: Session) -> tuple[tuple[str, ...], str | None]:
        """Return the options, as typed, that chose this session, and the outermost directory named for it."""
        if self._only is not None:  # the session is here because of it
            return self._only_typed, self._only.base(session)
        meant = [s for group in self.choosing for s in group if s.match(session)]
        bases = [base for s in meant if (base := s.base(session))]
        return tuple(s.as_typed for s in meant), min(bases, key=len, default=None)

    def base_for(self, session: Session) -> str | None:
        """Return the outermost directory named for a session that wasn't chosen itself."""
        bases = [base for group in self.choosing for s in group if s.match(session) and (base := s.base(session))]
        return min(bases, key=len, default=None)
