"""How selectors combine into one query."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from migrator.model import PlanWarning
from migrator.store.sql import joined
from migrator.text import first_few

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from migrator.model import Passage, Session
    from migrator.selection.contract import Selector, SelectorContext, SelectorPlugin
    from migrator.store.paging import Condition
    from migrator.store.reader import Store

    Filter = tuple[str, Sequence[Condition]]
    """What narrows besides selectors: how it was typed, and SQL conditions that must all hold."""


class _Part(NamedTuple):
    """A part of what was asked for."""

    words: str
    groups: Sequence[Sequence[Selector]]
    conditions: Sequence[Condition]


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
        self._choosers = choosers = [selector for group in self.choosing for selector in group]
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
        return _matches(self._groups(), session)

    def conditions(self) -> list[tuple[str, tuple[Any, ...]]] | None:
        """Return the SQL conditions that must all hold for a session to be meant, or None if SQL can't answer."""
        return _conditions(self._groups())

    def sessions(self, store: Store) -> list[Session]:
        """Return the sessions that are meant, before trees are completed, by id."""
        conditions = self.conditions()
        if conditions is None:
            return [session for session in store.sessions_where("TRUE", (), "ORDER BY id") if self.matches(session)]
        # Sorting what the table yields in its own order is quicker than walking it by the index of ids.
        return sorted(store.sessions_where(*_joined(conditions)), key=attrgetter("id"))

    def warnings(self, store: Store) -> Iterator[PlanWarning]:
        """Yield a warning for each of several options that selects nothing, and for each that leaves nothing out."""
        for selector in self._choosers if self._only is None else ():
            if not _selects_any(store, [[selector]]):
                yield PlanWarning("selects-nothing", f"{selector.as_typed} selects nothing{_advice(selector)}.")
        for selector in (selector for group in self.narrowing for selector in group if selector.excludes):
            if not _selects_any(store, self._choosing(), left_out_by=selector):
                yield PlanWarning("excludes-nothing", f"{selector.as_typed} leaves nothing out{_advice(selector)}.")

    def why_nothing(self, store: Store, filters: Sequence[Filter] = (), within: Filter | None = None) -> str:
        """Return the sentence that no session is meant; it names the options that select none by themselves.

        If each of them selects some, it names those that select none together. `filters` are what narrows besides the
        selectors; `within` is what all is about, as ` of this project`.
        """
        whose, base = within or ("", [])
        narrowing = [selector for group in self.narrowing for selector in group]
        alone = [_Part(f"{each.as_typed}{_advice(each)}", [[each]], []) for each in self._choosers]
        alone += [_Part(each.as_typed, [[each]], []) for each in narrowing]
        others = [_Part(words, [], conditions) for words, conditions in filters]
        if not (alone or others or within):
            return "No session is in this database; start opencode, or name another database with --db PATH."

        def is_empty(*parts: _Part) -> bool:
            groups = [group for part in parts for group in part.groups]
            return not _selects_any(store, groups, [*base, *(each for part in parts for each in part.conditions)])

        named = "; nor ".join(part.words for part in [*alone, *others] if is_empty(part))
        if not named:
            chosen = [_Part(first_few([each.as_typed for each in group], 2), [group], []) for group in self._choosing()]
            parts = [*chosen, *(_Part(each.as_typed, [[each]], []) for each in narrowing), *others]
            last = next((at for at in range(len(parts)) if is_empty(*parts[: at + 1])), len(parts) - 1)
            pair = next(([part, parts[last]] for part in parts[:last] if is_empty(part, parts[last])), None)
            *some, one = [part.words for part in pair or parts[: last + 1]] or [""]
            named = f"{', '.join(some)} and {one} together" if some else one
        return f"No session{whose} matches{' ' * bool(named)}{named}{'' if within else f'; {store.what_there_is}'}."

    def _choosing(self) -> list[Sequence[Selector]]:
        return [self._choosers] if self._match_any and self._choosers else self.choosing

    def _groups(self) -> list[Sequence[Selector]]:
        # Each narrowing selector narrows on its own: two --exclude-dir exclude both.
        return self._choosing() + [[selector] for group in self.narrowing for selector in group]

    def reasons(self, session: Session) -> tuple[tuple[str, ...], str | None]:
        """Return the options, as typed, that chose this session, and the outermost directory named for it."""
        if self._only is not None:  # the session is here because of it
            return self._only_typed, self._only.base(session)
        meant = [s for group in self.choosing for s in group if s.match(session)]
        bases = [base for s in meant if (base := s.base(session))]
        return tuple(s.as_typed for s in meant), min(bases, key=len, default=None)

    def passage(self, session: Session) -> Passage | None:
        """Return the first passage of its conversation that a selector shows for a session."""
        passages = (selector.passage(session) for selector in self._choosers)
        return next((passage for passage in passages if passage), None)

    def base_for(self, session: Session) -> str | None:
        """Return the outermost directory named for a session that wasn't chosen itself."""
        bases = [base for group in self.choosing for s in group if s.match(session) and (base := s.base(session))]
        return min(bases, key=len, default=None)


def _advice(selector: Selector) -> str:
    return selector.advice and f": {selector.advice}"


def _matches(groups: Iterable[Iterable[Selector]], session: Session) -> bool:
    return all(any(selector.match(session) for selector in group) for group in groups)


def _conditions(groups: Iterable[Sequence[Selector]]) -> list[tuple[str, tuple[Any, ...]]] | None:
    conditions = []
    for group in groups:
        clauses = [clause for selector in group if (clause := selector.clause())]
        if len(clauses) < len(group):
            return None
        sql = joined([clause.sql for clause in clauses], "OR")
        conditions.append((sql, tuple(param for clause in clauses for param in clause.params)))
    return conditions


def _joined(conditions: Iterable[tuple[str, tuple[Any, ...]]]) -> tuple[str, list[Any]]:
    wanted = list(conditions)
    return joined([sql for sql, _ in wanted], "AND"), [param for _, some in wanted for param in some]


def _selects_any(
    store: Store,
    groups: Sequence[Sequence[Selector]],
    others: Sequence[Condition] = (),
    left_out_by: Selector | None = None,
) -> bool:
    """Tell whether any session meets all groups and other conditions; only those that `left_out_by` takes away."""
    conditions, clause = _conditions(groups), left_out_by and left_out_by.clause()
    if conditions is None or (left_out_by and not clause):
        return any(
            _matches(groups, session) and not (left_out_by and left_out_by.match(session))
            for session in store.sessions_where(*_joined(others))
        )
    conditions += others
    if clause:
        conditions.append((f"NOT ({clause.sql})", clause.params))
    return any(store.sessions_where(*_joined(conditions), "LIMIT 1"))
