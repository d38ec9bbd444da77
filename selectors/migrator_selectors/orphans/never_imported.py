"""`never-imported`: opencode 1 has the session, and opencode 2, which is there too, doesn't."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Certainty, Reason
from migrator.orphans.rule import Finding, OrphanRule
from migrator.store.opencode_2_schema import COMPLETED, NEVER_IMPORTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import RuleContext


class NeverImported(OrphanRule):
    """opencode 2 imports the sessions of opencode 1 once, and never those that opencode 1 makes afterwards.

    No move mends that, and a second import would lose what opencode 2 has added to the sessions that it imported (read
    in its source; issues 49641, 50130 and 49412 of opencode). So opencode 2 is given a copy that holds nothing else,
    by `merge` of the database with itself. A session that was deleted in opencode 2 is found too: that leaves the row
    of opencode 1 where it is.
    """

    name = NEVER_IMPORTED
    summary = "only opencode 1 has it, and opencode 2 imports nothing by itself any more; reported, never moved"
    movable = False

    def find(self, context: RuleContext) -> Iterator[Finding]:
        """Yield all of them; as long as the import isn't done they are another rule's."""
        if context.not_imported and context.import_phase == COMPLETED:
            text = (
                "only opencode 1 has it, and shows it: opencode 2 imported its sessions once, and never does so "
                "again by itself (opencode's issue 49641); `merge --with-opencode` has it import a copy of this one"
            )
            yield Finding(context.not_imported, Reason(self.name, text, Certainty.CERTAIN))

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        if not context.is_v2:
            return "this is a database of opencode 1 alone"
        if any(session.id == other.id for other in context.not_imported):
            return f"the import isn't done: {context.import_phase}"
        return "opencode 2 has it"
