"""Likely homes: what lies below the directories that the user says to look in, ranked by how well it is known.

In this order, the first that fits anything decides: a repository that opencode resolves to the session's project
today; one that keeps the project's id in its `.git/opencode`, though its origin makes it another project now; one with
the root commit that the id is; last, a directory with the same name that holds the files which the sessions worked
on. Of the old directory nothing else is known: opencode keeps no list of its files, but names those it changed.
"""

from __future__ import annotations

import os
import re
from functools import cached_property
from typing import TYPE_CHECKING

from migrator.model import Certainty, PlanWarning
from migrator.orphans.checkout_root import checkout_of, path_below
from migrator.orphans.known_checkouts import KnownCheckouts, by_repository, only_candidate
from migrator.orphans.rule import DirectoryStatus
from migrator.orphans.walk import DEPTH, find_repositories
from migrator.paths import is_within
from migrator.places import git
from migrator.places.checkout import GLOBAL, is_outside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from migrator.model import Binding, Place
    from migrator.orphans.homes import Home
    from migrator.orphans.rule import RuleContext
    from migrator.orphans.walk import FoundRepositories
    from migrator.store.reader import Store

    Within = Callable[[str, str], Place | None]

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FEWEST_FILES = 2
"""One file alone is in too many directories: README.md."""


class Search:
    """Looks below `tops` once, when the first session needs it; `tick` is told how many directories were looked at."""

    def __init__(
        self,
        store: Store,
        context: RuleContext,
        tops: Sequence[str],
        depth: int = DEPTH,
        tick: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.known = KnownCheckouts(context)
        self._store = store
        self._context = context
        self._tops = tops
        self._depth = depth
        self._tick = tick
        self._commits: dict[str, frozenset[str]] = {}

    @cached_property
    def found(self) -> FoundRepositories:
        """What the walk found."""
        gone = [
            b for b in self._context.bound if self._context.inspect(b.directory).status is not DirectoryStatus.THERE
        ]
        bases = {checkout_of(b, self.known.tops(b.project_id)) or b.directory for b in gone}
        return find_repositories(self._tops, self._depth, {_name(base) for base in bases}, self._tick)

    def warnings(self) -> Iterator[PlanWarning]:
        """Say what the search could not look into."""
        if unreadable := self.found.unreadable if "found" in self.__dict__ else ():
            more = f" and {len(unreadable) - 1} more" if len(unreadable) > 1 else ""
            yield PlanWarning("search-unreadable", f"The search could not look into {unreadable[0]}{more}.")

    @cached_property
    def checkouts(self) -> Sequence[str]:
        """The working copies that the walk found, looked at."""
        self._context.inspect_all(self.found.checkouts)
        return self.found.checkouts

    def home(self, binding: Binding, base: str, within: Within) -> Home | None:
        """Return the likely home of sessions whose directory was in `base`, or the rivals; None where nothing fits."""
        from migrator.orphans.homes import Home

        project_id = GLOBAL if is_outside(binding.project_id, binding.directory) else binding.project_id
        for place, rivals, what in self._ranked(project_id, base):
            if rivals:
                return Home(rivals=tuple(rivals), why_not=f"there are several: {' and '.join(rivals)}, each {what}")
            if place is not None:
                nearest = within(place.directory, path_below(binding.directory, base))
                return Home(nearest, Certainty.LIKELY, f"{base} is gone, and {place.directory} is {what}")
        return None

    def _ranked(self, project_id: str, base: str) -> Iterator[tuple[Place | None, Sequence[str], str]]:
        """Yield for each rank the one place or the rivals, and in words what they are; what isn't asked for is free."""
        sights = {top: self._context.inspect(top) for top in self.checkouts if project_id != GLOBAL}
        places = {top: info.place for top, info in sights.items() if info.place and info.place.vcs}
        same = [top for top, place in places.items() if place.project_id == project_id]
        yield *only_candidate(tuple(by_repository(self._context, same, project_id))), "a checkout of the same project"
        kept = [top for top in places if sights[top].kept_id == project_id]
        yield (
            *only_candidate(tuple(by_repository(self._context, kept))),
            "a repository that opencode knew as the same project",
        )
        if _COMMIT.fullmatch(project_id):
            rooted = [top for top in places if project_id in self._root_commits(top)]
            yield (
                *only_candidate(tuple(by_repository(self._context, rooted))),
                "a repository that began with the same commit",
            )
        alike = self._alike(base)
        place = self._context.inspect(alike[0]).place if len(alike) == 1 else None
        yield place, () if place else alike, "a directory of the same name with the files that its sessions worked on"

    def _root_commits(self, top: str) -> frozenset[str]:
        known = self._commits.get(top)
        if known is None:
            known = self._commits[top] = git.root_commits(top)
        return known

    def _alike(self, base: str) -> tuple[str, ...]:
        """Return the directories with the name of `base` that hold what the sessions in and below it worked on."""
        candidates = self.found.named.get(_name(base), ())
        if not candidates:
            return ()
        ids = [
            session.id
            for binding, sessions in self._context.bound.items()
            if is_within(binding.directory, base)
            for session in sessions
        ]
        files = {path_below(file, base) for file in self._store.files_worked_on(ids) if file.startswith(base + "/")}
        # At least half of them, since some were deleted meanwhile.
        needed = max(_FEWEST_FILES, (len(files) + 1) // 2)
        return tuple(sorted(top for top in candidates if _count(top, files) >= needed))


def _name(directory: str) -> str:
    return re.split(r"[/\\]", directory.rstrip("/\\"))[-1]


def _count(top: str, files: Iterable[str]) -> int:
    return sum(os.path.lexists(os.path.join(top, file)) for file in files)
