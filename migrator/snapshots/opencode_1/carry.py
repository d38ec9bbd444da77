"""Decide which turns of opencode 1 keep their file undo on a move: those whose undo would do there what it did here.

A turn is carried if both worktrees are checkouts of one repository, every snapshot that its undo reads is complete, and
every file that it names is the same in both worktrees now, or missing from both. Else it is detached. If that can't be
looked at, nothing is decided: what was detached for want of permission would be lost, and a `chown` would have kept it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from migrator.errors import MigratorError
from migrator.progress import counted
from migrator.snapshots.carry_decision import CarryDecision
from migrator.snapshots.git.readable import Readability
from migrator.snapshots.git.trees import Trees, complete_trees
from migrator.snapshots.opencode_1.pathspecs import matches_other_files
from migrator.snapshots.repositories.compare import relative_path, same_as_snapshot, same_in_both
from migrator.snapshots.repositories.route import NoRoute, SnapshotRoute
from migrator.store.turns import records_of_1, redo_snapshot, why_unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from migrator.model import Change
    from migrator.snapshots.repositories.route import SnapshotRoutes
    from migrator.store.reader import Store
    from migrator.store.turns import Turn


_QUOTED = "opencode's undo of several files deletes those with other letters than ASCII in their names"
_PRUNED = "a snapshot is gone, as opencode deletes old ones"


class CarryChecker:
    """Decides for moves in one database; asks git a few questions for each pair of worktrees, never for a session."""

    def __init__(self, store: Store, routes: SnapshotRoutes) -> None:
        self._store, self._routes = store, routes
        self._readability = Readability()

    def check(self, changes: Iterable[Change]) -> dict[str, CarryDecision]:
        """Map the session of each change, which has file undo, to the decision."""
        decisions: dict[str, CarryDecision] = {}
        by_route: dict[SnapshotRoute, list[str]] = {}
        for change in changes:
            route = self._routes.find(change.before, change.after)
            if isinstance(route, NoRoute):
                unknown = None if route.known else route.because
                decisions[change.session] = CarryDecision(None, because=route.because, unknown=unknown)
            else:
                by_route.setdefault(route, []).append(change.session)
        return decisions | self.check_routes(by_route)

    def check_routes(self, by_route: Mapping[SnapshotRoute, Sequence[str]]) -> dict[str, CarryDecision]:
        """Map each session id to the decision for it on its route."""
        decisions: dict[str, CarryDecision] = {}
        every_id = [id_ for ids in by_route.values() for id_ in ids]
        records = records_of_1(self._store, every_id)
        redo_trees = {id_: redo_snapshot(marker) for id_, (_, marker) in self._store.bindings(every_id, 1).items()}
        for route, every in counted(by_route.items(), "Looking at snapshots", "worktrees"):
            ids = [id_ for id_ in every if not records[id_].unreadable]
            for id_ in sorted({*every}.difference(ids)):
                why = why_unreadable("part", records[id_].unreadable[0].part, id_)
                decisions[id_] = CarryDecision(None, because=why, unknown=why)
            if not ids:
                continue
            try:
                sessions = [_Session(id_, *records[id_][:2], redo_trees.get(id_)) for id_ in ids]
                decisions |= _decide(route, sessions, self._why_unreadable)
            except MigratorError as error:
                why = self._why_unreadable(route) or str(error).rstrip(".")
                decisions |= {id_: CarryDecision(None, because=why, unknown=why) for id_ in ids}
        return decisions

    def _why_unreadable(self, route: SnapshotRoute) -> str | None:
        return self._readability.why_unreadable(route.source, route.target_objects, *route.other_source_objects)


class _Session(NamedTuple):
    """A session's turns, the trees that its steps name, and the tree that a redo would write if it is reverted."""

    id: str
    turns: Sequence[Turn]
    trees: Sequence[str]
    redo_tree: str | None


def _decide(
    route: SnapshotRoute, sessions: Sequence[_Session], why_unreadable: Callable[[SnapshotRoute], str | None]
) -> dict[str, CarryDecision]:
    """Decide for the sessions on a route; `why_unreadable` is asked if trees are missing."""
    named = {tree for session in sessions for tree in _named_by(session)}
    complete = complete_trees(route.source, named, route.git_environment)
    with Trees(route.source, route.git_environment) as trees:
        checker = _RouteChecker(route, sessions, trees, complete)
        decisions = {session.id: checker.decide(session) for session in sessions}
    missing = {session.id for session in sessions if not complete.issuperset(_named_by(session))}
    unknown = why_unreadable(route) if missing else None
    return {id_: replace(found, unknown=unknown) if id_ in missing else found for id_, found in decisions.items()}


