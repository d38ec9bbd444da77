"""The plan as JSON, `opencode-migrator/plan@1`: described by plan-1.schema.json, read back for `apply`."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

from migrator.errors import MigratorError
from migrator.model import (
    Binding,
    Change,
    DirectoryChange,
    FileUndo,
    FolderMoves,
    FolderState,
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

FORMAT = "opencode-migrator/plan@1"
_AGAIN = "make it again with `opencode-migrator plan ... -o FILE`."
_LOST_FIELDS = tuple(field.name for field in fields(StillLost))


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return the plan as a JSON object; keys may be added to it, never renamed.

    `digest` is over everything else, so that a plan file that was edited or cut off is noticed.
    """
    document: dict[str, Any] = {
        "format": FORMAT,
        "store": {"path": plan.store, "dialect": plan.dialect},
        "changes": [
            {
                "session": change.session,
                "root": change.root,
                "title": change.title,
                "selected_by": list(change.selected_by),
                "before": change.before._asdict(),
                "after": change.after._asdict(),
                "undo": change.undo.value,
                "undo_turns": change.turns._asdict(),
            }
            for change in plan.changes
        ],
        "projects": [_project_document(project) for project in plan.projects],
        "warnings": [warning_document(warning) for warning in plan.warnings],
        "unchanged": list(plan.unchanged),
        "sources": [source._asdict() for source in plan.sources],
        "summary": summary(plan),
        "relocated": plan.relocated
        and {  # published keys never change: `whereabouts` is the state of the folders
            "whereabouts": plan.relocated.state.value,
            "folders": [{"old": old, "new": new} for old, new in plan.relocated.folders],
        },
        "announce": plan.announce,
    }
    return {**document, "digest": _digest(document)}


def _project_document(project: ProjectChange) -> dict[str, Any]:
    """Return a project as JSON; what it changes only where it is updated."""
    document: dict[str, Any] = {
        "id": project.id,
        "worktree": project.worktree,
        "action": project.action.value,
        "vcs": project.vcs,
    }
    if project.before is None or project.after is None:
        return document
    return document | {
        "before": project.before._asdict(),
        "after": project.after._asdict(),
        "directories": [
            {side: None if row is None else dict(row) for side, row in change._asdict().items()}
            for change in project.directories
        ],
        "workspaces": [change._asdict() for change in project.workspaces],
    }


def summary(plan: Plan) -> dict[str, int]:
    """Count what a plan does."""
    kinds = Counter(map(attrgetter("undo", "turns"), plan.changes))
    return {
        "sessions": len(plan.changes),
        "trees": len({change.root for change in plan.changes}),
        "unchanged": len(plan.unchanged),
        "projects_registered": sum(project.action is ProjectAction.REGISTER for project in plan.projects),
        "projects_updated": len(plan.updates),
        "undo_carried": sum(number for (undo, _), number in kinds.items() if undo is FileUndo.CARRY),
        "undo_detached": sum(number for (undo, _), number in kinds.items() if undo is FileUndo.DETACH),
        "turns_carried": sum(turns.carried * number for (_, turns), number in kinds.items()),
        "turns_detached": sum((turns.detached or 0) * number for (_, turns), number in kinds.items()),
    }


def warning_document(warning: PlanWarning) -> dict[str, Any]:
    """Return a warning as JSON; `session` only where it is about one, `lost` only where that stays lost."""
    document: dict[str, Any] = {"code": warning.code, "message": warning.message}
    if warning.session is not None:
        document["session"] = warning.session
    if lost := warning.lost:
        document["lost"] = {field: getattr(lost, field) for field in _LOST_FIELDS} | {"commands": [*lost.commands]}
    return document


def read_plan_text(text: str, name: str) -> Plan:
    """Return the plan in the text of a file; MigratorError says what is wrong with it, calling it `name`."""
    if not text.strip():
        raise MigratorError(f"{name} is empty; {_AGAIN}")
    if not text.lstrip().startswith(("{", "[")):
        raise MigratorError(f"{name} is not a plan of opencode-migrator; {_AGAIN}")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MigratorError(
            f"{name} is no whole plan: its JSON breaks off or is damaged ({error}); {_AGAIN}"
        ) from error
    return read_plan(document, name)


def read_plan(document: Any, name: str) -> Plan:
    """Return the plan that `plan_document` wrote.

    Raises MigratorError, which says what is wrong with the document and calls it `name`.
    """
    if not isinstance(document, dict) or not str(document.get("format", "")).startswith("opencode-migrator/plan@"):
        raise MigratorError(f"{name} is not a plan of opencode-migrator; {_AGAIN}")
    if document["format"] != FORMAT:
        raise MigratorError(
            f"{name} has the format {document['format']}, and this version reads {FORMAT}: "
            "it was written by another version of opencode-migrator; upgrade, or plan again.",
        )
    document = {**document}
    stated = document.pop("digest", None)
    if stated != _digest(document):
        raise MigratorError(
            f"{name} was changed after it was made (its digest doesn't fit), so it no longer says what was looked at; "
            f"{_AGAIN}",
        )
    try:
        return _plan(document)
    except (KeyError, TypeError, ValueError) as error:
        raise MigratorError(
            f"{name} is not a plan of opencode-migrator: a value is missing or invalid ({error}); {_AGAIN}",
        ) from error


def _plan(document: dict[str, Any]) -> Plan:
    return Plan(
        document["store"]["path"],
        document["store"]["dialect"],
        tuple(
            Change(
                change["session"],
                change["root"],
                change["title"],
                tuple(change["selected_by"]),
                Binding(**change["before"]),
                Binding(**change["after"]),
                FileUndo(change["undo"]),
                UndoTurns(**change.get("undo_turns", {})),
            )
            for change in document["changes"]
        ),
        tuple(_project(project) for project in document["projects"]),
        tuple(_warning(warning) for warning in document["warnings"]),
        tuple(document["unchanged"]),
        _relocated(document.get("relocated")),
        tuple(Source(s["directory"], s["project_id"], s["repository"]) for s in document.get("sources", ())),
        bool(document.get("announce", False)),
    )


def _project(project: dict[str, Any]) -> ProjectChange:
    change = ProjectChange(project["id"], project["worktree"], ProjectAction(project["action"]), project["vcs"])
    if change.action is not ProjectAction.UPDATE:
        return change
    rows = [[row and tuple(row.items()) for row in (d["before"], d["after"])] for d in project["directories"]]
    return replace(
        change,
        before=ProjectPaths(**project["before"]),
        after=ProjectPaths(**project["after"]),
        directories=tuple(DirectoryChange(*pair) for pair in rows),
        workspaces=tuple(WorkspaceChange(**workspace) for workspace in project["workspaces"]),
    )


def _warning(document: dict[str, Any]) -> PlanWarning:
    lost = document.get("lost")
    if lost is not None:
        lost = StillLost(**{field: lost[field] for field in _LOST_FIELDS} | {"commands": tuple(lost["commands"])})
    return PlanWarning(document["code"], document["message"], document.get("session"), lost)


def _relocated(document: dict[str, Any] | None) -> FolderMoves | None:
    if document is None:
        return None
    folders = tuple((folder["old"], folder["new"]) for folder in document["folders"])
    return FolderMoves(FolderState(document["whereabouts"]), folders)


def _digest(document: dict[str, Any]) -> str:
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()
