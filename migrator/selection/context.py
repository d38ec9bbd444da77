"""What selectors ask: the database and the surroundings, each read once."""

from __future__ import annotations

import os
from functools import cache, cached_property
from typing import TYPE_CHECKING

from migrator.disk.status import is_directory
from migrator.errors import BadInput, NoSuchDirectory
from migrator.paths import expand_home, in_full, is_absolute, is_of_another_system, slashed
from migrator.places.cwd import current_directory
from migrator.progress import doing
from migrator.selection.projects import find_project
from migrator.store.sql import IN, array_of
from migrator.text_input import read_lines, why_no_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from migrator.choices import SearchedIn
    from migrator.model import Passage, Place
    from migrator.places import Places
    from migrator.selection.contract import Clause
    from migrator.store.reader import Store
    from migrator.workspaces.model import RepositorySessions


class DatabaseSelectorContext:
    """The SelectorContext of one database and its surroundings.

    `orphan_ids` returns the ids of lost sessions, all of them or those that the rule of this name finds. `also_known`
    are ids of other databases that are looked into together with this one: they may be named, and select nothing here.
    """

    also_known: frozenset[str] = frozenset()

    def __init__(
        self,
        store: Store,
        places: Places,
        orphan_ids: Callable[[str | None], frozenset[str]],
        home: str | None = None,
    ) -> None:
        named = home or os.path.expanduser("~")
        self.home = named if is_absolute(named) else in_full(named, self.cwd)
        self._store = store
        self._places = places
        self._orphan_ids = orphan_ids
        self.directories = cache(store.directories)
        self.projects = cache(store.projects)
        self.stdin_lines = _stdin_lines
        self._sessions_of: dict[str, RepositorySessions] = {}

    @cached_property
    def cwd(self) -> str:
        return current_directory()

    def ids_starting_with(self, prefix: str) -> Sequence[str]:
        found = self._store.ids_where("substr(id, 1, ?) = ? ", (len(prefix), prefix))
        return [*found, *sorted(id_ for id_ in self.also_known.difference(found) if id_.startswith(prefix))]

    def existing_ids(self, ids: Sequence[str]) -> frozenset[str]:
        return self.also_known.intersection(ids).union(self._store.ids_where(f"id {IN}", [array_of(ids)]))

    def elsewhere(self, ids: Sequence[str]) -> str:
        from migrator.store.elsewhere import elsewhere

        return elsewhere(self._store, ids)

    def near_directories(self, path: str) -> str:
        from migrator.store.near_directories import near_directories

        return near_directories(self._store, path)

    def place(self, directory: str) -> Place | None:
        try:
            return self._places.find(directory)
        except NoSuchDirectory:
            if is_directory(directory):  # but nobody here may read it
                raise
            return None

    def expanded(self, path: str) -> str:
        """Return a path with a leading `~` written out."""
        return expand_home(path, self.home)

    def workspaces(self, repository: str, option: str) -> RepositorySessions:
        from migrator.workspaces.find_repository import find_repository
        from migrator.workspaces.model import StoredDirectories
        from migrator.workspaces.sessions import sessions_by_workspace

        found = find_repository(self._directory_of(repository, option))
        if found.home not in self._sessions_of:
            recorded = self._store.project_directories()
            checkouts = [(id_, directory) for id_, directories in recorded.items() for directory in directories]
            stored = StoredDirectories(self._store.session_directories(), self.projects(), checkouts)
            self._sessions_of[found.home] = sessions_by_workspace(found, stored, self.place)
        return self._sessions_of[found.home]

    def _directory_of(self, repository: str, option: str) -> str:
        expanded = self.expanded(repository)
        directory = expanded if is_of_another_system(expanded) else os.path.join(self.cwd, expanded)
        if os.path.isdir(directory) or "/" in slashed(repository):
            return directory
        return find_project(repository, self, option).worktree

    def try_clause(self, clause: Clause) -> None:
        self._store.try_condition(clause.sql, clause.params)

    def passages(self, text: str, where: Collection[SearchedIn]) -> dict[str, Passage]:
        from migrator.store.conversation import find_passages

        with doing("Reading conversations", self._store.size(), "B") as tick:
            return find_passages(self._store, text, where, tick)

    def orphans(self, rule: str | None = None) -> frozenset[str]:
        return self._orphan_ids(rule)


@cache
def _stdin_lines() -> list[str]:
    try:
        lines = read_lines("-")
    except (OSError, ValueError) as error:
        raise BadInput(f"Standard input can't be read: {why_no_text(error)}.") from None
    return [line.strip() for line in lines if line.strip()]
