"""The values that one stage hands to the next. None of them is ever changed.

Times are milliseconds since 1970, as opencode stores them. What there may be 100,000 of is a named tuple: making one
takes a third of the time of a frozen dataclass.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from migrator.paths import last_name

OPENCODE_1, OPENCODE_2 = "opencode 1", "opencode 2"

GLOBAL = "global"
"""The project of everything in no repository (in opencode 1), and of each repository without origin or commit.

So it has no name, worktree, version control or checkouts of its own. Its row may name one all the same: opencode 1 puts
there which of these directories it opened last (seen with 1.18.34), and opencode 2 the first empty repository, for
ever, with a row of `worktree` (seen with code of October 2026). `ProjectReader` repeats none of that, and no new plan
of ours writes it.
"""


class Binding(NamedTuple):
    """The four columns of a session row that say where it belongs.

    `path` is None where the schema has no such column (before opencode 1.14) or the row holds NULL.
    """

    project_id: str
    directory: str
    path: str | None = None
    workspace_id: str | None = None


class Session(NamedTuple):
    """One row of opencode's `session` table, without its conversation."""

    id: str
    parent_id: str | None
    title: str
    binding: Binding
    created: int
    updated: int
    archived: int | None = None

    @property
    def directory(self) -> str:
        """The directory this session is bound to."""
        return self.binding.directory

    @property
    def project_id(self) -> str:
        """The project this session is bound to."""
        return self.binding.project_id


class Passage(NamedTuple):
    """Where a text was found in a conversation: the text as it stands there, and what is around it."""

    before: str
    hit: str
    after: str


@dataclass(frozen=True, slots=True)
class Project:
    """One row of opencode's `project` table; that of `global` has the worktree "/", and nothing else of its own."""

    id: str
    worktree: str
    vcs: str | None = None
    name: str | None = None
    sandboxes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What people call it: its name, else the last component of its worktree, else its id."""
        return self.name or last_name(self.worktree) or self.id


class SessionDirectory(NamedTuple):
    """A directory that sessions are bound to, with one project and `path`; `sessions` is how many they are.

    `first_created` is when the oldest of them was made, in milliseconds.
    """

    directory: str
    project_id: str
    path: str | None
    sessions: int
    first_created: int


@dataclass(frozen=True, slots=True)
class Place:
    """What opencode itself makes of a directory.

    `directory` is real (no symlink, no trailing slash). `worktree` is the top level of the checkout the directory
    is in ("/" outside any repository); `path` is the directory relative to it, "" at the top. `project_worktree` is
    what opencode would put into a new project row, which differs from `worktree` in the older schemas.

    `follows`, if set, is what a session that comes here is bound to instead: one that follows its folder stays in its
    workspace.
    """

    directory: str
    project_id: str
    worktree: str
    path: str
    vcs: str | None
    project_worktree: str
    follows: Binding | None = None

    @property
    def binding(self) -> Binding:
        """The row values of a session that belongs here; without a workspace, unless `follows` has one."""
        return self.follows or Binding(self.project_id, self.directory, self.path, None)


class Selected(NamedTuple):
    """A session that will take part, and why.

    `base` is the directory whose sub-paths are kept: a session in `base/sub` goes to `destination/sub`.
    """

    session: Session
    root: str
    selected_by: tuple[str, ...]
    base: str


@dataclass(frozen=True, slots=True)
class Selection:
    """Whole session trees, parents before their children."""

    sessions: tuple[Selected, ...]
    warnings: tuple[PlanWarning, ...] = ()


class FileUndo(StrEnum):
    """What happens to opencode's file undo of a session: see README, "What a move changes".

    SET_BACK: an undo of ours gives it back as it was before the run.
    """

    CARRY = "carry"
    DETACH = "detach"
    NONE = "none"
    SET_BACK = "set-back"


Undo = FileUndo
"""Its name in `migrator.__all__`."""


class ProjectAction(StrEnum):
    """What a plan does to a project row."""

    REGISTER = "register"
    UPDATE = "update"
    EXISTS = "exists"


class UndoTurns(NamedTuple):
    """How many turns of a session keep their file undo, how many lose it, and why.

    `detached` is None where all of them lose it, and nobody has counted. `mended` are those of `carried` that had lost
    it, and get it back.
    """

    carried: int = 0
    detached: int | None = 0
    because: str | None = None
    mended: int = 0


class Change(NamedTuple):
    """One session's move: before and after of its binding. Where they are the same, only file undo changes."""

    session: str
    root: str
    title: str
    selected_by: tuple[str, ...]
    before: Binding
    after: Binding
    undo: FileUndo
    turns: UndoTurns = UndoTurns()

    @property
    def moves(self) -> bool:
        """Whether the session's binding changes at all."""
        return self.before != self.after

    @property
    def invalidates_file_undo(self) -> bool:
        """Whether file undo would act on the wrong place after this change.

        It works from a snapshot repository keyed by project and worktree. Where only a wrong `path` is repaired, both
        stay; a workspace overrides the directory, so leaving one is leaving a place.
        """
        before, after = self.before, self.after
        leaves = before[0] != after[0] or before[1] != after[1] or before.workspace_id is not None
        return self.moves and leaves


