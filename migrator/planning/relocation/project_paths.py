"""What project rows become when their folders move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import (
    DirectoryChange,
    PlanWarning,
    ProjectAction,
    ProjectChange,
    ProjectPaths,
    Row,
    WorkspaceChange,
)
from migrator.places.checkout import directory_project_id
from migrator.store.json_text import stringify
from migrator.store.project_rows import ProjectRows, parse_sandboxes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from migrator.planning.relocation.destination import Relocation


def project_updates(
    rows: Iterable[ProjectRows], relocation: Relocation
) -> tuple[list[ProjectChange], list[PlanWarning]]:
    """Return the rows that change, and which of them don't although their folder moved."""
    found = [_Following(project, relocation) for project in rows]
    updates = [change for following in found if (change := following.change())]
    return updates, [warning for following in found for warning in following.warnings]


class _Following:
    """One project, following its folders where that stays true."""

    def __init__(self, rows: ProjectRows, relocation: Relocation) -> None:
        self._rows = rows
        self._relocation = relocation
        self.warnings: list[PlanWarning] = []

    def change(self) -> ProjectChange | None:
        rows, paths = self._rows, self._rows.paths
        worktree = self._worktree()
        after = ProjectPaths(worktree, _sandboxes(paths, worktree, self._followed))
        directories = tuple(_directories(rows.directories, self._followed))
        workspaces = tuple(
            WorkspaceChange(id_, directory, new)
            for id_, directory in rows.workspaces
            if (new := self._relocation.wanted(directory)) is not None
        )
        if after == paths and not directories and not workspaces:
            return None
        return ProjectChange(rows.id, worktree, ProjectAction.UPDATE, rows.vcs, paths, after, directories, workspaces)

    def _worktree(self) -> str:
        old = self._rows.paths.worktree
        new = self._followed(old)
        wanted = self._relocation.wanted(old)
        if new == old and wanted is not None and old != "/" and not self._is_its_own(old):
            self.warnings.append(
                PlanWarning(
                    "project-stays",
                    f"Project {self._rows.id} keeps its worktree {old}: opencode takes {wanted} for another project.",
                ),
            )
        return new

    def _followed(self, directory: str) -> str:
        """Return what a directory of this project becomes."""
        if directory == "/" or self._is_its_own(directory):  # "/" stands for no repository
            return directory
        new = self._relocation.wanted(directory)
        return new if new is not None and self._relocation.resolver.holds(new, self._rows.id) else directory

    def _is_its_own(self, directory: str) -> bool:
        """Tell whether opencode 2 has this project for this very directory: elsewhere it is another project."""
        return self._rows.id == directory_project_id(directory)


def _sandboxes(paths: ProjectPaths, worktree: str, followed: Callable[[str], str]) -> str:
    """Return the other checkouts as JSON text: none twice, and none that is the worktree.

    opencode opened in the new place has put that there already.
    """
    before = parse_sandboxes(paths.sandboxes)
    if before is None:
        return paths.sandboxes
    after = [followed(directory) for directory in before]
    if after == before and worktree == paths.worktree:
        return paths.sandboxes
    after = [directory for directory in dict.fromkeys(after) if directory != worktree]
    return paths.sandboxes if after == before else stringify(after)


def _directories(rows: Iterable[Row], followed: Callable[[str], str]) -> Iterable[DirectoryChange]:
    """Yield the rows that change; of two that would be for one directory the one that was there stays."""
    moves = [(row, str(dict(row)["directory"]), followed(str(dict(row)["directory"]))) for row in rows]
    taken = {new for _, old, new in moves if new == old}
    for row, old, new in moves:
        if new == old:
            continue
        after = tuple((column, new if column == "directory" else value) for column, value in row)
        yield DirectoryChange(row, None if new in taken else after)
        taken.add(new)
