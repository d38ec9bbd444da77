"""How a run went, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from migrator.model import RunStatus
from migrator.reporting.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Run


def run_text(run: Run) -> Iterator[str]:
    """Yield the lines that say what happened and how to take it back."""
    if run.status is RunStatus.UNCHANGED:
        yield "Nothing was written."
    elif run.status is RunStatus.ROLLED_BACK:
        yield f"Rolled back {count(run.sessions, 'session')}: run {run.id} never happened."
    else:
        back = " back" if run.undoes else ""
        yield click.style(f"Moved {count(run.sessions, 'session')}{back} in {count(run.chunks, 'chunk')}.", bold=True)
        yield f"Verified: opencode lists {run.verified:,} of {run.sessions:,} at their destination, none at the source."
    for warning in run.warnings:
        if warning.code == "skipped":
            yield click.style("skipped: ", fg="yellow") + warning.message
        elif warning.code == "undo-detached":  # unlike the others, nobody knew of it when the plan was shown
            yield click.style("warning: ", fg="yellow") + warning.message
    if run.id and run.status is RunStatus.APPLIED:
        yield f"Take it back with: opencode-migrator undo {run.id}"
