"""Decide which lost sessions go home, with their whole trees, and say why the others stay lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.model import BECAUSE, STILL_LOST, Certainty, PlanWarning, Selected, Selection
from migrator.orphans.home import BROKEN_TREE, Home, no_home
from migrator.selection.trees import take_tree, tops_and_children

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from migrator.model import Place, Reason, Session
    from migrator.orphans.homes import Homes
    from migrator.orphans.rule import OrphanRule, RuleContext

    Lost = Mapping[str, tuple[Session, Sequence[Reason]]]

_STAYS = ""
"""The base of a session that stays where it is."""

_UNMENDED = "it is already where it belongs; moving can't fix this"


class Rescue:
    """Decides tree by tree which sessions go home, and is the Destination of those: each one's base is its home.

    `chosen` are the names of the rules whose sessions are meant, None for all; their trees come along. With `likely`,
    sessions that are only likely lost, and likely homes, count too.
    """

    def __init__(
        self,
        context: RuleContext,
        homes: Homes,
        rules: Iterable[OrphanRule],
        chosen: Collection[str] | None = None,
        *,
        likely: bool = False,
    ) -> None:
        self._places: dict[str, Place] = {}
        self._context = context
        self._homes = homes
        self._immovable = {rule.name for rule in rules if not rule.movable}
        self._chosen = chosen
        self._sure_enough = {Certainty.CERTAIN, Certainty.LIKELY} if likely else {Certainty.CERTAIN}
        self._warnings: list[PlanWarning] = []
        self._selected_by: dict[tuple[str, ...], tuple[str, ...]] = {}  # equal ones are one object: there may be many

    def select(self, lost: Lost) -> Selection:
        """Return the whole trees in which a session goes home, with a warning for every session that stays lost.

        `lost` has every lost session with all its reasons, since one that is not meant may be in the same tree.
        """
        meant = [
            session
            for session, reasons in lost.values()
            if self._chosen is None or any(reason.rule in self._chosen for reason in reasons)
        ]
        roots = {self._homes.root_of(session).id: None for session in meant if session.id in self._context.by_id}
        selected = [entry for tree in self._trees(roots) for entry in self._select_tree(tree, lost)]
        for session in meant:
            if session.id not in self._context.by_id:
                self._warn(session, lost[session.id][1], "it is not in the database, so there is nothing to move")
        return Selection(tuple(selected), tuple(self._warnings))

    def place_for(self, selected: Selected) -> Place | None:
        """Return the home of this session, or None if it stays."""
        return self._places.get(selected.base)

    def warnings(self) -> Iterable[PlanWarning]:
        """Return nothing: the selection has the warnings already."""
        return ()

    def _trees(self, roots: Iterable[str]) -> Iterator[list[Session]]:
        """Yield the tree below each root, parents before children; of a cycle of parents, each session once."""
        _, children = tops_and_children(self._context.by_id)
        seen: set[str] = set()
        for root in roots:
            if root not in seen:
                tree = take_tree(self._context.by_id[root], children)
                seen.update(session.id for session in tree)
                yield tree

    def _select_tree(self, tree: Sequence[Session], lost: Lost) -> Iterator[Selected]:
        root = tree[0]
        homes = {session.id: self._home(session, lost[session.id][1]) for session in tree if session.id in lost}
        stranded = root.id in homes and homes[root.id].place is None  # then its children stay with it
        goes = {} if stranded else self._moves(tree, homes)
        for session in tree:
            if session.id in homes:
                self._warn_if_still_lost(session, root, homes[session.id], lost[session.id][1], goes)
        if not goes:
            return
        for session in tree:
            why: tuple[str, ...] = (f"tree of {root.id}",)
            if session.id in lost:
                rules = [f"--rule {reason.rule}" for reason in lost[session.id][1]]
                because = homes[session.id].because
                why = tuple(dict.fromkeys([*rules, *([f"{BECAUSE}{because}"] if because else [])]))
            base = goes[session.id].directory if session.id in goes else _STAYS
            yield Selected(session, root.id, self._selected_by.setdefault(why, why), base)

    def _moves(self, tree: Sequence[Session], homes: Mapping[str, Home]) -> dict[str, Place]:
        """Map the sessions that move to their places; one that isn't lost follows its root into another project."""
        root = tree[0]
        project = homes[root.id].place if root.id in homes else None
        goes = {}
        for session in tree:
            place = homes[session.id].place if session.id in homes else None
            if session.id not in homes and project is not None and session.project_id != project.project_id:
                place = project
            stays = session.id in homes and homes[session.id].why_not
            if place is not None and not stays and self._homes.storable_binding(place) != session.binding:
                goes[session.id] = place
                self._places[place.directory] = place
        return goes

    def _home(self, session: Session, reasons: Sequence[Reason]) -> Home:
        """Return where a lost session goes, or why it goes nowhere; with a place too if it may stay where it is."""
        if any(reason.rule in self._immovable for reason in reasons):
            return no_home("nothing is moved for this reason")
        home = self._homes.home(session, reasons)
        if home.place is None:
            return home
        if all(reason.certainty is Certainty.UNKNOWN for reason in reasons):
            return replace(home, why_not="nobody can say from here that it is lost")
        if home.certainty not in self._sure_enough:
            return no_home(f"{home.because}; --likely takes it there")
        return home

    def _warn_if_still_lost(
        self, session: Session, root: Session, home: Home, reasons: Sequence[Reason], goes: Mapping[str, Place]
    ) -> None:
        """Warn that a lost session stays lost, and why, if it does."""
        unmended = [reason for reason in reasons if reason.rule == BROKEN_TREE] if root.parent_id is not None else []
        if session.id not in goes and home.why_not and not self._is_joined(session, root, reasons, goes):
            self._warn(session, reasons, home.why_not)
        elif unmended:  # the parent of its root is gone, and a list shows only sessions without a parent
            self._warn(session, unmended, _UNMENDED)
        elif session.id not in goes and home.place and self._homes.storable_binding(home.place) != session.binding:
            self._warn(session, reasons, f"its root {root.id} stays lost, and trees are not split")
        elif session.id not in goes and (session is root or root.id not in goes):
            self._warn(session, reasons, _UNMENDED)

    def _is_joined(self, session: Session, root: Session, reasons: Sequence[Reason], goes: Mapping[str, Place]) -> bool:
        """Tell whether all that was wrong with a child was that its root is elsewhere, and the root comes to it."""
        place = goes.get(root.id)
        if place is None or root.parent_id is not None or any(reason.rule != BROKEN_TREE for reason in reasons):
            return False
        return self._homes.storable_binding(place)[:2] == session.binding[:2]

    def _warn(self, session: Session, reasons: Sequence[Reason], why: str) -> None:
        evidence = reasons[0].evidence
        text = evidence if why == evidence else f"{evidence}; {why}"
        self._warnings.append(PlanWarning(STILL_LOST, text, session.id))
