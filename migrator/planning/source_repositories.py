"""Which repositories sessions come from, so that a person sees when one pattern takes those of several.

A session's project tells its repository, unless it is "global", which has all directories outside any git repository,
secondary jj workspaces included; to opencode 2 each of these is a project of its own. The repository of a jj workspace
is found on the disk: in the workspace's own files, or, if these are gone, in the repository's record of workspaces.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from migrator.model import Binding, PlanWarning, Source
from migrator.paths import upwards
from migrator.places.checkout import is_outside_repository
from migrator.workspaces import jj

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from migrator.model import Project

OUTSIDE = "no git or jj repository"


class Way(NamedTuple):
    """Why sessions move, from where, and to where: one for all sessions that have these in common."""

    selected_by: tuple[str, ...]
    before: Binding
    after: Binding


def find_sources(ways: Collection[Way], projects: Sequence[Project]) -> tuple[Source, ...]:
    """Return a source for each directory and project that sessions come from; none if all are of one repository."""
    places = {(way.before.directory, way.before.project_id) for way in ways}
    outside = {directory for directory, project_id in places if is_outside_repository(project_id, directory)}
    if not outside and len({project_id for _, project_id in places}) <= 1:
        return ()
    tops = _jj_tops(outside | {way.after.directory for way in ways}) if outside else {}
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


def repository_warnings(ways: Iterable[Way], sources: Sequence[Source]) -> Iterable[PlanWarning]:
    """Yield a warning for each pattern that takes sessions of several repositories, which often is a mistake."""
    if not sources:
        return
    repository = {(source.directory, source.project_id): source.repository for source in sources}
    outside = any(is_outside_repository(source.project_id, source.directory) for source in sources)
    noun = "repositories" if outside else "projects"
    taken: dict[str, set[str]] = {}
    for selected_by, before, _ in ways:
        for option in selected_by:
            if option.startswith("--from-dir"):
                taken.setdefault(option, set()).add(repository[before.directory, before.project_id])
    for option, repositories in sorted(taken.items()):
        if len(repositories) > 1:
            listed = ", ".join(sorted(repositories))
            yield PlanWarning("crosses-projects", f"{option} takes sessions of {len(repositories)} {noun}: {listed}.")


def _label(project: Project, projects: Sequence[Project]) -> str:
    """Return what people call a project, with its id if another project is called the same."""
    same = sum(other.label == project.label for other in projects)
    return project.label if same == 1 else f"{project.label} ({project.id[:12]})"


def _jj_tops(directories: Iterable[str]) -> Mapping[str, str]:
    """Map the root of each jj workspace, gone or not, of these directories' repositories to the main workspace's."""
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
        for path in jj.index(os.path.join(main, ".jj", "repo")).paths.values():
            tops.setdefault(path, main)
    return tops
