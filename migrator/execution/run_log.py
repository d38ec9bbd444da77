"""The log: the runs so far, and what became of them."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from migrator.disk.status import names_in
from migrator.errors import CantTell, DatabaseInUse, MigratorError, NoSuchRun
from migrator.execution.journal import Journal
from migrator.execution.undone import Undone, chains, taken_back
from migrator.state_dir import how_to_open, runs_directories
from migrator.store.open_by import OpenBy, find_holders, holder_names
from migrator.text import and_more, our_command, whole_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
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
    found = in_order(found)
    if troubles:
        raise UnreadableRuns(" ".join(troubles[:_NAMED]) + and_more(len(troubles) - _NAMED, "journal"), found)
    return found


def run_statuses(store: str) -> list[tuple[str, str]] | None:
    """Return the status of each run that may be on a database, and the database that it was made on.

    This is quick, since it doesn't check the journals, as `run_entries` does. Returns None if one can't be read.
    """
    found = []
    for path in journal_files(store):
        try:
            with Journal(path) as journal:
                found.append(journal.status_as_written())
        except NoSuchRun:
            continue
        except MigratorError:
            return None
    return found


def in_order(runs: Iterable[RunEntry]) -> list[RunEntry]:
    """Sort runs, oldest first: this is the order of every list of runs.

    Clocks are set back, so that it is that of their numbers. Journals of the first formats have none: their runs come
    first, in the order in which they say that they began. Whatever that is, an undo comes after the run that it undoes.
    """
    by_id = {run.id: run for run in runs}
    places: dict[str, tuple[int, int, int]] = {}
    for run in by_id.values():
        chain = {run.id: run}  # this run, the run that it undoes, the run that that one undoes
        last = run
        while last.undoes in by_id and last.undoes not in places and last.undoes not in chain:
            last = by_id[last.undoes]
            chain[last.id] = last
        for undo in reversed(chain.values()):
            number, started, depth = places.get(undo.undoes or "", (-1, 0, 0))
            places[undo.id] = max((undo.number, undo.started, 0), (number, started, depth + 1))
    return sorted(by_id.values(), key=lambda run: (places[run.id], run.id))


def next_number(store: str) -> int:
    """Return the number of the run that begins now on a database; its exclusive lock is held."""
    return 1 + max((run.number for run in run_entries(store)), default=0)


def refuse_while_going_on(run: RunEntry, store: str | None = None) -> None:
    """Raise DatabaseInUse if a run is going on, naming its process where the system tells."""
    if not run.is_running:
        return
    path = next(path for path in journal_files(store) if path.stem == run.id)
    holders = find_holders(path)
    where = holder_names(OpenBy(True, holders)) if holders else "this process"
    raise DatabaseInUse(f"Run {run.id} is going on, in {where}; wait for its end.", holders)


def latest_start(runs: Sequence[RunEntry]) -> dict[str, int]:
    """Map runs, which come in order, to when each began at the earliest: not before any that came before it."""
    return dict(zip((run.id for run in runs), accumulate((run.started for run in runs), max), strict=True))


def undone_by(runs: Sequence[RunEntry]) -> dict[str, str]:
    """Return `by` of what `find_undone` finds."""
    return find_undone(runs).by


def find_undone(runs: Sequence[RunEntry], store: str | None = None) -> Undone:
    """Find out which of the runs on one database, oldest first, are taken back; `store` is as in `journal_files`."""

    def sessions_of(run: RunEntry) -> frozenset[str]:
        with open_run(run.id, store or run.store) as journal:
            return journal.session_ids()

    return taken_back(runs, sessions_of)


def redone(runs: Iterable[RunEntry]) -> dict[str, str]:
    """Map each redo to the run that it brings about again, by taking back an undo of that.

    Taking back a redo is an undo again.
    """
    return {run: chain[2] for run, chain in chains(runs).items() if len(chain) > 1 and len(chain) % 2}


def restored_sessions(run: Journal) -> frozenset[str]:
    """Return the sessions to which `run` gives back what they had before the run that it undoes.

    There are none if that run was made before opencode 2 upgraded the database: it recorded one row of each session.
    """
    entry = run.entry
    if entry.undoes is None or entry.dialect == "v1":
        return frozenset()
    with open_run(entry.undoes, entry.store) as undone:
        return undone.session_ids() if undone.entry.dialect == entry.dialect else frozenset()


def journal_of(run: str, store: str) -> Path:
    """Return the journal of the run with exactly this id; `store` is as in `journal_files`. Raises NoSuchRun."""
    for path in journal_files(store):
        if path.stem == run:
            return path
    raise NoSuchRun(f"The journal of run {run} is gone, and with it the rows that it took out.")


def open_run(wanted: str, store: str | None = None) -> Journal:
    """Open the run with this id, or with the only id that starts or ends with it; `store` is as in `journal_files`."""
    files = {path.stem: path for path in journal_files(store)}
    run = whole_id(wanted, files, "runs", or_end=True)
    if run is None and wanted.startswith("ses_"):
        look = our_command("list", "--from-id", wanted)
        raise NoSuchRun(f"{wanted} is no run; `{look}` shows the session.")
    if run is None:
        raise NoSuchRun(f"There is no run {wanted or repr(wanted)}; `opencode-migrator log` lists them.")
    return Journal(files[run])
