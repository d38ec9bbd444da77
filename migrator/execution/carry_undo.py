"""Carry file undo along with sessions: the objects first, all of them verified, before the first row is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.execution.journal_rows import Carried
from migrator.model import FileUndo, FolderState, PlanWarning
from migrator.paths import FolderMap
from migrator.snapshots.alternates import add_alternates, broken_alternates
from migrator.snapshots.carry_check import CarryChecker, rewritten_patches
from migrator.snapshots.layout import Layout
from migrator.snapshots.transfer import carry
from migrator.store.writer import Edit
from migrator.text import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from migrator.model import Change, FolderMoves
    from migrator.places import Places
    from migrator.snapshots.route import SnapshotRoute
    from migrator.store.reader import Store


def carry_undo(
    store: Store,
    places: Places,
    changes: Sequence[Change],
    between_steps: Callable[[], None] = lambda: None,
    relocated: FolderMoves | None = None,
) -> tuple[list[Edit], list[PlanWarning], list[Carried]]:
    """Carry the snapshots of these changes.

    Returns the edits of their parts, warnings of turns that were planned to be carried and can't be, and between which
    repositories objects were carried. Each turn is checked again, since files may have changed since the plan: one that
    can't be carried any more is in no edit, and so it is detached. Raises MigratorError, with no row written, if
    objects can't be carried.
    """
    wanted = {change.session for change in changes if change.undo is FileUndo.CARRY and change.moves}
    if not wanted:
        return [], [], []
    checker = CarryChecker(store, places, relocated)
    decisions = checker.check(change for change in changes if change.session in wanted)
    carried = carry_all(
        ((decision.route, decision.trees) for decision in decisions.values() if decision.route and decision.trees),
        between_steps,
    )
    markers = store.bindings(id_ for id_, decision in decisions.items() if decision.keeps_revert)
    edits = [Edit("session", "revert", id_, id_, marker, marker) for id_, (_, marker) in markers.items()]
    edits += [
        Edit("part", "data", turn.part, id_, turn.data, data)
        for id_, decision in decisions.items()
        for turn, data in rewritten_patches(decision)
    ]
    warnings = []
    for change in changes:
        decision = decisions.get(change.session)
        if decision and (fewer := change.turns.carried - len(decision.carried)) > 0:
            warnings.append(warn_of_detached(change.session, fewer, f"carried: {decision.because}"))
    return edits, warnings, carried


def carry_all(cargo: Iterable[tuple[SnapshotRoute, Iterable[str]]], between_steps: Callable[[], None]) -> list[Carried]:
    """Carry these trees, each on its route; return between which repositories."""
    by_route: dict[SnapshotRoute, set[str]] = {}
    for route, trees in cargo:
        by_route.setdefault(route, set()).update(trees)
    done = []
    for route, trees in by_route.items():
        between_steps()
        made = carry(route, trees, between_steps)
        if route.source != route.target:
            done.append(Carried(route.source, route.source_worktree, route.target, route.target_worktree, made))
    return done


def update_alternates(store: Store, relocated: FolderMoves) -> None:
    """Add the new place of a repository that moves to the alternates of the snapshots of other worktrees.

    Its old place stays among them, in case it moves back. Raises MigratorError, with no row written.
    """
    if relocated.state is FolderState.FOREIGN:
        return
    for git_dir, objects in broken_alternates(Layout.of(store).root, FolderMap(relocated.folders)):
        try:
            add_alternates(git_dir, objects)
        except OSError as error:
            raise MigratorError(
                f"The snapshots in {git_dir} can't be told where the repository is that they borrow from "
                f"({error.strerror or error}), and without it an undo there deletes files; nothing was moved. "
                "See to the cause and try again.",
            ) from error


def warn_of_detached(session: str, number: int, instead: str) -> PlanWarning:
    """Return the warning that turns of a session were detached; `instead` says what was planned, and why not."""
    what = f"{count(number, 'turn')} of {session} {'was' if number == 1 else 'were'} detached, not {instead}."
    return PlanWarning("undo-detached", what, session)
