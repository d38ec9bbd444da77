"""The types of plan@1, run@1 and log@1: they read them, write them, and make their JSON Schemas (schemas.py).

Keys may be added to any object but a binding, and none is renamed or removed. A key with a default was added after the
first version: it is always written, and may be missing in what an older version wrote. Keys whose type has `UnsetType`
are written only where they say something. Keys that aren't here are a later version's, and ignored.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType, ValidationError, convert, field

from migrator.errors import MigratorError
from migrator.model import FileUndo, FolderState, MergeVerdict, ProjectAction, TurnOutcome
from migrator.paths import ABSOLUTE

PLAN: Final = "opencode-migrator/plan@1"
RUN: Final = "opencode-migrator/run@1"
LOG: Final = "opencode-migrator/log@1"

_T = TypeVar("_T")

Id = Annotated[str, Meta(min_length=1)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
FullPath = Annotated[str, Meta(pattern=ABSOLUTE)]
RunId = Annotated[str, Meta(pattern="^[0-9]{8}-[0-9]{6}-[0-9a-f]{4}$")]
Cell = str | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | float | None

_ids = Meta(extra_json_schema={"uniqueItems": True})


class StillLostDocument(Struct):
    """Why a session stays lost."""

    rule: Annotated[Id, Meta(description="The rule that found it.")]
    evidence: Annotated[str, Meta(description="The fact that was seen.")]
    directory: Annotated[str, Meta(description="Where it is bound.")]
    why: Annotated[str, Meta(description="Why it isn't moved.")]
    likely_home: Annotated[
        str | None, Meta(description="The directory where it belongs, if that is only likely; null otherwise.")
    ]
    commands: Annotated[
        list[Id],
        Meta(description="Whole command lines that say where it belongs, one for each directory that it can be."),
    ]


class WarningDocument(Struct):
    """A remark for a person, with a code for programs."""

    code: Annotated[
        str,
        Meta(pattern="^[a-z]+(-[a-z]+)*$", description="What kind of remark, such as whole-tree or crosses-projects."),
    ]
    message: Annotated[str, Meta(min_length=1, description="The remark.")]
    session: Annotated[Id | UnsetType, Meta(description="The session it is about, where it is about one.")] = UNSET
    lost: Annotated[
        StillLostDocument | UnsetType,
        Meta(description="The parts of the message of a session that stays lost (code still-lost)."),
    ] = UNSET


class StoreDocument(Struct):
    """The database that a plan was made for; it is applied to one whose rows are as the plan says."""

    path: Annotated[FullPath, Meta(description="The database file, absolute, symbolic links resolved.")]
    dialect: Annotated[
        Literal["v1", "v2", "v1+v2"],
        Meta(description="Which tables hold the sessions: those of opencode 1, of opencode 2, or both."),
    ]


class BindingDocument(Struct, forbid_unknown_fields=True, gc=False):
    """The four columns that say where a session belongs.

    A key more would be a row that is only half described, so it is plan@2.
    """

    project_id: Annotated[str, Meta(description="The id of its project; `global` outside any repository.")]
    directory: Annotated[str, Meta(description="The directory it is bound to.")]
    path: Annotated[
        str | None,
        Meta(
            description="The directory relative to its checkout, empty at the top; null where the row or the schema "
            "has none."
        ),
    ]
    workspace_id: Annotated[str | None, Meta(description="The opencode workspace it is in, if any.")]


class TurnsDocument(Struct, frozen=True, gc=False):
    """What becomes of each turn that changed files."""

    carried: Annotated[Count, Meta(description="How many keep their file undo.")] = 0
    detached: Annotated[
        Count | None, Meta(description="How many lose it; null where all of them do, and nobody has counted.")
    ] = 0
    because: Annotated[str | None, Meta(description="Why some are detached; null where none is.")] = None
    mended: Annotated[
        Count,
        Meta(
            description="How many of those that keep it had lost it: their snapshots are brought to where opencode "
            "looks."
        ),
    ] = 0


class ChangeDocument(Struct, gc=False):
    """One session's move."""

    session: Annotated[Id, Meta(description="The session's id.")]
    root: Annotated[Id, Meta(description="The id of the topmost session of its tree; its own id where it is the root.")]
    title: Annotated[str, Meta(description="The session's title when the plan was made.")]
    selected_by: Annotated[
        list[Id],
        Meta(
            description="What was said that selected it, or that its tree brought it along; of a lost session also, "
            "after `because `, why it belongs where it goes. Empty where nothing was said, as `protect` takes all."
        ),
    ]
    before: Annotated[BindingDocument, Meta(description="What its row must hold for the plan to be applied.")]
    after: Annotated[BindingDocument, Meta(description="What its row holds afterwards.")]
    undo: Annotated[
        FileUndo,
        Meta(
            description="What becomes of opencode's file undo in this session: carried along, detached (undo then "
            "takes back the conversation and touches no file), set back to what it was before the run that is taken "
            "back, or none, there being nothing to undo."
        ),
    ]
    undo_turns: Annotated[TurnsDocument, Meta(description="What becomes of each of its turns that changed files.")] = (
        TurnsDocument()
    )


