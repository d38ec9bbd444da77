"""The types of what `list`, `orphans` and `doctor` print with --json: they make its JSON Schemas (schemas.py).

Keys may be added to any object, and none is renamed or removed. Keys whose type has `UnsetType` are there only where
they say something. Who writes them: `session_rows`, `explanation` and `undo_effect_rows` in reporting/, and
`operations/doctor.py`. Times are milliseconds since 1970.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from migrator.documents.types import Count, FullPath, Id, RunId
from migrator.model import Certainty

Time = int | float
Effect = Annotated[
    Literal["nothing", "restores", "unknown", "deletes"],
    Meta(
        description="The worst that an undo would do: nothing to files, bring back old contents, delete what is "
        "nowhere else; or unknown, where that can't be told."
    ),
]


class ListedProjectDocument(Struct):
    """The project of a session, as its row says."""

    id: Annotated[str, Meta(description="Its id.")]
    name: Annotated[str | None, Meta(description="Its name, if somebody gave it one.")]
    worktree: Annotated[str, Meta(description="The directory it was first opened in.")]


class PassageDocument(Struct):
    """Where `--containing` found its text in the conversation."""

    before: Annotated[str, Meta(description="What stands before it.")]
    hit: Annotated[str, Meta(description="The text as it stands there.")]
    after: Annotated[str, Meta(description="What stands after it.")]


class DatabaseDocument(Struct):
    """The database that a session is in."""

    channel: Annotated[str | None, Meta(description="The release channel; null for a copy by another name.")]
    path: Annotated[FullPath, Meta(description="The file.")]


class SessionDocument(Struct, rename="camel", kw_only=True):
    """A session, as `list --json` prints it."""

    id: Annotated[Id, Meta(description="The session's id.")]
    title: Annotated[str, Meta(description="Its title.")]
    created: Annotated[Time, Meta(description="When it was made, in milliseconds since 1970.")]
    updated: Annotated[
        Time | str,
        Meta(description="When it was used last, in milliseconds since 1970; text only where somebody wrote that."),
    ]
    project_id: Annotated[str, Meta(description="The id of its project; `global` outside any repository.")]
    project: Annotated[ListedProjectDocument | None, Meta(description="Its project; null where that has no row.")]
    directory: Annotated[str, Meta(description="The directory it is bound to.")]
    path: Annotated[
        str | None,
        Meta(description="The directory relative to its checkout; null where the row or the schema has none."),
    ]
    parent_id: Annotated[str | None, Meta(description="The session whose subagent it is.")]
    archived: Annotated[Time | None, Meta(description="When it was archived; null where it isn't.")]
    held_by: Annotated[
        list[str] | UnsetType, Meta(description="In a database of both opencodes: those that have the session.")
    ] = UNSET
    database: Annotated[
        DatabaseDocument | UnsetType, Meta(description="In a list of several databases: the one that it is in.")
    ] = UNSET
    passage: Annotated[
        PassageDocument | UnsetType, Meta(description="With `--containing`: where the text was found.")
    ] = UNSET


class ReasonDocument(Struct):
    """Why a session is lost."""

    rule: Annotated[Id, Meta(description="The rule that found it.")]
    evidence: Annotated[str, Meta(description="The fact that was seen.")]
    certainty: Annotated[Certainty, Meta(description="How sure that is.")]


class SuggestionDocument(Struct, rename="camel"):
    """Where a lost session belongs."""

    directory: Annotated[str, Meta(description="A directory that is there.")]
    project_id: Annotated[str, Meta(description="What opencode makes of it.")]
    certainty: Annotated[Certainty, Meta(description="How sure that is.")]
    because: Annotated[str, Meta(description="Why there.")]


class OrphanDocument(SessionDocument, rename="camel", kw_only=True):
    """A lost session, as `orphans --json` prints it."""

    reasons: Annotated[list[ReasonDocument], Meta(description="Why it is lost.")]
    suggestion: Annotated[SuggestionDocument | None, Meta(description="Where it belongs; null where nobody knows.")]
    rivals: Annotated[list[str], Meta(description="Directories of equal rank, none of which is suggested.")]
    commands: Annotated[
        list[str],
        Meta(description="The command line that takes the session to each of the rivals, in their order."),
    ]


class HiddenDocument(Struct):
    """Why lists of opencode leave a session out that is where it belongs."""

    by: Annotated[Literal["age", "number", "archive"], Meta(description="What hides it.")]
    lists: Annotated[list[str], Meta(description="The lists that leave it out.")]
    because: Annotated[str, Meta(description="What was seen, in words.")]


class PlaceDocument(Struct, rename="camel"):
    """What opencode makes of a directory."""

    project_id: Annotated[str, Meta(description="The id of the project.")]
    told_by: Annotated[str, Meta(description="What that id comes from.")]
    worktree: Annotated[str, Meta(description="The top of the checkout.")]
    path: Annotated[str, Meta(description="The directory relative to it.")]
    vcs: Annotated[str | None, Meta(description="The version control system.")]


class FoundDocument(Struct, rename="camel"):
    """What is on the disk where a session is bound."""

    standing: Annotated[Id, Meta(description="Whether its directory is there.")]
    detail: Annotated[str, Meta(description="The same in words.")]
    real_path: Annotated[str | None, Meta(description="The directory behind symbolic links; null where there is none.")]
    place: Annotated[PlaceDocument | None, Meta(description="What opencode makes of it; null where it can't be asked.")]
    kept_id: Annotated[str | None, Meta(description="The project id that is kept in the repository.")]


class RuleAnswerDocument(Struct):
    """What one rule says of a session."""

    rule: Annotated[Id, Meta(description="The rule.")]
    found: Annotated[bool | None, Meta(description="Whether it finds the session; null where it can't tell.")]
    reasons: Annotated[list[ReasonDocument], Meta(description="Why.")]
    because: Annotated[str | None, Meta(description="Why not, or why it can't tell.")]


class ExplanationDocument(OrphanDocument, rename="camel", kw_only=True):
    """All that is known of one session, as `orphans --explain ID --json` prints it."""

    workspace_id: Annotated[str | None, Meta(description="The opencode workspace it is in.")]
    in_database: Annotated[bool, Meta(description="Whether this database has it.")]
    hidden_by: Annotated[list[HiddenDocument], Meta(description="Which lists leave it out, and why.")]
    open: Annotated[str | None, Meta(description="The command that opens it; null where it is lost.")]
    merge: Annotated[
        str | None,
        Meta(
            description="The command that brings it here from the other database that has it, or to opencode 2 where "
            "only opencode 1 has it; else null."
        ),
    ]
    found: Annotated[FoundDocument, Meta(description="What is on the disk.")]
    rules: Annotated[list[RuleAnswerDocument], Meta(description="What every rule says.")]


class SchemaDocument(Struct, rename="camel"):
    """How the database is built."""

    dialect: Annotated[Literal["v1", "v2", "v1+v2"], Meta(description="Which tables hold the sessions.")]
    age: Annotated[Id, Meta(description="The versions of opencode that make such tables.")]
    project_id: Annotated[Id, Meta(description="What opencode takes a project's id from, in which order.")]
    read_only: Annotated[str | None, Meta(description="Why nothing is written to it; null where that isn't so.")]


class ProcessDocument(Struct):
    """A process that has the database open."""

    pid: Annotated[Count | None, Meta(description="Its id; null where the system doesn't say which it is.")]
    name: Annotated[str | None, Meta(description="Its name.")]


class BrokenKeyDocument(Struct):
    """Rows that refer to a row that isn't there."""

    table: Annotated[Id, Meta(description="The table that they are in.")]
    parent: Annotated[Id, Meta(description="The table that they refer to.")]
    rows: Annotated[Count, Meta(description="How many.")]


