"""Find the snapshot repositories that our runs left behind, and remove those that nobody needs any more.

A run that carries file undo leaves the old repository in place, since the run may be undone; an undone run leaves the
new one. Only those two are ever looked at. One can be removed if
- no session is in it, nor was in it where opencode 2 still looks for its earlier turns,
- undoing runs can bring none back to it,
- opencode wouldn't use it if it were opened in its worktree,
- whatever the run's sessions have in it is also where they are now, and
- no other database beside ours (of another release channel) has sessions in it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from migrator.disk.readable import naming_remedy, remedy
from migrator.disk.status import is_directory, names_in, why_not_writable
from migrator.disk.system import remove_tree
from migrator.disk.temp_dirs import abandoned, temporary_folder
from migrator.errors import CantTell, MigratorError
from migrator.execution.run_log import latest_start, open_run, undone_by
from migrator.execution.traces import refuse_while_unfinished, runs_on
from migrator.model import RunStatus
from migrator.paths import FolderMap, renamed_folder
from migrator.snapshots.git.alternates import read_alternates, worktree_of
from migrator.snapshots.git.readable import Readability
from migrator.snapshots.git.trees import complete_trees
from migrator.snapshots.opencodes import opencodes
from migrator.snapshots.repositories.layout import Layout
from migrator.snapshots.repositories.route import SnapshotRoutes
from migrator.store.location import databases_beside
from migrator.store.turns import why_unreadable
from migrator.store.untouched import look_into
from migrator.text import agree, count, our_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from migrator.execution.journal_rows import Carried, RunEntry
    from migrator.model import Binding, Change
    from migrator.places import Places
    from migrator.store.reader import Store


class Leftover(NamedTuple):
    """A repository that a run left behind; `size` in bytes.

    `run` is None of a temporary folder that was left by a process that was killed, or could not remove all of one.
    `why_kept` is None if it can be removed; `gives_up` are the runs, newest first, that can't be undone without it, if
    the user accepts that. `remedy` is what to do where it should have been removed and could not be.
    """

    git_dir: str
    worktree: str
    run: str | None
    size: int
    why_kept: str | None = None
    gives_up: tuple[str, ...] = ()
    remedy: str | None = None


@dataclass(frozen=True)
class _AppliedRun:
    """A run that may have left a repository behind, or whose undo may bring a session back to one.

    `began` is when, in milliseconds: not before any run that came before it, whatever the clock said.
    """

    entry: RunEntry
    began: int
    carried: list[Carried]
    changes: list[Change]
    is_undoable: bool


def find_leftovers(store: Store, places: Places, older_than: int | None = None) -> list[Leftover]:
    """Return what runs on this database left behind, the newest first; nothing is removed.

    Runs that began before `older_than`, in milliseconds, needn't stay undoable. Raises MigratorError if a run was cut
    off.
    """
    refuse_while_unfinished(store)
    search = _LeftoverSearch(store, places, older_than)
    return [*search.leftovers(), *search.abandoned()]


def remove(leftovers: Iterable[Leftover], store: str) -> Iterator[Leftover]:
    """Remove those that can go, and yield all as they are then; the caller holds the database's lock.

    The runs that need one are given up first. Then it is moved away in one step, so that a killed process leaves no
    half repository, and so does one that can't remove a file of it: the rest is found by the next search.
    """
    for leftover in leftovers:
        if leftover.why_kept is not None:
            yield leftover
        elif leftover.run is None:
            yield _delete(Path(leftover.git_dir), leftover)
        else:
            yield _remove(Path(leftover.git_dir), leftover, store)


def _remove(path: Path, leftover: Leftover, store: str) -> Leftover:
    given_up = [run for run in leftover.gives_up if _give_up(run, store)]
    try:
        with temporary_folder(path.parent) as folder:
            path.rename(folder / "old")
            given_up.clear()
            return _delete(folder, leftover)
    except OSError as error:
        for run in given_up:  # nothing of it is gone
            with open_run(run, store) as journal:
                journal.take_up()
        return _stuck(leftover._replace(gives_up=()), path, error)


def _give_up(run: str, store: str) -> bool:
    """Record that a run can't be taken back any more; return whether it could until now."""
    with open_run(run, store) as journal:
        if journal.is_given_up:
            return False
        journal.give_up()
        return True


