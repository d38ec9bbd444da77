"""Lost sessions as rows: those of a session list, with the reasons and where each belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.reporting.session_rows import project_rows_by_id, session_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from migrator.model import Orphan, Project, Reason, Suggestion


def orphan_rows(orphans: Sequence[Orphan], projects: Iterable[Project]) -> Iterator[dict[str, Any]]:
    """Yield one JSON object per lost session: `reasons`, `suggestion` (null if unknown), `rivals`."""
    known = project_rows_by_id(projects)
    why_lost: dict[int, list[dict[str, str]]] = {}  # many sessions share these, and each is one object
    where_home: dict[int, dict[str, str] | None] = {}
    for session, why, home, rivals in orphans:
        if id(why) not in why_lost:
            why_lost[id(why)] = [reason_row(reason) for reason in why]
        if id(home) not in where_home:
            where_home[id(home)] = suggestion_row(home)
        row = session_row(session, known)
        row["reasons"] = why_lost[id(why)]
        row["suggestion"] = where_home[id(home)]
        row["rivals"] = rivals
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
