"""What several rules say: which project opencode takes a directory for, and whether it mends a case itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Certainty, Reason

if TYPE_CHECKING:
    from migrator.orphans.rule import DirectoryInfo


def short(project_id: str) -> str:
    """Return a project id as people read it."""
    return project_id[:12]


def resolution(info: DirectoryInfo) -> str:
    """Say which project opencode resolves a directory to and by which mark, or why it can't."""
    if info.place is None:
        return info.detail
    return f"opencode resolves {info.directory} to {short(info.place.project_id)} today ({info.id_source})"


def reason_unless_mended(rule: str, evidence: str, *, mended: bool) -> Reason:
    """Return a certain reason, or one that is only likely because opencode mends it itself (`mended`)."""
    if mended:
        return Reason(rule, f"{evidence}; opencode mends this itself when it is next started there", Certainty.LIKELY)
    return Reason(rule, evidence, Certainty.CERTAIN)
