"""A repository and its workspaces for people: what each is, how many sessions it has and where they go."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from migrator.reporting.workspace_rows import state_words, workspace_rows
from migrator.text import cells, count, one_line, shortened, tilde

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Plan
    from migrator.workspaces.model import RepositorySessions, Workspace


def workspace_tree(found: RepositorySessions, plan: Plan, width: int) -> Iterator[str]:
    """Yield the lines of the tree; `plan` says where sessions go."""
    repository = found.repository
    yield f"{click.style(one_line(tilde(repository.home)), bold=True)} ({repository.kind})"
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
        yield f"{branch}{name}  {state:{state_room}}  {one_line(tilde(workspace.path))}"
        for former in workspace.formerly:
            yield f"{stem}  formerly {one_line(tilde(former))}"
        if workspace.evidence:
            yield shortened(f"{stem}  evidence: {workspace.evidence}", max(width, 40))
        yield f"{stem}  {_going(found.session_counts.get(workspace, 0), leaving.get(workspace, Counter()))}"


def _going(sessions: int, to: Counter[str]) -> str:
    if not sessions:
        return "no sessions"
    if not to:
        return f"{count(sessions, 'session')} {'stays' if sessions == 1 else 'stay'}"
    first = min(to, key=len)
    below = " and below it" if len(to) > 1 else ""
    staying = sessions - to.total()
    rest = f", {staying} more {'stays' if staying == 1 else 'stay'}" if staying > 0 else ""
    return f"{count(to.total(), 'session')} -> {one_line(tilde(first))}{below}{rest}"
