"""Which repositories were a project once: asked of git only where its files leave it open."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.places.former_ids import has_commit, ids_by_address
from migrator.snapshots.git.object_names import ObjectNames

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from migrator.places import Places

_SHA_1 = re.compile("[0-9a-f]{40}")


class FormerIds:
    """Answers for each project id and repository once."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._by_address = cache(self._ids_by_address)
        self._object_names = cache(self._names_in)

    def likely_sign(self, project_id: str, top: str) -> str | None:
        """Say what shows that a repository was this project once; None if nothing does, or git can't tell."""
        if words := self._by_address(top).get(project_id):
            return words
        if project_id not in self.likely_ids(top, [project_id]):
            return None
        with suppress(MigratorError):
            return self._by_commit(project_id, top)
        return None

    def likely_ids(self, top: str, project_ids: Collection[str]) -> set[str]:
        """Return those of these projects that a repository may have been once, as far as can be told without git."""
        names = self._object_names(top)
        if names is None:
            return {*project_ids}
        commits = {id_ for id_ in project_ids if _SHA_1.fullmatch(id_)}
        return {*project_ids} - commits | names.may_have(commits) | self._by_address(top).keys() & {*project_ids}

    def sign(self, project_id: str, top: str) -> str | None:
        """Do the same, also for a commit of a history before this one. Raises MigratorError if git can't tell."""
        if words := self._by_address(top).get(project_id) or self._by_commit(project_id, top):
            return words
        return "it has that commit, from a history before this one" if has_commit(top, project_id) else None

    def _by_commit(self, project_id: str, top: str) -> str | None:
        return "it began with that commit" if project_id in self._places.root_commits(top) else None

    def _ids_by_address(self, top: str) -> Mapping[str, str]:
        return ids_by_address(top, self._places.checkout(top).addresses)

    def _names_in(self, top: str) -> ObjectNames | None:
        common = self._places.checkout(top).common
        return ObjectNames(f"{common}/objects") if common else None
