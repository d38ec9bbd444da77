"""Which sessions belong to a repository: THE rule, in one place.

A session belongs to the innermost workspace whose root, present or former, its directory is in or below. That alone
would sweep in look-alikes, so it must also be of this repository's project. Or it may be of opencode's project "global"
(in opencode 2, of a project of its directory alone): that is what a session in a secondary jj workspace is of. Then one
of these must hold, so that nothing but the workspace can have been meant:

- the workspace is there now (its own files name the repository), and no other repository lies between;
- or jj has it on record there, and nothing is there now.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING

from migrator.disk.spelling import as_on_disk
from migrator.disk.status import is_directory
from migrator.errors import CantTell
from migrator.model import GLOBAL
from migrator.paths import comparable, same_name, upwards
from migrator.places.checkout import is_outside_repository
from migrator.workspaces.discover import with_workspaces
from migrator.workspaces.find_repository import is_working_copy_root
from migrator.workspaces.forgotten import with_forgotten_workspaces
from migrator.workspaces.model import LookAlike, RepositorySessions, Workspace, WorkspaceRoot, WorkspaceState

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.model import Place, SessionDirectory
    from migrator.workspaces.model import Repository, StoredDirectories


def sessions_by_workspace(
    repository: Repository, stored: StoredDirectories, place: Callable[[str], Place | None]
) -> RepositorySessions:
    """Find the workspaces of a repository and their sessions; `place` says what opencode makes of a directory.

    Sessions of which that can't be told are none of its own. Raises MigratorError if it can't be told of the
    repository.
    """

    @cache
    def project_at(directory: str) -> str | None:
        found = place(directory)
        return found.project_id if found is not None else None

    repository = with_workspaces(repository, [row.directory for row in stored.sessions])
    project_id = _project_of(repository, project_at)
    repository = with_forgotten_workspaces(repository, stored, project_id)
    roots = {
        comparable(root): WorkspaceRoot(w, root) for w in reversed(repository.workspaces) for root in reversed(w.roots)
    }
    owners: dict[tuple[str, str], WorkspaceRoot] = {}
    session_counts: Counter[Workspace] = Counter()
    look_alikes = []
    for row in stored.sessions:
        names = map(comparable, upwards(as_on_disk(row.directory)))
        owner = next((roots[name] for name in names if name in roots), None)
        if owner is None:
            continue
        is_there = owner.root == owner.workspace.path and _is_there(owner.workspace)
        try:
            why_excluded = (_why_excluded_if_there if is_there else _why_excluded_if_gone)(
                row, owner, project_id, project_at
            )
        except CantTell as error:
            why_excluded = f"nobody can tell what is there: {error}"
        if why_excluded is None:
            owners[row.directory, row.project_id] = owner
            session_counts[owner.workspace] += row.sessions
        else:
            look_alikes.append(LookAlike(row.directory, row.project_id, row.sessions, why_excluded))
    return RepositorySessions(repository, owners, session_counts, tuple(look_alikes))


def _project_of(repository: Repository, project_at: Callable[[str], str | None]) -> str | None:
    """Return opencode's id for this repository, the same in all of its git working copies; None if it has none."""
    alive = (w.path for w in repository.workspaces if "git" in w.kind and w.state is WorkspaceState.ALIVE)
    first = next(alive, None)
    project_id = project_at(first) if first is not None else None
    return None if project_id == GLOBAL else project_id


def _is_there(workspace: Workspace) -> bool:
    """Tell whether the directory of a workspace exists and its own files name the repository."""
    if workspace.state in {WorkspaceState.FORGOTTEN, WorkspaceState.PRUNED}:
        return is_working_copy_root(workspace.path)
    return workspace.state not in {WorkspaceState.MISSING, WorkspaceState.UNREADABLE}


def _why_excluded_if_there(
    row: SessionDirectory, owner: WorkspaceRoot, project_id: str | None, project_at: Callable[[str], str | None]
) -> str | None:
    """Return why sessions below a workspace that is there don't belong to it; None if they do."""
    between = takewhile(lambda above: not same_name(above, owner.root), upwards(as_on_disk(row.directory)))
    inner = next(filter(is_working_copy_root, between), None)
    if inner is not None:
        return f"{inner} is another repository"
    if row.project_id == project_id or is_outside_repository(row.project_id, row.directory):
        return None
    if row.project_id == project_at(owner.root):
        return None
    return f"bound to project {row.project_id}, which is another repository's"


def _why_excluded_if_gone(
    row: SessionDirectory, owner: WorkspaceRoot, project_id: str | None, project_at: Callable[[str], str | None]
) -> str | None:
    """Return why sessions below the root of a workspace that is gone don't belong to it; None if they do."""
    root = owner.root
    if is_working_copy_root(root):
        is_left_behind = row.project_id == project_id != project_at(root)
        return None if is_left_behind else f"{root} is another repository now"
    if row.project_id == project_id:
        return None
    if is_outside_repository(row.project_id, row.directory) and "jj" in owner.workspace.kind:
        return f"{root} is there, and no workspace of this repository" if is_directory(root) else None
    return f"bound to project {row.project_id}, and the workspace that was there is gone"