def _named_by(session: _Session) -> set[str]:
    """Return every tree that a session names."""
    return {*session.trees, *(turn.hash for turn in session.turns), *filter(None, [session.redo_tree])}


_FileToCompare = tuple[str | None, str]
"""A path, and the tree to compare it with; None to compare it with the source worktree."""


class _RouteChecker:
    """Decides for the sessions of one route; the files that they name are compared all at once.

    If the source worktree is gone, each session's last snapshot stands in for it. If source and target are one
    worktree, nothing is compared: the undo does there what it always did. `complete` are the trees that are complete.
    """

    def __init__(self, route: SnapshotRoute, sessions: Sequence[_Session], trees: Trees, complete: set[str]) -> None:
        self._route, self._trees, self._complete = route, trees, complete
        self._source, self._target, self._stays = route.source_worktree, route.target_worktree_now, route.same_worktree
        files = set() if self._stays else {file for session in sessions for file in self._to_compare(session)}
        self._same: set[_FileToCompare]
        if route.source_gone:
            comparable = {(tree, path) for tree, path in files if tree is not None}
            self._same = {*same_as_snapshot(trees, route.source, self._target, comparable)}
        else:
            same = same_in_both(self._source, self._target, {path for _, path in files})
            self._same = {(None, path) for path in same}

    def decide(self, session: _Session) -> CarryDecision:
        """Decide for one session."""
        if self._stays and self._route.of_other_database and not self._complete.issuperset(_named_by(session)):
            # A turn of a clone elsewhere may begin with a tree that is known here too, but ends with one that isn't.
            return CarryDecision(self._route, detached=len(session.turns), because=_PRUNED)
        redo_tree, stand_in = session.redo_tree, self._stand_in(session)
        if redo_tree is not None and not self._is_same_tree(redo_tree, stand_in):
            because = "it is reverted, and a redo would restore the whole worktree as it was then"
            return CarryDecision(self._route, detached=len(session.turns), because=because)
        files_of = Counter(turn.hash for turn in session.turns for _ in turn.files)
        obstacles = [self._obstacle(turn, files_of[turn.hash], stand_in) for turn in session.turns]
        carried = tuple(turn for turn, obstacle in zip(session.turns, obstacles, strict=True) if obstacle is None)
        needed = {turn.hash for turn in carried} | ({redo_tree} if redo_tree else set())
        return CarryDecision(
            self._route,
            carried,
            len(session.turns) - len(carried),
            tuple(sorted(needed | self._complete.intersection(session.trees))) if needed else (),
            keeps_revert=frozenset({1} if redo_tree is not None else ()),
            because="; ".join(dict.fromkeys(filter(None, obstacles))) or None,
        )

    def _obstacle(self, turn: Turn, files_of_tree: int, stand_in: str | None) -> str | None:
        """Return why a turn can't be carried, None if it can; the session names `files_of_tree` files of its tree."""
        if turn.hash not in self._complete:
            return _PRUNED
        paths = [relative_path(self._source, file) for file in turn.files]
        # opencode 1.18.34 asks git about several files of one tree at once, and then takes a name that git quotes for
        # missing from the snapshot: its undo would delete the file, even in the source.
        if files_of_tree > 1 and not all((path or "").isascii() for path in paths):
            return _QUOTED
        if self._stays:
            return None
        if any(path is None or matches_other_files(self._trees, turn.hash, path) for path in paths):
            return "a file's name is one that opencode's undo takes for another"
        if any((stand_in, path) not in self._same for path in paths):
            before = "the last snapshot" if self._route.source_gone else self._source
            return f"files of a turn differ between {before} and {self._target}"
        return None

    def _is_same_tree(self, tree: str, stand_in: str | None) -> bool:
        """Tell whether a tree is complete, and each of its files, which a redo writes, is the same in the target."""
        if tree not in self._complete:
            return False
        return self._stays or all((stand_in, path) in self._same for path, _ in self._trees.files(tree))

    def _to_compare(self, session: _Session) -> Iterator[_FileToCompare]:
        stand_in = self._stand_in(session)
        for turn in session.turns:
            for file in turn.files:
                if path := relative_path(self._source, file):
                    yield stand_in, path
        if session.redo_tree in self._complete:
            yield from ((stand_in, path) for path, _ in self._trees.files(str(session.redo_tree)))

    def _stand_in(self, session: _Session) -> str | None:
        """Return the session's last complete tree if its worktree is gone; None if that is there, or no tree is."""
        if not self._route.source_gone:
            return None
        return next((tree for tree in reversed(session.trees) if tree in self._complete), None)
