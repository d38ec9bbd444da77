"""What rules say in the same words."""

from __future__ import annotations

MENDS = "opencode mends this itself when it is next started there"


def short(project_id: str) -> str:
    """Return a project id as people read it."""
    return project_id[:12]