class OddRowDocument(Struct):
    """A value that opencode never writes."""

    table: Annotated[Id, Meta(description="The table.")]
    row: Annotated[str, Meta(description="Its row: the SQL condition that finds it.")]
    column: Annotated[Id, Meta(description="The column.")]
    why: Annotated[str, Meta(description="What is odd about it.")]


class OtherDatabaseDocument(Struct, rename="camel"):
    """A database beside this one."""

    path: Annotated[FullPath, Meta(description="Its file.")]
    channel: Annotated[str | None, Meta(description="The release channel; null for a copy by another name.")]
    only_there: Annotated[Count | None, Meta(description="How many sessions only it has; null where it can't be read.")]
    unread: Annotated[str | None, Meta(description="Why it can't be read.")]
    no_merge: Annotated[str | None, Meta(description="Why its sessions can't be brought here; null where they can.")]
    merge: Annotated[str | None, Meta(description="The command that brings them here; null where there is none.")]


class UndoneTurnDocument(Struct):
    """What an undo of one message would do to files."""

    message: Annotated[str, Meta(description="What the user wrote.")]
    time: Annotated[Time | None, Meta(description="When, in milliseconds since 1970.")]
    undo: Effect
    deletes: Annotated[list[str], Meta(description="Files that would be lost.")]
    removes: Annotated[list[str], Meta(description="Files that the turn made, and that go as they should.")]
    restores: Annotated[list[str], Meta(description="Files that get their old content back.")]
    because: Annotated[str | None, Meta(description="Why it would delete, or why that can't be told.")]


