"""The rows that say where a project is: `project` itself, `project_directory` (1.17.0 and later), `workspace`."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from migrator.model import ProjectPaths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import Row
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
    directories: defaultdict[str, list[Row]] = defaultdict(list)
    for row in store.project_directory_rows():
        directories[str(dict(row)["project_id"])].append(row)
    workspaces: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for workspace in store.workspaces().values():
        if workspace.directory is not None:
            workspaces[workspace.project_id].append((workspace.id, workspace.directory))
    wanted = None if ids is None else set(ids)
    return {
        id_: ProjectRows(id_, vcs, ProjectPaths(worktree, boxes), tuple(directories[id_]), tuple(workspaces[id_]))
        for id_, vcs, worktree, boxes in store.rows("SELECT id, vcs, worktree, sandboxes FROM project ORDER BY id")
        if (wanted is None or id_ in wanted) and isinstance(worktree, str) and isinstance(boxes, str)
    }


def parse_sandboxes(text: str) -> list[str] | None:
    """Decode `project.sandboxes`; None if it is no JSON array of strings."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, list) and all(isinstance(item, str) for item in value) else None
