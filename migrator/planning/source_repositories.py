"""Which repository sessions come from, so that a person sees when one pattern takes those of several.

opencode's project says so, but for "global": there lie all directories outside any git repository, secondary jj
workspaces among them; to opencode 2 each of these is a project of its own. Of those the disk can tell which repository
they belong to, by their own files where they are there, by the repository's record where they are gone.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from migrator.model import Binding, PlanWarning, Source
from migrator.paths import upwards
from migrator.places.checkout import is_outside_repository
from migrator.workspaces import jj

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from migrator.model import Project

Taken = tuple[tuple[str, ...], Binding, Binding]
"""Why sessions move, from where, and to where: one for all that are alike."""

OUTSIDE = "no git or jj repository"


def sources(taken: Collection[Taken], projects: Sequence[Project]) -> tuple[Source, ...]:
    """Return where the sessions come from, a source for each directory and project; none if it is one repository."""
    places = {(before.directory, before.project_id) for _, before, _ in taken}
    outside = {directory for directory, project_id in places if is_outside_repository(project_id, directory)}
    if outside or len({project_id for _, project_id in places}) > 1:
        tops = _jj_tops(outside | {after.directory for _, _, after in taken}) if outside else {}
    else:
        return ()
    labels = {project.id: _label(project, projects) for project in projects}
    by_worktree = {top: project.id for project in projects for top in (project.worktree, *project.sandboxes)}
    found = []
    for directory, project_id in sorted(places):
        label = labels.get(project_id, project_id)
        if directory in outside and is_outside_repository(project_id, directory):
            main = next((tops[above] for above in upwards(directory) if above in tops), None)
            label = OUTSIDE if main is None else labels.get(by_worktree.get(main, ""), main)
        found.append(Source(directory, project_id, label))
    return tuple(found) if len({source.repository for source in found}) > 1 else ()


def project_warnings(taken: Collection[Taken], found: Sequence[Source]) -> Iterable[PlanWarning]:
    """Yield a warning for each pattern that takes sessions of several repositories: often a look-alike is there."""
    repository = {(source.directory, source.project_id): source.repository for source in found}
    noun = (
        "repositories"
        if any(is_outside_repository(source.project_id, source.directory) for source in found)
        else "projects"
    )
    crossed: dict[str, set[str]] = {}
    for selected_by, before, _ in taken:
        for said in selected_by:
            if said.startswith("--from-dir") and repository:
                crossed.setdefault(said, set()).add(repository[before.directory, before.project_id])
    for said, named in sorted(crossed.items()):
        if len(named) > 1:
            listed = ", ".join(sorted(named))
            yield PlanWarning("crosses-projects", f"{said} takes sessions of {len(named)} {noun}: {listed}.")


def _label(project: Project, projects: Sequence[Project]) -> str:
    """Return what people call a project, with its id where another one is called the same."""
    same = sum(other.label == project.label for other in projects)
    return project.label if same == 1 else f"{project.label} ({project.id[:12]})"


def _jj_tops(directories: Iterable[str]) -> Mapping[str, str]:
    """Map the tops of jj workspaces at or above these directories, and of all others on record, to the main ones."""
    tops: dict[str, str] = {}
    seen: set[str] = set()
    for directory in directories:
        for above in upwards(directory):
            if above in seen:
                break
            seen.add(above)
            repo = jj.repo_dir(above) if os.path.lexists(os.path.join(above, ".jj")) else None
            if repo is not None and jj.is_repo_dir(repo):
                tops[above] = jj.main_root(repo)
    for main in set(tops.values()):
        for record in jj.index(os.path.join(main, ".jj", "repo")).workspaces:
            tops.setdefault(record.path, main)
    return tops
