"""The workspaces that are no longer on the disk. There are two kinds of evidence; a similar name is none.

- A git worktree: the database has sessions, a sandbox or a project_directory of this project there, and what was there
  is gone, or is part of no repository now.
- A jj workspace: jj's operation log says that `jj workspace add` made one there, every session there is younger, and
  nothing is there now.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.disk.status import is_directory, is_there
from migrator.errors import CantTell
from migrator.paths import checkout_root, comparable, is_of_another_system, last_name, upwards
from migrator.places.checkout import is_outside_repository
from migrator.workspaces import jj
from migrator.workspaces.find_repository import working_copy_root
from migrator.workspaces.jj_op_log import additions
from migrator.workspaces.model import Workspace, WorkspaceState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from migrator.model import SessionDirectory
    from migrator.workspaces.jj_op_log import Addition
    from migrator.workspaces.model import Repository, StoredDirectories


def with_forgotten_workspaces(repository: Repository, stored: StoredDirectories, project_id: str | None) -> Repository:
    """Return the repository with its forgotten workspaces too; `project_id` is opencode's id for it."""
    names = (jj.workspace_names(repository.jj) if repository.jj else None) or frozenset()
    workspaces = [*repository.workspaces]
    if repository.jj is not None:
        workspaces = _with_added_by_jj(workspaces, additions(repository.jj), names, stored.sessions)
    if repository.common is not None and project_id is not None:
        workspaces += _pruned_worktrees(workspaces, stored, project_id)
    # jj knows a workspace by name alone if it is older than jj's index and was not found anywhere.
    notes = [
        f"jj knows a workspace {name}, but not where it is; its sessions can be selected with --from-dir"
        for name in sorted(names - {workspace.name for workspace in workspaces})
    ]
    workspaces.sort(key=lambda workspace: (not workspace.main, workspace.name))
    return replace(repository, workspaces=tuple(workspaces), notes=(*repository.notes, *notes))


def _with_added_by_jj(
    workspaces: Iterable[Workspace], log: Iterable[Addition], names: Collection[str], rows: Iterable[SessionDirectory]
) -> list[Workspace]:
    """Add the jj workspaces that only the operation log has, if the database has sessions there.

    The log has the command as it was typed but not where, so a relative destination is tried from the root of each
    workspace. Whatever was there before was no workspace: `jj workspace add` refuses a directory that isn't empty.
    """
    first_session: dict[str, int] = {}
    for row in rows:
        if is_outside_repository(row.project_id, row.directory):
            for above in upwards(row.directory):
                first_session[above] = min(row.first_created, first_session.get(above, row.first_created))
    by_path = {workspace.path: workspace for workspace in workspaces}
    known = {root for workspace in by_path.values() for root in workspace.roots}
    starts = dict.fromkeys(known)
    for addition in log:
        for destination in addition.destinations([*starts]):
            is_younger = first_session.get(destination, -1) >= addition.at
            if destination in known or not is_younger:
                continue
            known.add(destination)
            try:
                if is_there(destination):
                    continue
            except CantTell as error:
                unknown = Workspace(addition.name, destination, "jj", WorkspaceState.UNREADABLE, evidence=str(error))
                by_path[destination] = unknown
                continue
            if os.path.dirname(destination) not in map(os.path.dirname, starts):
                starts[destination] = None
            workspace = _added_workspace(destination, addition, by_path.values(), names)
            by_path[workspace.path] = workspace
    return [*by_path.values()]


def _added_workspace(
    destination: str, addition: Addition, workspaces: Iterable[Workspace], names: Collection[str]
) -> Workspace:
    """Return the workspace that was made at `destination`: if one still has its name, it has moved since."""
    evidence = f"jj's operation log: {addition.command}"
    for workspace in workspaces:
        if workspace.name == addition.name and workspace.state is WorkspaceState.ALIVE and not workspace.main:
            formerly = (*workspace.formerly, destination)
            return replace(workspace, state=WorkspaceState.MOVED, formerly=formerly, evidence=evidence)
    state = WorkspaceState.MISSING if addition.name in names else WorkspaceState.FORGOTTEN
    return Workspace(addition.name, destination, "jj", state, evidence=evidence)


def _pruned_worktrees(
    workspaces: Iterable[Workspace], stored: StoredDirectories, project_id: str
) -> Iterator[Workspace]:
    """Yield the git worktrees that only the database knows of."""
    known = {comparable(root) for workspace in workspaces for root in workspace.roots}
    projects = [project for project in stored.projects if project.id == project_id]
    on_record = {
        **{directory: "project_directory" for id_, directory in stored.checkouts if id_ == project_id},
        **{sandbox: "project.sandboxes" for project in projects for sandbox in project.sandboxes},
        **{project.worktree: "project.worktree" for project in projects},
    }
    roots = known.union(on_record)
    rows = [row for row in stored.sessions if row.project_id == project_id]
    of_sessions = [checkout_root(row.directory, row.path, roots) or row.directory for row in rows]
    for root, source in sorted((dict.fromkeys(of_sessions, "sessions of this project") | on_record).items()):
        if comparable(root) in known:
            continue
        known.add(comparable(root))
        evidence, state = f"the database: {source}", WorkspaceState.PRUNED
        if is_of_another_system(root):
            evidence, state = f"{evidence}; it is a path of another system", WorkspaceState.UNREADABLE
        try:
            if is_directory(root) and working_copy_root(root) is not None:
                continue
        except CantTell as error:
            evidence, state = f"{evidence}; {error}", WorkspaceState.UNREADABLE
        yield Workspace(last_name(root), root, "git", state, evidence=evidence)
