"""Sessions as rows: the fields of opencode's session history proposal, and what is known of those that are lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.model import Project
from migrator.reporting.style import styled
from migrator.text import cells, local_time, one_line, shortened, tilde

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from migrator.model import Orphan, Passage, Reason, Session, Suggestion


def session_rows(
    sessions: Iterable[Session],
    projects: Iterable[Project],
    passages: Mapping[str, Passage] | None = None,
    held_by: Mapping[str, Sequence[str]] | None = None,
) -> list[dict[str, Any]]:
    """Return one JSON object per session, with the `passage` where a text was found in its conversation.

    With `held_by`, `heldBy` names the opencodes that have it.
    """
    known = project_rows_by_id(projects)
    rows = [session_row(session, known) for session in sessions]
    for row in rows if held_by else ():
        row["heldBy"] = held_by[row["id"]] if held_by else ()
    for row in rows if passages else ():
        if passages and (passage := passages.get(row["id"])):
            row["passage"] = passage._asdict()
    return rows


def with_passages(lines: Iterable[str], rows: Sequence[Mapping[str, Any]], width: int) -> Iterator[str]:
    """Yield the lines of a table of sessions, below each the passage in which a text was found, on one line."""
    for row, line in zip([{}, *rows], lines, strict=False):
        yield line
        if found := row.get("passage"):
            before, hit, after = (one_line(found[part]) for part in ("before", "hit", "after"))
            hit = shortened(hit, max(width - 10, 8))
            before = before[-max((width - 6 - cells(hit)) // 2, 0) :] if before else ""
            yield f"    {before}{styled(hit, bold=True)}{shortened(after, max(width - 5 - cells(before + hit), 1))}"


def session_row(session: Session, projects: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a session as JSON; times in milliseconds, `project` null where it has no row in `projects`."""
    id_, parent_id, title, (project_id, directory, path, _), created, updated, archived = session
    return {
        "id": id_,
        "title": title,
        "created": created,
        "updated": updated,
        "projectId": project_id,
        "project": projects.get(project_id),
        "directory": directory,
        "path": path,
        "parentId": parent_id,
        "archived": archived,
    }


def project_rows_by_id(projects: Iterable[Project]) -> dict[str, Mapping[str, Any]]:
    """Return what the row of a session says of its project, by the project's id."""
    return {project.id: {"id": project.id, "name": project.name, "worktree": project.worktree} for project in projects}


def orphan_rows(orphans: Sequence[Orphan], projects: Iterable[Project]) -> Iterator[dict[str, Any]]:
    """Yield one JSON object per lost session: `reasons`, `suggestion` (null if unknown), `rivals`."""
    known = project_rows_by_id(projects)
    why_lost: dict[int, list[dict[str, str]]] = {}  # many sessions share these, and each is one object
    where_home: dict[int, dict[str, str] | None] = {}
    for session, why, home, rivals, commands in orphans:
        if id(why) not in why_lost:
            why_lost[id(why)] = [reason_row(reason) for reason in why]
        if id(home) not in where_home:
            where_home[id(home)] = suggestion_row(home)
        row = session_row(session, known)
        row["reasons"] = why_lost[id(why)]
        row["suggestion"] = where_home[id(home)]
        row["rivals"] = rivals
        row["commands"] = commands
        yield row


def reason_row(reason: Reason) -> dict[str, str]:
    """Return a reason as JSON."""
    return {"rule": reason.rule, "evidence": reason.evidence, "certainty": reason.certainty.value}


def suggestion_row(suggestion: Suggestion | None) -> dict[str, str] | None:
    """Return a suggestion as JSON."""
    if suggestion is None:
        return None
    return {
        "directory": suggestion.directory,
        "projectId": suggestion.project_id,
        "certainty": suggestion.certainty.value,
        "because": suggestion.because,
    }


NARROW = 100


def session_columns(
    *, with_project: bool, with_opencode: bool = False, width: int | None = None
) -> dict[str, Callable[[Mapping[str, Any]], str]]:
    """Return the columns of the table; on a narrow terminal the directory alone must say which project.

    `with_opencode`: one that says which opencodes have it.
    """
    found: dict[str, Callable[[Mapping[str, Any]], str]] = {
        "Session ID": lambda row: row["id"],
        "Updated": lambda row: local_time(row["updated"]),
    }
    if with_opencode:
        found["opencode"] = lambda row: " ".join(who.removeprefix("opencode ") for who in row["heldBy"])
    if with_project:
        if width is None or width >= NARROW:
            found["Project"] = lambda row: (
                Project(**row["project"]).label if row["project"] else f"{row['projectId'][:8]} (no row)"
            )
        found["Directory"] = lambda row: tilde(row["directory"])
    found["Title"] = lambda row: one_line(row["title"]) + (" (archived)" if row["archived"] else "")
    return found
