"""Likely homes: what lies below the directories in which the user wants to search, ranked by how sure it is.

In this order, the first that fits anything decides: a repository that opencode resolves to the session's project
today; one that keeps the project's id in its `.git/opencode`, though its origin makes it another project now; one with
the root commit that the id is; last, a directory with the same name that holds the files which the sessions worked
on. Of the old directory nothing else is known: opencode keeps no list of its files, but names those it changed.
"""

from __future__ import annotations

import os
import re
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING

from migrator.model import Certainty, PlanWarning
from migrator.orphans.home import Home, tie
from migrator.orphans.known_checkouts import KnownCheckouts, by_repository, only_candidate
from migrator.orphans.rule import DirectoryStatus
from migrator.orphans.walk import DEPTH, find_repositories
from migrator.paths import composed, is_within, path_below
from migrator.places import git
from migrator.places.checkout import GLOBAL, is_outside_repository
from migrator.text import first_few

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from migrator.model import Binding, Place
    from migrator.orphans.rule import RuleContext
    from migrator.orphans.walk import FoundRepositories
    from migrator.store.reader import Store

    NearestPlace = Callable[[str, str], Place | None]

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FEWEST_FILES = 2
"""One file alone is in too many directories: README.md."""


class Search:
    """Looks below `directories` once, when the first session needs it; `tick` gets the number of directories seen."""

    def __init__(
        self,
        store: Store,
        context: RuleContext,
        directories: Sequence[str],
        depth: int = DEPTH,
        tick: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.known = KnownCheckouts(context)
        self._store = store
        self._context = context
        self._find = partial(find_repositories, directories, depth, tick=tick)
        self._root_commits = cache(git.root_commits)

    @cached_property
    def found(self) -> FoundRepositories:
        """What the walk found."""
        gone = [
            b for b in self._context.bound if self._context.inspect(b.directory).status is not DirectoryStatus.THERE
        ]
        names = {_name(self.known.checkout_root(binding)) for binding in gone}
        return self._find(names)

    def warnings(self) -> Iterator[PlanWarning]:
        """Say what the search could not look into."""
        if unreadable := self.found.unreadable if "found" in self.__dict__ else ():
            yield PlanWarning("search-unreadable", f"The search could not look into {first_few(unreadable, 1)}.")

    @cached_property
    def checkouts(self) -> Sequence[str]:
        """The working copies that the walk found, looked at."""
        self._context.inspect_all(self.found.checkouts)
        return self.found.checkouts

    def home(self, binding: Binding, base: str, nearest_place: NearestPlace) -> Home | None:
        """Return the likely home, or the rivals, for sessions whose directory was in the checkout `base`."""
        project_id = GLOBAL if is_outside_repository(binding.project_id, binding.directory) else binding.project_id
        for place, rivals, what in self._by_rank(project_id, base):
            if rivals:
                return tie(f"there are several: {' and '.join(rivals)}, each {what}", base, rivals)
            if place is not None:
                nearest = nearest_place(place.directory, path_below(binding.directory, base))
                return Home(nearest, Certainty.LIKELY, f"{base} is gone, and {place.directory} is {what}")
        return None

    def _by_rank(self, project_id: str, base: str) -> Iterator[tuple[Place | None, Sequence[str], str]]:
        """Yield for each rank the only candidate or the rivals, and what they are; unasked ranks cost nothing."""
        infos = {top: self._context.inspect(top) for top in self.checkouts if project_id != GLOBAL}
        places = {top: info.place for top, info in infos.items() if info.place and info.place.vcs}
        same = [top for top, place in places.items() if place.project_id == project_id]
        yield *only_candidate(by_repository(self._context, same, project_id)), "a checkout of the same project"
        kept = [top for top in places if infos[top].kept_id == project_id]
        yield *only_candidate(by_repository(self._context, kept)), "a repository that opencode knew as the same project"
        if _COMMIT.fullmatch(project_id):
            rooted = [top for top in places if project_id in self._root_commits(top)]
            yield *only_candidate(by_repository(self._context, rooted)), "a repository that began with the same commit"
        same_files = self._with_same_files(base)
        place = self._context.inspect(same_files[0]).place if len(same_files) == 1 else None
        what = "a directory of the same name with the files that its sessions worked on"
        yield place, () if place else same_files, what

    def _with_same_files(self, base: str) -> tuple[str, ...]:
        """Return the directories named like `base` with the files that the sessions in and below it worked on."""
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
        counts = {top: sum(os.path.lexists(os.path.join(top, file)) for file in files) for top in candidates}
        return tuple(sorted(top for top, number in counts.items() if number >= needed))


def _name(directory: str) -> str:
    return composed(re.split(r"[/\\]", directory.rstrip("/\\"))[-1])
