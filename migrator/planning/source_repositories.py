"""Which repositories sessions come from, so that a person sees when one pattern takes those of several.

A session's project tells its repository, unless it is "global", which has all directories outside any git repository,
secondary jj workspaces included; to opencode 2 each of these is a project of its own. The repository of a jj workspace
is found on the disk: in the workspace's own files, or, if these are gone, in the repository's record of workspaces.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from migrator.disk.status import is_there
from migrator.errors import CantTell
from migrator.model import PlanWarning, Source
from migrator.paths import upwards
from migrator.places.checkout import is_outside_repository
from migrator.workspaces import jj

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from migrator.model import Change, Project

OUTSIDE = "no git or jj repository"
UNKNOWN = "a directory that can't be looked at"


def find_sources(changes: Sequence[Change], projects: Sequence[Project]) -> tuple[Source, ...]:
    """Return a source for each directory and project that sessions come from; none if all are of one repository."""
    places = {(change.before.directory, change.before.project_id) for change in changes}
    outside = {directory for directory, project_id in places if is_outside_repository(project_id, directory)}
    if not outside and len({project_id for _, project_id in places}) <= 1:
        return ()
    tops = _jj_tops(outside | {change.after.directory for change in changes}) if outside else {}
    number = Counter(project.label for project in projects)
    # Projects that people call the same are told apart by their ids.
    labels = {p.id: p.label if number[p.label] == 1 else f"{p.label} ({p.id[:12]})" for p in projects}
    by_worktree = {top: project.id for project in projects for top in (project.worktree, *project.sandboxes)}
    found = []
    for directory, project_id in sorted(places):
        label = labels.get(project_id, project_id)
        if directory in outside and is_outside_repository(project_id, directory):
            main = next((tops[above] for above in upwards(directory) if above in tops), None)
            label = OUTSIDE if main is None else labels.get(by_worktree.get(main, ""), main)
        found.append(Source(directory, project_id, label))
    return tuple(found) if len({source.repository for source in found}) > 1 else ()


def repository_warnings(changes: Iterable[Change], sources: Sequence[Source]) -> Iterable[PlanWarning]:
    """Yield a warning for each pattern that takes sessions of several repositories, which often is a mistake."""
    if not sources:
        return
    repository = {(source.directory, source.project_id): source.repository for source in sources}
    outside = any(is_outside_repository(source.project_id, source.directory) for source in sources)
    noun = "repositories" if outside else "projects"
    by_option: dict[str, set[str]] = {}
    for selected_by, before in {(change.selected_by, change.before) for change in changes}:
        for option in selected_by:
            if option.startswith("--from-dir"):
                by_option.setdefault(option, set()).add(repository[before.directory, before.project_id])
    for option, repositories in sorted(by_option.items()):
        if len(repositories) > 1:
            listed = ", ".join(sorted(repositories))
            yield PlanWarning("crosses-projects", f"{option} takes sessions of {len(repositories)} {noun}: {listed}.")


def _jj_tops(directories: Iterable[str]) -> Mapping[str, str]:
    """Map the root of each jj workspace, gone or not, of these directories' repositories to the main workspace's.

    A directory that can't be looked at is mapped to UNKNOWN.
    """
    tops: dict[str, str] = {}
    seen: set[str] = set()
    for directory in directories:
        for above in upwards(directory):
            if above in seen:
                break
            seen.add(above)
            try:
                repo = jj.repo_dir(above) if is_there(os.path.join(above, ".jj")) else None
                if repo is not None and jj.is_repo_dir(repo):
                    tops[above] = jj.main_root(repo)
            except CantTell:
                tops[above] = UNKNOWN
    for main in set(tops.values()) - {UNKNOWN}:
        for path in jj.index(os.path.join(main, ".jj", "repo")).paths.values():
            tops.setdefault(path, main)
    return tops
