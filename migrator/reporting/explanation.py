"""`orphans --explain`: all that is known of one session, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.reporting.orphan_text import labelled_lines, tie_lines
from migrator.reporting.session_rows import orphan_rows, reason_row
from migrator.text import local_time, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.orphans.explain import Explanation


def explanation_document(explanation: Explanation) -> dict[str, Any]:
    """Return the row of the orphan, with what the disk shows (`found`) and every rule's yes or no (`rules`)."""
    (row,) = orphan_rows([explanation.orphan], [explanation.project] if explanation.project else [])
    info, place = explanation.info, explanation.info.place
    return row | {
        "parentId": explanation.orphan.session.parent_id,
        "workspaceId": explanation.orphan.session.binding.workspace_id,
        "inDatabase": explanation.in_database,
        "found": {  # published keys never change: `standing` is the status
            "standing": info.status.value,
            "detail": info.detail,
            "realPath": info.real,
            "place": place
            and {
                "projectId": place.project_id,
                "toldBy": info.id_source,
                "worktree": place.worktree,
                "path": place.path,
                "vcs": place.vcs,
            },
            "keptId": info.kept_id,
        },
        "rules": [
            {
                "rule": result.rule,
                "found": bool(result.reasons),
                "reasons": [reason_row(reason) for reason in result.reasons],
                "because": result.note or None,
            }
            for result in explanation.results
        ],
    }


def explanation_text(explanation: Explanation, width: int = 80) -> Iterator[str]:
    """Yield the lines: the row, the disk, the rules, where it belongs."""
    session = explanation.orphan.session
    yield click.style(one_line(f'{session.id} "{session.title}"'), bold=True)
    for label, text in _facts(explanation):
        yield from labelled_lines(label, text, width, "cyan")
    yield ""
    for result in explanation.results:
        if not result.reasons:
            yield from labelled_lines(f"no   {result.rule}", result.note or "nothing found", width, "green")
        for reason in result.reasons:
            label = f"yes  {result.rule} ({reason.certainty.value})"
            yield from labelled_lines(label, reason.evidence, width, "red")
    yield ""
    yield from _home(explanation, width)


def _facts(explanation: Explanation) -> Iterator[tuple[str, str]]:
    session, info, project = explanation.orphan.session, explanation.info, explanation.project
    binding = session.binding
    archived = f", archived {local_time(session.archived)}" if session.archived is not None else ""
    outside = "" if explanation.in_database else "; not in this database"
    yield "used last", local_time(session.updated) + archived + outside
    yield "stored directory", binding.directory or "none"
    yield "stored project", binding.project_id
    yield "stored path", "NULL" if binding.path is None else f'"{binding.path}"'
    yield "stored workspace", binding.workspace_id or "none"
    yield "stored parent", session.parent_id or "none"
    yield "project row", f"worktree {project.worktree}, {project.vcs or 'no vcs'}" if project else "none"
    yield "on the disk", info.detail
    if info.place is not None:
        place = info.place
        yield "to opencode", f"project {place.project_id} ({info.id_source})"
        yield "in checkout", f'{place.worktree}, path "{place.path}"'
        yield "id kept there", info.kept_id or "none"


def _home(explanation: Explanation, width: int) -> Iterator[str]:
    orphan = explanation.orphan
    if not orphan.reasons:
        yield "It is no orphan: opencode shows and resumes it where it is."
    elif orphan.suggestion is not None:
        home = orphan.suggestion
        text = f"{home.directory}, project {home.project_id}; {home.because}"
        yield from labelled_lines(f"home ({home.certainty.value})", text, width, "green")
    elif orphan.rivals:
        yield from tie_lines(orphan, width)
    else:
        yield "Where it belongs is not known."
