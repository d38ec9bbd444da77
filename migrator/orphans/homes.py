"""Where a lost session belongs: certain homes, known from the database, git, jj and the directories themselves.

A session whose directory is there belongs there. One whose directory is gone belongs to the checkout that it was in:
where git or jj have it on record, else its project's own worktree, else the one repository that is that project too.
Sub-paths are kept, as far down as they exist. Two places of equal rank are no home. What a search finds is likely at
best. Everything is decided once for each binding, of which there are few, not for each session.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from migrator.disk.spelling import difference
from migrator.model import Certainty, Suggestion
from migrator.orphans.home import BROKEN_TREE, Home, SuggestedHome, no_home, tie
from migrator.orphans.known_checkouts import KnownCheckouts, only_candidate
from migrator.orphans.other_machine import why_other_machine
from migrator.orphans.rule import DirectoryStatus
from migrator.orphans.vcs_records import VcsRecords
from migrator.paths import is_within, path_below
from migrator.places import git
from migrator.places.checkout import GLOBAL, is_outside_repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.model import Binding, Place, PlanWarning, Reason, Session
    from migrator.orphans.rule import DirectoryInfo, RuleContext
    from migrator.orphans.search import Search
    from migrator.orphans.vcs_records import RecordedPlaces


class Homes:
    """Finds homes; with `search` also below the directories that the user names."""

    def __init__(self, context: RuleContext, search: Search | None = None) -> None:
        self._context = context
        self._search = search
        self._known = search.known if search else KnownCheckouts(context)
        self._records = VcsRecords(context, self._known, lambda: search.checkouts if search else ())
        self._why_other_machine = cache(why_other_machine)  # many sessions were in the same checkout
        self._home_by_binding = cache(self._find)
        self._suggestion_by_binding = cache(lambda each: self._as_suggestion(each, self._home_by_binding(each)))
        self._not_imported = {session.id for session in context.not_imported}

    def suggestion(self, session: Session, reasons: Sequence[Reason]) -> SuggestedHome:
        """Return where a session belongs that is lost for these reasons, or the rivals of equal rank.

        There is no suggestion if the home is not known, or if the session is bound there already.
        """
        exception = self._exception(session, reasons)
        if exception is None:
            return self._suggestion_by_binding(session.binding)
        return self._as_suggestion(session.binding, exception)

    def home(self, session: Session, reasons: Sequence[Reason]) -> Home:
        """Return the home of a session that is lost for these reasons; it may be where the session is bound already."""
        return self._exception(session, reasons) or self._home_by_binding(session.binding)

    def _as_suggestion(self, binding: Binding, home: Home) -> SuggestedHome:
        if home.place is None or self.storable_binding(home.place) == binding:
            return SuggestedHome(None, home.rivals, home.commands)
        return SuggestedHome(Suggestion(home.place.directory, home.place.project_id, home.certainty, home.because))

    def _exception(self, session: Session, reasons: Sequence[Reason]) -> Home | None:
        """Return the home of a session for which more than its binding decides, or None."""
        if session.id not in self._context.by_id:
            return no_home("it is not in the database, so there is nothing to bind")
        if session.id in self._not_imported:
            return no_home("opencode 2 doesn't have it, and where opencode 1 does is its own affair")
        if session.parent_id is not None and any(reason.rule == BROKEN_TREE for reason in reasons):
            root = self.root_of(session)
            if root.id != session.id:
                home = self.home(root, ())
                if home.place is None:
                    return no_home(f"it belongs with its root {root.id}, whose own home is not known")
                return replace(home, because=f"it follows its root {root.id}")
        return None

    def root_of(self, session: Session) -> Session:
        """Return the topmost ancestor that exists; in a cycle of parents, the session itself."""
        by_id, here, seen = self._context.by_id, session, {session.id}
        while here.parent_id is not None and here.parent_id in by_id:
            here = by_id[here.parent_id]
            if here.id in seen:
                return session
            seen.add(here.id)
        return here

    def storable_binding(self, place: Place) -> Binding:
        """Return what the row of a session in this place holds."""
        return place.binding if self._context.has_path else place.binding._replace(path=None)

    def warnings(self) -> Iterable[PlanWarning]:
        """Return what the search could not look into, if there was one."""
        return self._search.warnings() if self._search else ()

    def _find(self, binding: Binding) -> Home:
        if binding not in self._context.bound:
            return no_home("it is in a workspace of opencode 2's, which is elsewhere")
        info = self._context.inspect(binding.directory)
        if info.status is DirectoryStatus.UNREADABLE:
            return no_home(f"{info.detail}; what can't be looked at is never moved by itself")
        if info.status is DirectoryStatus.THERE or info.spelled:
            home = self._home_in_place(binding, self._context.inspect(info.spelled) if info.spelled else info)
            spelling = home.place and difference(binding.directory, home.place.directory)
            return replace(home, because=f"{home.because}: {spelling}") if spelling else home
        return self._home_of_missing(binding)

    # -- the directory is there ----------------------------------------------------------------------------------

    def _home_in_place(self, binding: Binding, info: DirectoryInfo) -> Home:
        place, project_id = info.place, binding.project_id
        if place is None:
            return no_home(info.detail)
        was_in_repository = not is_outside_repository(project_id, place.directory)
        if place.vcs is None and was_in_repository and (broken := _broken_worktree_link(place.directory)):
            return no_home(broken)
        because = f"{place.directory} is there, and opencode resolves it to this project today"
        here = Home(place, Certainty.CERTAIN, because)
        if project_id in {GLOBAL, place.project_id, info.kept_id}:
            return here
        others = [
            other
            for repository in self._known.repositories(project_id)
            for other in repository.checkouts
            if not is_within(place.directory, other.directory)
        ]
        if not others or _shares_history(place, others):
            return here
        # Something else is where the session was, and its project is elsewhere: `mv shop old-shop; git init shop`.
        _, named = only_candidate(self._known.repositories(project_id))
        named = named or tuple(other.directory for other in others)
        return tie(
            f"{place.directory} is there but is another repository or none now, and its project is in "
            f"{' and '.join(named)}",
            place.worktree,
            (place.directory, *named),
        )

    # -- the directory is gone -----------------------------------------------------------------------------------

    def _home_of_missing(self, binding: Binding) -> Home:
        base = self._known.checkout_root(binding)
        foreign = self._why_other_machine(base)
        home = no_home(foreign) if foreign else self._certain_home(binding, base)
        if home.place is not None or home.away:
            return home
        if self._search is None:
            return replace(home, why_not=f"{home.why_not}; --search DIR looks for it below DIR")
        return self._search.home(binding, base, self.nearest_place) or replace(
            home, why_not=f"{home.why_not}, and the search found none"
        )

    def _certain_home(self, binding: Binding, base: str) -> Home:
        """Return the home of a session whose directory was once here; `base` is the checkout it was in."""
        directory, project_id = binding.directory, binding.project_id
        record = self._records.workspace(directory)
        info = self._context.inspect(base)
        if record is None and info.place and project_id in {info.place.project_id, info.kept_id} - {GLOBAL}:
            return Home(
                self.nearest_place(base, path_below(directory, base)),
                Certainty.CERTAIN,
                because=f"the checkout that it was in, {base}, is there",
            )
        if is_outside_repository(project_id, directory) and record is None:
            return no_home("it was in no repository, so nothing here tells where it went")
        if record is None and not info.real:
            newest = max(session.created for session in self._context.bound[binding])
            record = self._records.worktree(directory, base, project_id, newest)
        if record is not None:
            return self._home_on_record(base, record)
        return self._home_in_other_checkout(project_id, base, path_below(directory, base))

    def _home_in_other_checkout(self, project_id: str, base: str, sub: str) -> Home:
        """Return `sub` in another checkout of a project."""
        if place := self._known.worktree(project_id):
            because = f"{base} is gone, and the project's own worktree is there"
            return Home(self.nearest_place(place.worktree, sub), Certainty.CERTAIN, because=because)
        only, rivals = only_candidate(self._known.repositories(project_id))
        if only:
            because = f"{base} is gone, and this is the only other checkout of its project"
            return Home(self.nearest_place(only.directory, sub), Certainty.CERTAIN, because=because)
        if rivals:
            return tie(f"its project has several checkouts here: {' and '.join(rivals)}", base, rivals)
        return no_home("no checkout of its project is known to be here")

    def _home_on_record(self, base: str, record: RecordedPlaces) -> Home:
        places = [place for root in record.roots if (place := self.nearest_place(root, record.sub))]
        if len(places) == 1:
            return Home(places[0], Certainty.CERTAIN, because=record.because)
        if not record.roots:
            return no_home(record.because, away=True)
        rivals = tuple(place.directory for place in places)
        return tie(f"{record.because}, which leaves {' and '.join(rivals) or 'nothing'}", base, rivals)

    def nearest_place(self, root: str, sub: str) -> Place | None:
        """Return `sub` below a checkout, or the nearest directory to it in there; None if the checkout is gone."""
        top = self._context.inspect(root).place
        directory = os.path.join(root, sub) if sub else root
        while top is not None and directory != root:
            place = self._context.inspect(directory).place
            if place and place.project_id == top.project_id and is_within(place.directory, top.directory):
                return place
            directory = os.path.dirname(directory)
        return top


def _broken_worktree_link(directory: str) -> str | None:
    """Return what to do about a directory if it is a linked worktree whose repository has moved away."""
    marked = git.repository_root(directory)
    marker = os.path.join(marked, ".git") if marked else ""
    if not os.path.isfile(marker):
        return None
    return f"{marker} names a repository that isn't there; first run `git worktree repair` where that is now"


def _shares_history(place: Place, others: Sequence[Place]) -> bool:
    """Tell whether a checkout shares history with one of `others`: then it is a clone, whatever its project id."""
    if place.vcs is None:
        return False
    commits = git.root_commits(place.worktree)
    return any(commits & git.root_commits(other.worktree) for other in others)