class UndoneSessionDocument(Struct):
    """What an undo in one session would do to files."""

    id: Annotated[Id, Meta(description="The session's id.")]
    title: Annotated[str, Meta(description="Its title.")]
    directory: Annotated[str, Meta(description="The directory it is bound to.")]
    undo: Effect
    turns: Annotated[list[UndoneTurnDocument], Meta(description="Its messages that changed files.")]


class RedoneSessionDocument(Struct):
    """A session that is undone, and whose redo would overwrite files outside its directory."""

    id: Annotated[Id, Meta(description="The session's id.")]
    title: Annotated[str, Meta(description="Its title.")]
    directory: Annotated[str, Meta(description="The directory it is bound to.")]
    overwrites: Annotated[list[str], Meta(description="The files.")]


class UndoCheckDocument(Struct):
    """What an undo in opencode would do to files today: how many sessions of each kind, and which."""

    nothing: Annotated[Count, Meta(description="Sessions whose undo touches no file.")]
    restores: Annotated[Count, Meta(description="Those whose undo brings back old contents.")]
    unknown: Annotated[Count, Meta(description="Those of which nobody can tell.")]
    deletes: Annotated[Count, Meta(description="Those whose undo would delete files that are nowhere else.")]
    sessions: Annotated[list[UndoneSessionDocument], Meta(description="Those with file undo, the dangerous first.")]
    redo: Annotated[list[RedoneSessionDocument], Meta(description="Those whose redo would overwrite files.")]


class DoctorDocument(Struct, rename="camel", kw_only=True):
    """What each check of `doctor` found. Null is what could not be looked at; `cantTell` says why."""

    database: Annotated[FullPath, Meta(description="The database file.")]
    schema: Annotated[SchemaDocument, Meta(description="How it is built.")]
    sessions: Annotated[Count, Meta(description="How many sessions it has.")]
    open_by: Annotated[list[ProcessDocument] | None, Meta(description="Who has it open.")]
    locks: Annotated[
        bool | None, Meta(description="Whether locks hold on its file system; null where nobody can tell.")
    ]
    writable: Annotated[bool, Meta(description="Whether a run could write to it, and keep its journal.")]
    integrity: Annotated[list[str] | None, Meta(description="What `integrity_check` complains of.")]
    foreign_keys: Annotated[list[BrokenKeyDocument] | None, Meta(description="What `foreign_key_check` complains of.")]
    odd_rows: Annotated[list[OddRowDocument], Meta(description="Values that opencode never writes.")]
    unfinished_runs: Annotated[list[RunId] | None, Meta(description="Runs that go on, or that were cut off.")]
    left_behind_json: Annotated[
        list[str] | None, Meta(description="Sessions that are only in the JSON storage of opencode before 1.2.")
    ]
    other_databases: Annotated[
        list[OtherDatabaseDocument] | UnsetType, Meta(description="Databases beside this one, where there are any.")
    ] = UNSET
    orphans: Annotated[
        dict[str, Count] | None, Meta(description="How many lost sessions each rule finds; rules that find none too.")
    ]
    undo: Annotated[UndoCheckDocument | UnsetType, Meta(description="With --undo: what that would do to files.")] = (
        UNSET
    )
    cant_tell: Annotated[
        dict[str, str], Meta(description="What could not be looked at: the reason, by the name of the check.")
    ]
