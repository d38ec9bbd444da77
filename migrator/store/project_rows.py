"""The rows that say where a project is: `project` itself, `project_directory` (1.17.0 and later), `workspace`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import ProjectPaths, Row
    from migrator.store.reader import Store

DIRECTORIES = "project_directory"


class ProjectRows(NamedTuple):
    """What a project holds of paths; `workspaces` are (id, directory) of those that have a directory."""

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

    directories = _directories(store)
    workspaces = _workspaces(store)
    wanted = None if ids is None else set(ids)
    found = {}
    for id_, vcs, worktree, sandboxes in store.rows("SELECT id, vcs, worktree, sandboxes FROM project ORDER BY id"):
        if (wanted is None or id_ in wanted) and isinstance(worktree, str) and isinstance(sandboxes, str):
            paths = ProjectPaths(worktree, sandboxes)
            rows = tuple(directories.get(id_, ()))
            found[id_] = ProjectRows(id_, vcs, paths, rows, tuple(workspaces.get(id_, ())))
    return found


def sandbox_list(text: str) -> list[str] | None:
    """Decode `project.sandboxes`; None where it is no JSON array of strings."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, list) and all(isinstance(item, str) for item in value) else None


def _directories(store: Store) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    if columns := store.columns_of(DIRECTORIES):
        for values in store.rows(f"SELECT {', '.join(columns)} FROM {DIRECTORIES} ORDER BY project_id, directory"):
            row = tuple(zip(columns, values, strict=True))
            found.setdefault(dict(row)["project_id"], []).append(row)
    return found


def _workspaces(store: Store) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    if "directory" in store.columns_of("workspace"):
        sql = "SELECT project_id, id, directory FROM workspace WHERE directory IS NOT NULL ORDER BY id"
        for project, id_, directory in store.rows(sql):
            found.setdefault(project, []).append((id_, directory))
    return found
