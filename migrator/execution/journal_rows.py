"""What a run is given to do, and what its journal holds beside changes and edits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from migrator.model import RunStatus

if TYPE_CHECKING:
    from migrator.model import Plan, PlanWarning, ProjectChange
    from migrator.store.writer import Edit


@dataclass(frozen=True, slots=True)
class RunEntry:
    """What `log` says of a run; times in milliseconds."""

    id: str
    command: str
    store: str
    status: RunStatus
    started: int
    sessions: int
    undoes: str | None
    partial: bool
    verified: int
    relocates: bool = False

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
    """From which snapshot repository a run has brought objects, of which worktree, and to which; full paths.

    `made` tells that the run made the one that it brought them to.
    """

    source: str
    source_worktree: str
    target: str
    target_worktree: str
    made: bool


@dataclass(frozen=True, slots=True)
class Job:
    """All that one run is to do: its plan, and what is needed beside the plan to carry it out.

    `restores` are values that are set together with the sessions they belong to: back, by an undo; to their new form,
    where file undo is carried. `projects` are the project rows to register or to take out. `undoes` is the run that is
    taken back, `partial` tells that conflicts were left out. `carried` and `warnings` come from preparing file undo.
    """

    plan: Plan
    restores: tuple[Edit, ...] = ()
    projects: tuple[ProjectEdit, ...] = ()
    undoes: str | None = None
    partial: bool = False
    carried: tuple[Carried, ...] = ()
    warnings: tuple[PlanWarning, ...] = ()
