"""The plan as JSON, `opencode-migrator/plan@1`: written, and read back for `apply`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, DecodeError, to_builtins
from msgspec.json import decode

from migrator.documents.summary import summary
from migrator.documents.types import (
    PLAN,
    UPDATE_KEYS,
    BindingDocument,
    ChangeDocument,
    CompanionDocument,
    DirectoryDocument,
    FolderDocument,
    FoldersDocument,
    MergedDocument,
    MergeDocument,
    PathsDocument,
    PlanDocument,
    ProjectDocument,
    SourceDocument,
    StillLostDocument,
    StoreDocument,
    SummaryDocument,
    TurnsDocument,
    WarningDocument,
    WorkspaceDocument,
    read,
    wrong,
)
from migrator.errors import MigratorError
from migrator.model import (
    Binding,
    Change,
    DirectoryChange,
    FolderMoves,
    Merge,
    MergedFile,
    MergedSession,
    Plan,
    PlanWarning,
    ProjectAction,
    ProjectChange,
    ProjectPaths,
    Source,
    StillLost,
    UndoTurns,
    WorkspaceChange,
)
from migrator.paths import is_absolute
from migrator.store import row_json
from migrator.store.companion_files import is_companion
from migrator.text import json_text, valid_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.documents.types import Cell
    from migrator.model import Row
    from migrator.output.output_file import OutputFile

_NUL = "ids and paths can't contain NUL"
_AGAIN = "make it again with `opencode-migrator plan ... -o FILE`."


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return the plan as a JSON object; keys may be added to it, never renamed.

    `digest` is over everything else, so that a plan file that was edited or cut off is noticed.
    """
    document: dict[str, Any] = to_builtins(
        PlanDocument(
            format=PLAN,
            store=StoreDocument(valid_text(plan.store), plan.dialect),  # type: ignore[arg-type]  # from store/schema.py
            changes=change_documents(plan.changes),
            projects=[*map(project_document, plan.projects)],
            warnings=[*map(warning_document, plan.warnings)],
            unchanged=[*plan.unchanged],
            sources=[SourceDocument(*source) for source in plan.sources],
            summary=SummaryDocument(**summary(plan)),
            relocated=None if plan.relocated is None else _folders_document(plan.relocated),
            announce=plan.announce,
            in_place=plan.in_place,
            merge=None if plan.merge is None else _merge_document(plan.merge),
            digest="",
        )
    )
    del document["digest"]
    return {**document, "digest": _digest(document)}


def change_documents(changes: Sequence[Change]) -> list[ChangeDocument]:
    """Return changes as they are written."""
    bindings: dict[Binding, BindingDocument] = {}  # few, of many changes
    for change in changes:
        for binding in (change.before, change.after):
            if binding not in bindings:
                bindings[binding] = BindingDocument(*binding)
    return [
        ChangeDocument(
            session, root, title, [*selected_by], bindings[before], bindings[after], undo, TurnsDocument(*turns)
        )
        for session, root, title, selected_by, before, after, undo, turns in changes
    ]


def save_plan(plan: Plan, file: OutputFile) -> None:
    """Write a plan into a file. Raises MigratorError if it can't be written."""
    file.write(json_text(plan_document(plan), indent=2) + "\n", plan.store)


def _folders_document(folders: FolderMoves) -> FoldersDocument:
    """Return folders as they are written. Published keys never change: `whereabouts` is their state."""
    return FoldersDocument(folders.state, [FolderDocument(*pair) for pair in folders.folders])


def _merge_document(merge: Merge) -> MergeDocument:
    return MergeDocument(
        valid_text(merge.other),
        merge.signature,
        [MergedDocument(*merged) for merged in merge.sessions],
        [*merge.foreign],
        [CompanionDocument(*file) for file in merge.files],
        merge.taken_out,
        merge.remove,
        merge.imported_by is not None,
        [*merge.staying],
    )


def _merge(document: MergeDocument) -> Merge:
    return Merge(
        document.other,
        document.signature,
        tuple(MergedSession(*(getattr(m, name) for name in MergedSession._fields)) for m in document.sessions),
        tuple(document.foreign),
        tuple(MergedFile(*(getattr(f, name) for name in MergedFile._fields)) for f in document.files),
        document.taken_out,
        document.remove,
        "" if document.imported else None,
        staying=tuple(document.staying),
    )


