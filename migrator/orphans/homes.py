"""Where a lost session belongs: certain only where it was seen that it is the working copy that the session was in.

A session whose directory is there belongs there if its project id can be explained by what is there; else something
else stands there now, and its own checkout is elsewhere, as is that of a session whose directory is gone. For that,
see `candidates`. A directory above the one that is gone, another checkout of the project, what only a search finds:
these are likely at best, and two places of equal rank are no home. Everything is decided once for each binding, of
which there are few, not for each session.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from migrator.disk.spelling import difference
from migrator.errors import CantTell, MigratorError
from migrator.model import GLOBAL, Certainty, Suggestion
from migrator.orphans.candidates import Candidates, Claim, LostCheckout
from migrator.orphans.home import BROKEN_TREE, Home, SuggestedHome, no_home, tie
from migrator.orphans.known_checkouts import KnownCheckouts, by_repository, only_candidate
from migrator.orphans.other_machine import counterparts, folder_to_follow, why_other_machine
from migrator.orphans.rule import DirectoryStatus
from migrator.paths import comparable, is_within, looks_foreign, path_below, trimmed, upwards
from migrator.places.checkout import is_outside_repository
from migrator.store.trees import Roots
from migrator.text import our_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.model import Binding, Place, PlanWarning, Reason, Session
    from migrator.orphans.candidates import Candidate
    from migrator.orphans.rule import DirectoryInfo, RuleContext
    from migrator.orphans.search import Search
    from migrator.orphans.vcs_records import RecordedPlaces
    from migrator.places import Places
    from migrator.snapshots.repositories.same_folder import SnapshotFolders


class Homes:
    """Finds homes; with `search` also below the directories that the user names."""

    def __init__(
        self, context: RuleContext, places: Places, snapshots: SnapshotFolders, search: Search | None = None
    ) -> None:
        self._context = context
        self._places = places
        self._search = search
        self._known = search.known if search else KnownCheckouts(context)
        self._candidates = Candidates(context, places, self._known, snapshots, search)
        self._lost_checkout_at = cache(self._make_lost_checkout)  # there may be many sessions in one
        self._why_other_machine = cache(why_other_machine)  # many sessions were in the same checkout
        self._counterparts = cache(counterparts)
        self._folders: dict[str, str] = {}  # those of other systems, by what their spellings have in common
        self._home_by_binding = cache(self._find)
        self._suggestion_by_binding = cache(lambda each: self._as_suggestion(each, self._home_by_binding(each)))
        self._not_imported = {session.id for session in context.not_imported}
        self._roots = Roots(context.by_id)

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
        return self._roots.of(session).top or session

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
        if project_id == place.project_id or is_outside_repository(project_id, place.directory):
            because = f"{place.directory} is there, and opencode resolves it to this project today"
            return Home(place, Certainty.CERTAIN, because)
        try:
            return self._home_of_drifted(binding, place, info.kept_id)
        except MigratorError as error:
            return no_home(str(error))

    def _home_of_drifted(self, binding: Binding, place: Place, kept_id: str | None) -> Home:
        """Return the home of a session whose directory, which is there, is of another project now."""
        lost = self._lost_checkout(binding)
        candidates = [each for each in self._candidates.find(lost) if not is_within(place.directory, each.top)]
        below = path_below(binding.directory, lost.root)
        if self._candidates.is_same_folder(lost, place.directory, below):
            because = f"{place.directory} is there, with the very files of opencode's last snapshot"
            return Home(place, Certainty.CERTAIN, because)
        claim, why = self._claim_in_place(lost, place, kept_id, candidates)
        rivals = [each.top for each in candidates if each.claim >= max(claim, Claim.HISTORY)]
        if why and not rivals:
            certainty = Certainty.CERTAIN if claim > Claim.OTHER else Certainty.LIKELY
            return Home(place, certainty, f"{place.directory} is there, {why}")
        if why and all(each.claim <= claim for each in candidates):
            tops = (place.worktree, *rivals)
            return tie(
                f"{' and '.join(tops)} may each be the checkout that it was in", lost.root, tops, lost.project_id
            )
        stands = (
            f"another repository stands at {place.worktree} now"
            if place.vcs
            else f"{lost.root} is in no repository now"
        )
        home = self._home_of_lost(lost, binding.directory, stands)
        if home.place is None and not home.rivals and place.vcs is None:
            return Home(place, Certainty.LIKELY, f"{place.directory} is there, though in no repository any more")
        return home

    def _claim_in_place(
        self, lost: LostCheckout, place: Place, kept_id: str | None, candidates: Sequence[Candidate]
    ) -> tuple[Claim, str]:
        """Return what speaks for a directory whose project id isn't that of the session, in words; "" for nothing."""
        other_files = self._candidates.is_same_folder(lost, place.worktree) is False
        is_copy = other_files or bool(place.vcs and self._candidates.is_copied(place.worktree))
        if kept_id == lost.project_id:
            return Claim.OTHER if is_copy else Claim.OPENED, "and opencode knew it as this project"
        if place.vcs and (sign := self._candidates.former_ids.sign(lost.project_id, place.worktree)):
            return Claim.OTHER if is_copy else Claim.PROJECT, f"and was this project once: {sign}"
        if place.worktree != lost.root and is_within(place.worktree, lost.root):
            return Claim.OTHER, "and is a repository of its own now"
        roots = self._places.root_commits(place.worktree) if place.vcs and candidates else frozenset()
        if any(roots & self._places.root_commits(each.top) for each in candidates if each.claim is Claim.OTHER):
            return Claim.OTHER, "and opencode took its sessions along when another clone became this project"
        return Claim.NONE, ""

    # -- the directory is gone -----------------------------------------------------------------------------------

    def _lost_checkout(self, binding: Binding) -> LostCheckout:
        return self._lost_checkout_at(binding.project_id, self._known.checkout_root(binding))

    def _make_lost_checkout(self, project_id: str, root: str) -> LostCheckout:
        sessions = self._known.sessions_in(project_id, root)
        newest = max(session.created for session in sessions)
        return LostCheckout(project_id, root, newest, tuple(session.id for session in sessions))

    def _home_of_missing(self, binding: Binding) -> Home:
        foreign = self._why_other_machine(self._known.checkout_root(binding))
        if foreign and self._search is None:
            return self._home_on_other_system(self._known.checkout_root(binding), foreign)
        lost, directory = self._lost_checkout(binding), binding.directory
        home = self._home_searched(lost, directory, foreign) if foreign else self._home_nearby(lost, directory)
        if home.place is not None or home.away or self._search is None:
            return home
        found = self._search.with_same_files(lost.root)
        if len(found) == 1:
            what = "a directory of the same name with the files that its sessions worked on"
            because = f"{lost.root} is gone, and {found[0]} is {what}"
            return self._at(found[0], path_below(directory, lost.root), Certainty.LIKELY, because)
        return home if not found else tie(f"{' and '.join(found)} each have its name and files", lost.root, found)

    @property
    def _looked(self) -> str:
        return "; the search found none" if self._search else "; --search DIR looks for it below DIR"

    def _home_on_other_system(self, root: str, why: str) -> Home:
        """Return which directories a checkout of another system may be here; that it is one is for the user to say."""
        if not looks_foreign(root):
            return no_home(f"{why}; --search DIR looks for it below DIR")
        folder, checkout = (self._folders.setdefault(comparable(each), each) for each in (folder_to_follow(root), root))
        if found := self._counterparts(root):
            tops = tuple(directory for directory, _ in found)
            commands = tuple(our_command("relocate", "--foreign", folder, new) for _, new in found)
            why = f"it is of another system, and may be {' or '.join(tops)} here"
            return Home(None, Certainty.UNKNOWN, "", tops, commands, why, folder=checkout)
        follow = our_command("relocate", "--foreign", folder, "NEW")
        why = f"it is of another system; `{follow}` follows it, with what {folder} is here as NEW"
        return no_home(f"{why}; --search DIR looks for it below DIR")

    def _home_searched(self, lost: LostCheckout, directory: str, foreign: str) -> Home:
        """Return the home of a session that may be another machine's: what the user's search finds, likely at best."""
        searched = self._search.checkouts if self._search else ()
        found = [each._replace(proven=False) for each in self._candidates.find(lost) if each.top in searched]
        return self._choose(found, lost, path_below(directory, lost.root), foreign) if found else no_home(foreign)

    def _home_nearby(self, lost: LostCheckout, directory: str) -> Home:
        """Return the home of a session whose directory was once here."""
        info = self._context.inspect(lost.root)
        if info.real is not None and info.place is None:
            return no_home(info.detail)
        record = self._candidates.records.workspace(directory)
        if record is None and info.place and lost.project_id in {info.place.project_id, info.kept_id} - {GLOBAL}:
            return self._home_in_checkout(lost, directory)
        if record is None and is_outside_repository(lost.project_id, directory):
            return no_home(f"a directory in no repository leaves no trace of where it went{self._looked}")
        if record is None and not info.real:
            record = self._candidates.records.worktree(directory, lost.root, lost.project_id, lost.newest)
        if record is not None:
            return self._home_on_record(lost, record)
        what_is_there = f"another repository stands at {lost.root} now" if info.real else f"{lost.root} is gone"
        return self._home_of_lost(lost, directory, what_is_there)

    def _home_on_record(self, lost: LostCheckout, record: RecordedPlaces) -> Home:
        if not record.roots:
            return no_home(record.because, away=True)
        if record.roots == (lost.root,):
            return self._at(lost.root, record.sub, Certainty.LIKELY, record.because)
        return self._choose(self._candidates.recorded(lost, record), lost, record.sub, f"{lost.root} is gone")

    def _home_in_checkout(self, lost: LostCheckout, directory: str) -> Home:
        """Return where a directory is now that is gone from a checkout that is there."""
        sub = path_below(directory, lost.root)
        same: list[str] = []
        with suppress(CantTell):  # then the nearest directory is as likely as before
            same += [
                each
                for each in self._candidates.beside.folders(directory)
                if self._candidates.is_same_folder(lost, each, sub)
            ]
        if len(same) == 1 and (place := self._context.inspect(same[0]).place):
            because = f"{directory} is gone, and {same[0]} has the very files of opencode's last snapshot"
            return Home(place, Certainty.CERTAIN, because)
        because = f"{directory} is gone, and of its checkout {lost.root} the nearest directory is taken"
        return self._at(lost.root, sub, Certainty.LIKELY, because)

    def _home_of_lost(self, lost: LostCheckout, directory: str, what_is_there: str) -> Home:
        """Return the home of a session in a checkout that isn't at its place any more."""
        home = self._choose(self._candidates.find(lost), lost, path_below(directory, lost.root), what_is_there)
        seen = _seen(what_is_there, directory)
        unread = () if home.certainty is Certainty.CERTAIN else self._candidates.unreadable_beside(lost)
        if unread:
            cant_tell = f"nobody can tell whether {unread[0].directory} is it: {unread[0].detail}"
            if unread[0].status is DirectoryStatus.UNREADABLE:
                cant_tell = f"nobody can tell what is beside it: {unread[0].detail}"
            if home.place is None or self._candidates.beside.kept_id(unread[0].directory):
                return replace(
                    no_home(f"{seen}{cant_tell}"),
                    rivals=home.rivals,
                    commands=home.commands,
                    folder=home.folder,
                )
            return replace(home, because=f"{home.because}; {cant_tell}")
        if home.place is None and not home.rivals:
            return replace(home, why_not=f"{seen}no checkout of the project is known here{self._looked}")
        return home

    def _choose(self, candidates: Sequence[Candidate], lost: LostCheckout, sub: str, what_is_there: str) -> Home:
        """Return the home for which most speaks: certain if that is proven, a tie if as much speaks for several."""
        claim = max((each.claim for each in candidates), default=None)
        best = [each for each in candidates if each.claim is claim]
        if len(best) > 1 and self._search:  # the user says where to look
            best = [each for each in best if each.top in self._search.checkouts] or best
        if len(best) > 1 and claim is not None and claim < Claim.OPENED:
            only, rivals = only_candidate(by_repository(self._context, [each.top for each in best]))
            best = [best[0]._replace(top=top) for top in ((only.directory,) if only else rivals)]
        if len(best) > 1:
            tops = tuple(each.top for each in best)
            seen = _seen(what_is_there, os.path.join(lost.root, sub) if sub else lost.root)
            why_not = f"{seen}its project has several checkouts here: {' and '.join(tops)}"
            taken = self._context.inspect(lost.root).status is DirectoryStatus.THERE
            return tie(why_not, lost.root, tops, lost.project_id if taken else "")
        if not best:
            return no_home(what_is_there)
        certainty = Certainty.CERTAIN if best[0].proven else Certainty.LIKELY
        return self._at(best[0].top, sub, certainty, f"{what_is_there}, and {best[0].top} {best[0].because}")

    def _at(self, root: str, sub: str, certainty: Certainty, because: str) -> Home:
        """Return the home at `sub` in a checkout; where only a directory above is there, it is likely at most."""
        place = self.nearest_place(root, sub)
        if place is None:
            return no_home(f"{because}, which is gone too")
        whole = place.directory == (os.path.join(root, sub) if sub else root)
        return Home(place, certainty if whole else Certainty.LIKELY, because)

    def nearest_place(self, root: str, sub: str) -> Place | None:
        """Return `sub` below a checkout, or the nearest directory to it in there; None if the checkout is gone."""
        top = self._context.inspect(root).place
        if top is None or not sub:
            return top
        for directory in upwards(os.path.join(root, sub)):
            if directory == trimmed(root):
                break
            place = self._context.inspect(directory).place
            if place and place.project_id == top.project_id and is_within(place.directory, top.directory):
                return place
        return top


def _seen(what_is_there: str, directory: str) -> str:
    """Return what is there, as the beginning of a sentence; "" if the directory is gone, which the rule says already.

    Without the directory's name, sessions of many directories have the same sentence and are shown together.
    """
    return "" if what_is_there == f"{directory} is gone" else f"{what_is_there}, and "
