"""What rules ask: the database, read once, and the disk, each directory looked at once."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.orphans.directory_status import inspect
from migrator.progress import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from migrator.model import Binding, Project, Session
    from migrator.orphans.rule import DirectoryInfo
    from migrator.places import Places
    from migrator.store.json_storage import LeftBehind
    from migrator.store.other_databases import OtherDatabase
    from migrator.store.reader import Store


class DatabaseRuleContext:
    """The RuleContext of one database and this machine's disk."""

    def __init__(self, store: Store, places: Places) -> None:
        self._store = store
        self._places = places
        self._inspected: dict[str, DirectoryInfo] = {}
        self._surveyed = False
        self.has_path = store.schema.has_path
        self.stores_real_paths = store.schema.has_workspace  # seen with 1.3.2 and later, not with 1.2.1
        self.adopts = store.schema.has_workspace  # 1.2.27 and later do, 1.2.1 tries and fails
        self.rekeys = store.schema.origin_first  # 1.15.13 and later
        self.is_v2 = store.schema.has_v2
        self.has_v1 = store.schema.has_v1

    @cached_property
    def bound(self) -> Mapping[Binding, Sequence[Session]]:
        # opencode 2 has neither what only opencode 1 has, nor the directories of its workspaces on this disk
        not_imported = {session.id for session in self.not_imported} if self.is_v2 else frozenset()
        workspaces = self.workspaces if self.is_v2 else {}
        bound: dict[Binding, list[Session]] = {}
        for session in self.by_id.values():
            if session.id not in not_imported and session.binding.workspace_id not in workspaces:
                bound.setdefault(session.binding, []).append(session)
        return bound

    @cached_property
    def by_id(self) -> Mapping[str, Session]:
        # SQLite sorts them in half of Python's time, and objects are quick to walk through in the order they were made.
        every = self._store.sessions_where("TRUE", tail="ORDER BY time_updated DESC, id DESC")
        return {session.id: session for session in every}

    @cached_property
    def odd_sessions(self) -> Mapping[str, str]:
        return {id_: f"{odd.column} {odd.why}" for id_, odd in self._store.odd_sessions().items()}

    @cached_property
    def projects(self) -> Mapping[str, Project]:
        return {project.id: project for project in self._store.projects()}

    @cached_property
    def workspaces(self) -> Mapping[str, str | None]:
        return {row.id: row.directory for row in self._store.workspaces().values()}

    @cached_property
    def not_imported(self) -> Sequence[Session]:
        return self._store.sessions(self._store.never_imported())

    @cached_property
    def only_in_2(self) -> frozenset[str]:
        return self._store.only_in_2()

    @cached_property
    def import_phase(self) -> str:
        return self._store.import_phase()

    @cached_property
    def resolved(self) -> Collection[tuple[str, str]]:
        return self._store.worktrees()

    @cached_property
    def from_before_path(self) -> frozenset[str]:
        return self._store.made_without_path()

    @cached_property
    def left_behind(self) -> Sequence[LeftBehind]:
        from migrator.store.json_storage import left_behind

        return left_behind(self._store)

    @cached_property
    def other_databases(self) -> Sequence[OtherDatabase]:
        from migrator.store.other_databases import other_databases

        return other_databases(self._store)

    @cached_property
    def newest_version(self) -> tuple[int, ...]:
        return self._store.newest_version()

    @cached_property
    def checkouts_on_record(self) -> Mapping[str, Sequence[str]]:
        return self._store.project_directories()

    @cached_property
    def checkouts_opened(self) -> Mapping[tuple[str, str], int]:
        return self._store.checkouts_opened()

    def inspect(self, directory: str) -> DirectoryInfo:
        """Return what is at a directory; the first call looks at the directories of all sessions, several at once.

        Raises MigratorError if git is not on PATH.
        """
        if directory not in self._inspected:
            self.inspect_all([directory, *(() if self._surveyed else (binding.directory for binding in self.bound))])
            self._surveyed = True
        return self._inspected[directory]

    def inspect_all(self, directories: Iterable[str]) -> None:
        from shutil import which

        new = {*directories} - self._inspected.keys()
        infos = [inspect(directory) for directory in counted(new, "Looking at directories", "directories")]
        if not infos:
            return
        if which("git") is None and any(info.real and self._places.git_root(info.real) for info in infos):
            raise MigratorError("git is not on PATH, so nobody can tell which sessions are lost: install git.")
        self._places.prefetch(info.real for info in infos if info.real is not None)
        self._inspected |= {info.directory: self._with_place(info) for info in infos}

    sight, look_at = inspect, inspect_all  # the names until 0.1, for plug-ins

    def _with_place(self, info: DirectoryInfo) -> DirectoryInfo:
        """Add the place that opencode makes of a directory, if it is there."""
        if info.real is None:
            return info
        try:
            checkout = self._places.checkout(info.real)
        except MigratorError as error:
            return replace(info, detail=str(error))
        return replace(info, place=checkout.place(info.real), kept_id=checkout.kept_id, id_source=checkout.id_source)
