"""From lost sessions to a plan that brings them home, whole trees, and says of the rest why it stays lost."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from migrator.model import BECAUSE, STILL_LOST, Certainty, PlanWarning, Selected, Selection
from migrator.orphans.homes import BROKEN_TREE, Home

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from migrator.model import Place, Reason, Session
    from migrator.orphans.homes import Homes
    from migrator.orphans.rule import OrphanRule, RuleContext

    Lost = Mapping[str, tuple[Session, Sequence[Reason]]]

_STAYS = ""
"""The base of a session that stays where it is."""

_UNMENDED = "no move mends this, though it is bound where it belongs"


@dataclass
class HomesFound:
    """The destination of `rescue`: each session's base is its own home, which was decided when it was selected."""

    places: dict[str, Place] = field(default_factory=dict)

    def place_for(self, selected: Selected) -> Place | None:
        """Return the home of this session, None where it stays."""
        return self.places.get(selected.base)

    def warnings(self) -> Iterable[PlanWarning]:
        """Nothing beyond what the selection says."""
        return ()


class Rescue:
    """Decides tree by tree who comes home.

    `chosen` are the names of the rules whose sessions are meant, None for all; they bring their trees. `likely` takes
    what is likely lost, and likely homes, too.
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
        self.destination = HomesFound()
        self._context = context
        self._homes = homes
        self._immovable = {rule.name for rule in rules if not rule.movable}
        self._chosen = chosen
        self._sure_enough = {Certainty.CERTAIN, Certainty.LIKELY} if likely else {Certainty.CERTAIN}
        self._warnings: list[PlanWarning] = []
        self._said: dict[tuple[str, ...], tuple[str, ...]] = {}  # equal ones are one object, for there may be many

    def select(self, lost: Lost) -> Selection:
        """Return the trees in which somebody comes home, whole, with a warning for every session that stays lost.

        `lost` are the sessions with all their reasons, as every rule sees them: trees may hold others than are meant.
        """
        meant = [
            session
            for session, reasons in lost.values()
            if self._chosen is None or any(reason.rule in self._chosen for reason in reasons)
        ]
        roots = {self._homes.root(session).id: None for session in meant if session.id in self._context.by_id}
        selected = [entry for tree in self._trees(roots) for entry in self._brought_home(tree, lost)]
        for session in meant:
            if session.id not in self._context.by_id:
                self._warn(session, lost[session.id][1], "it is not in the database, so there is nothing to move")
        return Selection(tuple(selected), tuple(self._warnings))

    def _trees(self, roots: Iterable[str]) -> Iterator[list[Session]]:
        """Yield the tree below each root, parents before children; of a cycle of parents, each session once."""
        children: dict[str, list[str]] = {}
        for session in self._context.by_id.values():
            if session.parent_id is not None:
                children.setdefault(session.parent_id, []).append(session.id)
        planted: set[str] = set()
        for root in roots:
            tree: dict[str, None] = {}
            generation = [root]
            while generation := [id_ for id_ in generation if id_ not in planted]:
                planted.update(generation)
                tree |= dict.fromkeys(generation)
                generation = [child for id_ in generation for child in children.get(id_, ())]
            if tree:
                yield [self._context.by_id[id_] for id_ in tree]

    def _brought_home(self, tree: Sequence[Session], lost: Lost) -> Iterator[Selected]:
        root = tree[0]
        homes = {session.id: self._home(session, lost[session.id][1]) for session in tree if session.id in lost}
        stranded = root.id in homes and homes[root.id].place is None  # without it, its children would be torn from it
        goes = {} if stranded else self._moving(tree, homes)
        for session in tree:
            if session.id in homes:
                self._account_for(session, root, homes[session.id], lost[session.id][1], goes)
        if not goes:
            return
        for session in tree:
            said: tuple[str, ...] = (f"tree of {root.id}",)
            if session.id in lost:
                rules = [f"--rule {reason.rule}" for reason in lost[session.id][1]]
                because = homes[session.id].because
                said = tuple(dict.fromkeys([*rules, *([f"{BECAUSE}{because}"] if because else [])]))
            base = goes[session.id].directory if session.id in goes else _STAYS
            yield Selected(session, root.id, self._said.setdefault(said, said), base)

    def _moving(self, tree: Sequence[Session], homes: Mapping[str, Home]) -> dict[str, Place]:
        """Map those who move to where they go; who is in order follows its root into another project."""
        root = tree[0]
        project = homes[root.id].place if root.id in homes else None
        goes = {}
        for session in tree:
            place = homes[session.id].place if session.id in homes else None
            if session.id not in homes and project is not None and session.project_id != project.project_id:
                place = project
            stays = session.id in homes and homes[session.id].why_not
            if place is not None and not stays and self._homes.storable(place) != session.binding:
                goes[session.id] = place
                self.destination.places[place.directory] = place
        return goes

    def _home(self, session: Session, reasons: Sequence[Reason]) -> Home:
        """Return where a lost session goes, or why it goes nowhere; a place all the same where it can stay."""
        if any(reason.rule in self._immovable for reason in reasons):
            return Home(why_not="nothing is moved for this reason")
        home = self._homes.look(session, reasons)
        if home.place is None:
            return home
        if all(reason.certainty is Certainty.UNKNOWN for reason in reasons):
            return replace(home, why_not="nobody can say from here that it is lost")
        if home.certainty not in self._sure_enough:
            return Home(why_not=f"{home.because}; --likely takes it there")
        return home

    def _account_for(
        self, session: Session, root: Session, home: Home, reasons: Sequence[Reason], goes: Mapping[str, Place]
    ) -> None:
        """Say why a lost session stays lost, if it does."""
        torn = [reason for reason in reasons if reason.rule == BROKEN_TREE] if root.parent_id is not None else []
        if session.id not in goes and home.why_not and not self._is_joined(session, root, reasons, goes):
            self._warn(session, reasons, home.why_not)
        elif torn:  # whoever is above its root is gone, and a list shows only what has no parent
            self._warn(session, torn, _UNMENDED)
        elif session.id not in goes and home.place and self._homes.storable(home.place) != session.binding:
            self._warn(session, reasons, f"its root {root.id} stays lost, and a tree is not torn")
        elif session.id not in goes and (session is root or root.id not in goes):
            self._warn(session, reasons, _UNMENDED)

    def _is_joined(self, session: Session, root: Session, reasons: Sequence[Reason], goes: Mapping[str, Place]) -> bool:
        """Tell whether all that was wrong with a child was that its root is elsewhere, and the root comes to it."""
        place = goes.get(root.id)
        if place is None or root.parent_id is not None or any(reason.rule != BROKEN_TREE for reason in reasons):
            return False
        return self._homes.storable(place)[:2] == session.binding[:2]

    def _warn(self, session: Session, reasons: Sequence[Reason], why: str) -> None:
        self._warnings.append(PlanWarning(STILL_LOST, f"{reasons[0].evidence}; {why}", session.id))
