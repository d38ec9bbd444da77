"""Reading projects: their rows, and those of their checkouts and workspaces.

No directory belongs to the project `global`, whatever its rows say: see `GLOBAL`. Only who asks for the rows of that
very project gets them as they are.
"""

from __future__ import annotations

from collections import defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from migrator.model import GLOBAL, Project, ProjectPaths
from migrator.store import row_json
from migrator.store.open_database import OpenDatabase
from migrator.store.sql import DIRECTORIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import Row


class WorkspaceRow(NamedTuple):
    """A row of opencode's own table `workspace`; None for what its opencode has no column for."""

    id: str
    project_id: str
    type: str | None
    directory: str | None


class ProjectRows(NamedTuple):
    """The paths in the rows of a project: `project` itself, `project_directory` and `workspace`.

    `workspaces` are (id, directory) of those that have a directory.
    """

    id: str
    vcs: str | None
    paths: ProjectPaths
    directories: tuple[Row, ...]
    workspaces: tuple[tuple[str, str], ...]


class ProjectReader(OpenDatabase):
    """An opencode database, as far as its projects are read."""

    def projects(self) -> list[Project]:
        """Return every project row, by id."""
        rows = self.rows("SELECT id, worktree, vcs, name, sandboxes FROM project ORDER BY id")
        return [
            Project(GLOBAL, "/")
            if id_ == GLOBAL
            else Project(id_, worktree, vcs, name, tuple(row_json.paths(boxes) or ()))
            for id_, worktree, vcs, name, boxes in rows
        ]

    def workspaces(self) -> dict[str, WorkspaceRow]:
        """Return opencode's own workspaces by their ids; those of opencode 2 have no directory."""
        if not (columns := self.columns_of("workspace")):
            return {}
        selected = ", ".join(name if name in columns else "NULL" for name in WorkspaceRow._fields)
        return {row[0]: WorkspaceRow._make(row) for row in self.rows(f"SELECT {selected} FROM workspace ORDER BY id")}

    def project_directory_rows(self) -> list[Row]:
        """Return the whole rows of `project_directory`, which opencode 1.17 and later have, by project."""
        if not (columns := self.columns_of(DIRECTORIES)):
            return []
        rows = self.rows(f"SELECT {', '.join(columns)} FROM {DIRECTORIES} ORDER BY project_id, directory")
        return [tuple(zip(columns, row, strict=True)) for row in rows]

    def project_rows(self, ids: Iterable[str] | None = None) -> dict[str, ProjectRows]:
        """Return the paths in the rows of every project by its id; with `ids`, of those of them that exist.

        `global` has no paths but those of its workspaces. If it is one of `ids`, it has what its rows say: an earlier
        version of ours may have changed them. A project whose `sandboxes` are NULL is left out: it is none of ours.
        """
        directories: defaultdict[str, list[Row]] = defaultdict(list)
        for row in self.project_directory_rows():
            directories[str(dict(row)["project_id"])].append(row)
        workspaces: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for workspace in self.workspaces().values():
            if workspace.directory is not None:
                workspaces[workspace.project_id].append((workspace.id, workspace.directory))
        wanted = None if ids is None else set(ids)
        found = {
            id_: ProjectRows(id_, vcs, ProjectPaths(worktree, boxes), tuple(directories[id_]), tuple(workspaces[id_]))
            for id_, vcs, worktree, boxes in self.rows("SELECT id, vcs, worktree, sandboxes FROM project ORDER BY id")
            if (wanted is None or id_ in wanted) and boxes is not None
        }
        if wanted is None and GLOBAL in found:
            found[GLOBAL] = ProjectRows(GLOBAL, None, ProjectPaths("/", "[]"), (), tuple(workspaces[GLOBAL]))
        return found

    def worktrees(self) -> frozenset[tuple[str, str]]:
        """Return the rows of `worktree`: (project id, directory) of each checkout that opencode 2 has opened."""
        return frozenset((str(row["project_id"]), str(row["directory"])) for row in self._worktree_rows())

    def _worktree_rows(self) -> list[dict[str, str | int | float | None]]:
        if not self.columns_of("worktree"):
            return []
        columns = ("project_id", "directory", "time_created")
        return [dict(zip(columns, row, strict=True)) for row in self.rows(f"SELECT {', '.join(columns)} FROM worktree")]

    def project_directories(self) -> dict[str, list[str]]:
        """Map each project to the checkouts that opencode 1.17 and later have on record of it, gone ones too.

        Opencode 2 has them in `worktree`, and leaves the other table behind as it was.
        """
        found: dict[str, list[str]] = {}
        for project_id, directory in sorted(self.checkouts_opened(), key=itemgetter(1)):
            found.setdefault(project_id, []).append(directory)
        return found

    def checkouts_opened(self) -> dict[tuple[str, str], int]:
        """Map (project id, directory) of the checkouts of `project_directories` to when opencode first opened them.

        That is in milliseconds since 1970, 0 where it isn't known.
        """
        found: dict[tuple[str, str], int] = {}
        for row in [*map(dict, self.project_directory_rows()), *self._worktree_rows()]:
            key, time = (str(row["project_id"]), str(row["directory"])), row.get("time_created")
            if key[0] == GLOBAL:
                continue
            time = time if isinstance(time, int) else 0
            found[key] = min(found.get(key, time), time)
        return found
