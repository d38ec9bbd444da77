"""How many of what a plan does."""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING

from migrator.model import FileUndo, ProjectAction

if TYPE_CHECKING:
    from migrator.model import Plan


def summary(plan: Plan) -> dict[str, int]:
    """Count what a plan does."""
    kinds = Counter(map(attrgetter("undo", "turns"), plan.changes))
    return {
        "sessions": len(plan.changes),
        "trees": len({change.root for change in plan.changes}),
        "unchanged": len(plan.unchanged),
        "projects_registered": sum(project.action is ProjectAction.REGISTER for project in plan.projects),
        "projects_updated": len(plan.updates),
        "undo_carried": sum(number for (undo, _), number in kinds.items() if undo is FileUndo.CARRY),
        "undo_detached": sum(number for (undo, _), number in kinds.items() if undo is FileUndo.DETACH),
        "turns_carried": sum(turns.carried * number for (_, turns), number in kinds.items()),
        "turns_detached": sum((turns.detached or 0) * number for (_, turns), number in kinds.items()),
    }
