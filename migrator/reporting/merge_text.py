"""A merge in words, planned or done: what it brings from another database, takes out again, or puts back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.model import REDO_OF, UNDO_OF, MergeVerdict
from migrator.reporting.next_steps import is_undo
from migrator.text import agree, count, tilde

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import LoggedRun, Merge, Plan, Run


def takes_out(plan: Plan) -> bool:
    """Tell whether a plan takes sessions out again that a merge has brought."""
    return plan.merge is not None and plan.merge.taken_out


def without_origins(plan: Plan) -> Plan:
    """Return a plan that takes sessions out without where they came from, since they don't go back there."""
    if not takes_out(plan):
        return plan
    return replace(plan, changes=tuple(change._replace(after=change.before) for change in plan.changes))


def planned_text(plan: Plan, merge: Merge, sessions: str, way: str | None) -> str:
    """Return what a plan does, as a headline: `3 sessions to bring in from ~/other.db`.

    `sessions` is how many its changes are, in words; `way` is UNDO_OF or REDO_OF if they take a run back or redo it.
    """
    what = _what_comes(merge, sessions)
    if merge.taken_out:
        return f"{what} to take out again"
    if not plan.changes and plan.removable:
        return f"{count(len(plan.removable), 'session')} to take out of {tilde(merge.other)}, being here already"
    if way == UNDO_OF:
        return f"{what} to put back"
    return f"{what} to bring in{' again' if way == REDO_OF else ''} from {tilde(merge.other)}"


def partly_here(plan: Plan) -> str:
    """Return how many of the sessions that come are here in part; "" where all or none are."""
    if plan.merge is None or takes_out(plan):
        return ""
    coming = {change.session for change in plan.changes}
    longer = sum(s.verdict is MergeVerdict.LONGER and s.session in coming for s in plan.merge.sessions)
    return f"{longer:,} of them {agree(longer, 'is')} here in part" if 0 < longer < len(coming) else ""


def lines_besides_sessions(plan: Plan, merge: Merge, *, done: bool) -> Iterator[str]:
    """Yield what a merge does, or did, besides bringing rows."""
    if merge.imported_by is not None:
        program = f" ({tilde(merge.imported_by)})" if merge.imported_by else ""
        yield f"your opencode 2{program} makes them out of sessions of opencode 1"
    if merge.files and not merge.taken_out:
        number = len({file.target for file in merge.files})
        verb = "came" if done else agree(number, "comes")
        yield f"{count(number, 'file')} of sessions {verb} along: long outputs of tools, or what a session changed"
    if plan.removable and not done:
        number = len(plan.removable)
        yield f"once they are here, {count(number, 'session')} {agree(number, 'leaves')} {tilde(merge.other)}"


def recorded_text(run: LoggedRun, merge: Merge, sessions: str) -> tuple[str, str]:
    """Return of what a run in the log consists, and what it did with it: `3 sessions`, `brought in from ~/other.db`."""
    came = f"brought in{' again' if run.redoes else ''} from {tilde(merge.other)}"
    return _what_comes(merge, sessions), "taken out" if merge.taken_out else "put back" if is_undo(run) else came


def done_text(run: Run, merge: Merge) -> tuple[str, str]:
    """Return what a run did, and how that was verified, in a sentence each."""
    what, of = _what_comes(merge, count(run.sessions, "session")), f"{run.verified:,} of {run.sessions:,}"
    if merge.taken_out:
        return f"Took {what} out{' again' if run.undoes else ''}.", f"Verified: {of} are as before."
    came = f"Brought {what} in{' again' if run.redoes else ''} from {tilde(merge.other)}."
    return f"Put {what} back." if is_undo(run) else came, f"Verified: opencode lists {of} where they belong."


def _what_comes(merge: Merge, sessions: str) -> str:
    """Return what a merge brings of so many sessions: all of them, or what was added to those that are here already."""
    verdicts = {session.verdict for session in merge.sessions}
    return sessions if MergeVerdict.NEW in verdicts or not verdicts else f"what was added to {sessions}"
