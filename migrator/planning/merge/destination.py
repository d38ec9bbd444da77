"""Where the sessions of another database belong here: their directory, mapped, if it is here; or one for all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from migrator.errors import NoSuchDirectory, UnreadableDirectory
from migrator.model import Binding, Place
from migrator.paths import from_root, slashed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from migrator.model import PlanWarning, Project, Selected
    from migrator.paths import FolderMap
    from migrator.places import Places
    from migrator.planning.destination import OneDirectory


@dataclass
class MergeDestination:
    """A Destination: each session belongs in its own directory, by its new path where `folders` has one.

    With `one`, all belong in that directory, with their sub-paths. `projects` are those of the other database, by their
    ids: a session whose directory isn't here keeps its project, if that is asked for (`foreign`).
    """

    places: Places
    folders: FolderMap
    projects: Mapping[str, Project]
    one: OneDirectory | None = None
    foreign: bool = False
    missing: dict[str, str] = field(default_factory=dict)
    """The directories that aren't here, by those that sessions are bound to in the other database."""
    _found: dict[Binding, Place | None] = field(default_factory=dict)

    def place_for(self, selected: Selected) -> Place | None:
        """Return where this session belongs, None if its directory isn't here and it isn't taken as it is."""
        if self.one is not None:
            return self.one.place_for(selected)
        binding = selected.session.binding
        if binding not in self._found:
            self._found[binding] = self._find(binding)
        return self._found[binding]

    def warnings(self) -> Iterable[PlanWarning]:
        """Yield which directories are taken instead of others."""
        return () if self.one is None else self.one.warnings()

    def is_foreign(self, binding: Binding) -> bool:
        """Tell whether sessions with this binding in the other database are taken as they are."""
        return self.foreign and binding.directory in self.missing

    def _find(self, binding: Binding) -> Place | None:
        wanted = self._new_path(binding.directory)
        try:
            return self.places.find(wanted)
        except UnreadableDirectory:
            raise
        except NoSuchDirectory:
            self.missing[binding.directory] = wanted
        if not self.foreign:
            return None
        project = self.projects.get(binding.project_id)
        worktree = self._new_path(project.worktree) if project else "/"
        vcs = project.vcs if project else None
        outside_repository = {from_root(binding.directory), slashed(binding.directory)}
        path = from_root(wanted) if binding.path in outside_repository else binding.path
        kept = Binding(binding.project_id, wanted, path, None)
        return Place(wanted, binding.project_id, worktree, path or "", vcs, worktree, follows=kept)

    def _new_path(self, path: str) -> str:
        return self.folders.new_path(path) or path
