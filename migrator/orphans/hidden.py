"""Sessions that are where they belong, and that some list of opencode's leaves out all the same.

Seen in the terminal UI itself, on the command line and over HTTP, with 1.3.2, 1.14.34, 1.15.13, 1.17.11, 1.17.18 and
1.18.34; what the desktop app and the web leave out was read in 1.18.34.

- Age: `opencode --continue` goes on only with what was used in the last 30 days. The terminal UI's list of sessions
  showed only that too, up to and including 1.17.11; from 1.17.18 on it asks again without a beginning.
- Number: `opencode session list` ends after 100 roots of the project, last used first. So does the list of the terminal
  UI, of those in the directory that it is started in and below; up to and including 1.17.11 children took places in
  it, unseen.
- Archive: the desktop app and the web leave archived sessions out. The terminal UI and `session list` show them.

In all of them `opencode -s ID` opens the session where it belongs, and what is typed into the terminal UI's list is
searched for in all titles. Lists are of roots: a child is opened from its root. The `session list` of opencode 2 ends
after 100 roots of the project too, and leaves out nothing by age or archive; its terminal UI lists what is exactly in
its directory, and with ctrl+a all projects (read in its source).
"""

from __future__ import annotations

import time
from collections import Counter
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from migrator.text import local_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from migrator.model import Binding, Session
    from migrator.orphans.rule import RuleContext

DAYS = 30
LISTED = 100
_DAY = 86_400_000

_LISTS_OF_ANY_AGE = (1, 17, 18)
"""The first tested opencode whose terminal UI lists sessions of any age, and roots alone; 1.17.11 did neither."""

_CONTINUE = "opencode --continue"
_SESSION_LIST = "opencode session list"
_TERMINAL_UI = "the terminal UI"
_OLDER_TERMINAL_UI = "the terminal UI before 1.17.18"
_DESKTOP = "the desktop app"
_WEB = "the web"


class HiddenBy(StrEnum):
    """Why a list leaves a session out that is where it belongs."""

    AGE = "age"
    NUMBER = "number"
    ARCHIVE = "archive"


class Hidden(NamedTuple):
    """Why, from which lists of opencode's, and what was seen, in words."""

    by: HiddenBy
    lists: tuple[str, ...]
    because: str


class HiddenCounts(NamedTuple):
    """How many sessions are hidden, how many of them for each reason (one may be so for several), and the id of one."""

    sessions: int
    by: Mapping[HiddenBy, int]
    example: str = ""


class Lists:
    """The lists of opencode's over the sessions of a database, as they are now."""

    def __init__(self, context: RuleContext) -> None:
        self._context = context
        self._now = int(time.time() * 1000)
        self._ui_hides_old = bool(context.newest_version) and context.newest_version < _LISTS_OF_ANY_AGE

    def hidden(self, root: Session) -> tuple[Hidden, ...]:
        """Return why lists leave out a root, once for each reason; () if all of them show it where it belongs."""
        return tuple(self._describe(root, by) for by in self._reasons(root))

    def tally(self, roots: Iterable[Session]) -> HiddenCounts:
        """Count these roots."""
        reasons_of = {root.id: tuple(self._reasons(root)) for root in roots}
        reasons = Counter(reasons_of.values())
        by = {reason: sum(number for some, number in reasons.items() if reason in some) for reason in HiddenBy}
        return HiddenCounts(
            reasons.total() - reasons[()], by, next((id_ for id_, why in reasons_of.items() if why), "")
        )

    def _reasons(self, root: Session) -> Iterator[HiddenBy]:
        in_opencode_1 = not self._context.is_v2
        if in_opencode_1 and self._unused(root) > DAYS * _DAY:
            yield HiddenBy.AGE
        if root.id in self._beyond:
            yield HiddenBy.NUMBER
        if in_opencode_1 and root.archived:
            yield HiddenBy.ARCHIVE

    def _describe(self, root: Session, by: HiddenBy) -> Hidden:
        if by is HiddenBy.AGE:
            lists = (_CONTINUE, _TERMINAL_UI if self._ui_hides_old else _OLDER_TERMINAL_UI)
            days = self._unused(root) // _DAY
            return Hidden(by, lists, f"not used for {days:,} days, and only what was used in the last {DAYS} is listed")
        if by is HiddenBy.ARCHIVE:
            return Hidden(by, (_DESKTOP, _WEB), f"archived {local_time(root.archived or 0)}")
        in_project, in_folder = self._beyond[root.id]
        ends = {_SESSION_LIST: in_project > LISTED, _TERMINAL_UI: in_folder > LISTED and not self._context.is_v2}
        number = f"{in_project:,} of its project" if in_project > LISTED else f"{in_folder:,} there with the children"
        ending = tuple(name for name, before in ends.items() if before)
        return Hidden(by, ending, f"number {number}, last used first, and only {LISTED} are listed")

    def _unused(self, root: Session) -> int:
        """Return for how long a session wasn't used, in milliseconds; 0 where somebody wrote text for its time."""
        return self._now - root.updated if isinstance(root.updated, int) else 0

    @cached_property
    def _beyond(self) -> Mapping[str, tuple[int, int]]:
        """Map each root that isn't among the first of some list to its number in two of them, last used first.

        They are those of its project, and of what the terminal UI lists in its directory. One walk over all sessions,
        which are in that order; only projects with more sessions than a list shows count.
        """
        context = self._context
        others = {session.id for session in context.not_imported}
        per_project = Counter(session.binding.project_id for session in context.by_id.values())
        folders: dict[tuple[str, str], list[int]] = {}  # a list of one number, which is quicker to count up than a key
        counted: dict[Binding, list[list[int]]] = {}
        in_project = dict.fromkeys(per_project, 0)
        beyond = {}
        for session in context.by_id.values():
            is_root, binding = session.parent_id is None, session.binding
            if per_project[binding.project_id] <= LISTED or not (is_root or self._ui_hides_old) or session.id in others:
                continue
            if binding not in counted:
                counted[binding] = [folders.setdefault(folder, [0]) for folder in self._folders(binding)]
            for folder in counted[binding]:
                folder[0] += 1
            if is_root:
                in_project[binding.project_id] += 1
                number, here = in_project[binding.project_id], counted[binding][-1][0]
                if number > LISTED or (here > LISTED and not context.is_v2):
                    beyond[session.id] = (number, here)
        return beyond

    def _folders(self, binding: Binding) -> list[tuple[str, str]]:
        """Return (project, path) of the directories in which the terminal UI lists a session, its own as the last."""
        path = ""
        if self._context.has_path:
            place = self._context.inspect(binding.directory).place
            path = (place.path if place else binding.path) or ""
        parts = path.split("/") if path else []
        return [(binding.project_id, "/".join(parts[:depth])) for depth in range(len(parts) + 1)]