def _delete(folder: Path, leftover: Leftover) -> Leftover:
    """Delete all that can be deleted of a folder; return the leftover as it is then."""
    remove_tree(folder, ignore_errors=True)
    try:
        if folder.exists():
            remove_tree(folder)
    except OSError as error:
        return _stuck(leftover._replace(git_dir=str(folder)), folder, error)
    return leftover


def _stuck(leftover: Leftover, path: Path, error: OSError) -> Leftover:
    """Return a leftover with why it could not be removed, and what the user can do about it."""
    for directory in (*(directory for directory, _, _ in os.walk(path)), str(path.parent)):
        if (why := why_not_writable(directory)) is not None:
            top = directory if directory == str(path.parent) else str(path)
            return leftover._replace(why_kept=why, remedy=remedy(CantTell(why, directory), top))
    name = os.path.basename(error.filename or path)
    held = "see what holds it (it may be immutable, in use, or mounted)"
    return leftover._replace(why_kept=f"{name} in {path} can't be removed ({error.strerror or error})", remedy=held)


class _LeftoverSearch:
    """Looks at the repositories that the runs on this database left behind, and says of each why it must be kept."""

    def __init__(self, store: Store, places: Places, older_than: int | None) -> None:
        self._store, self._places, self._opencodes = store, places, opencodes(store, places)
        self._routes, self._layout = SnapshotRoutes(store, places), Layout.of(store)
        self._readability, self._older_than = Readability(), older_than
        self._runs = [replace(run, carried=[*map(self._as_of_now, run.carried)]) for run in _applied_runs(store)]
        renamed = (renamed_folder(run.entry.store, str(store.path)) for run in self._runs)
        self._renamed = {folder for folder in renamed if folder is not None}
        sessions = {change.session for run in self._runs for change in run.changes}
        self._now: dict[str, set[Binding]] = {}
        for opencode in self._opencodes:
            for id_, (binding, _) in store.bindings(sessions, opencode.number).items():
                self._now.setdefault(id_, set()).add(binding)
        self._in_other_databases = _in_other_databases(store, places)

    def _as_of_now(self, carried: Carried) -> Carried:
        here = self._layout.as_of_now
        return carried._replace(source=here(carried.source), target=here(carried.target))

    def leftovers(self) -> Iterator[Leftover]:
        seen = _in_use(self._store, self._places)
        for run in reversed(self._runs):
            for carried in run.carried:
                candidates = [(carried.source, carried.source_worktree)]
                if carried.made:
                    candidates.append((carried.target, carried.target_worktree))
                for git_dir, worktree in candidates:
                    if git_dir in seen:
                        continue
                    seen.add(git_dir)
                    try:
                        if self._is_left_behind(git_dir, worktree):
                            yield self._judge(Leftover(git_dir, worktree, run.entry.id, _size(git_dir)))
                    except CantTell as error:
                        yield Leftover(git_dir, worktree, run.entry.id, _size(git_dir), str(error).rstrip("."))

    def abandoned(self) -> Iterator[Leftover]:
        """Yield what is left of processes that were killed, or that could not remove a file."""
        with naming_remedy(str(self._layout.root)):
            projects = names_in(self._layout.root)
        for project in projects:
            for folder, why in abandoned(self._layout.root / project):
                kept = str(why).rstrip(".") if why else None
                yield Leftover(str(folder), worktree_of(f"{folder}/old"), None, _size(str(folder)), kept)

    def _is_left_behind(self, git_dir: str, worktree: str) -> bool:
        """Tell whether this is a repository for one worktree that opencode wouldn't use if it were opened there.

        Raises CantTell if nobody can tell.
        """
        is_for_one = self._layout.by_worktree and Path(git_dir).parent.parent == self._layout.root
        if not is_for_one or not self._layout.has(git_dir):
            return False
        if not is_directory(worktree):
            return True
        place = self._places.find(worktree)
        return self._layout.git_dir(place.project_id, place.worktree) != git_dir

    def _judge(self, leftover: Leftover) -> Leftover:
        """Return the leftover with `why_kept`, or with `gives_up` if it can be removed.

        Raises CantTell if nobody can tell what is in it.
        """
        for database, in_use in self._in_other_databases.items():
            if in_use is None:
                return leftover._replace(why_kept=f"{database} can't be read, and its sessions may be in it")
            if leftover.git_dir in in_use:
                return leftover._replace(why_kept=f"sessions of {database} are in it")
        if (folder := self._not_followed(leftover.git_dir)) is not None:
            relocate = our_command("relocate", *folder)
            return leftover._replace(why_kept=f"it isn't whole until `{relocate}` has followed what moved")
        needing = self._runs_that_need(leftover.git_dir)
        recent = [run for run in needing if self._older_than is None or run.began >= self._older_than]
        if recent:
            return leftover._replace(why_kept=f"`{our_command('undo', recent[0].entry.id)}` would need it")
        if number := self._count_only_in(leftover.git_dir):
            what = f"{count(number, 'snapshot')} {agree(number, 'is')} nowhere else"
            return leftover._replace(why_kept=what)
        return leftover._replace(gives_up=tuple(run.entry.id for run in needing))

    def _not_followed(self, git_dir: str) -> tuple[str, str] | None:
        """Return the folder, renamed together with the database, in which a repository still looks for objects."""
        alternates = read_alternates(f"{git_dir}/objects")
        for folder in self._renamed:
            for new in map(FolderMap([folder]).new_path, alternates):
                if new is not None and new not in alternates and is_directory(new):
                    return folder
        return None

    def _runs_that_need(self, git_dir: str) -> list[_AppliedRun]:
        """Return the runs, newest first, whose undo would bring a session back to a repository.

        Undoing a run brings a session back if it is where that run has put it, or if undoing later runs brings it
        there first.
        """
        needing = []
        reachable = {id_: {*bindings} for id_, bindings in self._now.items()}
        for run in reversed(self._runs):
            if not run.is_undoable:
                continue
            for change in run.changes:
                if change.after in reachable.get(change.session, ()):
                    reachable[change.session].add(change.before)
                    if self._routes.git_dir(change.before) == git_dir and run not in needing:
                        needing.append(run)
        return needing

    def _count_only_in(self, git_dir: str) -> int:
        """Count the trees of our runs' sessions that are complete here, but not where their session is now."""
        ids = {
            change.session
            for run in self._runs
            if any(git_dir in (carried.source, carried.target) for carried in run.carried)
            for change in run.changes
            if change.session in self._now
        }
        named_by_place: dict[str | None, set[str]] = {}
        for opencode in self._opencodes:
            records = opencode.records(ids)
            for id_, (binding, _) in self._store.bindings(ids, opencode.number).items():
                if unreadable := records[id_].unreadable:
                    raise CantTell(why_unreadable(unreadable[0].table, unreadable[0].part, id_))
                named_by_place.setdefault(self._routes.git_dir(binding), set()).update(records[id_].every_tree)
        number = 0
        for now, named in named_by_place.items():
            here = complete_trees(git_dir, named)
            if named - here and (why := self._readability.why_unreadable(git_dir)):
                raise CantTell(why)
            there = complete_trees(now, here) if now is not None and self._layout.has(now) else set()
            number += len(here - there)
        return number


