"""Which checkouts may be the working copy that lost sessions were in, and what speaks for each.

Two things are seen: that a folder's files are the very same (inode by inode), and that git or jj themselves have a
working copy on record as moved. A repository that opencode has opened as this project, in the same parent folder, but
never under the name that it has now, was renamed, if nothing else can be meant: it is no copy, and the only one. All
else is another checkout of the same project: it may be meant, and nobody can know.
"""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from enum import IntEnum
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

from migrator.errors import CantTell
from migrator.model import GLOBAL
from migrator.orphans.beside import Beside
from migrator.orphans.former_ids import FormerIds
from migrator.orphans.rule import DirectoryInfo, DirectoryStatus
from migrator.orphans.vcs_records import VcsRecords
from migrator.paths import is_within
from migrator.places import git_worktrees
from migrator.places.small_files import read_small, real_path
from migrator.snapshots.repositories.same_folder import SnapshotOf, checkout_stamps, is_same_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from migrator.orphans.known_checkouts import KnownCheckouts
    from migrator.orphans.rule import RuleContext
    from migrator.orphans.search import Search
    from migrator.orphans.vcs_records import RecordedPlaces
    from migrator.places import Places
    from migrator.snapshots.repositories.same_folder import SnapshotFolders

_HEAD_LIMIT = 64 * 1024


class Claim(IntEnum):
    """What speaks for a checkout being the one that sessions were in; the greatest claim decides."""

    NONE = 0
    """Nothing."""
    OTHER = 1
    """It is another checkout of their project: a copy, or one that was there beside theirs."""
    HISTORY = 2
    """It was their project once, or is a clone of what was."""
    PROJECT = 3
    """It is their project today."""
    OPENED = 4
    """Opencode has opened it as their project, and never under its name of today; or git or jj say that it moved."""
    SAME = 5
    """Its files are the very same."""


class Candidate(NamedTuple):
    """A checkout; `because` says what it is, as in "DIRECTORY is ...". `proven`: nothing else can be meant."""

    top: str
    claim: Claim
    because: str
    proven: bool = False


class LostCheckout(NamedTuple):
    """A checkout that isn't at its place any more: `root` is the place, `sessions` were in it.

    `newest` is when the youngest of them was made, in milliseconds since 1970.
    """

    project_id: str
    root: str
    newest: int
    sessions: tuple[str, ...]

    @property
    def snapshot(self) -> SnapshotOf:
        """The checkout as the snapshots know it."""
        return SnapshotOf(self.project_id, self.root, self.sessions)


