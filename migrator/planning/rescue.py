"""Decide which lost sessions go home, with their whole trees, and say why the others stay lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from migrator.model import BECAUSE, STILL_LOST, Certainty, PlanWarning, Selected, Selection, StillLost
from migrator.orphans.home import BROKEN_TREE, Home, no_home
from migrator.paths import path_below
from migrator.progress import counted
from migrator.store.trees import take_tree, tops_and_children

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from migrator.model import Place, Reason, Session
    from migrator.orphans.homes import Homes
    from migrator.orphans.rule import OrphanRule, RuleContext

    Lost = Mapping[str, tuple[Session, Sequence[Reason]]]
    Settle = Callable[[Mapping["Tie", int]], Mapping["Tie", str]]

_LOOKING = "Looking for where lost sessions belong"
_STAYS = ""
"""The base of a session that stays where it is."""

_UNMENDED = "it is already where it belongs; moving can't fix this"


class Tie(NamedTuple):
    """A folder that is gone or taken, and the directories of which nothing tells which one it is now."""

    folder: str
    rivals: tuple[str, ...]


class Rescue:
    """Decides tree by tree which sessions go home, and is the Destination of those: each one's base is its home.

    `chosen` are the names of the rules whose sessions are meant, None for all; their trees come along. With `likely`,
    sessions that are only likely lost, and likely homes, count too. `complete` makes the command lines of warnings
    name the database.
    """

    def __init__(  # noqa: PLR0913 - what `rescue` can be told
        self,
        context: RuleContext,
        homes: Homes,
        rules: Iterable[OrphanRule],
        chosen: Collection[str] | None = None,
        *,
        likely: bool = False,
        complete: Callable[[Iterable[str]], tuple[str, ...]] = tuple,
    ) -> None:
        self._places: dict[str, Place] = {}
        self._context = context
        self._homes = homes
        self._immovable = {rule.name for rule in rules if not rule.movable}
        self._chosen = chosen
        self._sure_enough = {Certainty.CERTAIN, Certainty.LIKELY} if likely else {Certainty.CERTAIN}
        self._complete = complete
        self._likely_homes: dict[str, str] = {}
        self._answers: Mapping[Tie, str] = {}
        self._warnings: list[PlanWarning] = []
        self.unproven: dict[str, str] = {}
        """Why nothing proves that a session goes to the working copy in which it was, by its id."""
        self._told: dict[object, tuple[str, StillLost]] = {}  # equal ones are one object, as below
        self._selected_by: dict[tuple[str, ...], tuple[str, ...]] = {}  # equal ones are one object: there may be many

    def select(
        self,
        lost: Lost,
        among: Collection[str] | None = None,
        settle: Settle | None = None,
    ) -> Selection:
        """Return the whole trees in which a session goes home, with a warning for every session that stays lost.

        `lost` has every lost session with all its reasons, since one that is not meant may be in the same tree.
        `among` are the ids of the selected sessions, None for all. `settle` is called with the ties and how many
        sessions each is about, if there are any, and returns which directory it is for those that it can settle.
        """
        meant = [
            session
            for session, reasons in lost.values()
            if (among is None or session.id in among)
            and (self._chosen is None or any(reason.rule in self._chosen for reason in reasons))
        ]
        roots = {self._homes.root_of(session).id: None for session in meant if session.id in self._context.by_id}
        trees = list(self._trees(roots))
        if settle is not None and (ties := self._ties(trees, lost)):
            self._answers = settle(ties)
        of_trees = counted(trees, _LOOKING, "root sessions")
        selected = [entry for tree in of_trees for entry in self._select_tree(tree, lost)]
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

    def _ties(self, trees: Iterable[Sequence[Session]], lost: Lost) -> Counter[Tie]:
        """Count the sessions of these trees that each tie is about."""
        ties = Counter[Tie]()
        found = [lost[session.id] for tree in trees for session in tree if session.id in lost]
        for session, reasons in counted(found, _LOOKING, "sessions"):
            home = self._home(session, reasons)
            if (tie := _tie(home)) and any(reason.certainty is not Certainty.UNKNOWN for reason in reasons):
                ties[tie] += 1
        return ties

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
        home = self._settled_home(session, reasons)
        if home.place is None:
            return home
        if all(reason.certainty is Certainty.UNKNOWN for reason in reasons):
            return replace(home, why_not="nobody can say from here that it is lost")
        if home.certainty not in self._sure_enough:
            self._likely_homes[session.id] = home.place.directory
            return no_home(f"{home.because}; --likely takes it there")
        return home

    def _settled_home(self, session: Session, reasons: Sequence[Reason]) -> Home:
        """Return the home of a session, which the user named if it was a tie."""
        home = self._homes.home(session, reasons)
        if not self._answers or home.place is not None:
            return home
        if (tie := _tie(home)) and (directory := self._answers.get(tie)):
            place = self._homes.nearest_place(directory, path_below(session.directory, tie.folder))
            self.unproven[session.id] = f"that {tie.folder} is {directory} now was said, not seen"
            return Home(place, Certainty.CERTAIN, f"you said so: {tie.folder} is {directory} now") if place else home
        root = self._homes.root_of(session)
        if root is not session and any(reason.rule == BROKEN_TREE for reason in reasons):
            settled = self._settled_home(root, ())
            return replace(settled, because=f"it follows its root {root.id}") if settled.place else home
        return home

    def _warn_if_still_lost(
        self, session: Session, root: Session, home: Home, reasons: Sequence[Reason], goes: Mapping[str, Place]
    ) -> None:
        """Warn that a lost session stays lost, and why, if it does."""
        unmended = [reason for reason in reasons if reason.rule == BROKEN_TREE] if root.parent_id is not None else []
        if session.id not in goes and home.why_not and not self._is_joined(session, root, reasons, goes):
            self._warn(session, reasons, home.why_not, home.commands)
        elif unmended:  # the parent of its root is gone, and a list shows only sessions without a parent
            self._warn(session, unmended, _UNMENDED)
        elif session.id not in goes and home.place and self._homes.storable_binding(home.place) != session.binding:
            self._warn(session, reasons, f"its parent {root.id} stays lost, and the two stay together")
        elif session.id not in goes and (session is root or root.id not in goes):
            self._warn(session, reasons, _UNMENDED)

    def _is_joined(self, session: Session, root: Session, reasons: Sequence[Reason], goes: Mapping[str, Place]) -> bool:
        """Tell whether all that was wrong with a child was that its root is elsewhere, and the root comes to it."""
        place = goes.get(root.id)
        if place is None or root.parent_id is not None or any(reason.rule != BROKEN_TREE for reason in reasons):
            return False
        return self._homes.storable_binding(place)[:2] == session.binding[:2]

    def _warn(self, session: Session, reasons: Sequence[Reason], why: str, commands: Iterable[str] = ()) -> None:
        told = reasons[0], session.directory, why, self._likely_homes.get(session.id), tuple(commands)
        if told not in self._told:
            (rule, evidence, _), directory, why, likely_home, commands = told
            commands = self._complete(commands)
            say = "say which it is" if commands[1:] else "to say so"
            which = f"; {say}: {' or '.join(f'`{command}`' for command in commands)}" if commands else ""
            lost = StillLost(rule, evidence, directory, why, likely_home, commands)
            text = evidence if why == evidence else f"{evidence}; {why}"
            self._told[told] = f"{text}{which}", lost
        message, lost = self._told[told]
        self._warnings.append(PlanWarning(STILL_LOST, message, session.id, lost))


def _tie(home: Home) -> Tie | None:
    """Return the tie between the rivals of a home, if it has any."""
    return Tie(home.folder, home.rivals) if home.rivals else None
