"""Lost sessions as rows: those of a session list, with the reasons and where each belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.reporting.session_rows import session_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.model import Orphan, Project, Reason, Suggestion


def orphan_rows(orphans: Sequence[Orphan], projects: Iterable[Project]) -> list[dict[str, Any]]:
    """Return one JSON object per lost session: `reasons`, `suggestion` (null where nobody knows), `rivals`."""
    rows = session_rows((orphan.session for orphan in orphans), projects)
    for row, orphan in zip(rows, orphans, strict=True):
        row["reasons"] = [reason_row(reason) for reason in orphan.reasons]
        row["suggestion"] = suggestion_row(orphan.suggestion)
        row["rivals"] = list(orphan.rivals)
    return rows


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
