"""The destination of `relocate`: a session goes where its folder went."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.disk.spelling import difference, existing_directory, folder_map, is_one_name
from migrator.errors import BadInput
from migrator.model import FolderMoves, FolderState, PlanWarning
from migrator.paths import is_windows, is_within, normalise
from migrator.places.small_files import real_path
from migrator.planning.relocation.resolvers import RESOLVERS
from migrator.text import agree, and_more

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from migrator.model import Binding, Place, Selected
    from migrator.places import Places
    from migrator.planning.relocation.arguments import Pair


def folder_moves(pairs: Iterable[Pair], state: FolderState) -> FolderMoves:
    """Return the folders by the paths that opencode may have stored: each old one as typed and by its real path.

    New ones are by their real path, as opencode stores them today. `pairs` hold normal absolute paths. Raises BadInput
    if nothing has moved.
    """
    folders: dict[str, str] = {}
    for typed, new, where in pairs:
        if state is FolderState.FOREIGN:
            folders[typed] = new
            continue
        will_move = state is FolderState.WILL_MOVE
        old = (will_move and existing_directory(typed)) or typed
        real_new, real_old = real_path(new), real_path(old)
        if will_move and is_one_name(old, new):
            real_new = os.path.join(real_path(os.path.dirname(new)), os.path.basename(new))
        if real_new == old:
            link = f"{new} is a link to {old}"
            if spelling := difference(new, old):
                link = f"{new} is {old} on the disk, {spelling}"
            raise BadInput(f"{where}the path {link}: nothing has moved, so say where the folder was and where it is")
        folders[old] = real_new
        if not is_within(real_old, real_new):  # else a link at the old place leads to the new one
            folders.setdefault(real_old, real_new)
    return FolderMoves(state, tuple(folders.items()))


class Relocation:
    """A Destination; `workspaces` are the ids of opencode's own workspaces, which sessions stay in.

    With `project_id`, only sessions of that project follow: something else may be where the old folders were.
    """

    def __init__(
        self, places: Places, moves: FolderMoves, workspaces: Collection[str] = (), project_id: str | None = None
    ) -> None:
        self.moves = moves
        self.project_id = project_id
        self.folders = folder_map(moves)
        self.resolver = RESOLVERS[moves.state](places, self.folders)
        self._workspaces = frozenset(workspaces)
        self._missing: set[str] = set()

    def new_directory(self, directory: str) -> str | None:
        """Return what a stored directory becomes; None if it stays the same."""
        new = self.folders.new_path(self.moved_path(directory))
        if new is None or self.moves.state is not FolderState.MOVED:
            return new
        spelled = existing_directory(new, any_case=is_windows(directory)) or new
        return None if spelled == directory else spelled

    def moved_path(self, directory: str) -> str:
        """Return a stored directory, or its real path if that is what moved: early versions stored symlinks."""
        if self.moves.state is FolderState.FOREIGN:
            return directory
        if self.folders.new_path(directory) or self.folders.has_arrived(directory):
            return directory
        real = real_path(directory)
        return directory if real == normalise(directory) else real

    def place(self, before: Binding) -> Place | None:
        """Return where a session with this binding goes; None if it stays. Raises MigratorError."""
        old = self.moved_path(before.directory)
        new = self.new_directory(before.directory)
        if new is None:
            return None
        if not self.resolver.will_exist(new):
            self._missing.add(new)
        place = self.resolver.place(before._replace(directory=old), new)
        workspace = before.workspace_id if before.workspace_id in self._workspaces else None
        return replace(place, follows=place.binding._replace(workspace_id=workspace))

    def place_for(self, selected: Selected) -> Place | None:
        """Return where this session goes; None if it stays."""
        is_meant = self.project_id in {None, selected.session.project_id}
        return self.place(selected.session.binding) if is_meant else None

    def warnings(self) -> Iterable[PlanWarning]:
        """Yield a warning about the new directories that won't exist."""
        if self._missing:
            first, *more = sorted(self._missing)
            others = f" and {more[0]}" if len(more) == 1 else and_more(len(more), "directory", "directories")
            yield PlanWarning(
                "missing-directory",
                f"{first}{others} {agree(1 + len(more), 'does')} not exist; the sessions keep their sub-paths, since "
                "the folder moved as a whole.",
            )
