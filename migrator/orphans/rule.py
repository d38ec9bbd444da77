"""The contract of an orphan rule: one way for a session to get lost, found with evidence.

Rules never write, never print and never look at the disk themselves: they ask the context, which looks once at each
directory, however many sessions and rules there are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from migrator.model import Binding, Place, Project, Reason, Session
    from migrator.store.json_storage import LeftBehind
    from migrator.store.other_databases import OtherDatabase


class DirectoryStatus(StrEnum):
    """What is on the disk where a session's directory should be."""

    THERE = "there"
    MISSING = "missing"
    NOT_A_DIRECTORY = "not-a-directory"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class DirectoryInfo:
    """What is on the disk at a stored directory.

    `real` is its real path and `place` what opencode makes of it. Both are None if the directory isn't there, `place`
    also if git fails. `detail` says in words what is there, or why git failed.

    `spelled` is set where it isn't there, but one directory is whose path differs only in its Unicode form.

    `kept_id` is the project id that opencode left in the repository when it was last opened, or None; `id_source`
    names where the place's project id comes from: "origin github.com/acme/shop", "its root commit".
    """

    directory: str
    status: DirectoryStatus
    detail: str
    real: str | None = None
    place: Place | None = None
    kept_id: str | None = None
    id_source: str = ""
    spelled: str | None = None

    @property
    def told_by(self) -> str:
        """The `id_source`, by its name until 0.1, for plug-ins."""
        return self.id_source

    @property
    def standing(self) -> DirectoryStatus:
        """The `status`, by its name until 0.1, for plug-ins."""
        return self.status


class RuleContext(Protocol):
    """What a rule may ask about the database and the disk. Each is read at most once."""

    @property
    def bound(self) -> Mapping[Binding, Sequence[Session]]:
        """The sessions whose directory should be on this machine's disk, by binding: bindings are fewer than sessions.

        Sessions that opencode 2 hasn't imported are left out, since other rules hold for them, and so are those in a
        workspace of some provider, whose directory is elsewhere.
        """

    @property
    def by_id(self) -> Mapping[str, Session]:
        """Every session of the database by its id, last used first."""

    @property
    def odd_sessions(self) -> Mapping[str, str]:
        """The ids of sessions that aren't in `by_id` since nobody can tell what their rows mean, and why not."""

    @property
    def projects(self) -> Mapping[str, Project]:
        """Every project row by its id."""

    @property
    def workspaces(self) -> Mapping[str, str | None]:
        """The directory of each of opencode's own `workspace` rows, by its id."""

    @property
    def has_path(self) -> bool:
        """Whether the schema has `session.path`, from opencode 1.14 on."""

    @property
    def stores_real_paths(self) -> bool:
        """Whether its opencode stores the real path of a directory, from 1.2.27 on; before, a symlink stayed one."""

    @property
    def adopts(self) -> bool:
        """Whether its opencode takes `global` sessions over where a checkout is opened at its top: from 1.2.27 on."""

    @property
    def rekeys(self) -> bool:
        """Whether its opencode moves a project's sessions along when an opened repository has another id than it kept.

        From 1.15.13 on.
        """

    @property
    def is_v2(self) -> bool:
        """Whether its opencode is 2, which has other rules for projects and lists."""

    @property
    def has_v1(self) -> bool:
        """Whether there are tables of opencode 1. Where opencode 2 has some too, rules say what opencode 2 does."""

    @property
    def only_in_2(self) -> frozenset[str]:
        """The ids of sessions that opencode 2 has and opencode 1, which has tables here too, doesn't."""

    @property
    def not_imported(self) -> Sequence[Session]:
        """Sessions that opencode 1 has in this database and opencode 2 doesn't; in `by_id`, and not in `bound`."""

    @property
    def import_phase(self) -> str:
        """How far opencode 2 is with importing the sessions of opencode 1, in words; "completed" once it is done."""

    @property
    def resolved(self) -> Collection[tuple[str, str]]:
        """(project id, directory) of the checkouts that opencode 2 has opened already.

        At its first start in one it takes sessions over that belong there; it never does so again.
        """

    @property
    def from_before_path(self) -> frozenset[str]:
        """The ids of sessions made by an opencode that stored no `path`: theirs is NULL, and was never filled in."""

    @property
    def left_behind(self) -> Sequence[LeftBehind]:
        """Sessions in JSON storage beside the database that are not in it."""

    @property
    def other_databases(self) -> Sequence[OtherDatabase]:
        """The other databases beside this one, of other release channels, with the sessions that only they have."""

    @property
    def newest_version(self) -> tuple[int, ...]:
        """The version of the opencode 1 that made the newest session, as numbers; () if that isn't known."""

    @property
    def checkouts_on_record(self) -> Mapping[str, Sequence[str]]:
        """The directories that opencode has on record as checkouts of each project, by the project's id.

        They may be gone. From 1.17 on; before, there are only a project's worktree and sandboxes.
        """

    @property
    def checkouts_opened(self) -> Mapping[tuple[str, str], int]:
        """When opencode first opened each (project id, checkout) on record, in milliseconds since 1970."""

    def inspect(self, directory: str) -> DirectoryInfo:
        """Return what is at a directory, as stored."""

    def inspect_all(self, directories: Iterable[str]) -> None:
        """Look at several directories at once, so that `inspect` needn't wait for git one by one."""


class Finding(NamedTuple):
    """Sessions that are lost for the same reason."""

    sessions: Sequence[Session]
    reason: Reason


class OrphanRule(ABC):
    """One way to get lost. Third parties name their subclass in the entry-point group `migrator.orphan_rules`."""

    name: str
    """As in `--rule NAME`; words joined by hyphens."""

    summary: str
    """What is wrong with the sessions it finds, in one line for `--help`."""

    movable: bool = True
    """Whether `rescue` may ever move a session for this reason."""

    looks_at: Literal["", "directory", "repository"] = ""
    """What it must see to say that nothing is wrong: the session's directory, the repository there too, or nothing."""

    @abstractmethod
    def find(self, context: RuleContext) -> Iterator[Finding]:
        """Yield the sessions that are lost in this way, with the evidence."""

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        """Say for `--explain` why this rule doesn't find a session; "" if there is nothing to say."""
        return self.acquit(context, session)

    def acquit(self, context: RuleContext, session: Session) -> str:
        """Say nothing; until 0.1 `explain_pass` had this name, under which rules of third parties may define it."""
        del context, session
        return ""


Ground, Sight, Standing = RuleContext, DirectoryInfo, DirectoryStatus
"""The names until 0.1, for plug-ins."""
