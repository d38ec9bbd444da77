"""Where a session goes: to the destination directory, or to its sub-path below that."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from migrator.disk.spelling import existing_directory
from migrator.errors import MigratorError
from migrator.model import PlanWarning
from migrator.paths import is_within, normalise, path_below, upwards

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.choices import Subdirs
    from migrator.model import Place, Selected
    from migrator.places import Places


class Destination(Protocol):
    """Tells the planner where each session goes."""

    def place_for(self, selected: Selected) -> Place | None:
        """Return where this session goes, None if it stays. Raises MigratorError if opencode can't list it there."""

    def warnings(self) -> Iterable[PlanWarning]:
        """Return what a person should know about the places; called after `place_for` was for every session."""


@dataclass
class OneDirectory:
    """The destination of `move`: one directory, below which sub-paths are kept.

    If `directory` is None, sessions keep their own. If `project_id` is given, opencode has to resolve the directory to
    that project; with `keep_project`, to the session's own.
    """

    places: Places
    directory: str | None
    project_id: str | None = None
    keep_project: bool = False
    subdirs: Subdirs = "nearest"
    project_option: str = "--to-project"
    _found: dict[str, Place] = field(default_factory=dict)
    _nearest: dict[str, str] = field(default_factory=dict)  # the ancestor taken, by the directory that doesn't exist

    def place_for(self, selected: Selected) -> Place:
        """Return where this session goes. Raises MigratorError if opencode resolves that to another project."""
        directory = selected.session.directory
        wanted = self._wanted(directory, selected.base)
        place = self._found.get(wanted)
        if place is None:
            place = self._found[wanted] = self.places.find(self._existing(wanted, directory))
        self._check_project(place, selected)
        return place

    def warnings(self) -> Iterable[PlanWarning]:
        """Yield which directories don't exist, and which ones are taken instead."""
        for wanted, taken in sorted(self._nearest.items()):
            yield PlanWarning("nearest-directory", f"{wanted} does not exist; its sessions go to {taken}.")

    def _wanted(self, directory: str, base: str) -> str:
        if self.directory is None:
            return directory
        real, top = normalise(directory), normalise(base)  # `..` may lead anywhere, whatever a path begins with
        below = self.subdirs != "flatten" and directory != base and is_within(real, top)
        return normalise(f"{self.directory}/{path_below(real, top)}") if below else self.directory

    def _existing(self, wanted: str, directory: str) -> str:
        """Return `wanted` if it exists, else the nearest directory above it, within the destination, that does."""
        if self.directory is None:
            return wanted
        real_top = os.path.realpath(self.directory)
        # A link that leads out of the destination is not taken; nor does `..` in a row lead out of it.
        below = (path for path in upwards(wanted) if is_within(path, self.directory) and path != self.directory)
        fitting = (
            path
            for path in below
            if (there := existing_directory(path)) and is_within(os.path.realpath(there), real_top)
        )
        taken = next(fitting, self.directory)
        if taken != wanted:
            if self.subdirs == "keep":
                raise MigratorError(
                    f"{wanted} does not exist (for sessions in {directory}); create it, or leave out --subdirs keep "
                    "to use the nearest directory that exists.",
                )
            self._nearest[wanted] = taken
        return taken

    def _check_project(self, place: Place, selected: Selected) -> None:
        wanted = selected.session.project_id if self.keep_project else self.project_id
        if wanted is not None and place.project_id != wanted:
            kept = "its project kept" if self.keep_project else f"{self.project_option} {wanted}"
            raise MigratorError(
                f"{selected.session.id} can't go to {place.directory} with {kept}: opencode resolves that directory to "
                f"project {place.project_id}, so the session would be listed nowhere and answer with an error; "
                f"leave out {self.project_option}.",
            )
