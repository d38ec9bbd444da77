"""Sessions as rows: the fields of opencode's session history proposal, and what is known of those that are lost."""

from __future__ import annotations

from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.reporting.rows import Column, ColumnKind, field
from migrator.reporting.style import styled
from migrator.text import cells, one_line, shortened, shortened_path, tilde, title_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from migrator.model import Orphan, Passage, Project, Reason, Session, Suggestion


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


def database_row(path: Path) -> dict[str, str | None]:
    """Return the database that a session is of as JSON; `channel` is null for a copy by another name."""
    from migrator.disk.data_directory import channel_named

    return {"channel": channel_named(path.name), "path": str(path)}


def passage_lines(row: Mapping[str, Any], width: int) -> Iterator[str]:
    """Yield the passage in which a text was found in a session, on one line, to stand below its row in a table."""
    if found := row.get("passage"):
        # between two full stops, so that a line end at an end of it stays one blank
        before, hit, after = (one_line(f".{found[part]}.")[1:-1] for part in ("before", "hit", "after"))
        hit = shortened(hit, max(width - 10, 8))
        room = (width - 6 - cells(hit)) // 2
        before = shortened_path(before, room) if room > 0 else ""  # its end tells more, as that of a path
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


def _project(row: Mapping[str, Any]) -> str:
    from migrator.model import Project

    return Project(**row["project"]).label if row["project"] else f"{row['projectId'][:8]} (no row)"


def _database(row: Mapping[str, Any]) -> str | None:
    if "database" not in row:
        return None
    from migrator.store.location import database_label

    return database_label(Path(row["database"]["path"]))


def _title(row: Mapping[str, Any]) -> str:
    return title_text(row["title"]) + (" (archived)" if row["archived"] else "")


def _directory(row: Mapping[str, Any]) -> str:
    return tilde(row["directory"]) + (" (gone)" if row.get("gone") else "")


def _red_if_gone(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"fg": "red"} if row.get("gone") else {}


def _dim_if_archived(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"dim": True} if row["archived"] else {}


SESSION_COLUMNS = {
    "id": field("Session ID", "id", ColumnKind.ID),
    "updated": field("Updated", "updated", ColumnKind.TIME),
    "created": field("Created", "created", ColumnKind.TIME),
    "archived": field("Archived", "archived", ColumnKind.TIME),
    "opencode": Column(
        "opencode",
        lambda row: " ".join(who.removeprefix("opencode ") for who in row["heldBy"]) if "heldBy" in row else None,
    ),
    "database": Column("Database", _database),
    "project": Column("Project", lambda row: row["project"] and row["project"]["name"], ColumnKind.TEXT, _project),
    "project-id": field("Project ID", "projectId", ColumnKind.ID),
    "directory": Column("Directory", itemgetter("directory"), ColumnKind.PATH, _directory, _red_if_gone),
    "path": field("Path", "path", ColumnKind.PATH),
    "parent": field("Parent", "parentId", ColumnKind.ID),
    "title": Column("Title", itemgetter("title"), ColumnKind.TEXT, _title, _dim_if_archived),
}


ORPHAN_COLUMNS = {
    **SESSION_COLUMNS,
    "rule": Column(
        "Rule", lambda row: " ".join(reason["rule"] for reason in row["reasons"]), style=lambda _row: {"fg": "red"}
    ),
    "home": Column("Home", lambda row: row["suggestion"] and row["suggestion"]["directory"], ColumnKind.PATH),
    "certainty": Column("Certainty", lambda row: row["suggestion"] and row["suggestion"]["certainty"]),
}
ORPHAN_SHOWN = ("id", "updated", "rule", "directory", "home", "certainty", "title")

NARROW = 100


def session_columns_shown(
    *,
    with_project: bool,
    with_directory: bool,
    with_opencode: bool = False,
    with_database: bool = False,
    width: int | None = None,
) -> list[str]:
    """Return the columns of a table; on a narrow terminal the directory alone must say which project.

    `with_opencode`: one that says which opencodes have it, `with_database`: one that says which database.
    """
    opencode = [*(["database"] if with_database else []), *(["opencode"] if with_opencode else [])]
    project = ["project"] if with_project and (width is None or width >= NARROW) else []
    return ["id", "updated", *opencode, *project, *(["directory"] if with_directory else []), "title"]
