"""A repository and its workspaces: as rows, and as a tree that says how many sessions each has and where they go."""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from migrator.reporting.rows import Column, ColumnKind, field
from migrator.reporting.style import styled
from migrator.text import agree, cells, count, shortened, tilde

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from migrator.model import Plan
    from migrator.workspaces.model import RepositorySessions, Workspace


def workspace_rows(found: RepositorySessions) -> list[dict[str, Any]]:
    """Return one JSON object per workspace."""
    return [
        {
            "name": workspace.name,
            "path": workspace.path,
            "kind": workspace.kind,
            "state": workspace.state.value,
            "main": workspace.main,
            "locked": workspace.locked,
            "formerly": list(workspace.formerly),
            "sessions": found.session_counts.get(workspace, 0),
            "evidence": workspace.evidence or None,
            "repository": found.repository.home,
        }
        for workspace in found.repository.workspaces
    ]


def state_words(row: Mapping[str, Any]) -> str:
    """Return the state of a workspace, and whether it is the main one or locked."""
    state = "main" if row["main"] and _is_alive(row) else row["state"]
    return f"{state}, locked" if row["locked"] is not None else str(state)


def _state_style(row: Mapping[str, Any]) -> dict[str, Any]:
    return {} if _is_alive(row) else {"fg": "red"}


def _is_alive(row: Mapping[str, Any]) -> bool:
    from migrator.workspaces.model import WorkspaceState

    return bool(row["state"] == WorkspaceState.ALIVE.value)


WORKSPACE_COLUMNS = {
    "name": field("Name", "name", ColumnKind.TEXT),
    "kind": field("Kind", "kind"),
    "state": Column("State", itemgetter("state"), text=state_words, style=_state_style),
    "sessions": field("Sessions", "sessions", ColumnKind.NUMBER),
    "directory": field("Directory", "path", ColumnKind.PATH),
}


def workspace_tree(found: RepositorySessions, plan: Plan, width: int) -> Iterator[str]:
    """Yield the lines of the tree; `plan` says where sessions go."""
    repository = found.repository
    yield f"{styled(tilde(repository.home), bold=True)} ({repository.kind})"
    leaving: dict[Workspace, Counter[str]] = {}
    for change in plan.changes:
        owner = found.owners.get((change.before.directory, change.before.project_id))
        if owner is not None:
            leaving.setdefault(owner.workspace, Counter())[change.after.directory] += 1
    workspaces = repository.workspaces
    names = [shortened(workspace.name, 30) for workspace in workspaces]
    states = [state_words(row) for row in workspace_rows(found)]
    name_room, state_room = max(map(cells, names)), max(map(cells, states))
    for index, (workspace, name, state) in enumerate(zip(workspaces, names, states, strict=True)):
        branch, stem = ("└─ ", "   ") if index == len(workspaces) - 1 else ("├─ ", "│  ")
        name += " " * (name_room - cells(name))  # noqa: PLW2901 - padded for its column
        yield f"{branch}{name}  {state:{state_room}}  {tilde(workspace.path)}"
        for former in workspace.formerly:
            yield f"{stem}  formerly {tilde(former)}"
        if workspace.evidence:
            yield shortened(f"{stem}  evidence: {workspace.evidence}", max(width, 40))
        yield f"{stem}  {_sessions_text(found.session_counts.get(workspace, 0), leaving.get(workspace, Counter()))}"


def _sessions_text(sessions: int, to: Counter[str]) -> str:
    if not sessions:
        return "no sessions"
    if not to:
        return f"{count(sessions, 'session')} {agree(sessions, 'stays')}"
    first = min(to, key=len)
    below = " and below it" if len(to) > 1 else ""
    staying = sessions - to.total()
    rest = f", {staying} more {agree(staying, 'stays')}" if staying > 0 else ""
    return f"{count(to.total(), 'session')} -> {tilde(first)}{below}{rest}"
