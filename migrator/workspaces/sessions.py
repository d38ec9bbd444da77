"""Which sessions belong to a repository: THE rule, in one place.

A session belongs to the innermost workspace that its directory is in or below, by where the workspace is or was. That
alone would sweep in look-alikes, so it must also be of this repository's project; or of opencode's project "global"
(in opencode 2, of a project that is its directory alone), into which a secondary jj workspace falls, where nothing but
the workspace can have been meant:

- the workspace stands there now (its own files name the repository), and no other repository lies between;
- or jj has it on record there, and nothing is there now.

What the disk has forgotten is known from two memories, and from nothing like a similar name:

- a git worktree: the database has sessions, a sandbox or a project_directory of this project there, and what was there
  is gone or part of no repository now;
- a jj workspace: jj's operation log says that `jj workspace add` made one there, every session there is younger, and
  nothing is there now.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from migrator.paths import checkout_root, upwards
from migrator.places.checkout import GLOBAL, is_outside
from migrator.workspaces import jj
from migrator.workspaces.discover import with_workspaces
from migrator.workspaces.find_repository import is_marked, marked
from migrator.workspaces.jj_op_log import additions
from migrator.workspaces.model import Repository, Workspace, WorkspaceState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from migrator.model import Place, Project, Remembered
    from migrator.workspaces.jj_op_log import Addition


class WorkspaceRoot(NamedTuple):
    """The workspace that sessions belong to, and which of its roots they are in or below."""

    workspace: Workspace
    root: str


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Sessions in a place of this repository that are not its own, and why."""

    directory: str
    project_id: str
    sessions: int
    because: str


@dataclass(frozen=True, slots=True)
class RepositorySessions:
    """A repository with every workspace that anything remembers, and whose the sessions are.

    `owners` is by (directory, project id) of the sessions.
    """

    repository: Repository
    owners: Mapping[tuple[str, str], WorkspaceRoot]
    sessions: Mapping[Workspace, int]
    look_alikes: tuple[LookAlike, ...]


@dataclass(frozen=True, slots=True)
class DatabaseRecord:
    """What the database remembers; `checkouts` are (project id, directory) of its project_directory table."""

    rows: Sequence[Remembered]
    projects: Sequence[Project]
    checkouts: Sequence[tuple[str, str]]


def sessions_by_workspace(
    repository: Repository, memory: DatabaseRecord, place: Callable[[str], Place | None]
) -> RepositorySessions:
    """Find the workspaces of a repository and their sessions; `place` says what opencode makes of a directory."""
    place = cache(place)
    hints = [row.directory for row in memory.rows]
    repository = with_workspaces(repository, hints)
    ids = _project_ids(repository, place)
    repository = _with_forgotten(repository, memory)
    found = sorted((*repository.workspaces, *_pruned(repository, memory, ids)), key=lambda w: (not w.main, w.name))
    repository = replace(repository, workspaces=tuple(found))
    repository = replace(repository, notes=(*repository.notes, *_unplaced(repository)))
    ground = _Ground(repository, ids, place)
    owners: dict[tuple[str, str], WorkspaceRoot] = {}
    sessions: Counter[Workspace] = Counter()
    look_alikes = []
    for row in memory.rows:
        owner = ground.innermost(row.directory)
        if owner is None:
            continue
        obstacle = ground.obstacle(row, owner)
        if obstacle is None:
            owners[row.directory, row.project_id] = owner
            sessions[owner.workspace] += row.sessions
        else:
            look_alikes.append(LookAlike(row.directory, row.project_id, row.sessions, obstacle))
    return RepositorySessions(repository, owners, sessions, tuple(look_alikes))


def _project_ids(repository: Repository, place: Callable[[str], Place | None]) -> frozenset[str]:
    """Return what opencode calls this repository: one id for all of its git working copies."""
    standing = [w.path for w in repository.workspaces if "git" in w.kind and w.state is WorkspaceState.ALIVE]
    found = (place(path) for path in standing[:1])
    return frozenset(seen.project_id for seen in found if seen is not None) - {GLOBAL}


def _unplaced(repository: Repository) -> Iterator[str]:
    """Say which workspaces jj knows by name alone: older than its index, and not found anywhere."""
    names = (jj.current_names(repository.jj) if repository.jj else None) or frozenset()
    for name in sorted(names - {workspace.name for workspace in repository.workspaces}):
        yield f"jj knows a workspace {name}, but not where it is; its sessions can be selected with --from-dir"


