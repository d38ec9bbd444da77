"""The report of a run: what it did, and what became of it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from migrator.model import RunStatus
from migrator.reporting.merge_text import without_origins
from migrator.reporting.next_steps import Step
from migrator.reporting.report.model import Fact, Note, Report, Tone, Values
from migrator.reporting.report.plan import flow_of_changes, plan_facts, project_values, sections_of_changes
from migrator.reporting.run_record_text import TURNS_SHOWN, run_headline, run_words, turn_outcome
from migrator.text import and_more, count, local_time, tilde

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from migrator.model import RunRecord, TurnRecord

_FILES = 200
"""How many columns the files of a turn may take."""


def run_report(record: RunRecord, whole: str | None = None) -> Report:
    """Return the report of a run; `whole` is the command that prints its record as JSON."""
    run, plan = record.run, without_origins(record.plan)
    lasted = f"ended {local_time(run.finished, seconds=True)}" if run.finished is not None else "it has not ended"
    notes = [Note("Command", f"`{run.command}`", (), Tone.PLAIN)]
    if record.backup:
        notes.append(Note("Backup", tilde(record.backup), (), Tone.PLAIN))
    if run.database is None:
        notes.append(
            Note("Warning", "Its rows are in no database that is known; if that was moved, name it with --db.")
        )
    removed = (Values(f"project {each.id[:12]}", tilde(each.worktree), "removed", 0) for each in record.taken_out)
    return Report(
        f"Run {run.id}: {', '.join(run_words(run))}",
        (run_headline(record),),
        _verdict(record),
        (Fact("Started", local_time(run.started, seconds=True), lasted), *plan_facts(plan)),
        run.database or run.store,
        flow_of_changes(plan),
        tuple(notes),
        changes=(*project_values(plan.projects), *removed),
        sections=tuple(sections_of_changes(plan, _turns(record.turns))),
        steps=tuple(Step(f"{what}:", command) for what, command in record.next),
        whole=whole,
    )


def _verdict(record: RunRecord) -> Note:
    """Return whether anything is lost."""
    run, changes = record.run, record.plan.changes
    if run.status is RunStatus.ROLLED_BACK:
        return Note("Nothing of it is left", "The run was rolled back: every row is as it was before.", tone=Tone.GOOD)
    if run.status is RunStatus.UNCHANGED:
        return Note("Nothing was written", "", tone=Tone.GOOD)
    if run.status is not RunStatus.APPLIED:
        return Note("It has not ended", "How far it came is seen when it is finished or taken back.", tone=Tone.BAD)
    detached = sum(bool(change.turns.detached) for change in changes)
    text = (
        f"Verified: opencode {'listed' if run.undone_by else 'lists'} {record.verified:,} of {len(changes):,} where "
        f"they {'went' if run.undone_by else 'belong'}."
        if record.verified
        else ""
    )
    if detached:
        text += f" File undo was detached in {count(detached, 'session')}: an undo there touches no file."
    if run.undone_by:
        text += f" Run {run.undone_by} took it back."
    return Note("No session and no file is lost", text.strip(), tone=Tone.CAUTION if detached else Tone.GOOD)


def _turns(turns: Iterable[TurnRecord]) -> Mapping[str, tuple[str, ...]]:
    """Map each session to what became of the file undo of its turns, the first few of them."""
    found: defaultdict[str, list[TurnRecord]] = defaultdict(list)
    for turn in turns:
        found[turn.session].append(turn)
    return {
        session: (
            *(turn_outcome(turn, _FILES) for turn in some[:TURNS_SHOWN]),
            *([and_more(len(some) - TURNS_SHOWN, "turn").strip()] if len(some) > TURNS_SHOWN else ()),
        )
        for session, some in found.items()
    }
