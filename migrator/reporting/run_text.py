"""How a run went, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import LEARNED_IN_THE_RUN, LEFT_ALONE, LOST_ITS_END, SKIPPED, USED_SINCE, RunStatus
from migrator.reporting.merge_text import done_text
from migrator.reporting.next_steps import is_undo, step_lines, steps_after
from migrator.reporting.style import styled
from migrator.text import count, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Plan, Run


def run_text(run: Run, plan: Plan | None = None, width: int | None = None) -> Iterator[str]:
    """Yield the lines that say what happened, and what can be done next; `plan` is what was carried out.

    With the `width` of a terminal, sentences are broken between words.
    """
    if run.status is RunStatus.UNCHANGED:
        yield "Nothing was written."
    elif run.status is RunStatus.ROLLED_BACK:
        as_before = all(warning.code not in {LOST_ITS_END, USED_SINCE} for warning in run.warnings)
        end = f": run {run.id} never happened" if as_before else f" of run {run.id}"
        yield f"Rolled back {count(run.sessions, 'session')}{end}."
    elif not run.moved:
        yield styled(f"{_file_undo_text(run)}; nothing was moved.", bold=True)
    else:
        yield from _moved_text(run, width)
    for warning in run.warnings:
        if warning.code in {SKIPPED, *LEFT_ALONE}:
            yield from _labelled("skipped", warning.message, width)
        elif warning.code in LEARNED_IN_THE_RUN:
            yield from _labelled("warning", warning.message, width)
    yield from step_lines(steps_after(run, plan))


def _labelled(label: str, message: str, width: int | None) -> Iterator[str]:
    first, *rest = _lines(f"{label}: {message}", width)
    yield styled(f"{label}:", fg="yellow") + first.removeprefix(f"{label}:")
    yield from rest


def _lines(text: str, width: int | None) -> list[str]:
    return [text] if width is None else wrapped(text, width, "  ")


def _moved_text(run: Run, width: int | None) -> Iterator[str]:
    """Yield what a run did that moved sessions or changed project rows."""
    if run.merge is not None:
        did, verified = done_text(run, run.merge)
        yield styled(did, bold=True)
        yield from _lines(verified, width)
        if run.removal is not None:
            yield "They are out of that database."
        return
    back, again = is_undo(run), " again" if run.redoes else ""
    if run.sessions:
        moved = f"Moved {count(run.sessions, 'session')}{' back' if back else again}."
        yield styled(moved, bold=True)
        where, left = ("back where they were", "destination") if back else ("at their destination", "source")
        said = f"Verified: opencode lists {run.verified:,} of {run.sessions:,} {where}, none at the {left}."
        yield from _lines(said, width)
    if run.projects:
        yield f"{'Set back' if back else 'Updated'} {count(run.projects, 'project')}{again}."


def _file_undo_text(run: Run) -> str:
    """Return what a run did that changed file undo only."""
    left = {warning.session for warning in run.warnings if warning.code in LEFT_ALONE}
    mended, changed = max(run.mended - len(left), 0), run.sessions - run.mended
    what = "Set file undo back" if is_undo(run) else "Detached dangerous file undo"
    again = " again" if run.redoes else ""
    changed_text = f"{what} in {count(changed, 'session')}{again}"
    if not mended:
        return changed_text if changed else f"File undo of {count(len(left), 'session')} was left as it is"
    of = count(mended, "session")
    stays = f"What was mended in {of} stays mended" if run.undoes else f"Mended file undo in {of}"
    return f"{stays}, {changed_text[:1].lower()}{changed_text[1:]}" if changed else stays