class PathsDocument(Struct):
    """What a project row holds of paths."""

    worktree: Annotated[str, Meta(description="Its worktree.")]
    sandboxes: Annotated[
        str, Meta(description="Its other checkouts: the JSON array as text, byte for byte as the row holds it.")
    ]


class DirectoryDocument(Struct):
    """A row of project_directory that changes."""

    before: Annotated[
        dict[str, Cell] | None,
        Meta(description="The whole row, column by column; null where it comes back with an undo."),
    ]
    after: Annotated[
        dict[str, Cell] | None,
        Meta(description="The row afterwards; null where it goes, its new directory being known already."),
    ]


class WorkspaceDocument(Struct):
    """A workspace of opencode's own whose directory changes."""

    id: Annotated[Id, Meta(description="The workspace's id.")]
    before: Annotated[str, Meta(description="Its directory now.")]
    after: Annotated[str, Meta(description="Its directory afterwards.")]


class ProjectDocument(Struct):
    """A project row that moved sessions need."""

    id: Annotated[Id, Meta(description="The project's id.")]
    worktree: Annotated[str, Meta(description="The worktree in its row, afterwards.")]
    action: Annotated[ProjectAction, Meta(description="Whether the row is inserted, updated, or there already.")]
    vcs: Annotated[str | None, Meta(description="The version control system in its row.")]
    before: Annotated[
        PathsDocument | UnsetType, Meta(description="What the row must hold for the plan to be applied.")
    ] = UNSET
    after: Annotated[PathsDocument | UnsetType, Meta(description="What it holds afterwards.")] = UNSET
    directories: Annotated[
        list[DirectoryDocument] | UnsetType, Meta(description="The rows of project_directory that change.")
    ] = UNSET
    workspaces: Annotated[
        list[WorkspaceDocument] | UnsetType,
        Meta(description="The rows of opencode's own workspaces whose directory changes."),
    ] = UNSET


UPDATE_KEYS = ("before", "after", "directories", "workspaces")
"""The keys that a project has if its row is updated."""

_update = Meta(
    extra_json_schema={
        "if": {"properties": {"action": {"const": ProjectAction.UPDATE.value}}},
        "then": {"required": list(UPDATE_KEYS)},
    }
)


class SourceDocument(Struct):
    """Which repository the sessions of a directory come from."""

    directory: Annotated[str, Meta(description="As in `before`.")]
    project_id: Annotated[str, Meta(description="As in `before`.")]
    repository: Annotated[
        str,
        Meta(description="What people call it: the name of a project, or the main working copy of a jj repository."),
    ]


class SummaryDocument(Struct, frozen=True):
    """How many of what."""

    sessions: Annotated[Count, Meta(description="Entries of `changes`.")] = 0
    trees: Annotated[Count, Meta(description="Different roots in `changes`.")] = 0
    unchanged: Annotated[Count, Meta(description="Entries of `unchanged`.")] = 0
    projects_registered: Annotated[Count, Meta(description="Entries of `projects` with the action `register`.")] = 0
    projects_updated: Annotated[Count, Meta(description="Entries of `projects` with the action `update`.")] = 0
    undo_carried: Annotated[Count, Meta(description="Entries of `changes` whose undo is `carry`.")] = 0
    undo_detached: Annotated[Count, Meta(description="Entries of `changes` whose undo is `detach`.")] = 0
    turns_carried: Annotated[Count, Meta(description="Turns whose file undo is carried along.")] = 0
    turns_detached: Annotated[
        Count,
        Meta(description="Turns whose file undo is detached, without those of sessions where nobody counted."),
    ] = 0