class ProjectPaths(NamedTuple):
    """The two columns of a project row that hold paths; `sandboxes` is JSON text, byte for byte as stored."""

    worktree: str
    sandboxes: str


Row = tuple[tuple[str, str | int | float | None], ...]
"""One whole row of a table: (column, value) for every column, in the order of the table."""


class DirectoryChange(NamedTuple):
    """A row of `project_directory` that changes; `before` is None if it is inserted, `after` if it is deleted."""

    before: Row | None
    after: Row | None


class WorkspaceChange(NamedTuple):
    """The directory of one of opencode's own workspaces."""

    id: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ProjectChange:
    """A project row that the moved sessions need, or that moves along.

    `worktree` is what the row holds afterwards. The rest is for UPDATE only: paths before and after, and what the
    rows that belong to the project hold of paths.
    """

    id: str
    worktree: str
    action: ProjectAction
    vcs: str | None = None
    before: ProjectPaths | None = None
    after: ProjectPaths | None = None
    directories: tuple[DirectoryChange, ...] = ()
    workspaces: tuple[WorkspaceChange, ...] = ()


REGISTER_GLOBAL = ProjectChange(GLOBAL, "/", ProjectAction.REGISTER)
"""The row of `global` that we insert where there is none, whichever directory needs it."""

UNDO_OF, REDO_OF = "undo of ", "redo of "
"""How `selected_by` begins in a plan that takes a run back, or brings it about again."""

BECAUSE = "because "
"""How an entry of `selected_by` begins that says why a session belongs where it goes."""

STILL_LOST = "still-lost"
"""The code of a warning that a session stays lost, with the reason."""

READ_ONLY, CUT_OFF = "read-only", "cut-off"
"""The codes of warnings that the plan can't be applied: its database isn't written to, or a run on it comes first."""

SKIPPED = "skipped"
"""The code of a warning that a session or project isn't as planned, and is left out, as `--on-conflict skip` says."""

LEFT_ALONE = UNDO_LEFT, UNDO_SAFE = "undo-left", "undo-safe"
"""The codes of warnings that a session to protect was left as it is, since things weren't as planned."""

LEARNED_IN_THE_RUN = UNDO_DETACHED, AS_ROOT, LOST_ITS_END, USED_SINCE, NOT_REMOVED = (
    "undo-detached", "as-root", "journal-lost-its-end", "used-since", "not-removed",
)  # fmt: skip
"""The codes of warnings of what nobody knew when the plan was shown."""

ODD_ROWS = "odd-rows"
"""The code of a warning that rows with values that opencode never writes are left out."""

NONE_LOST = "none-lost"
"""The code of a warning that none of the selected sessions is lost, so that there is nothing to rescue."""


class Source(NamedTuple):
    """Which repository the sessions in a directory come from, as people call it."""

    directory: str
    project_id: str
    repository: str


@dataclass(frozen=True, slots=True)
class StillLost:
    """Why a session stays lost, in parts, so that one sentence can tell it of many sessions.

    `rule` found it by the fact `evidence`; `directory` is where it is bound; `why` says why it isn't moved.
    `likely_home` is the directory where it belongs, if that is only likely. `commands` say where it belongs: one whole
    command line for each directory that it can be.
    """

    rule: str
    evidence: str
    directory: str
    why: str
    likely_home: str | None = None
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanWarning:
    """Something a person should know before saying yes; `lost` has the parts of a message with the code STILL_LOST.

    `settled_by` are words which settle it, added to the command that made the plan.
    """

    code: str
    message: str
    session: str | None = None
    lost: StillLost | None = None
    settled_by: tuple[str, ...] = ()


class FolderState(StrEnum):
    """What is known of the folders that `relocate` follows, and so what tells where their sessions belong."""

    MOVED = "moved"
    """They are at their new places: opencode's own view of these decides."""

    WILL_MOVE = "will-move"
    """They are at their old places, and go to the new ones next: what they will be there decides."""

    FOREIGN = "foreign"
    """They are on another machine, disk or container: nothing is looked at, paths alone are mapped."""


@dataclass(frozen=True, slots=True)
class FolderMoves:
    """The folders that a plan follows, old and new path of each, so that applying can check them again."""

    state: FolderState
    folders: tuple[tuple[str, str], ...]


