"""Compare a plan with the rows as they are now: under the exclusive lock, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.errors import MigratorError, StalePlan
from migrator.execution import traces
from migrator.execution.project_edits import changed_projects
from migrator.execution.value_edits import changed_since, deleted_in_opencode_2
from migrator.model import SKIPPED, PlanWarning
from migrator.store.opencode_2.staging import TURN_FIRST, suspended_sessions
from migrator.text import and_more, first_few, our_command

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from migrator.execution.journal_rows import Job, RunEntry
    from migrator.model import Binding, Change
    from migrator.store.reader import Store
    from migrator.store.staging import Staging
    from migrator.store.writer import Edit

SHOWN = 5
MOVED_ALREADY, MOVED_BACK = "moved already", "is back already"
DELETED_IN_2 = "was deleted in opencode 2"


@dataclass(frozen=True, slots=True)
class Conflicts:
    """What keeps a plan from being carried out, in words, by the id of the session or project.

    Sessions and projects that changed make the plan stale; sessions with a turn `under_way` only can't be moved now.
    """

    changed: dict[str, str]
    under_way: dict[str, str]
    projects: dict[str, str]

    @property
    def sessions(self) -> dict[str, str]:
        """The sessions in conflict, for either reason."""
        return self.changed | self.under_way

    @property
    def everything(self) -> dict[str, str]:
        """All conflicts, as a message names them."""
        return self.sessions | {f"project {id_}": what for id_, what in self.projects.items()}

    def error(self, advice: str, where: str | None = None) -> MigratorError:
        """Return the error that refuses a run for these conflicts; `advice` tells what to do if the plan is stale.

        `where` says that the plan was made on a database at another path, if it was.
        """
        if self.under_way:
            return MigratorError(
                f"{conflict_sentence(self.under_way)}; opencode 2 may go on with that turn, in the wrong directory. "
                f"Nothing was written. {TURN_FIRST}.",
            )
        if {*self.everything.values()} == {MOVED_ALREADY}:
            advice = f"`{our_command('log')}` shows by which run, and `{our_command('undo', 'RUN')}` takes it back"
        where = where or "The database changed since"
        return StalePlan(
            f"{where}: {conflict_sentence(self.everything)}. Nothing was written; {advice}.",
            tuple(self.everything),
        )

    def warnings(self) -> tuple[PlanWarning, ...]:
        """Return a warning for each session and project that is skipped."""
        return (
            *(PlanWarning(SKIPPED, f"{id_} is skipped: it {what}.", id_) for id_, what in self.sessions.items()),
            *(PlanWarning(SKIPPED, f"Project {id_} is skipped: it {what}.") for id_, what in self.projects.items()),
        )


def find_conflicts(staging: Staging, job: Job) -> Conflicts:
    """Compare the database with what a job expects; its plan's changes are staged."""
    plan = job.plan
    changed = changed_sessions(staging, plan.changes, set(plan.unchanged), job.prepared_edits)
    if job.undoes and not job.redoes:
        changed = {id_: MOVED_BACK if what == MOVED_ALREADY else what for id_, what in changed.items()}
    return Conflicts(
        changed,
        turns_under_way(staging.store, plan.changes),
        changed_projects(staging.store, plan.updates),
    )


def turns_under_way(store: Store, changes: Iterable[Change]) -> dict[str, str]:
    """Map each session that would move in the middle of a turn of opencode 2 to words that say so."""
    moving = (change.session for change in changes if change.moves)
    return dict.fromkeys(suspended_sessions(store, moving), "is in the middle of a turn")


def changed_sessions(
    staging: Staging, changes: Iterable[Change], known: Collection[str], restores: Sequence[Edit] = ()
) -> dict[str, str]:
    """Map each session of the staged `changes` that changed since they were planned to what changed, in words.

    A new child, which isn't `known` to the plan, is a conflict of its parent, if that moves: it would be left behind.
    """
    found = {}
    if mismatched := dict(staging.mismatched()):
        for change in changes:
            if change.session in mismatched:
                binding = mismatched[change.session]
                found[change.session] = _difference(change, binding) if binding else "was deleted"
    for child, parent in staging.unplanned_children():
        if child not in known:
            found.setdefault(parent, f"has a new child, {child}")
    for edit in changed_since(staging.store, restores):
        found.setdefault(edit.session, f"has been used since: {_value_name(edit)} changed")
    found.update(dict.fromkeys(deleted_in_opencode_2(staging.store, restores), DELETED_IN_2))
    return found


def conflict_sentence(found: dict[str, str]) -> str:
    """Name the first few conflicts."""
    done = [session for session, what in found.items() if what == MOVED_ALREADY]
    if done and len(done) == len(found):  # a plan that was carried out is applied again
        return f"{first_few(done, SHOWN)} {MOVED_ALREADY}"
    first = "; ".join(f"{session} {what}" for session, what in list(found.items())[:SHOWN])
    return f"{first};{more}" if (more := and_more(len(found) - SHOWN)) else first


def refuse_to_finish(store: Store, run: RunEntry, found: dict[str, str]) -> None:
    """Raise StalePlan if conflicts were found that keep a run which was cut off from being finished."""
    if found:
        raise StalePlan(
            f"Run {run.id} can't be finished: {conflict_sentence(found)}; "
            f"`{traces.command('undo', run, store)}` takes it back.",
            tuple(found),
        )


def _difference(change: Change, now: Binding) -> str:
    if now == change.after:
        return MOVED_ALREADY
    for field in now._fields:
        planned, value = getattr(change.before, field), getattr(now, field)
        if planned != value:
            return f"now has {field} {value!r} instead of {planned!r}"
    return "changed"


def _value_name(edit: Edit) -> str:
    if edit.column == "revert":
        return "its revert marker"
    if edit.table == "session":
        return f"the {edit.column} that opencode 1 has of it"
    return f"{edit.table} {edit.key}"
