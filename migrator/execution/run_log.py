"""The log: the runs so far, and what became of them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from migrator.errors import NoSuchRun
from migrator.execution.journal import Journal
from migrator.model import RunStatus
from migrator.state_dir import runs_directory
from migrator.text import whole_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.execution.journal_rows import RunEntry


def run_entries() -> list[RunEntry]:
    """Return the runs so far, on every database, oldest first."""
    found = []
    for path in sorted(runs_directory().glob("*.db")):
        with Journal(path) as journal, suppress(NoSuchRun):  # it was cut off before it began
            found.append(journal.entry)
    return sorted(found, key=lambda entry: entry.started)


def undone_by(runs: Sequence[RunEntry]) -> dict[str, str]:
    """Map each run that was taken back to the run that did so; one whose undo was taken back is not among them."""
    found: dict[str, str] = {}
    for run in reversed(runs):
        if run.undoes and run.status is RunStatus.APPLIED and run.id not in found and not run.partial:
            found[run.undoes] = run.id
    return found


def sessions_taken_back(run: str, runs: Sequence[RunEntry]) -> set[str]:
    """Return the sessions of a run that were taken back and not moved again since."""
    back: set[str] = set()
    for undo in runs:
        if undo.undoes == run and undo.status is RunStatus.APPLIED:
            with open_run(undo.id) as journal:
                back |= journal.session_ids() - sessions_taken_back(undo.id, runs)
    return back


def restored_sessions(run: Journal) -> frozenset[str]:
    """Return the sessions to which `run` gives back what they had before the run that it undoes.

    There are none if that run was made before opencode 2 upgraded the database: it recorded one row of each session.
    """
    entry = run.entry
    if entry.undoes is None or entry.dialect == "v1":
        return frozenset()
    with open_run(entry.undoes) as undone:
        return undone.session_ids() if undone.entry.dialect == entry.dialect else frozenset()


def open_run(wanted: str) -> Journal:
    """Open the run with this id, or with the only id that starts with it."""
    run = whole_id(wanted, (path.stem for path in runs_directory().glob("*.db")), "runs")
    if run is None:
        raise NoSuchRun(f"There is no run {wanted or repr(wanted)}; `opencode-migrator log` lists them.")
    return Journal(runs_directory() / f"{run}.db")
