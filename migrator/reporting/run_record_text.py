"""A run in full for people: how it ended, what it changed, and what may follow."""

from __future__ import annotations

from itertools import groupby, islice
from operator import attrgetter
from typing import TYPE_CHECKING

from migrator.documents.run import log_row
from migrator.documents.summary import summary
from migrator.model import RunStatus, TurnOutcome
from migrator.reporting.merge_text import recorded_text
from migrator.reporting.next_steps import Step, step_lines
from migrator.reporting.plan_text import change_lines, sessions_text
from migrator.reporting.run_rows import status
from migrator.reporting.style import SHOWS_ALL, styled
from migrator.text import and_more, as_many_as_fit, count, local_time, one_line, shortened, tilde

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.model import LoggedRun, RunRecord, TurnRecord

TURNS_SHOWN = 20

_OUTCOMES = {
    TurnOutcome.CARRIED: "carried",
    TurnOutcome.DETACHED: "detached",
    TurnOutcome.SET_BACK: "set back",
    TurnOutcome.MENDED: "mended",
}


def run_record_text(record: RunRecord, width: int = 80, *, verbose: bool = False) -> Iterator[str]:
    """Yield the lines that say all of a run; of many groups and turns the first ones only, unless `verbose`."""
    run = record.run
    yield styled(f"Run {run.id}: {', '.join(run_words(run))}.", bold=True)
    yield f"   command: {run.command}"
    start, end = (local_time(time or 0, seconds=True) for time in (run.started, run.finished))
    end = end.removeprefix(start[:11])  # the same day
    yield f"   started: {start}{f', ended {end}' if run.finished is not None else ''}"
    yield f"  database: {tilde(run.database or run.store)}{'' if run.database else ', where its rows are not any more'}"
    if run.database not in {None, run.store}:
        yield f"            (it was {tilde(run.store)})"
    if record.backup:
        yield f"    backup: {tilde(record.backup)}"
    yield ""
    yield styled(run_headline(record), bold=True)
    yield from change_lines(record.plan, width, verbose=verbose, done=True)
    for project in record.taken_out:
        yield f"removed project {project.id[:12]} with worktree {tilde(project.worktree)}"
    yield from _turn_lines(record, width, verbose=verbose)
    yield ""
    yield from step_lines(Step(f"To {what[:1].lower()}{what[1:]}:", command) for what, command in record.next)
    if run.database is None:
        yield "If its database was moved, name it with --db FILE."


def run_words(run: LoggedRun) -> Iterator[str]:
    """Yield how a run ended, and how it goes with others."""
    yield "applied" if run.undone_by else status(log_row(run))
    if run.redoes:
        yield f"a redo of {run.redoes}"
    elif run.undoes:
        yield f"an undo of {run.undoes}"
    if run.undone_by:
        yield f"taken back by {run.undone_by}"


def run_headline(record: RunRecord) -> str:
    """Return in one sentence what a run did."""
    run, numbers = record.run, summary(record.plan)
    if run.status is RunStatus.ROLLED_BACK:
        end = "nothing of it is left"
    elif run.status is not RunStatus.APPLIED:
        end = "how far it came is seen when it is finished or taken back"
    else:
        end = f"verified {record.verified:,}" if record.verified else ""
    did = "to change" if run.status is not RunStatus.APPLIED else "changed"
    what = sessions_text(record.plan.changes)
    if merge := record.plan.merge:
        what, did = recorded_text(run, merge, what)
        did = f"to be {did}" if run.status is not RunStatus.APPLIED else did
    elif record.plan.moving:
        way = " again" if run.redoes else " back" if run.undoes else ""
        did = f"{'to move' if run.status is not RunStatus.APPLIED else 'moved'}{way}"
    elif record.plan.changes:
        what = f"file undo of {count(numbers['sessions'], 'session')}"
    else:
        what = count(numbers["projects_updated"], "project")
    return f"{what} {did}{f'; {end}' if end else ''}."


def _turn_lines(record: RunRecord, width: int, *, verbose: bool) -> Iterator[str]:
    """Yield what became of the file undo of each turn, session by session in the order of the run."""
    if not record.turns:
        return
    places = {change.session: place for place, change in enumerate(record.plan.changes)}
    titles = {change.session: change.title for change in record.plan.changes}
    turns = sorted(record.turns, key=lambda turn: places.get(turn.session, len(places)))
    yield ""
    yield "file undo, turn by turn:"
    for session, some in groupby(islice(turns, None if verbose else TURNS_SHOWN), attrgetter("session")):
        yield shortened(f'  {session} "{one_line(titles.get(session, ""))}"', width)
        for turn in some:
            words = [f"in opencode {turn.opencode}: "] if record.plan.dialect == "v1+v2" else []
            yield _turn_line(turn, "".join([*words, *([f"{turn.turn}: "] if verbose else [])]), width)
    if not verbose and len(turns) > TURNS_SHOWN:
        yield f" {and_more(len(turns) - TURNS_SHOWN, 'turn')}; {SHOWS_ALL.get()}."


def _turn_line(turn: TurnRecord, which: str, width: int) -> str:
    start = f"    {_OUTCOMES[turn.outcome]:9} {which if turn.turn not in {None, turn.session} else ''}"
    return start + _what(turn, width - len(start))


def turn_outcome(turn: TurnRecord, width: int) -> str:
    """Return what became of the file undo of a turn, its files as far as they fit."""
    return f"{_OUTCOMES[turn.outcome]} {_what(turn, width)}"


def _what(turn: TurnRecord, width: int) -> str:
    if turn.turn is None:
        return "every turn that had lost its snapshots"
    if turn.turn == turn.session:
        return "what is undone in it now"
    return _files(turn.files, width)


def _files(files: Sequence[str], width: int) -> str:
    return as_many_as_fit(map(tilde, files), len(files), width) or "no file"