class MergeVerdict(StrEnum):
    """How a session of another database stands to this one."""

    NEW = "new"
    """It isn't here."""

    SAME = "same"
    """It is here, and says the same."""

    LONGER = "longer"
    """It is here, and longer in the other database: all that was said here is there too; see store/unfinished.py."""

    SHORTER = "shorter"
    """It is here, and longer here: all that was said there is here too."""

    DIVERGED = "diverged"
    """It is here, and each side has a message that the other doesn't have, or has otherwise."""

    @property
    def is_all_here(self) -> bool:
        """Whether all that is said in the other database's copy is here too."""
        return self in {MergeVerdict.SAME, MergeVerdict.SHORTER}


class MergedSession(NamedTuple):
    """A selected session of another database, compared with this one.

    `content` is a digest of its messages there, a fingerprint where it isn't here (see store/contents.py), and `here` a
    digest of those that this database has of it, None if it has none. `differs` is the first message that isn't the
    same on both sides.
    """

    session: str
    root: str
    title: str
    verdict: MergeVerdict
    content: str
    here: str | None = None
    differs: str | None = None


class MergedFile(NamedTuple):
    """A file that belongs to a session: the full path in the other data directory, and where it goes; its SHA-256.

    One that belongs to several sessions is named for each of them, since some may be left out.
    """

    session: str
    source: str
    target: str
    digest: str


@dataclass(frozen=True, slots=True)
class Merge:
    """What a plan brings from another database, at the path `other`; `signature` says what that file was like then.

    `sessions` are all that were selected, those that don't come included. `foreign` are directories of sessions that
    are kept as they are, though nothing is there. `folders` are those that a run makes for the files, the outer ones
    first. With `taken_out` the plan takes back what a merge brought, or takes out of `other` what was brought: then the
    changes say where the sessions were and came from. `remove` says whether the sessions leave `other` once they are
    here, but for the trees of those that are `staying`, having more there. `imported_by` is the program of opencode 2
    that makes them out of sessions of opencode 1, "" if a document says that one did, and None without one: no document
    names a program.
    """

    other: str
    signature: str
    sessions: tuple[MergedSession, ...] = ()
    foreign: tuple[str, ...] = ()
    files: tuple[MergedFile, ...] = ()
    taken_out: bool = False
    remove: bool = False
    imported_by: str | None = None
    folders: tuple[str, ...] = ()
    staying: tuple[str, ...] = ()

    @property
    def continued(self) -> frozenset[str]:
        """The sessions that this database has had before, and to which the merge only adds."""
        return frozenset(merged.session for merged in self.sessions if merged.verdict is MergeVerdict.LONGER)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would change, complete: applying it needs nothing else.

    `sources` is for people, and empty where all sessions come from one repository.
    `relocated` is None unless the plan follows folders; the destinations of other plans are directories that exist.
    `announce` says whether the model is told of a new directory, as opencode 2 does; opencode 1 never does.
    `in_place`: it is to move nothing, as with `protect`.
    `merge` is set where the sessions come from another database: then `before` of a change is what that holds.
    """

    store: str
    dialect: str
    changes: tuple[Change, ...]
    projects: tuple[ProjectChange, ...] = ()
    warnings: tuple[PlanWarning, ...] = ()
    unchanged: tuple[str, ...] = ()
    relocated: FolderMoves | None = None
    sources: tuple[Source, ...] = ()
    announce: bool = False
    in_place: bool = False
    merge: Merge | None = None

    @property
    def runs_program(self) -> bool:
        """Whether applying it runs a program of the user's, which is why it can't be saved."""
        return self.merge is not None and self.merge.imported_by is not None

    @property
    def updates(self) -> tuple[ProjectChange, ...]:
        """The project rows that change."""
        return tuple(project for project in self.projects if project.action is ProjectAction.UPDATE)

    @property
    def moving(self) -> tuple[Change, ...]:
        """The changes after which a session is somewhere else, or in another database."""
        comes = self.merge is not None and not self.merge.taken_out
        return self.changes if comes else tuple(change for change in self.changes if change.moves)

    @property
    def removable(self) -> tuple[MergedSession, ...]:
        """The sessions that leave the other database, if any do: whole trees that are here already, or will be."""
        if self.merge is None or not self.merge.remove:
            return ()
        coming = {change.session for change in self.changes}
        every, left = self.merge.sessions, frozenset(self.merge.staying)
        staying = {s.root for s in every if s.session in left or not (s.session in coming or s.verdict.is_all_here)}
        return tuple(session for session in every if session.root not in staying)

    @property
    def is_blocked(self) -> bool:
        """Whether it can't be applied as things are, which a warning says."""
        return any(warning.code in {READ_ONLY, CUT_OFF} for warning in self.warnings)

    @property
    def writes(self) -> bool:
        """Whether applying it writes anything."""
        return bool(self.changes or self.updates or (self.removable))


