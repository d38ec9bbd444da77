"""What a run is given to do, and what its journal holds besides changes and edits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from migrator.model import DirectoryChange, ProjectAction, ProjectChange, ProjectPaths, RunStatus, WorkspaceChange

if TYPE_CHECKING:
    from migrator.model import Plan
    from migrator.store.writer import Edit


@dataclass(frozen=True, slots=True)
class RunEntry:
    """The row of a run; times in milliseconds.

    `store` is the path that the database had; which one it is now is told by its rows (traces.py). `chunk_size` None
    lets chunks follow the time that they take. `announces` tells whether the model of opencode 2 is told about a new
    directory.
    """

    id: str
    command: str
    store: str
    dialect: str
    status: RunStatus
    started: int
    sessions: int
    chunk_size: int | None
    undoes: str | None
    partial: bool
    verified: int
    relocates: bool
    announces: bool

    @property
    def unfinished(self) -> bool:
        """Whether it was cut off in the middle."""
        return self.status in {RunStatus.RUNNING, RunStatus.ROLLING_BACK}


@dataclass(frozen=True, slots=True)
class ProjectEdit:
    """A project row that a run registers, or that an undo takes out again; `registered` in milliseconds."""

    change: ProjectChange
    register: bool
    registered: int


class Carried(NamedTuple):
    """Two snapshot repositories between which a run copied objects, and the worktree of each; full paths.

    `made` tells that the run created the target.
    """

    source: str
    source_worktree: str
    target: str
    target_worktree: str
    made: bool


@dataclass(frozen=True, slots=True)
class Job:
    """What one run does, forward or back: a plan, and what it takes to carry that out.

    `prepared_edits` set values in the same chunk as their session: back to what they were if a run is undone, or to
    what they become if file undo is carried. `projects` are the project rows to register or to take out. `undoes` is
    the run that is undone; `partial` tells that conflicts are left out. `carried` is what preparing file undo has done.
    `made_on` is the path of the database that the plan, or the run that is undone, was made on.
    """

    plan: Plan
    prepared_edits: tuple[Edit, ...] = ()
    projects: tuple[ProjectEdit, ...] = ()
    undoes: str | None = None
    partial: bool = False
    carried: tuple[Carried, ...] = ()
    made_on: str | None = None


def update_row(update: ProjectChange) -> tuple[str, str | None, str]:
    """Return the row of the journal's table `project_update`: id, vcs, and every value before and after as JSON."""
    paths = [update.before, update.after, update.directories, update.workspaces]
    return update.id, update.vcs, json.dumps(paths, ensure_ascii=False)


def read_update(id_: str, vcs: str | None, paths: str) -> ProjectChange:
    """Return the update that a row of `project_update` holds."""
    before, after, directories, workspaces = json.loads(paths)
    rows = [[row and tuple(map(tuple, row)) for row in change] for change in directories]
    return ProjectChange(
        id_, after[0], ProjectAction.UPDATE, vcs, ProjectPaths(*before), ProjectPaths(*after),
        tuple(DirectoryChange(*change) for change in rows), tuple(WorkspaceChange(*change) for change in workspaces),
    )  # fmt: skip
