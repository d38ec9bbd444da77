"""The destination of `relocate`: a session goes where its folder went."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.errors import BadInput
from migrator.model import FolderMoves, FolderState, PlanWarning
from migrator.paths import Folders, is_within, normalise
from migrator.planning.relocation.resolvers import Foreign, Moved, Resolver, WillMove
from migrator.text import and_more

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from migrator.model import Binding, Place, Selected
    from migrator.places import Places
    from migrator.planning.relocation.arguments import Pair

SHOWN = 3


def folder_moves(pairs: Iterable[Pair], whereabouts: FolderState) -> FolderMoves:
    """Return the folders as opencode may have stored them: each old one as it was said and by its real path.

    New ones are by their real path, as opencode stores them today. `pairs` hold normal absolute paths; BadInput
    where nothing has moved.
    """
    folders: dict[str, str] = {}
    for old, new, where in pairs:
        if whereabouts is FolderState.FOREIGN:
            folders[old] = new
            continue
        real_new, real_old = os.path.realpath(new), os.path.realpath(old)
        if real_new == old:
            raise BadInput(f"{where}{new} is a link to {old}: nothing has moved")
        folders[old] = real_new
        if not is_within(real_old, real_new):  # a link at the old place leads to the new one
            folders.setdefault(real_old, real_new)
    return FolderMoves(whereabouts, tuple(folders.items()))


class Relocation:
    """A Destination; `workspaces` are the ids of opencode's own workspaces, which sessions stay in."""

    def __init__(self, places: Places, said: FolderMoves, workspaces: Collection[str] = ()) -> None:
        self.said = said
        self.folders = Folders(said.folders)
        self.resolver: Resolver = _resolver(places, said.whereabouts, self.folders)
        self._workspaces = frozenset(workspaces)
        self._missing: set[str] = set()

    def wanted(self, directory: str) -> str | None:
        """Return what a stored directory becomes; None where it stays what it is."""
        return self.folders.mapped(self.seen(directory))

    def seen(self, directory: str) -> str:
        """Return a stored directory, or its real path if that is what moved: early versions stored symlinks."""
        if (
            self.said.whereabouts is FolderState.FOREIGN
            or self.folders.mapped(directory)
            or self.folders.arrived(directory)
        ):
            return directory
        real = os.path.realpath(directory)
        return directory if real == normalise(directory) else real

    def arrived(self, directory: str) -> bool:
        """Tell whether a directory is at its new place already, inside the old one."""
        return self.folders.arrived(directory)

    def place(self, before: Binding) -> Place | None:
        """Return where a session goes that is bound like this; None where it stays. Raises MigratorError."""
        seen = self.seen(before.directory)
        wanted = self.folders.mapped(seen)
        if wanted is None:
            return None
        if not self.resolver.exists(wanted):
            self._missing.add(wanted)
        place = self.resolver.place(before._replace(directory=seen), wanted)
        workspace = before.workspace_id if before.workspace_id in self._workspaces else None
        return replace(place, follows=place.binding._replace(workspace_id=workspace))

    def place_for(self, selected: Selected) -> Place | None:
        """Return where this session goes; None where it stays."""
        return self.place(selected.session.binding)

    def warnings(self) -> Iterable[PlanWarning]:
        """Say once which directories aren't there."""
        if self._missing:
            first, *more = sorted(self._missing)
            others = f" and {more[0]}" if len(more) == 1 else and_more(len(more), "directory", "directories")
            yield PlanWarning(
                "missing-directory",
                f"{first}{others} {'do' if more else 'does'} not exist; the sessions keep their sub-paths, since the "
                "folder moved as a whole.",
            )


def _resolver(places: Places, whereabouts: FolderState, folders: Folders) -> Resolver:
    if whereabouts is FolderState.FOREIGN:
        return Foreign(folders)
    return Moved(places, folders) if whereabouts is FolderState.MOVED else WillMove(places, folders)
