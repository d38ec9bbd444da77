"""What git and jj have on record of a working copy that is gone: where it is now, or what it was part of.

git: a worktree's `.git` names its admin directory, and that one names the worktree. After a plain `mv` the first still
leads to the second, which still says the old path; after `git worktree move`, or when git has noticed, it says the
new one, and only its id remains of the old name. jj: a repository lists the paths of its workspaces, and a workspace
knows its own name.
"""

from __future__ import annotations

import os
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

from migrator.paths import path_below, upwards
from migrator.places import git_worktrees
from migrator.places.small_files import readable_names, real_path
from migrator.workspaces import jj

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from migrator.orphans.known_checkouts import KnownCheckouts
    from migrator.orphans.rule import RuleContext

_MOST_SIBLINGS = 10_000


class RecordedPlaces(NamedTuple):
    """Where a working copy may be now (`roots`), of which a lost directory was `sub`; `because` names the evidence.

    There is no root if the working copy is on record as being away, not gone. `is_the_same` tells whether the record is
    of this very working copy; else only of what it was part of, or of one that had its name.
    """

    roots: tuple[str, ...]
    sub: str
    because: str
    is_the_same: bool = False


class VcsRecords:
    """Reads the records of every known repository once; `found` returns the working copies that a search found."""

    def __init__(self, context: RuleContext, known: KnownCheckouts, found: Callable[[], Sequence[str]]) -> None:
        self._context = context
        self._known = known
        self._found = found
        self._moved_of_project = cache(lambda project_id: self._moved(known.directories(project_id)))
        self._moved_beside = cache(lambda parent: self._moved(self._neighbours(parent)))
        self._moved_found = cache(lambda: self._moved(found()))
        self._worktrees_of = cache(git_worktrees.worktrees)
        self._git_repositories = cache(self._find_git_repositories)
        self._workspace_names = cache(_workspace_names)
        self._neighbours = cache(_working_copies_in)
        self._repo_dir = cache(jj.repo_dir)

    # -- git -----------------------------------------------------------------------------------------------------

    def worktree(self, directory: str, base: str, project_id: str, newest: int) -> RecordedPlaces | None:
        """Return what git knows of a worktree at `base` that a directory was in.

        `newest` is when the youngest session there was made, in milliseconds since 1970.
        """
        where, sub = real_path(base), path_below(directory, base)
        if moved := self._moved_by_hand(where, base, project_id):
            return RecordedPlaces(moved, sub, f"git still has the worktree there on record as {base}", is_the_same=True)
        records = [
            (common, record) for common in self._git_repositories(project_id) for record in self._worktrees_of(common)
        ]
        for _, record in records:
            if record.path == where and not record.alive and record.locked is not None:
                reason = record.locked and f" ({record.locked})"
                return RecordedPlaces((), sub, f"git keeps its worktree locked{reason}, so it is away, not gone")
        name = os.path.basename(where)
        moved = tuple(
            record.path
            for common, record in records
            if record.id == name and record.alive and record.path != where and _made_at(common, name) <= newest
        )
        return RecordedPlaces(moved, sub, f"git made the worktree there as {name}") if moved else None

    def _moved_by_hand(self, where: str, base: str, project_id: str) -> tuple[str, ...]:
        """Return the roots that a worktree on record at `where` may have now."""
        sources = self._moved_of_project(project_id), self._moved_beside(os.path.dirname(base)), self._moved_found()
        return tuple(sorted({root for moved in sources for root in moved.get(where, ())}))

    def _moved(self, roots: Iterable[str]) -> dict[str, set[str]]:
        """Map the paths that git has on record to those of `roots` that are the worktrees now."""
        moved: dict[str, set[str]] = {}
        for root in {real_path(root) for root in roots}:
            link = git_worktrees.worktree_link(root)
            for record in self._worktrees_of(link.common) if link and link.id else ():
                if link and record.id == link.id and record.path != root:
                    moved.setdefault(record.path, set()).add(root)
        return moved

    def _find_git_repositories(self, project_id: str) -> list[str]:
        """Return the common directories of a project's checkouts."""
        repositories = self._known.repositories(project_id)
        tops = [place.worktree for repository in repositories for place in repository.checkouts]
        return sorted({link.common for top in tops if (link := git_worktrees.worktree_link(top))})

    # -- jj ------------------------------------------------------------------------------------------------------

    def workspace(self, directory: str) -> RecordedPlaces | None:
        """Return what jj knows of a workspace that a directory was in."""
        nearby = [root for root in self._neighbours(os.path.dirname(directory)) if self._repo_dir(root)]
        nearby += self._found_with_jj
        beside = self._path_index(filter(None, map(self._repo_dir, nearby)))
        if not beside and not self._workspaces:
            return None
        where = real_path(directory)
        for base in upwards(where):
            recorded = beside.get(base) or self._workspaces.get(base)
            if recorded is None:
                continue
            (repo, name), sub = recorded, path_below(where, base)
            if os.path.isdir(base):
                because = f"jj has {base} on record as workspace {name}"
                return RecordedPlaces((base,), sub, because, is_the_same=True)
            nearby += [*self._neighbours(os.path.dirname(base)), *self._known.all_directories()]
            moved = sorted(
                root
                for root in set(map(real_path, nearby))
                if self._repo_dir(root) == repo and jj.workspace_name(root) == name
            )
            if moved:
                because = f"it is workspace {name}, which jj still has on record as {base}"
                return RecordedPlaces(tuple(moved), sub, because, is_the_same=True)
            return RecordedPlaces((jj.main_root(repo),), sub, f"jj has {base} on record as its workspace {name}")
        return None

    @cached_property
    def _found_with_jj(self) -> Sequence[str]:
        return [root for root in self._found() if self._repo_dir(root)]

    @cached_property
    def _workspaces(self) -> dict[str, tuple[str, str]]:
        """Map each path on record in the known jj repositories to its repository and the workspace's name."""
        return self._path_index(filter(None, map(self._jj_repository, self._known.all_directories())))

    def _path_index(self, repositories: Iterable[str]) -> dict[str, tuple[str, str]]:
        return {path: (repo, name) for repo in set(repositories) for path, name in self._workspace_names(repo).items()}

    def _jj_repository(self, directory: str) -> str | None:
        """Return the repository of the jj workspace that a directory is in."""
        if self._context.inspect(directory).real is None:
            return None
        return next((repo for root in upwards(directory) if (repo := self._repo_dir(root))), None)


def _workspace_names(repo: str) -> dict[str, str]:
    """Map the paths of a jj repository's workspaces to their names."""
    return {path: name for name, path in jj.index(repo).paths.items()}


def _working_copies_in(parent: str) -> tuple[str, ...]:
    """Return the working copies directly in a directory: a renamed folder mostly stays among its neighbours."""
    roots = (os.path.join(parent, name) for name in readable_names(parent, _MOST_SIBLINGS))
    return tuple(
        root for root in roots if os.path.isfile(os.path.join(root, ".git")) or os.path.isdir(os.path.join(root, ".jj"))
    )


def _made_at(common: str, id_: str) -> float:
    """Return when git made a worktree, in milliseconds since 1970: it writes `commondir` once and never again."""
    try:
        return os.stat(os.path.join(common, "worktrees", id_, "commondir")).st_mtime * 1000
    except OSError:
        return float("inf")
