"""What git and jj themselves have on record of a working copy that is gone: where it is now, or what it was part of.

git: a worktree's `.git` names its admin directory, and that one names the worktree. After a plain `mv` the first still
leads to the second, which still says the old path; after `git worktree move`, or when git has noticed, it says the
new one, and only its id remains of the old name. jj: a repository lists the paths of its workspaces, and a workspace
knows its own name.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from migrator.places import git_worktrees, jj
from migrator.places.bounded import names_in, real

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from migrator.orphans.known import Known
    from migrator.orphans.rule import Ground
    from migrator.places.git_worktrees import WorktreeRecord

_MOST_SIBLINGS = 10_000


class Record(NamedTuple):
    """Where a working copy belongs that was at `base`: `roots` are the places it could be, `because` says who knows.

    No root at all where it is on record as being away, not gone.
    """

    base: str
    roots: tuple[str, ...]
    because: str


class Records:
    """Reads the records of every repository that is known; `found` are further working copies, which a search found."""

    def __init__(self, ground: Ground, known: Known) -> None:
        self._ground = ground
        self._known = known
        self._worktrees: dict[str, tuple[WorktreeRecord, ...]] = {}
        self._indexes: dict[str, Mapping[str, str]] = {}
        self._nearby: dict[str, tuple[str, ...]] = {}

    def worktree(self, base: str, project_id: str, newest: int, found: Sequence[str] = ()) -> Record | None:
        """Return what git knows of a worktree that was at `base`; `newest`: when its last session began (ms)."""
        where = real(base)
        candidates = (*self._known.directories(project_id), *self._siblings(base), *found)
        if moved := self._moved_by_hand(where, candidates):
            return Record(base, moved, f"git still has the worktree there on record as {base}")
        for common in self._repositories(project_id):
            for record in self._recorded(common):
                if record.path == where and not record.alive and record.locked is not None:
                    return Record(base, (), f"git keeps its worktree locked{_reason(record)}, so it is away, not gone")
        moved = tuple(
            record.path
            for common in self._repositories(project_id)
            for record in self._recorded(common)
            if record.id == os.path.basename(where) and record.alive and record.path != where
            if _made(common, record.id) <= newest
        )
        return Record(base, moved, f"git made this worktree as {os.path.basename(where)}") if moved else None

    def workspace(self, directory: str, found: Sequence[str] = ()) -> Record | None:
        """Return what jj knows of a workspace that a directory was at or below."""
        nearby = [root for root in (*self._siblings(directory), *found) if jj.repository(root)]
        workspaces = self._workspaces | self._indexed(filter(None, map(jj.repository, nearby)))
        for base in _upwards(directory):
            if not (recorded := workspaces.get(real(base))):
                continue
            repo, name = recorded
            if os.path.isdir(base):
                return Record(base, (base,), f"jj has it on record as workspace {name}")
            candidates = {real(root) for root in (*self._siblings(base), *self._known.everything(), *nearby)}
            moved = sorted(root for root in candidates if jj.repository(root) == repo and jj.own_name(root) == name)
            if moved:
                return Record(base, tuple(moved), f"it is workspace {name}, which jj still has on record as {base}")
            return Record(base, (jj.main_root(repo),), f"jj has {base} on record as its workspace {name}")
        return None

    def _moved_by_hand(self, where: str, candidates: Iterable[str]) -> tuple[str, ...]:
        moved = set()
        for root in {real(candidate) for candidate in candidates} - {where}:
            link = git_worktrees.link(root)
            if (
                link
                and link.id
                and any(record.id == link.id and record.path == where for record in self._recorded(link.common))
            ):
                moved.add(root)
        return tuple(sorted(moved))

    def _repositories(self, project_id: str) -> list[str]:
        """Return the common directories of a project's checkouts."""
        tops = [place.worktree for repository in self._known.repositories(project_id) for place in repository.checkouts]
        return sorted({link.common for top in tops if (link := git_worktrees.link(top))})

    def _recorded(self, common: str) -> tuple[WorktreeRecord, ...]:
        known = self._worktrees.get(common)
        if known is None:
            known = self._worktrees[common] = git_worktrees.worktrees(common)
        return known

    @cached_property
    def _workspaces(self) -> dict[str, tuple[str, str]]:
        """Map each path on record in a repository that is known to that repository and the workspace's name."""
        return self._indexed(filter(None, map(self._jj_repository, set(self._known.everything()))))

    def _indexed(self, repositories: Iterable[str]) -> dict[str, tuple[str, str]]:
        return {path: (repo, name) for repo in set(repositories) for path, name in self._index(repo).items()}

    def _index(self, repo: str) -> Mapping[str, str]:
        known = self._indexes.get(repo)
        if known is None:
            records = jj.index(repo).workspaces if jj.is_repository(repo) else ()
            known = self._indexes[repo] = {record.path: record.name for record in records}
        return known

    def _jj_repository(self, directory: str) -> str | None:
        """Return the repository of the jj workspace that a directory is in."""
        if self._ground.sight(directory).real is None:
            return None
        return next((repo for root in _upwards(directory) if (repo := jj.repository(root))), None)

    def _siblings(self, base: str) -> tuple[str, ...]:
        """Return the working copies beside one that is gone: a renamed folder mostly stays among its neighbours."""
        parent = os.path.dirname(base)
        known = self._nearby.get(parent)
        if known is None:
            beside = (os.path.join(parent, name) for name in names_in(parent, _MOST_SIBLINGS))
            known = self._nearby[parent] = tuple(
                root
                for root in beside
                if os.path.isfile(os.path.join(root, ".git")) or os.path.isdir(os.path.join(root, ".jj"))
            )
        return known


def _made(common: str, id_: str) -> float:
    """Return when git made a worktree, in milliseconds since 1970: it writes `commondir` once and never again."""
    try:
        return os.stat(os.path.join(common, "worktrees", id_, "commondir")).st_mtime * 1000
    except OSError:
        return float("inf")


def _reason(record: WorktreeRecord) -> str:
    return f" ({record.locked})" if record.locked else ""


def _upwards(directory: str) -> list[str]:
    """Return an absolute directory and all above it, but for "/"."""
    found = []
    here = directory.rstrip("/")
    while here.startswith("/"):
        found.append(here)
        here = here.rpartition("/")[0]
    return found