class Candidates:
    """Finds the candidates for each lost checkout; `search` has the working copies that the user's search found."""

    def __init__(
        self,
        context: RuleContext,
        places: Places,
        known: KnownCheckouts,
        snapshots: SnapshotFolders,
        search: Search | None,
    ) -> None:
        self._context = context
        self._known = known
        self._snapshots = snapshots
        self._search = search
        self.records = VcsRecords(context, known, self._searched)
        self.is_copied = cache(_looks_copied)
        self.former_ids = FormerIds(places)
        self.find = cache(self._find)
        self.beside = Beside()

    def _searched(self) -> Sequence[str]:
        return self._search.checkouts if self._search else ()

    @cached_property
    def _searched_of(self) -> Mapping[str, set[str]]:
        """Map project ids to the searched working copies that are of it, or may have been: the others need no look."""
        ids, found = {binding.project_id for binding in self._context.bound}, defaultdict[str, set[str]](set)
        tops = {*map(real_path, self._searched())}
        self._context.inspect_all(tops)
        for top in tops:
            info = self._context.inspect(top)
            if info.place is not None and info.place.vcs is not None:
                for id_ in {info.place.project_id, info.kept_id or "", *self.former_ids.likely_ids(top, ids)}:
                    found[id_].add(top)
        return found

    def is_same_folder(self, lost: LostCheckout, folder: str, below: str = "") -> bool | None:
        """Tell whether `folder` is what was at `below` in a lost checkout; None: nobody can tell."""
        return self._snapshots.is_same(lost.snapshot, folder, below)

    def _find(self, lost: LostCheckout) -> tuple[Candidate, ...]:
        """Return the checkouts that may be the lost one, at most one entry for each."""
        if lost.project_id == GLOBAL:
            return ()
        beside = self.beside.checkouts(lost.root)
        known = {place.worktree for repo in self._known.repositories(lost.project_id) for place in repo.checkouts}
        others = {real_path(top) for top in known} | self._searched_of.get(lost.project_id, set())
        opened = [top for top in beside if self.beside.kept_id(top) == lost.project_id]
        found = self._judge_all(lost, {*opened, *others}, beside)
        if not any(candidate.claim >= Claim.OPENED for candidate in found):
            found += self._judge_all(lost, {*beside} - {*opened} - others, beside)
        return tuple(found)

    def _judge_all(self, lost: LostCheckout, tops: Iterable[str], beside: Sequence[str]) -> list[Candidate]:
        tops = sorted(top for top in tops if not is_within(lost.root, top))
        self._context.inspect_all(tops)
        return [each for top in tops if (each := self._judge(lost, top, beside=top in beside))]

    def _judge(self, lost: LostCheckout, top: str, *, beside: bool) -> Candidate | None:
        """Return what a checkout is to a lost one; None if it has nothing to do with its project."""
        info = self._context.inspect(top)
        if info.place is None or info.place.vcs is None or info.place.worktree != top:
            return None
        is_project, was_project = info.place.project_id == lost.project_id, info.kept_id == lost.project_id
        sign = None if is_project or was_project else self.former_ids.likely_sign(lost.project_id, top)
        if not (is_project or was_project or sign):
            return None
        same = self.is_same_folder(lost, top)
        if why_another := self._why_another(lost, top, same=same):
            return Candidate(top, Claim.OTHER, why_another)
        if same:
            return Candidate(top, Claim.SAME, "has the very files of opencode's last snapshot", proven=True)
        if was_project and self._is_renamed(lost, top):
            because = "is a repository that opencode knew as its project, though not under this name"
            proven = beside and self._is_alone(lost) and not _is_kept_id_copied(top)
            return Candidate(top, Claim.OPENED, because, proven)
        because = f"is a repository of its history: {sign}" if sign else "is a checkout of its project"
        return Candidate(top, Claim.HISTORY if sign else Claim.PROJECT, because)

    def _why_another(self, lost: LostCheckout, top: str, *, same: bool | None) -> str | None:
        """Say what a checkout is if it isn't the lost one; None if it may be. `same` is what `is_same_folder` says."""
        if same is False:
            return "is another checkout of its project, with other files"
        if same is None and self.is_copied(top):
            return "is a copy of a checkout of its project"
        since, link = self._known.first_used(lost.project_id, top), git_worktrees.worktree_link(top)
        if (since and since <= lost.newest) or (link and link.id is not None):  # git has moved worktrees on record
            return "is another checkout of its project"
        return None

    def _is_renamed(self, lost: LostCheckout, top: str) -> bool:
        """Tell whether a repository that was opened as the project can only be the lost one under another name.

        One that was opened under the name that it has now may be a clone as well.
        """
        return self._known.first_used(lost.project_id, top) is None and not self._may_have_had_as_worktree(lost, top)

    def recorded(self, lost: LostCheckout, record: RecordedPlaces) -> tuple[Candidate, ...]:
        """Return the places that git or jj have on record for a lost checkout; copies of it are not meant."""
        roots = [root for root in record.roots if not self.is_copied(root)] or record.roots
        same = [root for root in roots if self.is_same_folder(lost, root)]
        claim = Claim.OPENED if record.is_the_same else Claim.OTHER
        proven = bool(same) or (record.is_the_same and len(roots) == 1)
        because = f"{'is where it went' if proven else 'may be where it belongs'}: {record.because}"
        return tuple(Candidate(root, Claim.SAME if same else claim, because, proven) for root in same or roots)

    def _may_have_had_as_worktree(self, lost: LostCheckout, top: str) -> bool:
        """Tell whether the lost checkout may have been a linked worktree of the repository at `top`.

        All of them share the id that opencode keeps in it. Git leaves no trace of one that was removed, but for its
        branch, which is mostly called as it was; the snapshots of a worktree borrow the objects of its repository.
        """
        link = git_worktrees.worktree_link(top)
        if link is None or git_worktrees.admin_dirs(link.common):
            return True
        branch = f"refs/heads/{os.path.basename(lost.root)}"
        head = read_small(os.path.join(link.common, "HEAD"), _HEAD_LIMIT) or b""
        logged = os.path.lexists(os.path.join(link.common, "logs", branch))
        if logged and head.strip() != b"ref: " + os.fsencode(branch):
            return True
        try:
            borrowed = self._snapshots.borrowed_objects(lost.snapshot)
        except CantTell:
            return True
        return bool(borrowed) and not any(is_within(objects, lost.root) for objects in borrowed)

    def _is_alone(self, lost: LostCheckout) -> bool:
        """Tell whether no other checkout of the project is gone too, and whatever lies beside it can be looked at."""
        others = self._known.roots(lost.project_id) - {lost.root}
        if any(self._context.inspect(root).status is not DirectoryStatus.THERE for root in others):
            return False
        if self.unreadable_beside(lost):
            return False
        above, names, _ = self.beside.renamed_component(lost.root)
        return all(os.access(os.path.join(above, name), os.R_OK | os.X_OK) for name in names)

    def unreadable_beside(self, lost: LostCheckout) -> Sequence[DirectoryInfo]:
        """Return the checkouts beside a lost one that may be it, and of which git can't say anything.

        Those that opencode knew as its project come first. If nothing beside it can be listed, that directory is meant.
        """
        try:
            self.beside.renamed_component(lost.root)
        except CantTell as error:
            return [DirectoryInfo(os.path.dirname(lost.root), DirectoryStatus.UNREADABLE, str(error))]
        infos = map(self._context.inspect, self.beside.checkouts(lost.root))
        unread = [
            info for info in infos if not info.place and self.beside.kept_id(info.directory) in {None, lost.project_id}
        ]
        return sorted(unread, key=lambda info: self.beside.kept_id(info.directory) is None)


def _looks_copied(top: str) -> bool:
    """Tell whether a checkout was copied, rather than renamed, since git or opencode wrote in it.

    In a copy the index names other inodes than those of the files there. Where it names none: opencode, git and jj
    write their small files in one go, so that both times of such a file are the same, and a copy that keeps the one
    changes the other (seen with opencode 1.18.34 and git 2.39.5).
    """
    same = is_same_folder(checkout_stamps(top), top)
    if same is not None:
        return not same
    small = (_kept_id_file(top), f"{top}/.git", f"{top}/.jj/repo")
    return _has_copied_times(next(filter(os.path.isfile, small), top))


def _is_kept_id_copied(top: str) -> bool:
    """Tell whether the file that names the project came by a copy; an index tells no more once git has refreshed it."""
    return os.path.isfile(file := _kept_id_file(top)) and _has_copied_times(file)


def _kept_id_file(top: str) -> str:
    link = git_worktrees.worktree_link(top)
    return os.path.join(link.common, "opencode") if link else ""


def _has_copied_times(file: str) -> bool:
    status = os.lstat(file)
    return stat.S_ISREG(status.st_mode) and status.st_ctime_ns != status.st_mtime_ns
