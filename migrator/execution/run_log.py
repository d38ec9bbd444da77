"""The log: the runs so far, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.disk.status import names_in
from migrator.errors import CantTell, MigratorError, NoSuchRun
from migrator.execution.journal import Journal
from migrator.model import RunStatus
from migrator.state_dir import how_to_open, runs_directories
from migrator.text import and_more, whole_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from migrator.execution.journal_rows import RunEntry


_NAMED = 3
"""How many unreadable journals are named."""


class UnreadableRuns(MigratorError):
    """Some journals can't be read; `entries` are the other runs."""

    def __init__(self, message: str, entries: Sequence[RunEntry]) -> None:
        super().__init__(message)
        self.entries = entries


def journal_files(store: str | None = None) -> list[Path]:
    """Return the journals there are, oldest first: every list of runs begins here.

    With `store`, they are those where runs on that database may be. Raises MigratorError if nobody can tell.
    """
    found = []
    for folder in runs_directories(store):
        try:
            found += [folder / name for name in names_in(folder) if name.endswith(".db")]
        except CantTell as error:
            raise MigratorError(f"The runs so far can't be read: {error}; {how_to_open(folder)}.") from error
    return sorted(found, key=lambda path: path.name)


def run_entries(store: str | None = None) -> list[RunEntry]:
    """Return the runs so far, on every database, oldest first; `store` is as in `journal_files`.

    Raises UnreadableRuns with the rest, naming the journals that can't be read: their runs may be on any database.
    """
    found, troubles = [], []
    for path in journal_files(store):
        try:
            with Journal(path) as journal:
                found.append(journal.entry)
        except NoSuchRun:
            continue  # it was cut off before it began
        except MigratorError as error:
            troubles.append(str(error))
    found.sort(key=lambda entry: entry.started)
    if troubles:
        raise UnreadableRuns(" ".join(troubles[:_NAMED]) + and_more(len(troubles) - _NAMED, "journal"), found)
    return found


def undone_by(runs: Sequence[RunEntry]) -> dict[str, str]:
    """Map each run that was taken back to the run that did so; one whose undo was taken back is not among them."""
    found: dict[str, str] = {}
    for run in reversed(runs):
        if run.undoes and run.status is RunStatus.APPLIED and run.id not in found and not run.partial:
            found[run.undoes] = run.id
    return found


def sessions_taken_back(run: str, runs: Sequence[RunEntry], store: str) -> set[str]:
    """Return the sessions of a run that were taken back and not moved again since; `store` is as in `journal_files`."""
    back: set[str] = set()
    for undo in runs:
        if undo.undoes == run and undo.status is RunStatus.APPLIED:
            with open_run(undo.id, store) as journal:
                back |= journal.session_ids() - sessions_taken_back(undo.id, runs, store)
    return back


def restored_sessions(run: Journal) -> frozenset[str]:
    """Return the sessions to which `run` gives back what they had before the run that it undoes.

    There are none if that run was made before opencode 2 upgraded the database: it recorded one row of each session.
    """
    entry = run.entry
    if entry.undoes is None or entry.dialect == "v1":
        return frozenset()
    with open_run(entry.undoes, entry.store) as undone:
        return undone.session_ids() if undone.entry.dialect == entry.dialect else frozenset()


def open_run(wanted: str, store: str | None = None) -> Journal:
    """Open the run with this id, or with the only id that starts with it; `store` is as in `journal_files`."""
    files = {path.stem: path for path in journal_files(store)}
    run = whole_id(wanted, files, "runs")
    if run is None:
        raise NoSuchRun(f"There is no run {wanted or repr(wanted)}; `opencode-migrator log` lists them.")
    return Journal(files[run])