class FolderDocument(Struct):
    """A folder that a plan follows."""

    old: Annotated[FullPath, Meta(description="Where it was.")]
    new: Annotated[FullPath, Meta(description="Where it is, or will be.")]


class FoldersDocument(Struct):
    """The folders that a plan of `relocate` follows, asked for again when it is applied."""

    whereabouts: Annotated[
        FolderState,
        Meta(
            description="moved: the folders are at their new paths, and what opencode makes of these was taken; "
            "will-move: they are at their old paths and go to the new ones next; foreign: nothing was looked at, "
            "paths alone were mapped."
        ),
    ]
    folders: Annotated[
        list[FolderDocument],
        Meta(
            min_length=1,
            description="Old and new path of each folder, absolute; a folder that was known through a symbolic link "
            "is there once for each of its paths.",
        ),
    ]


class MergedDocument(Struct, gc=False):
    """A session of another database, compared with this one."""

    session: Annotated[Id, Meta(description="Its id.")]
    root: Annotated[Id, Meta(description="The id of the topmost session of its tree.")]
    title: Annotated[str, Meta(description="Its title there.")]
    verdict: Annotated[
        MergeVerdict,
        Meta(
            description="new: it isn't here; same: both say the same; longer: the other database has more of it; "
            "shorter: this one has more of it; diverged: each side has a message that the other hasn't."
        ),
    ]
    content: Annotated[
        str, Meta(description="A digest of what was said in it there, or a fingerprint of that where it isn't here.")
    ]
    here: Annotated[str | None, Meta(description="A digest of what was said in it here; null where it isn't here.")] = (
        None
    )
    differs: Annotated[
        str | None, Meta(description="The first message that isn't the same on both sides; null where none is.")
    ] = None


class CompanionDocument(Struct):
    """A file that comes along with a session."""

    session: Annotated[Id, Meta(description="The session's id.")]
    source: Annotated[FullPath, Meta(description="Where it is.")]
    target: Annotated[FullPath, Meta(description="Where it is copied to.")]
    digest: Annotated[str, Meta(description="The SHA-256 of what is in it.")]


class MergeDocument(Struct):
    """What a plan brings from another database."""

    other: Annotated[FullPath, Meta(description="That database, absolute, symbolic links resolved.")]
    signature: Annotated[
        str,
        Meta(
            description="What its file was like. Where it is another by the time the plan is applied, its sessions are "
            "compared with `content`."
        ),
    ]
    sessions: Annotated[
        list[MergedDocument], Meta(description="Every selected session, those that don't come included.")
    ]
    foreign: Annotated[
        list[str], Meta(description="Directories that aren't here, in which sessions are kept all the same.")
    ] = []
    files: Annotated[list[CompanionDocument], Meta(description="Files that come along.")] = []
    taken_out: Annotated[bool, Meta(description="Whether sessions are taken out, not brought: in an undo.")] = False
    remove: Annotated[bool, Meta(description="Whether they leave the other database once they are in this one.")] = (
        False
    )
    imported: Annotated[
        bool,
        Meta(
            description="Whether opencode 2 makes them out of sessions of opencode 1. Such a plan isn't applied later."
        ),
    ] = False
    staying: Annotated[
        list[str], Meta(description="Sessions whose trees stay in the other database, which has more of them.")
    ] = []