def project_document(project: ProjectChange) -> ProjectDocument:
    """Return a project as it is written; what it changes only where it is updated."""
    document = ProjectDocument(project.id, project.worktree, project.action, project.vcs)
    if project.before is not None and project.after is not None:
        document.before, document.after = PathsDocument(*project.before), PathsDocument(*project.after)
        document.directories = [
            DirectoryDocument(*(None if row is None else dict(row) for row in change)) for change in project.directories
        ]
        document.workspaces = [WorkspaceDocument(*change) for change in project.workspaces]
    return document


def warning_document(warning: PlanWarning) -> WarningDocument:
    """Return a warning as it is written: `session` only if it is about one, `lost` only if that stays lost."""
    lost = warning.lost
    return WarningDocument(
        warning.code,
        warning.message,
        UNSET if warning.session is None else warning.session,
        UNSET
        if lost is None
        else StillLostDocument(lost.rule, lost.evidence, lost.directory, lost.why, lost.likely_home, [*lost.commands]),
    )


def read_plan_text(text: str, name: str) -> Plan:
    """Return the plan in the text of a file; MigratorError says what is wrong with it, calling it `name`."""
    if not text.strip():
        raise MigratorError(f"{name} is empty; {_AGAIN}")
    if not text.lstrip().startswith(("{", "[")):
        raise MigratorError(f"{name} is not a plan of opencode-migrator; {_AGAIN}")
    try:
        document = decode(text)
    except (DecodeError, RecursionError, UnicodeEncodeError) as error:
        raise MigratorError(
            f"{name} is no whole plan: its JSON breaks off or is damaged ({error}); {_AGAIN}"
        ) from error
    return read_plan(document, name)


def read_plan(document: Any, name: str) -> Plan:
    """Return the plan that `plan_document` wrote.

    Raises MigratorError, which says what is wrong with the document, and where in it, and calls it `name`.
    """
    if not isinstance(document, dict) or not str(document.get("format", "")).startswith("opencode-migrator/plan@"):
        raise MigratorError(f"{name} is not a plan of opencode-migrator; {_AGAIN}")
    if document["format"] != PLAN:
        raise MigratorError(
            f"{name} has the format {document['format']}, and this version reads {PLAN}: "
            "it was written by another version of opencode-migrator; upgrade, or plan again.",
        )
    try:
        is_as_made = document.get("digest") == _digest({key: document[key] for key in document.keys() - {"digest"}})
    except RecursionError as error:
        raise MigratorError(f"{name} is not a plan of opencode-migrator: {error}; {_AGAIN}") from error
    if not is_as_made:
        raise MigratorError(
            f"{name} was changed after it was made (its digest doesn't fit), so it no longer says what was looked at; "
            f"{_AGAIN}",
        )
    plan = read(document, PlanDocument, name, _AGAIN)
    for place, what in _contradictions(plan):
        raise wrong(name, what, place, _AGAIN)
    return _plan(plan)


def _plan(document: PlanDocument) -> Plan:
    bindings: dict[tuple[Any, ...], Binding] = {}

    def binding(of: BindingDocument) -> Binding:
        columns = (of.project_id, of.directory, of.path, of.workspace_id)
        return bindings.setdefault(columns, Binding._make(columns))

    return Plan(
        document.store.path,
        document.store.dialect,
        tuple(
            Change(
                change.session,
                change.root,
                change.title,
                tuple(change.selected_by),
                binding(change.before),
                binding(change.after),
                change.undo,
                UndoTurns(*(getattr(change.undo_turns, field) for field in UndoTurns._fields)),
            )
            for change in document.changes
        ),
        tuple(map(_project, document.projects)),
        tuple(map(read_warning, document.warnings)),
        tuple(document.unchanged),
        None if document.relocated is None else _folders(document.relocated),
        tuple(Source(source.directory, source.project_id, source.repository) for source in document.sources),
        document.announce,
        document.in_place,
        None if document.merge is None else _merge(document.merge),
    )


def _folders(document: FoldersDocument) -> FolderMoves:
    return FolderMoves(document.whereabouts, tuple((folder.old, folder.new) for folder in document.folders))


def _project(project: ProjectDocument) -> ProjectChange:
    change = ProjectChange(project.id, project.worktree, project.action, project.vcs)
    if project.action is not ProjectAction.UPDATE or not (project.before and project.after):
        return change
    return replace(
        change,
        before=ProjectPaths(project.before.worktree, project.before.sandboxes),
        after=ProjectPaths(project.after.worktree, project.after.sandboxes),
        directories=tuple(
            DirectoryChange(_row(directory.before), _row(directory.after)) for directory in project.directories or ()
        ),
        workspaces=tuple(WorkspaceChange(row.id, row.before, row.after) for row in project.workspaces or ()),
    )


