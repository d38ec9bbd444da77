"""Sessions as opencode's own API returns them: the JSON text of the type GlobalSession of its SDK (1.18.34).

SQLite writes the text of each session, and more members are put before its closing brace: parsing it again takes longer
than all the rest of a page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.reporting.session_rows import reason_row, suggestion_row
from migrator.store.row_json import stringify
from migrator.store.session_json import SessionJson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import Orphan, Project, Session


def global_sessions(
    sessions: Sequence[SessionJson], projects: Mapping[str, Project], more: Mapping[str, object] | None = None
) -> list[str]:
    """Return the JSON of each session with its project, null where it has no row, and the members that are `more`."""
    ids = {session.project_id for session in sessions}
    ends = {id_: _members({"project": _project(projects.get(id_)), **(more or {})}) for id_ in ids}
    return [session.json[:-1] + ends[session.project_id] for session in sessions]


def orphan_sessions(
    orphans: Sequence[Orphan], stored: Mapping[str, SessionJson], projects: Mapping[str, Project]
) -> list[str]:
    """Return the JSON of each lost session: a GlobalSession with `reasons`, `suggestion` and `rivals`."""
    sessions = [stored.get(orphan.session.id) or _outside_the_database(orphan.session) for orphan in orphans]
    return [
        text[:-1]
        + _members(
            {
                "reasons": [reason_row(reason) for reason in orphan.reasons],
                "suggestion": suggestion_row(orphan.suggestion),
                "rivals": orphan.rivals,
                "commands": orphan.commands,
            }
        )
        for orphan, text in zip(orphans, global_sessions(sessions, projects), strict=True)
    ]


def _members(members: Mapping[str, object]) -> str:
    """Return members and closing brace, to be put after those that an object has."""
    return "," + stringify(members)[1:]


def _project(project: Project | None) -> dict[str, str] | None:
    if project is None:
        return None
    named = {} if project.name is None else {"name": project.name}
    return {"id": project.id, **named, "worktree": project.worktree}


def _outside_the_database(session: Session) -> SessionJson:
    """Return what is known of a session that only JSON storage or another database has."""
    archived = {} if session.archived is None else {"archived": session.archived}
    known = {
        "id": session.id,
        "slug": "",
        "projectID": session.project_id,
        "directory": session.directory,
        "path": session.binding.path,
        "parentID": session.parent_id,
        "title": session.title,
        "version": "",
        "time": {"created": session.created, "updated": session.updated, **archived},
    }
    text = stringify({name: value for name, value in known.items() if value is not None})
    return SessionJson(session.updated, session.id, session.project_id, text)
