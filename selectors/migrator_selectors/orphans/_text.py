"""Sentences and reasons that several rules share."""

from __future__ import annotations

from migrator.model import Certainty, Reason


def short(project_id: str) -> str:
    """Return a project id as people read it."""
    return project_id[:12]


def reason_unless_mended(rule: str, evidence: str, *, mended: bool) -> Reason:
    """Return a certain reason, or one that is only likely because opencode mends it itself (`mended`)."""
    if mended:
        return Reason(rule, f"{evidence}; opencode mends this itself when it is next started there", Certainty.LIKELY)
    return Reason(rule, evidence, Certainty.CERTAIN)