def _row(document: dict[str, Cell] | None) -> Row | None:
    return None if document is None else tuple(document.items())


def read_warning(document: WarningDocument) -> PlanWarning:
    """Return the warning that `warning_document` wrote."""
    lost = document.lost or None
    return PlanWarning(
        document.code,
        document.message,
        document.session or None,
        lost and StillLost(lost.rule, lost.evidence, lost.directory, lost.why, lost.likely_home, tuple(lost.commands)),
    )


def _contradictions(plan: PlanDocument) -> Iterator[tuple[str, str]]:
    """Yield what the types allow but no plan of ours contains: the place, and what is wrong there.

    Neither opencode nor the disk can hold a directory or an id with a NUL in it.
    """
    if plan.announce and plan.store.dialect == "v1":
        yield "announce", "opencode 1 can't tell the model of a move"
    if "\0" in plan.store.path:
        yield "store.path", _NUL
    if plan.relocated and any("\0" in folder.old + folder.new for folder in plan.relocated.folders):
        yield "relocated.folders", _NUL
    yield from _contradictions_of_changes(plan)
    if plan.merge is not None:
        yield from _contradictions_of_merge(plan, plan.merge)
    known: dict[str, ProjectDocument] = {}
    for place, project in enumerate(plan.projects):
        if known.setdefault(project.id, project) != project:
            yield f"projects[{place}]", f"project {project.id} has two entries that contradict each other"
        for what in _contradictions_of_project(project):
            yield f"projects[{place}]", what


def _contradictions_of_merge(plan: PlanDocument, merge: MergeDocument) -> Iterator[tuple[str, str]]:
    merged = {session.session for session in merge.sessions}
    if lacking := [change.session for change in plan.changes if change.session not in merged]:
        yield "merge.sessions", f"{lacking[0]} is missing"
    for place, file in enumerate(merge.files):
        if not is_companion(Path(merge.other).parent, file.source, file.target):
            what = f"{file.source} is no file of a session beside {merge.other}, or {file.target} isn't its place"
            yield f"merge.files[{place}]", what


def _contradictions_of_changes(plan: PlanDocument) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for place, change in enumerate(plan.changes):
        if change.session in seen:
            yield f"changes[{place}].session", f"{change.session} has another change already"
        seen.add(change.session)
        before, after = change.before, change.after
        if not is_absolute(after.directory) and after.directory != before.directory:
            yield f"changes[{place}].after.directory", f"{after.directory!r} is not an absolute path"
        values = [
            value
            for side in (before, after)
            for value in (side.project_id, side.directory, side.path, side.workspace_id)
        ]
        if "\0" in "".join(value for value in (change.session, change.root, *values) if value):
            yield f"changes[{place}]", _NUL
    for place, session in enumerate(plan.unchanged):
        if session in seen:
            yield f"unchanged[{place}]", f"{session} is in the plan already"
        seen.add(session)


def _contradictions_of_project(project: ProjectDocument) -> Iterator[str]:
    if "\0" in project.id + project.worktree:
        yield _NUL
    if project.action is ProjectAction.REGISTER and not is_absolute(project.worktree):
        yield f"{project.worktree!r} is not an absolute path"
    if project.action is not ProjectAction.UPDATE:
        return
    before, after, directories, workspaces = (getattr(project, key) for key in UPDATE_KEYS)
    if UNSET in (before, after, directories, workspaces):
        yield f"an update needs all of {', '.join(UPDATE_KEYS)}"
        return
    if after.worktree != project.worktree:
        yield f"the worktree is {project.worktree!r}, but {after.worktree!r} in `after`"
    if "\0" in after.worktree or (after.sandboxes != before.sandboxes and row_json.paths(after.sandboxes) is None):
        yield "the worktree afterwards is not a path, or `sandboxes` is not a JSON array of paths"
    for change in directories:
        rows = [row for row in (change.before, change.after) if row is not None]
        if not rows or any(row.get("project_id") != project.id for row in rows):
            yield "a row in `directories` belongs to another project"
    if len({change.id for change in workspaces}) < len(workspaces):
        yield "a workspace is listed twice"


def _digest(document: dict[str, Any]) -> str:
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()
