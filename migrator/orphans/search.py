"""What lies below the directories in which the user wants to search: repositories, and folders with a lost one's name.

What a repository is to lost sessions is for `candidates`. A folder in no repository is known by its name, and by the
files which the sessions worked on: of the old directory nothing else is known, since opencode keeps no list of its
files, but names those it changed.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from functools import cached_property, partial
from typing import TYPE_CHECKING

from migrator.model import PlanWarning
from migrator.orphans.known_checkouts import KnownCheckouts
from migrator.orphans.rule import DirectoryStatus
from migrator.orphans.walk import DEPTH, find_repositories, folded
from migrator.paths import comparable, composed, is_within, last_name, path_below, upwards
from migrator.text import first_few

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from migrator.orphans.rule import RuleContext
    from migrator.orphans.walk import FoundRepositories
    from migrator.store.reader import Store

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FEWEST_FILES = 2
"""One file alone is in too many directories: README.md."""


class Search:
    """Looks below `directories` once, when the first session needs it."""

    def __init__(
        self,
        store: Store,
        context: RuleContext,
        directories: Sequence[str],
        depth: int = DEPTH,
    ) -> None:
        self.known = KnownCheckouts(context)
        self._store = store
        self._context = context
        self._find = partial(find_repositories, directories, depth)

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

    def with_same_files(self, base: str) -> tuple[str, ...]:
        """Return the directories named like `base` with the files that the sessions in and below it worked on."""
        candidates = self.found.named.get(_name(base), ())
        if not candidates:
            return ()
        worked_on = self._store.files_worked_on(self._sessions_below.get(comparable(base), ()))
        files = {path_below(file, base) for file in worked_on if is_within(file, base)} - {""}
        # At least half of them, since some were deleted meanwhile.
        needed = max(_FEWEST_FILES, (len(files) + 1) // 2)
        tops = Counter(folded(file.partition("/")[0]) for file in files)

        # What the walk saw in a directory tells of most that they can't have them.
        possible = [
            top for top in candidates if sum(map(tops.__getitem__, tops.keys() & self.found.inside[top])) >= needed
        ]
        counts = {top: sum(os.path.lexists(os.path.join(top, file)) for file in files) for top in possible}
        return tuple(sorted(top for top, number in counts.items() if number >= needed))

    @cached_property
    def _sessions_below(self) -> Mapping[str, Sequence[str]]:
        """Map each directory that sessions are in or below, `comparable`, to their ids."""
        found = defaultdict[str, list[str]](list)
        for binding, sessions in self._context.bound.items():
            for directory in upwards(binding.directory):
                found[comparable(directory)] += [session.id for session in sessions]
        return found


def _name(directory: str) -> str:
    return composed(last_name(directory))
