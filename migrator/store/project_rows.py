"""The rows that say where a project is: `project` itself, `project_directory` (1.17.0 and later), `workspace`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import ProjectPaths, Row
    from migrator.store.reader import Store


class ProjectRows(NamedTuple):
    """The paths in the rows of a project; `workspaces` are (id, directory) of those that have a directory."""

    id: str
    vcs: str | None
    paths: ProjectPaths
    directories: tuple[Row, ...]
    workspaces: tuple[tuple[str, str], ...]


def project_rows(store: Store, ids: Iterable[str] | None = None) -> dict[str, ProjectRows]:
    """Return every project by its id, or those of `ids` that exist.

    A project whose columns aren't the text that they should be is left out: whatever it is, it isn't ours to change.
    """
    from migrator.model import ProjectPaths

    directories: dict[str, list[Row]] = {}
    for row in store.project_directory_rows():
        directories.setdefault(str(dict(row)["project_id"]), []).append(row)
    workspaces: dict[str, list[tuple[str, str]]] = {}
    for workspace in store.workspaces().values():
        if workspace.directory is not None:
            workspaces.setdefault(workspace.project_id, []).append((workspace.id, workspace.directory))
    wanted = None if ids is None else set(ids)
    found = {}
    for id_, vcs, worktree, sandboxes in store.rows("SELECT id, vcs, worktree, sandboxes FROM project ORDER BY id"):
        if (wanted is None or id_ in wanted) and isinstance(worktree, str) and isinstance(sandboxes, str):
            paths = ProjectPaths(worktree, sandboxes)
            found[id_] = ProjectRows(id_, vcs, paths, tuple(directories.get(id_, ())), tuple(workspaces.get(id_, ())))
    return found


def parse_sandboxes(text: str) -> list[str] | None:
    """Decode `project.sandboxes`; None where it is no JSON array of strings."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, list) and all(isinstance(item, str) for item in value) else None
