"""Lost sessions as rows: those of a session list, with the reasons and where each belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.reporting.session_rows import project_rows_by_id, session_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from migrator.model import Orphan, Project, Reason, Suggestion


def orphan_rows(orphans: Iterable[Orphan], projects: Iterable[Project]) -> Iterator[dict[str, Any]]:
    """Yield one JSON object per lost session: `reasons`, `suggestion` (null where nobody knows), `rivals`."""
    known = project_rows_by_id(projects)
    said: dict[int, list[dict[str, str]]] = {}
    for orphan in orphans:
        why = orphan.reasons  # equal ones are one object, which many sessions share
        row = session_row(orphan.session, known)
        row["reasons"] = said.get(id(why)) or said.setdefault(id(why), [reason_row(reason) for reason in why])
        row["suggestion"] = suggestion_row(orphan.suggestion)
        row["rivals"] = orphan.rivals
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
