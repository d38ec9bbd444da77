"""A project row that changes, as the journal holds it: every value before and after."""

from __future__ import annotations

import json

from migrator.model import DirectoryChange, ProjectAction, ProjectChange, ProjectPaths, WorkspaceChange


def update_row(update: ProjectChange) -> tuple[str, str | None, str]:
    """Return the row of the table `project_update`: id, vcs, and the rest as JSON."""
    paths = [update.before, update.after, update.directories, update.workspaces]
    return update.id, update.vcs, json.dumps(paths, ensure_ascii=False)


def read_update(id_: str, vcs: str | None, paths: str) -> ProjectChange:
    """Return the update that such a row holds."""
    before, after, directories, workspaces = json.loads(paths)
    rows = [[row and tuple(map(tuple, row)) for row in change] for change in directories]
    return ProjectChange(
        id_, after[0], ProjectAction.UPDATE, vcs, ProjectPaths(*before), ProjectPaths(*after),
        tuple(DirectoryChange(*change) for change in rows), tuple(WorkspaceChange(*change) for change in workspaces),
    )  # fmt: skip