def _size(git_dir: str) -> int:
    """Return the size of the files in a repository in bytes, so far as they may be looked at."""
    size = 0
    for directory, _, files in os.walk(git_dir):
        for name in files:
            with suppress(OSError):
                size += os.lstat(os.path.join(directory, name)).st_size
    return size


def _in_use(store: Store, places: Places) -> set[str | None]:
    """Return the repositories of the places where sessions are, or were and opencode still looks for old snapshots."""
    routes, earlier = SnapshotRoutes(store, places), [each.earlier_places() for each in opencodes(store, places)]
    return {routes.git_dir(binding) for binding in chain(store.every_binding(), *earlier)}


def _in_other_databases(store: Store, places: Places) -> dict[Path, set[str | None] | None]:
    """Map each other database that shares our snapshots to the repositories that it uses; None if it can't be read."""

    def used(other: Store) -> set[str | None]:
        return _in_use(other, places)

    found: dict[Path, set[str | None] | None] = {}
    for path in databases_beside(store.path):
        try:
            found[path] = look_into(path, used)
        except MigratorError:
            found[path] = None
    return found


def _applied_runs(store: Store) -> Iterator[_AppliedRun]:
    """Yield every run that was applied to this database, oldest first."""
    entries = runs_on(store)
    undone, began = undone_by(entries), latest_start(entries)
    for entry in entries:
        if entry.status is RunStatus.APPLIED:
            with open_run(entry.id, str(store.path)) as journal:
                is_undoable = entry.id not in undone and not journal.is_given_up
                moves = [change for change in journal.changes() if change.moves]
                yield _AppliedRun(entry, began[entry.id], journal.carried(), moves, is_undoable)