class PlanDocument(Struct, kw_only=True):
    """What a move would change, complete: `apply` needs nothing else.

    Printed by `move --dry-run --json` and `plan --json`, saved by `plan -o FILE`. Within plan@1 keys may be added to
    any object but a binding, and none is renamed or removed; readers ignore keys they don't know.
    """

    format: Annotated[Literal["opencode-migrator/plan@1"], Meta(description="The format and its version.")]
    store: Annotated[StoreDocument, Meta(description="The database the plan was made for, and where it was then.")]
    changes: Annotated[
        list[ChangeDocument],
        Meta(description="One entry for each session that moves, whole trees, parents before their children."),
    ]
    projects: Annotated[
        list[Annotated[ProjectDocument, _update]],
        Meta(description="The project rows that the moved sessions belong to afterwards."),
    ]
    warnings: Annotated[list[WarningDocument], Meta(description="What a person should know before saying yes.")]
    unchanged: Annotated[
        list[Id],
        _ids,
        Meta(description="The ids of the selected sessions that are right already; they are not touched."),
    ]
    sources: Annotated[
        list[SourceDocument],
        Meta(description="Which repository the sessions of each directory come from; empty where it is one for all."),
    ] = []
    summary: Annotated[SummaryDocument, Meta(description="How many of what; counted from the rest of the plan.")] = (
        SummaryDocument()
    )
    relocated: Annotated[
        FoldersDocument | None,
        Meta(
            description="In a plan of `relocate` the folders that it follows, asked for again when it is applied; "
            "else null."
        ),
    ] = None
    announce: Annotated[
        bool,
        Meta(
            description="Whether the model is told that its directory is another now, by a message in each session "
            "whose directory changes; always false in databases of opencode 1."
        ),
    ] = False
    in_place: Annotated[
        bool, Meta(description="Whether it is a plan to leave every session where it is, as those of `protect` are.")
    ] = False
    merge: Annotated[
        MergeDocument | None,
        Meta(
            description="In a plan of `merge` what it brings from another database; else null. `before` of a change is "
            "then what that database holds."
        ),
    ] = None
    digest: Annotated[
        str,
        Meta(
            pattern="^sha256:[0-9a-f]{64}$",
            description="SHA-256 over everything else as canonical JSON (keys sorted, no spaces, ASCII), so that a "
            "file that was edited is noticed.",
        ),
    ]


class RunDocument(Struct, kw_only=True):
    """How applying a plan went.

    Printed by `move`, `migrate`, `apply`, `undo`, `redo` and `resume` with --json.
    """

    format: Annotated[Literal["opencode-migrator/run@1"], Meta(description="The format and its version.")]
    run: Annotated[
        RunId | None,
        Meta(description="The run's id, as `log`, `undo` and `resume` know it; null where nothing had to be written."),
    ]
    status: Annotated[
        Literal["applied", "rolled-back", "unchanged"],
        Meta(
            description="applied: everything was written; rolled-back: what an unfinished run had written was taken "
            "back; unchanged: there was nothing to write.",
        ),
    ]
    sessions: Annotated[Count, Meta(description="Sessions that were moved, or moved back.")]
    projects: Annotated[Count, Meta(description="Project rows that were updated, or set back.")] = 0
    chunks: Annotated[Count, Meta(description="Transactions it took.")]
    verified: Annotated[
        Count,
        Meta(
            description="Sessions that opencode's own filters list at their destination, and no longer at their source."
        ),
    ]
    conflicts: Annotated[
        list[Id],
        _ids,
        Meta(
            description="The ids of sessions that had changed since the plan was made; with --on-conflict skip their "
            "trees were left out."
        ),
    ]
    warnings: Annotated[
        list[WarningDocument],
        Meta(description="What a person should know, those of the plan included."),
    ]
    moved: Annotated[
        bool,
        Meta(
            description="Whether sessions or project rows were to change; false where the run was about file undo only."
        ),
    ] = True
    mended: Annotated[
        Count,
        Meta(
            description="Sessions whose file undo was mended without a change to a row of theirs; 0 where anything "
            "moved."
        ),
    ] = 0
    undoes: Annotated[
        RunId | None,
        Meta(description="The id of the run that this one takes back; null where it takes back none."),
    ] = None
    redoes: Annotated[
        RunId | None,
        Meta(
            description="The id of the run that this one brings about again, by taking back the undo of it; null where "
            "it is no redo."
        ),
    ] = None
    removal: Annotated[
        RunId | None,
        Meta(
            description="The id of the run that took the same sessions out of the database that they came from; null "
            "where none did."
        ),
    ] = None
    undo: Annotated[
        Annotated[str, Meta(pattern="^opencode-migrator undo [0-9a-f-]+$")] | None,
        Meta(description="The command that takes this run back; null where there is nothing to take back."),
    ]


