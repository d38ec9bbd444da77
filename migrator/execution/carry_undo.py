"""Bringing file undo along: the objects first, all of them verified, before the first row is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.execution.journal_rows import Carried
from migrator.model import FileUndo, FolderState, PlanWarning
from migrator.paths import Folders
from migrator.snapshots.alternates import add_alternates, broken_alternates
from migrator.snapshots.carry_check import CarryChecker, rewrite_patch
from migrator.snapshots.layout import Layout
from migrator.snapshots.transfer import carry
from migrator.store.writer import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from migrator.model import Change, FolderMoves
    from migrator.places import Places
    from migrator.snapshots.carry_check import CarryDecision
    from migrator.snapshots.route import SnapshotRoute
    from migrator.store.reader import Store


def carry_undo(
    store: Store,
    places: Places,
    changes: Sequence[Change],
    waiting: Callable[[], None] = lambda: None,
    relocated: FolderMoves | None = None,
) -> tuple[list[Edit], list[PlanWarning], list[Carried]]:
    """Carry the snapshots of these changes.

    Return the values that this gives their parts, what was left behind, and between which repositories it was.

    The judgement is made anew, since files may have changed since the plan was: a turn that no longer may go along is
    in no edit, and so it is detached. Raises MigratorError, with no row written, where objects can't be carried.
    """
    wanted = {change.session for change in changes if change.undo is FileUndo.CARRY and change.moves}
    if not wanted:
        return [], [], []
    checker = CarryChecker(store, places, relocated)
    decisions = checker.check(change for change in changes if change.session in wanted)
    cargo: dict[SnapshotRoute, set[str]] = {}
    for decision in decisions.values():
        if decision.route is not None and decision.trees:
            cargo.setdefault(decision.route, set()).update(decision.trees)
    carried = carry_all(cargo, waiting)
    markers = store.bindings(id_ for id_, decision in decisions.items() if decision.keeps_revert)
    edits = [Edit("session", "revert", id_, id_, marker, marker) for id_, (_, marker) in markers.items()]
    for id_, decision in decisions.items():
        data = rewrite_patch(decision)
        edits += [Edit("part", "data", turn.part, id_, turn.data, data[turn.part]) for turn in decision.carried]
    return edits, [*_left_behind(changes, decisions)], carried


def carry_all(cargo: Mapping[SnapshotRoute, Collection[str]], waiting: Callable[[], None]) -> list[Carried]:
    """Carry these trees, each on its route; return between which repositories that was."""
    done = []
    for route, trees in cargo.items():
        waiting()
        made = carry(route, trees, waiting)
        if route.source != route.target:
            done.append(Carried(route.source, route.source_worktree, route.target, route.target_worktree, made))
    return done


def update_alternates(store: Store, relocated: FolderMoves) -> None:
    """Tell the snapshots of other worktrees where the repository is whose objects they borrow, as it moves.

    They keep the place that they know, so that it may come back. Raises MigratorError, with no row written.
    """
    if relocated.whereabouts is FolderState.FOREIGN:
        return
    for git_dir, objects in broken_alternates(Layout.of(store).root, Folders(relocated.folders)):
        try:
            add_alternates(git_dir, objects)
        except OSError as error:
            raise MigratorError(
                f"The snapshots in {git_dir} can't be told where the repository is that they borrow from "
                f"({error.strerror or error}), and without it an undo there deletes files; nothing was moved. "
                "See to the cause and try again.",
            ) from error


def _left_behind(changes: Sequence[Change], decisions: Mapping[str, CarryDecision]) -> Iterable[PlanWarning]:
    for change in changes:
        decision = decisions.get(change.session)
        if decision and (fewer := change.turns.carried - len(decision.carried)) > 0:
            what = f"1 turn of {change.session} was" if fewer == 1 else f"{fewer} turns of {change.session} were"
            why = f"{what} detached, not carried: {decision.because}."
            yield PlanWarning("undo-detached", why, change.session)
