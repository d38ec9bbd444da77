"""Prepare file undo, before the first row is written: bring snapshots to where opencode will look, and verify them all.

Each turn is checked again under the lock, since files may have changed since the plan.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.disk.spelling import folder_map
from migrator.errors import MigratorError
from migrator.execution.journal_rows import Carried
from migrator.model import UNDO_DETACHED, UNDO_LEFT, UNDO_SAFE, FileUndo, FolderState, PlanWarning
from migrator.progress import counted
from migrator.snapshots.carry_decision import refuse_unknown, rewritten_turns
from migrator.snapshots.contract import Recoveries
from migrator.snapshots.git.alternates import add_alternates, broken_alternates
from migrator.snapshots.opencodes import carry_decisions, find_recoveries, opencodes, undo_effects
from migrator.snapshots.repositories.layout import Layout
from migrator.snapshots.repositories.transfer import carry
from migrator.snapshots.undo_effect import UNTIL_MENDED, UndoEffect, dangerous_turns
from migrator.store.writer import Edit
from migrator.text import agree, count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from migrator.execution.journal_rows import Job
    from migrator.model import FolderMoves
    from migrator.places import Places
    from migrator.snapshots.repositories.route import SnapshotRoute
    from migrator.store.reader import Store
    from migrator.store.staging import Staging


_KEPT = frozenset({FileUndo.CARRY, FileUndo.SET_BACK})
"""A saved plan of an undo has no values to set back, so what it can't carry is detached."""


def prepare_file_undo(
    store: Store, places: Places, job: Job, staging: Staging, between_steps: Callable[[], None]
) -> Job:
    """Return the job with the edits, warnings and carried snapshots of its turns.

    Raises MigratorError, with no row written, if objects can't be carried.
    """
    if any(way.undo in _KEPT or not way.moves for way in staging.ways):
        job = _protect(store, places, _carry(store, places, job, between_steps), between_steps)
    if job.plan.relocated is not None:
        _update_alternates(store, job.plan.relocated)
    return job


def _carry(store: Store, places: Places, job: Job, between_steps: Callable[[], None]) -> Job:
    """Carry the snapshots of sessions that move; a turn that can't be carried any more is detached, with a warning."""
    wanted = [change for change in job.plan.changes if change.undo in _KEPT and change.moves]
    if not wanted:
        return job
    decisions = carry_decisions(store, places, wanted, job.plan.relocated)
    refuse_unknown(decisions)
    carried = carry_all(
        ((decision.route, decision.trees) for decision in decisions.values() if decision.route and decision.trees),
        between_steps,
    )
    edits = [
        Edit(opencode.session_table, "revert", id_, id_, marker, marker)
        for opencode in opencodes(store, places)
        for kept in [[id_ for id_, decision in decisions.items() if opencode.number in decision.keeps_revert]]
        for id_, (_, marker) in store.bindings(kept, opencode.number).items()
    ]
    edits += [
        Edit(turn.table, "data", turn.part, id_, turn.data, data)
        for id_, decision in decisions.items()
        for turn, data in rewritten_turns(decision)
    ]
    warnings = []
    for change in wanted:
        decision = decisions[change.session]
        if (fewer := change.turns.carried - len(decision.carried)) > 0:
            warnings.append(_warn_of_detached(change.session, fewer, f"carried: {decision.because}"))
    return _extend(job, edits, carried, warnings)


def _protect(store: Store, places: Places, job: Job, between_steps: Callable[[], None]) -> Job:
    """Bring back the snapshots of dangerous turns in sessions that stay, and detach those that have none any more.

    Turns that are mended, or not dangerous, are in no edit, and stay byte for byte.
    """
    planned = {change.session: change for change in job.plan.changes if not change.moves}
    if not planned:
        return job
    effects = undo_effects(store, places, planned)
    mends = any(change.turns.mended for change in planned.values())
    best, unknown = find_recoveries(store, places, effects) if mends else Recoveries({}, {})
    carried = carry_all(((recovery.route, recovery.trees) for recovery in best.values()), between_steps)
    edits, warnings = [], []
    for id_, change in planned.items():
        mended = best[id_].parts if id_ in best else frozenset()
        turns = effects.get(id_, ())
        dangerous = [effect.turn for effect in dangerous_turns(turns)]
        detached = [turn for turn in dangerous if turn.part not in mended and id_ not in unknown]
        edits += [Edit(turn.table, "data", turn.part, id_, turn.data, turn.with_files([])) for turn in detached]
        why = next((effect.because for effect in turns if effect.effect is UndoEffect.UNKNOWN), unknown.get(id_))
        if why is not None:
            text = (
                f"Nobody can tell any more what an undo in {id_} would do, so that stays as it is: {why.rstrip('.')}."
            )
            warnings.append(PlanWarning(UNDO_LEFT, f"{text} {UNTIL_MENDED}", id_))
        elif not dangerous:
            warnings.append(
                PlanWarning(UNDO_SAFE, f"An undo in {id_} would delete nothing any more; it was left as it is.", id_)
            )
        elif (fewer := change.turns.mended - len(mended)) > 0:
            warnings.append(_warn_of_detached(id_, fewer, "mended: the snapshots are not whole any more"))
    return _extend(job, edits, carried, warnings)


def _extend(job: Job, edits: Iterable[Edit], carried: Iterable[Carried], warnings: Iterable[PlanWarning]) -> Job:
    return replace(
        job,
        plan=replace(job.plan, warnings=(*job.plan.warnings, *warnings)),
        prepared_edits=(*job.prepared_edits, *edits),
        carried=(*job.carried, *carried),
    )


def carry_all(
    routes_with_trees: Iterable[tuple[SnapshotRoute, Iterable[str]]], between_steps: Callable[[], None]
) -> list[Carried]:
    """Carry these trees, each on its route; return between which repositories."""
    by_route: dict[SnapshotRoute, set[str]] = {}
    for route, trees in routes_with_trees:
        by_route.setdefault(route, set()).update(trees)
    done = []
    for route, trees in counted(by_route.items(), "Carrying snapshots", "repositories"):
        between_steps()
        made = carry(route, trees, between_steps)
        if route.source != route.target:
            done.append(Carried(route.source, route.source_worktree, route.target, route.target_worktree, made))
    return done


def _update_alternates(store: Store, relocated: FolderMoves) -> None:
    """Add the new place of a repository that moves to the alternates of the snapshots of other worktrees.

    Its old place stays among them, in case it moves back.
    """
    if relocated.state is FolderState.FOREIGN:
        return
    for git_dir, objects in broken_alternates(Layout.of(store).root, folder_map(relocated)):
        try:
            add_alternates(git_dir, objects)
        except OSError as error:
            raise MigratorError(
                f"Can't update the alternates of {git_dir} ({error.strerror or error}). Without that, an undo there "
                "would delete files; nothing was moved. Fix that and try again.",
            ) from error


def _warn_of_detached(session: str, number: int, instead: str) -> PlanWarning:
    """Return the warning that turns of a session were detached; `instead` says what was planned, and why not."""
    what = f"{count(number, 'turn')} of {session} {agree(number, 'was')} detached, not {instead}."
    return PlanWarning(UNDO_DETACHED, what, session)
