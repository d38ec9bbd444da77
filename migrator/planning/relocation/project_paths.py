"""What project rows become when their folders move."""

from __future__ import annotations

from functools import partial
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
from migrator.store import row_json
from migrator.store.row_json import stringify

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from migrator.planning.relocation.destination import Relocation
    from migrator.store.project_rows import ProjectRows


def project_updates(
    projects: Collection[ProjectRows], relocation: Relocation
) -> tuple[list[ProjectChange], list[PlanWarning]]:
    """Return the rows that change, and warnings about those that don't although their folder moved."""
    changes = [change for project in projects if (change := _change(project, relocation))]
    return changes, [warning for project in projects if (warning := _stays_warning(project, relocation))]


def directory_of(row: Row) -> str:
    """Return the directory in a row of `project_directory`."""
    return str(dict(row)["directory"])


def _change(project: ProjectRows, relocation: Relocation) -> ProjectChange | None:
    new_path = partial(_new_path, project.id, relocation)
    paths = project.paths
    worktree = new_path(paths.worktree)
    after = ProjectPaths(worktree, _sandboxes(paths, worktree, new_path))
    directories = tuple(_directories(project.directories, new_path))
    workspaces = tuple(
        WorkspaceChange(id_, directory, new)
        for id_, directory in project.workspaces
        if (new := relocation.new_directory(directory)) is not None
    )
    if after == paths and not directories and not workspaces:
        return None
    return ProjectChange(project.id, worktree, ProjectAction.UPDATE, project.vcs, paths, after, directories, workspaces)


def _stays_warning(project: ProjectRows, relocation: Relocation) -> PlanWarning | None:
    old = project.paths.worktree
    new = relocation.new_directory(old)
    if new is None or _is_fixed(old, project.id) or _new_path(project.id, relocation, old) != old:
        return None
    return PlanWarning(
        "project-stays",
        f"Project {project.id} keeps its worktree {old}: opencode takes {new} for another project.",
    )


def _new_path(project_id: str, relocation: Relocation, directory: str) -> str:
    """Return what a directory of a project becomes; it stays if the new one would be another project's."""
    new = None if _is_fixed(directory, project_id) else relocation.new_directory(directory)
    return new if new is not None and relocation.resolver.is_of_project(new, project_id) else directory


def _is_fixed(directory: str, project_id: str) -> bool:
    """Tell whether a project can have no other path: "/" is no repository's, and a directory's project is its own."""
    return directory == "/" or project_id == directory_project_id(directory)


def _sandboxes(paths: ProjectPaths, worktree: str, new_path: Callable[[str], str]) -> str:
    """Return the other checkouts as JSON text: none twice, and without the worktree.

    If opencode was opened in the new place, it has put that there already.
    """
    before = row_json.paths(paths.sandboxes)
    if before is None:
        return paths.sandboxes
    after = [new_path(directory) for directory in before]
    if after == before and worktree == paths.worktree:
        return paths.sandboxes
    after = [directory for directory in dict.fromkeys(after) if directory != worktree]
    return paths.sandboxes if after == before else stringify(after)


def _directories(rows: Iterable[Row], new_path: Callable[[str], str]) -> Iterable[DirectoryChange]:
    """Yield the rows that change; if two would be for one directory, the one that was there before stays."""
    moves = [(row, directory_of(row), new_path(directory_of(row))) for row in rows]
    taken = {new for _, old, new in moves if new == old}
    for row, old, new in moves:
        if new == old:
            continue
        after = tuple((column, new if column == "directory" else value) for column, value in row)
        yield DirectoryChange(row, None if new in taken else after)
        taken.add(new)
