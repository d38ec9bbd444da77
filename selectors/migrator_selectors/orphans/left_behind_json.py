"""`left-behind-json`: a session in the JSON files of opencode before 1.2 that was never imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Certainty, Reason
from migrator.orphans.rule import Finding, OrphanRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import RuleContext


class LeftBehindJson(OrphanRule):
    """opencode 1.2 to 1.15 import JSON storage when there is no database yet, later ones never; there is one now.

    Such a session isn't in the database, so there is nothing to move.
    """

    name = "left-behind-json"
    summary = "only in the JSON storage of opencode before 1.2; reported, never moved"
    movable = False

    def find(self, context: RuleContext) -> Iterator[Finding]:
        for session, file, damage, imported_others in context.left_behind:
            text = f"{file} is not in this database, and opencode doesn't import it any more"
            if damage:
                text += f"; {damage}"
            certainty = Certainty.CERTAIN
            if imported_others:
                text += "; others beside it were imported, so it may have been deleted since"
                certainty = Certainty.UNKNOWN
            yield Finding([session], Reason(self.name, text, certainty))

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        return "it is in the database" if session.id in context.by_id else ""