class _Ground:
    """The places of a repository's workspaces, as they are now."""

    def __init__(self, repository: Repository, ids: frozenset[str], place: Callable[[str], Place | None]) -> None:
        self._owners = {
            root: WorkspaceRoot(w, root) for w in reversed(repository.workspaces) for root in reversed(w.roots)
        }
        self._ids = ids
        self._place = place

    def innermost(self, directory: str) -> WorkspaceRoot | None:
        """Return the workspace that a directory is in or below, the innermost where they are nested."""
        return next((owner for above in upwards(directory) if (owner := self._owners.get(above))), None)

    def obstacle(self, row: Remembered, owner: WorkspaceRoot) -> str | None:
        """Return why these sessions are not the workspace's, None where they are."""
        workspace, root = owner
        if root == workspace.path and _stands(workspace):
            return self._where_it_stands(row, root)
        if os.path.isdir(root) and is_marked(root):
            left_behind = row.project_id in self._ids and row.project_id != self._project(root)
            return None if left_behind else f"{root} is another repository now"
        if row.project_id in self._ids:
            return None
        if is_outside(row.project_id, row.directory) and "jj" in workspace.kind:
            return f"{root} is there, and no workspace of this repository" if os.path.isdir(root) else None
        return f"they are bound to project {row.project_id}, and the workspace that was there is gone"

    def _where_it_stands(self, row: Remembered, root: str) -> str | None:
        if (inner := _other_top(row.directory, root)) is not None:
            return f"{inner} is another repository"
        if row.project_id in self._ids or is_outside(row.project_id, row.directory):
            return None
        if row.project_id == self._project(root):
            return None
        return f"they are bound to project {row.project_id}, which is another repository's"

    def _project(self, root: str) -> str | None:
        seen = self._place(root)
        return seen.project_id if seen is not None else None


def _stands(workspace: Workspace) -> bool:
    """Tell whether the directory is there and its own files name the repository."""
    if workspace.state in {WorkspaceState.ALIVE, WorkspaceState.MOVED}:
        return True
    return workspace.state in {WorkspaceState.FORGOTTEN, WorkspaceState.PRUNED} and is_marked(workspace.path)


def _other_top(directory: str, root: str) -> str | None:
    """Return the top of another repository at or above `directory` and below `root`."""
    here = directory
    while here != root:
        if is_marked(here):
            return here
        here = os.path.dirname(here)
    return None


def _with_forgotten(repository: Repository, memory: DatabaseRecord) -> Repository:
    """Add the jj workspaces that only the operation log remembers, where the database has sessions of theirs.

    The log has the command as it was typed but not where, so a relative destination is tried from the top of each
    workspace. Whatever was there before was no workspace: `jj workspace add` refuses a directory that isn't empty.
    """
    if repository.jj is None:
        return repository
    oldest: dict[str, int] = {}
    for row in memory.rows:
        if is_outside(row.project_id, row.directory):
            for above in upwards(row.directory):
                oldest[above] = min(row.first_created, oldest.get(above, row.first_created))
    names = jj.current_names(repository.jj) or frozenset()
    workspaces = {workspace.path: workspace for workspace in repository.workspaces}
    known = {root for workspace in repository.workspaces for root in workspace.roots}
    beginnings = dict.fromkeys(known)
    for addition in additions(repository.jj):
        for destination in addition.destinations([*beginnings]):
            if destination in known or os.path.lexists(destination) or oldest.get(destination, -1) < addition.at:
                continue
            known.add(destination)
            if os.path.dirname(destination) not in map(os.path.dirname, beginnings):
                beginnings[destination] = None
            found = _forgotten(destination, addition, workspaces.values(), names)
            workspaces[found.path] = found
    return replace(repository, workspaces=tuple(workspaces.values()))


def _forgotten(
    destination: str, addition: Addition, workspaces: Iterable[Workspace], names: Collection[str]
) -> Workspace:
    """Return the workspace that was made at `destination`: one that still has its name has moved since."""
    evidence = f"jj's operation log: {addition.command}"
    for workspace in workspaces:
        if workspace.name == addition.name and workspace.state is WorkspaceState.ALIVE and not workspace.main:
            formerly = (*workspace.formerly, destination)
            return replace(workspace, state=WorkspaceState.MOVED, formerly=formerly, evidence=evidence)
    state = WorkspaceState.MISSING if addition.name in names else WorkspaceState.FORGOTTEN
    return Workspace(addition.name, destination, "jj", state, evidence=evidence)


def _pruned(repository: Repository, memory: DatabaseRecord, ids: frozenset[str]) -> Iterator[Workspace]:
    """Yield the git worktrees that only the database remembers."""
    if repository.common is None:
        return
    known = {root for workspace in repository.workspaces for root in workspace.roots}
    on_record = {
        **{directory: "project_directory" for id_, directory in memory.checkouts if id_ in ids},
        **{box: "project.sandboxes" for project in memory.projects if project.id in ids for box in project.sandboxes},
        **{project.worktree: "project.worktree" for project in memory.projects if project.id in ids},
    }
    roots = known.union(on_record)
    rows = [row for row in memory.rows if row.project_id in ids]
    tops = {checkout_root(row.directory, row.path, roots) or row.directory: "sessions of this project" for row in rows}
    for top, evidence in sorted((tops | on_record).items()):
        if top not in known and (not os.path.isdir(top) or marked(top) is None):
            yield Workspace(
                os.path.basename(top), top, "git", WorkspaceState.PRUNED, evidence=f"the database: {evidence}"
            )
