"""Snapshot repositories that runs of ours left behind, and which of them nobody needs any more.

A run that carries file undo leaves the old repository where it is, for it may be taken back; one that was taken back
leaves the new one. Only those two are ever looked at. One may go when no session is in it, none could come back to it
by taking runs back, opencode opened in its worktree wouldn't use it, what the run's sessions have in it is where they
are now as well, and no other database beside ours, which is another release channel's, has sessions in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from migrator.errors import MigratorError
from migrator.execution import run_log
from migrator.execution.run_log import open_run
from migrator.model import RunStatus
from migrator.snapshots.layout import Layout
from migrator.snapshots.route import SnapshotRoutes
from migrator.snapshots.temp_dirs import remove_abandoned, temporary_folder
from migrator.snapshots.trees import complete_trees
from migrator.store.location import databases_beside
from migrator.store.reader import Store
from migrator.store.turns import undo_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from migrator.execution.journal_rows import Carried, RunEntry
    from migrator.model import Binding, Change
    from migrator.places import Places

DAY = 86_400_000
"""In milliseconds."""


class Leftover(NamedTuple):
    """A repository that a run left behind.

    `why_kept` is None where it can go; `gives_up` are the runs that can't be taken back without it, newest first, where
    that was allowed.
    """

    git_dir: str
    worktree: str
    run: str
    size: int
    why_kept: str | None = None
    gives_up: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Past:
    """A run that left something behind, or that could bring a session back."""

    entry: RunEntry
    carried: list[Carried]
    changes: list[Change]
    open: bool


def find_leftovers(store: Store, places: Places, older_than: int | None = None) -> list[Leftover]:
    """Return what runs on this database left behind, the newest first; nothing is removed.

    `older_than` is a time in milliseconds: runs that began before it needn't be able to be taken back any more. Raises
    MigratorError where a run was cut off.
    """
    run_log.refuse_while_unfinished(str(store.path))
    return [*_Search(store, places, older_than).found()]


def remove(some: Iterable[Leftover]) -> None:
    """Remove these; the runs that need them are given up first. To be called with the database locked.

    Each is moved away in one step before it is taken apart, so that what a kill leaves is no half repository.
    """
    for leftover in some:
        for run in leftover.gives_up:
            with open_run(run) as journal:
                if not journal.is_given_up:
                    journal.give_up()
        path = Path(leftover.git_dir)
        try:
            remove_abandoned(path.parent)
            with temporary_folder(path.parent) as folder:
                path.rename(folder / "old")
        except OSError as error:
            raise MigratorError(f"{path} can't be removed: {error.strerror or error}.") from error


class _Search:
    def __init__(self, store: Store, places: Places, older_than: int | None) -> None:
        self._store, self._places = store, places
        self._routes, self._layout = SnapshotRoutes(store, places), Layout.of(store)
        self._older_than = older_than
        self._runs = [*_past(str(store.path))]
        sessions = {change.session for run in self._runs for change in run.changes}
        self._now = {id_: binding for id_, (binding, _) in store.bindings(sessions).items()}
        self._git_dirs: dict[Binding, str | None] = {}
        self._others = _others(store, places)

    def found(self) -> Iterator[Leftover]:
        seen = {self._git_dir(binding) for binding in self._store.every_binding()}  # they are in use
        for run in reversed(self._runs):
            for carried in run.carried:
                for git_dir, worktree, ours in (
                    (carried.source, carried.source_worktree, True),
                    (carried.target, carried.target_worktree, carried.made),
                ):
                    if not ours or git_dir in seen or not self._is_one(Path(git_dir)):
                        continue
                    seen.add(git_dir)
                    if not self._is_used_by_opencode(git_dir, worktree):
                        yield self._looked_at(Leftover(git_dir, worktree, run.entry.id, _size(Path(git_dir))))

    def _git_dir(self, binding: Binding) -> str | None:
        if binding not in self._git_dirs:
            self._git_dirs[binding] = self._routes.git_dir(binding)
        return self._git_dirs[binding]

    def _is_one(self, git_dir: Path) -> bool:
        """Tell whether it is the repository of one worktree, where opencode has these, and no other directory."""
        return self._layout.by_worktree and git_dir.parent.parent == self._layout.root and (git_dir / "HEAD").is_file()

    def _looked_at(self, leftover: Leftover) -> Leftover:
        for other, in_use in self._others.items():
            if in_use is None:
                return leftover._replace(why_kept=f"{other} can't be read, and its sessions may be in it")
            if leftover.git_dir in in_use:
                return leftover._replace(why_kept=f"sessions of {other} are in it")
        needing = self._needing(leftover.git_dir)
        keeping = [run for run in needing if self._older_than is None or run.entry.started >= self._older_than]
        if keeping:
            return leftover._replace(why_kept=f"`opencode-migrator undo {keeping[0].entry.id}` would need it")
        if missing := self._only_here(leftover.git_dir):
            number = f"{missing} snapshots are" if missing > 1 else "1 snapshot is"
            return leftover._replace(why_kept=f"{number} nowhere else")
        return leftover._replace(gives_up=tuple(run.entry.id for run in needing))

    def _needing(self, git_dir: str) -> list[_Past]:
        """Return the runs, newest first, that would bring a session back to a repository if they were taken back.

        A session comes back by a run if it is where that run, or one after it that is taken back before, has it.
        """
        needing = []
        reachable = {id_: {binding} for id_, binding in self._now.items()}
        for run in reversed(self._runs):
            if not run.open:
                continue
            for change in run.changes:
                if change.after in reachable.get(change.session, ()):
                    reachable[change.session].add(change.before)
                    if self._git_dir(change.before) == git_dir and run not in needing:
                        needing.append(run)
        return needing

    def _is_used_by_opencode(self, git_dir: str, worktree: str) -> bool:
        """Tell whether it is what opencode takes when it is opened in the worktree: then it isn't left behind."""
        if not Path(worktree).is_dir():
            return False
        place = self._places.find(worktree)
        return self._layout.git_dir(place.project_id, place.worktree) == git_dir

    def _only_here(self, git_dir: str) -> int:
        """Count the trees of the sessions of our runs that are whole here, and not where their session is now."""
        ids = {
            change.session
            for run in self._runs
            if any(git_dir in (carried.source, carried.target) for carried in run.carried)
            for change in run.changes
            if change.session in self._now
        }
        named: dict[str | None, set[str]] = {}
        for id_, (turns, trees) in undo_records(self._store, ids).items():
            here = named.setdefault(self._git_dir(self._now[id_]), set())
            here.update(trees, (turn.hash for turn in turns))
        missing = 0
        for now, some in named.items():
            wanted = complete_trees(git_dir, some)
            there = complete_trees(now, wanted) if now is not None and Path(now, "HEAD").is_file() else set()
            missing += len(wanted - there)
        return missing


def _others(store: Store, places: Places) -> dict[Path, set[str | None] | None]:
    """Map each other database, which has its snapshots where ours has, to those in use; None where it can't be read."""
    found: dict[Path, set[str | None] | None] = {}
    for path in databases_beside(store.path):
        try:
            with Store(path) as other:
                routes = SnapshotRoutes(other, places)
                found[path] = {routes.git_dir(binding) for binding in other.every_binding()}
        except MigratorError:
            found[path] = None
    return found


def _past(store: str) -> Iterator[_Past]:
    """Yield every run on this database that came about, oldest first."""
    every = run_log.run_entries()
    taken_back = run_log.undone_by(every)
    for entry in every:
        if entry.store == store and entry.status is RunStatus.APPLIED:
            with open_run(entry.id) as journal:
                is_open = entry.id not in taken_back and not journal.is_given_up
                yield _Past(entry, journal.carried(), [c for c in journal.changes() if c.moves], is_open)


def _size(git_dir: Path) -> int:
    """Return how many bytes its files have."""
    return sum(file.lstat().st_size for file in git_dir.rglob("*") if file.is_file() and not file.is_symlink())