class LoggedRunDocument(Struct, kw_only=True):
    """A run, as `log --json` lists it."""

    run: Annotated[RunId, Meta(description="Its id.")]
    status: Annotated[
        Literal["running", "rolling-back", "applied", "rolled-back", "unchanged"],
        Meta(description="running and rolling-back are those of a run that goes on, or that was cut off."),
    ]
    started: Annotated[Count, Meta(description="When it began, in milliseconds since 1970.")]
    finished: Annotated[Count | None, Meta(description="When it ended; null where it hasn't.")]
    sessions: Annotated[Count, Meta(description="How many sessions it is about.")]
    sources: Annotated[list[str], Meta(description="The directories of the sessions that it moved, before it did.")] = (
        field(name="from")
    )
    destinations: Annotated[list[str], Meta(description="Those where it moved them.")] = field(name="to")
    other: Annotated[str | None, Meta(description="The other database, of a run of `merge`; else null.")]
    taken_out: Annotated[
        bool, Meta(description="Whether it took sessions out of a database, which the other one has.")
    ] = field(name="takenOut")
    command: Annotated[str, Meta(description="What was typed, or asked of a server.")]
    store: Annotated[str, Meta(description="The database on which it was made.")]
    database: Annotated[
        str | None,
        Meta(description="The database that has its rows now; null where none of those that were looked at has."),
    ]
    undoes: Annotated[RunId | None, Meta(description="The run that it takes back.")]
    redoes: Annotated[
        RunId | None, Meta(description="The run that it brings about again, by taking back the undo of it.")
    ]
    undone_by: Annotated[RunId | None, Meta(description="The run that took it back.")] = field(name="undoneBy")
    cut_off: Annotated[
        bool | None,
        Meta(description="Whether it hasn't ended and isn't going on; null where nobody can tell which."),
    ] = field(name="cutOff")


class TurnRecordDocument(Struct):
    """What a run did to the file undo of one turn."""

    session: Annotated[Id, Meta(description="The session's id.")]
    turn: Annotated[
        str | None,
        Meta(
            description="The id of the turn's part, in opencode 2 of its answer; that of the session where what is "
            "undone in it now is meant; null where every turn is that had lost its snapshots."
        ),
    ]
    outcome: Annotated[
        TurnOutcome,
        Meta(
            description="carried: it keeps its file undo; detached: it names no files any more; set-back: it is as it "
            "was before the run that was taken back; mended: it has its snapshots again."
        ),
    ]
    opencode: Annotated[
        int,
        Meta(ge=1, le=2, description="Which opencode's: where both have a session, they have its turns twice."),
    ]
    files: Annotated[list[str], Meta(description="The files that it names since, or else those that it named before.")]


class RunRecordDocument(LoggedRunDocument, kw_only=True):
    """A run in full, as `log RUN --json` and `show RUN --json` print it."""

    format: Annotated[Literal["opencode-migrator/log@1"], Meta(description="The format and its version.")]
    chunks: Annotated[Count, Meta(description="Transactions it took.")]
    verified: Annotated[Count, Meta(description="As in run@1.")]
    backup: Annotated[
        str | None, Meta(description="The file to which the database was copied first; null where none is on record.")
    ]
    changes: Annotated[list[ChangeDocument], Meta(description="As in plan@1, one entry for each session.")]
    projects: Annotated[list[ProjectDocument], Meta(description="Project rows that it registered or updated.")]
    removed: Annotated[list[ProjectDocument], Meta(description="Project rows that it took out again, in an undo.")]
    turns: Annotated[list[TurnRecordDocument], Meta(description="What it did to the file undo of each turn.")]
    next: Annotated[list[str], Meta(description="Command lines that may follow, such as the one that takes it back.")]


def read(value: Any, kind: type[_T], name: str, advice: str) -> _T:
    """Return the document that decoded JSON holds.

    Raises MigratorError, which names the place in the document that is wrong; the document is called `name`.
    """
    try:
        return convert(value, kind)
    except (ValidationError, RecursionError) as error:
        what, _, place = str(error).partition(" - at `$")
        raise wrong(name, what, place.lstrip(".").rstrip("`") or "the document", advice) from error


def wrong(name: str, what: str, place: str, advice: str) -> MigratorError:
    """Return the error that refuses a document called `name` for what is wrong at a place in it."""
    return MigratorError(f"{name} is not what opencode-migrator writes: {place}: {what}; {advice}")
