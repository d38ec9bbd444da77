"""The checkouts of a project that the database and git know of, and which of them are there today."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

from migrator.model import GLOBAL
from migrator.paths import checkout_root, names_of, trimmed
from migrator.places import git_worktrees

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from migrator.model import Binding, Place, Session
    from migrator.orphans.rule import RuleContext


class KnownRepository(NamedTuple):
    """Checkouts that share one git repository; `main` is its main working copy, None if that is gone."""

    main: Place | None
    checkouts: tuple[Place, ...]

    @property
    def home(self) -> Place | None:
        """The place for a session whose own checkout of this repository is gone.

        That checkout was the main working copy, which is here now, or a linked worktree, of which the main one remains.
        """
        return self.main or (self.checkouts[0] if len(self.checkouts) == 1 else None)

    @property
    def candidates(self) -> tuple[str, ...]:
        """The directories that people can choose from."""
        return (self.home.directory,) if self.home else tuple(place.directory for place in self.checkouts)


class KnownCheckouts:
    """The known checkouts of each project; each project is looked at once."""

    def __init__(self, context: RuleContext) -> None:
        self._context = context
        self.repositories = cache(self._find_repositories)

    @cached_property
    def _roots_on_record(self) -> Mapping[str, Sequence[str]]:
        roots = {project.id: [project.worktree, *project.sandboxes] for project in self._context.projects.values()}
        for project_id, recorded in self._context.checkouts_on_record.items():
            roots.setdefault(project_id, []).extend(recorded)
        return roots

    @cached_property
    def _directories(self) -> Mapping[str, Collection[str]]:
        directories = {project_id: dict.fromkeys(roots) for project_id, roots in self._roots_on_record.items()}
        for binding in self._context.bound:
            directories.setdefault(binding.project_id, {})[binding.directory] = None
        return {project_id: found.keys() for project_id, found in directories.items()}

    def checkout_root(self, binding: Binding) -> str:
        """Return what `paths.checkout_root` does with all checkouts on record, or the directory if it finds none.

        In "global" it is always the directory, whatever the path says.
        """
        directory, project_id = trimmed(binding.directory), binding.project_id
        if project_id == GLOBAL:
            return binding.directory
        on_record = [root for root in self._roots_on_record.get(project_id, ()) if names_of(root)]
        return checkout_root(directory, binding.path, on_record) or directory

    def directories(self, project_id: str) -> Collection[str]:
        """Return a project's checkouts, its worktree first, and the directories of its sessions; they may be gone."""
        return self._directories.get(project_id, ())

    def all_directories(self) -> frozenset[str]:
        """Return the directories of every project."""
        return frozenset().union(*self._directories.values())

    @cached_property
    def _first_used(self) -> Mapping[tuple[str, str], int]:
        """Map (project id, checkout) to when opencode was first there, in milliseconds since 1970; 0 if unknown."""
        found = dict(self._context.checkouts_opened)
        for project in self._context.projects.values():
            for root in (project.worktree, *project.sandboxes):
                found.setdefault((project.id, root), 0)
        for key, sessions in self._sessions.items():
            first = min(session.created for session in sessions)
            found[key] = min(found.get(key) or first, first)
        return found

    def first_used(self, project_id: str, root: str) -> int | None:
        """Return when opencode was first in a checkout as this project, in milliseconds since 1970.

        None if it never was; 0 if nobody can tell when.
        """
        return self._first_used.get((project_id, root))

    def sessions_in(self, project_id: str, root: str) -> Sequence[Session]:
        """Return the sessions of a project in a checkout."""
        return self._sessions[project_id, root]

    @cached_property
    def _sessions(self) -> Mapping[tuple[str, str], Sequence[Session]]:
        found: dict[tuple[str, str], list[Session]] = {}
        for binding, sessions in self._context.bound.items():
            found.setdefault((binding.project_id, self.checkout_root(binding)), []).extend(sessions)
        return found

    def roots(self, project_id: str) -> AbstractSet[str]:
        """Return every checkout in which opencode was as this project, there or gone."""
        return self._roots.get(project_id, frozenset())

    @cached_property
    def _roots(self) -> Mapping[str, AbstractSet[str]]:
        found: dict[str, set[str]] = {}
        for project_id, root in self._first_used:
            found.setdefault(project_id, set()).add(root)
        return found

    def _find_repositories(self, project_id: str) -> tuple[KnownRepository, ...]:
        """Return the repositories with checkouts that are there and that opencode resolves to the project today."""
        if project_id == GLOBAL:
            return ()
        places = (self._context.inspect(directory).place for directory in self.directories(project_id))
        tops = {place.worktree for place in places if place and place.project_id == project_id}
        return by_repository(self._context, tops, project_id)


def by_repository(
    context: RuleContext, tops: Iterable[str], project_id: str | None = None
) -> tuple[KnownRepository, ...]:
    """Group checkouts by git repository, and add the main working copies that git knows of.

    With `project_id`, only checkouts that opencode resolves to it count.
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
    return tuple(KnownRepository(mains.get(common), tuple(places.values())) for common, places in by_common.items())


def only_candidate(repositories: Sequence[KnownRepository]) -> tuple[Place | None, tuple[str, ...]]:
    """Return the only place where a lost session can belong, or None and the ambiguous candidates."""
    if len(repositories) == 1 and repositories[0].home:
        return repositories[0].home, ()
    return None, tuple(name for repository in repositories for name in repository.candidates)