class Certainty(StrEnum):
    """How sure it is that a session is lost, or where its home is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    UNKNOWN = "unknown"


class Reason(NamedTuple):
    """Why a session is lost: the rule, the fact that was seen in words, how sure that makes us."""

    rule: str
    evidence: str
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Where a lost session belongs: a directory as it is on the disk now, and what opencode makes of it."""

    directory: str
    project_id: str
    certainty: Certainty
    because: str


class Listed(NamedTuple):
    """A session as a list shows it; `project` is None if its project has no row.

    `database` is the path of the one that it is of, in a list of several; else None.
    """

    session: Session
    project: Project | None
    database: str | None = None


class ListedProject(NamedTuple):
    """A project, how many sessions it has, and whether its worktree exists; `project` is None if it has no row.

    `exists` is None if that can't be told, and `reason` says why; and for `global`, which has no worktree. `updated` is
    the last time that a session of it was, None without any. `lost` (sessions) and `size` (bytes of conversations) are
    None if nobody asked for them.
    """

    id: str
    project: Project | None
    sessions: int
    exists: bool | None
    reason: str | None = None
    updated: int | None = None
    lost: int | None = None
    size: int | None = None


class Orphan(NamedTuple):
    """A session that opencode can't show or resume where it belongs.

    `suggestion` is None where nobody knows its home; `rivals` are directories of equal rank, none of which is
    suggested. `commands` say which of them it is, one whole command line for each.
    """

    session: Session
    reasons: tuple[Reason, ...]
    suggestion: Suggestion | None = None
    rivals: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


class RunStatus(StrEnum):
    """How a run ended, or that it hasn't."""

    RUNNING = "running"
    ROLLING_BACK = "rolling-back"
    APPLIED = "applied"
    ROLLED_BACK = "rolled-back"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Run:
    """The outcome of applying a plan; `verified` counts sessions found at the destination by opencode's own filter.

    `projects` counts the project rows that were updated; `moved` is false where a run changed file undo only, and
    `mended` counts the sessions that it mended without a change to a row. `undoes` is the run that it takes back; where
    that is an undo itself, `redoes` is the run that is brought about again. `merge` is what it brought from another
    database, or took out again; `removal` the run that took the same sessions out of that. `exit_code` isn't 0 where
    that was asked for and failed: then what was brought stays, and a warning says why.
    """

    id: str | None
    status: RunStatus
    sessions: int = 0
    chunks: int = 0
    verified: int = 0
    conflicts: tuple[str, ...] = ()
    warnings: tuple[PlanWarning, ...] = ()
    undoes: str | None = None
    projects: int = 0
    moved: bool = True
    mended: int = 0
    redoes: str | None = None
    merge: Merge | None = None
    removal: str | None = None
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """A run as the log shows it; `undone_by` is the run that took it back, `started` in milliseconds.

    `store` is the database on which it was made, `database` the one that has its rows now: None where none of those
    that were looked at has. `cut_off` tells that it hasn't ended, and that nobody carries it out any more; None if that
    can't be told. `redoes` is as in Run, `finished` is when it ended. `sources` and `destinations` are the directories
    of the sessions that it moved, before and after. `other` and `taken_out` are those of a merge, as in Merge.
    """

    id: str
    status: RunStatus
    started: int
    sessions: int
    command: str
    store: str
    undoes: str | None = None
    undone_by: str | None = None
    database: str | None = None
    cut_off: bool | None = False
    redoes: str | None = None
    finished: int | None = None
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    other: str | None = None
    taken_out: bool = False


class TurnOutcome(StrEnum):
    """What a run did to the file undo of a turn."""

    CARRIED = "carried"
    DETACHED = "detached"
    SET_BACK = "set-back"
    MENDED = "mended"


class TurnRecord(NamedTuple):
    """What a run did to the file undo of one turn; `files` are those that it names since, or else those that it named.

    `turn` is the id of its part, in opencode 2 of its answer; it is that of the session where its revert marker is
    meant, and None where every turn of the session is that had lost its snapshots. `opencode` is 1 or 2: where both
    have a session, they have its turns twice.
    """

    session: str
    turn: str | None
    outcome: TurnOutcome
    opencode: int
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run with everything that its journal says; `plan` is what it did, in the words of a plan.

    `taken_out` are project rows that it removed again. `next` are commands that may follow, each after a few
    words that say what for.
    """

    run: LoggedRun
    plan: Plan
    turns: tuple[TurnRecord, ...]
    taken_out: tuple[ProjectChange, ...]
    chunks: int
    verified: int
    backup: str | None
    next: tuple[tuple[str, str], ...]
