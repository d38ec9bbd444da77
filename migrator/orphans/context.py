"""What rules ask: the database, read once, and the disk, each directory looked at once."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.orphans.directory_status import inspect
from migrator.places import git

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from migrator.model import Binding, Project, Session
    from migrator.orphans.rule import DirectoryInfo
    from migrator.places import Places
    from migrator.store.json_storage import LeftBehind
    from migrator.store.reader import Store


class DatabaseRuleContext:
    """The RuleContext of one database and this machine's disk."""

    def __init__(self, store: Store, places: Places) -> None:
        self._store = store
        self._places = places
        self._inspected: dict[str, DirectoryInfo] = {}
        self._surveyed = False

    @cached_property
    def bound(self) -> Mapping[Binding, Sequence[Session]]:
        """The sessions whose directory should be on this machine's disk, by binding."""
        bound: dict[Binding, list[Session]] = {}
        for session in self.by_id.values():
            bound.setdefault(session.binding, []).append(session)
        if self.is_v2:
            self._leave_out(bound)
        return bound

    def _leave_out(self, bound: dict[Binding, list[Session]]) -> None:
        """Leave out sessions that only opencode 1 has, and those in a workspace that opencode 2 knows."""
        not_imported = {session.id for session in self.not_imported}
        for binding, sessions in [*bound.items()]:
            kept = [] if binding.workspace_id in self.workspaces else [s for s in sessions if s.id not in not_imported]
            if kept:
                bound[binding] = kept
            else:
                del bound[binding]

    @cached_property
    def by_id(self) -> Mapping[str, Session]:
        """Every session of the database by its id, last used first."""
        # SQLite sorts them in half of Python's time, and objects are quick to walk through in the order they were made.
        every = self._store.sessions_where("TRUE", tail="ORDER BY time_updated DESC, id DESC")
        return {session.id: session for session in every}

    @cached_property
    def projects(self) -> Mapping[str, Project]:
        """Every project row by its id."""
        return {project.id: project for project in self._store.projects()}

    @cached_property
    def workspaces(self) -> Mapping[str, str | None]:
        """The directory of each workspace row, by its id."""
        return {row.id: row.directory for row in self._store.workspaces().values()}

    @property
    def has_path(self) -> bool:
        """Whether the schema has `session.path`."""
        return self._store.schema.has_path

    @property
    def stores_real_paths(self) -> bool:
        """Whether its opencode stores real paths: seen with 1.3.2 and later, not with 1.2.1."""
        return self._store.schema.has_workspace

    @property
    def adopts(self) -> bool:
        """Whether its opencode adopts `global` sessions: 1.2.27 and later do, 1.2.1 tries and fails."""
        return self._store.schema.has_workspace

    @property
    def rekeys(self) -> bool:
        """Whether its opencode moves sessions along to a repository's new id: 1.15.13 and later."""
        return self._store.schema.origin_first

    @property
    def is_v2(self) -> bool:
        """Whether its opencode is 2."""
        return self._store.schema.has_v2

    @cached_property
    def not_imported(self) -> Sequence[Session]:
        """Sessions that opencode 1 has in this database and opencode 2 doesn't."""
        return self._store.sessions(self._store.never_imported())

    @cached_property
    def import_phase(self) -> str:
        """How far opencode 2 is with importing them."""
        return self._store.import_phase()

    @cached_property
    def resolved(self) -> Collection[tuple[str, str]]:
        """The rows of opencode 2's `worktree`."""
        return self._store.worktrees()

    @cached_property
    def from_before_path(self) -> frozenset[str]:
        """The ids of sessions made by an opencode that stored no `path`."""
        return self._store.made_without_path()

    @cached_property
    def left_behind(self) -> Sequence[LeftBehind]:
        """Sessions in JSON storage beside the database that are not in it."""
        from migrator.store.json_storage import left_behind

        return left_behind(self._store)

    @cached_property
    def checkouts_on_record(self) -> Mapping[str, Sequence[str]]:
        """The rows of opencode's `project_directory`, by project."""
        return self._store.project_directories()

    def inspect(self, directory: str) -> DirectoryInfo:
        """Return what is at a directory; the first call looks at the directories of all sessions, several at once.

        Raises MigratorError if git is not on PATH.
        """
        if directory not in self._inspected:
            self._inspect_all(
                {directory} if self._surveyed else {directory, *(binding.directory for binding in self.bound)}
            )
            self._surveyed = True
        return self._inspected[directory]

    def inspect_all(self, directories: Iterable[str]) -> None:
        """Look at several directories at once."""
        self._inspect_all({directory for directory in directories if directory not in self._inspected})

    sight, look_at = inspect, inspect_all  # the names until 0.1, for plug-ins

    def _inspect_all(self, directories: set[str]) -> None:
        from shutil import which

        seen = [inspect(directory) for directory in directories - self._inspected.keys()]
        if which("git") is None and any(info.real and git.repository_root(info.real) for info in seen):
            raise MigratorError("git is not on PATH, so nobody can tell which sessions are lost: install git.")
        self._places.prefetch(info.real for info in seen if info.real is not None)
        self._inspected |= {info.directory: self._with_place(info) for info in seen}

    def _with_place(self, info: DirectoryInfo) -> DirectoryInfo:
        """Add the place that opencode makes of a directory, if it is there."""
        if info.real is None:
            return info
        try:
            place, checkout = self._places.describe(info.real)
        except MigratorError as error:
            return replace(info, detail=str(error))
        return replace(info, place=place, kept_id=checkout.kept_id, told_by=checkout.told_by)
