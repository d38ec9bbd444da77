"""The checkouts of a project that the database, and git itself, know of: which of them are there today."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from migrator.places import git_worktrees
from migrator.places.checkout import GLOBAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from migrator.model import Place
    from migrator.orphans.rule import RuleContext


class KnownRepository(NamedTuple):
    """Checkouts that share one git repository: `main` is its main working copy, None where that isn't there."""

    main: Place | None
    checkouts: tuple[Place, ...]

    @property
    def home(self) -> Place | None:
        """Where a session belongs whose own checkout of this repository is gone.

        It was the main working copy, which then is here, or a linked worktree, of which the main one remains.
        """
        return self.main or (self.checkouts[0] if len(self.checkouts) == 1 else None)

    @property
    def names(self) -> tuple[str, ...]:
        """The directories that it could be, for people to choose from."""
        return (self.home.directory,) if self.home else tuple(place.directory for place in self.checkouts)


class KnownCheckouts:
    """What is known of each project's checkouts; each project is looked at once."""

    def __init__(self, context: RuleContext) -> None:
        self._context = context
        self._repositories: dict[str, tuple[KnownRepository, ...]] = {}

    @cached_property
    def _tops(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, dict[str, None]] = {}
        for project in self._context.projects.values():
            found.setdefault(project.id, {}).update(dict.fromkeys((project.worktree, *project.sandboxes)))
        for project_id, recorded in self._context.checkouts_on_record.items():
            found.setdefault(project_id, {}).update(dict.fromkeys(recorded))
        return {project_id: tuple(directories) for project_id, directories in found.items()}

    @cached_property
    def _directories(self) -> Mapping[str, Sequence[str]]:
        found = {project_id: dict.fromkeys(tops) for project_id, tops in self._tops.items()}
        for binding in self._context.bound:
            found.setdefault(binding.project_id, {})[binding.directory] = None
        return {project_id: tuple(directories) for project_id, directories in found.items()}

    def tops(self, project_id: str) -> Sequence[str]:
        """Return the tops of a project's checkouts that opencode has on record; they may be gone."""
        return self._tops.get(project_id, ())

    def directories(self, project_id: str) -> Sequence[str]:
        """Return every directory that has to do with a project, its worktree first; they may be gone."""
        return self._directories.get(project_id, ())

    def everything(self) -> Iterator[str]:
        """Yield every directory that has to do with any project, some of them more than once."""
        for directories in self._directories.values():
            yield from directories

    def worktree(self, project_id: str) -> Place | None:
        """Return the project's own worktree, if it is there and still that project."""
        project = self._context.projects.get(project_id)
        place = self._context.inspect(project.worktree).place if project and project_id != GLOBAL else None
        return place if place and place.project_id == project_id and place.worktree != "/" else None

    def repositories(self, project_id: str) -> tuple[KnownRepository, ...]:
        """Return the repositories with checkouts that are there and that opencode resolves to the project today."""
        if project_id == GLOBAL:
            return ()
        known = self._repositories.get(project_id)
        if known is None:
            seen = (self._context.inspect(directory).place for directory in self.directories(project_id))
            tops = {place.worktree for place in seen if place and place.project_id == project_id}
            known = self._repositories[project_id] = tuple(by_repository(self._context, tops, project_id))
        return known


def by_repository(
    context: RuleContext, tops: Iterable[str], project_id: str | None = None
) -> Iterator[KnownRepository]:
    """Yield the repositories of these checkouts, main working copies that git knows of added.

    With `project_id`, only those that opencode resolves to it count.
    """
    by_common: dict[str, dict[str, Place]] = {}
    mains: dict[str, Place] = {}
    for top in sorted(tops):
        link = git_worktrees.worktree_link(top)
        common = link.common if link else top
        main = git_worktrees.main_root(common) if link else None
        for root in filter(None, (main, top)):
            place = context.inspect(root).place
            if place is None or place.worktree == "/" or project_id not in {None, place.project_id}:
                continue
            by_common.setdefault(common, {})[place.worktree] = place
            if root == main:
                mains[common] = place
    for common, places in by_common.items():
        yield KnownRepository(mains.get(common), tuple(places.values()))


def only_candidate(repositories: Sequence[KnownRepository]) -> tuple[Place | None, tuple[str, ...]]:
    """Return the one place that a lost session can mean, or None and the places between which nobody can choose."""
    if len(repositories) == 1 and repositories[0].home:
        return repositories[0].home, ()
    return None, tuple(name for repository in repositories for name in repository.names)
