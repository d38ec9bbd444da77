"""How a run went, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from migrator.model import RunStatus
from migrator.text import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Run


def run_text(run: Run) -> Iterator[str]:
    """Yield the lines that say what happened and how to take it back."""
    if run.status is RunStatus.UNCHANGED:
        yield "Nothing was written."
    elif run.status is RunStatus.ROLLED_BACK:
        yield f"Rolled back {count(run.sessions, 'session')}: run {run.id} never happened."
    elif not run.moved:
        yield click.style(f"{_file_undo_text(run)}; nothing was moved.", bold=True)
    else:
        back = " back" if run.undoes else ""
        if run.sessions:
            moved = f"Moved {count(run.sessions, 'session')}{back} in {count(run.chunks, 'chunk')}."
            yield click.style(moved, bold=True)
            listed = f"{run.verified:,} of {run.sessions:,}"
            yield f"Verified: opencode lists {listed} at their destination, none at the source."
        if run.projects:
            yield f"{'Set back' if run.undoes else 'Updated'} {count(run.projects, 'project')}."
    for warning in run.warnings:
        if warning.code in {"skipped", "undo-safe"}:
            yield click.style("skipped: ", fg="yellow") + warning.message
        elif warning.code in {"undo-detached", "as-root"}:  # not known when the plan was shown, unlike the others
            yield click.style("warning: ", fg="yellow") + warning.message
    if run.id and run.status is RunStatus.APPLIED:
        yield f"Take it back with: opencode-migrator undo {run.id}"


def _file_undo_text(run: Run) -> str:
    """Return what a run did that changed file undo only."""
    mended, changed = count(run.mended, "session"), count(run.sessions - run.mended, "session")
    what = "Set file undo back" if run.undoes else "Detached dangerous file undo"
    if not run.mended:
        return f"{what} in {changed}"
    stays = f"What was mended in {mended} stays mended" if run.undoes else f"Mended file undo in {mended}"
    return stays if run.mended == run.sessions else f"{stays}, {what[:1].lower()}{what[1:]} in {changed}"
