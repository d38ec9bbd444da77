"""`import-unfinished`: opencode 2 is still to take the session over from opencode 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Certainty, Reason
from migrator.orphans.rule import Finding, OrphanRule
from migrator.store.opencode_2_schema import COMPLETED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import RuleContext


class ImportUnfinished(OrphanRule):
    """The import runs in the background, one session after the other, and goes on at the next start where it was cut.

    A session that it hasn't come to is copied out of its old row, so nothing is written before it is done.
    """

    name = "import-unfinished"
    summary = "opencode 2 has not finished importing it from opencode 1; never moved before that"
    movable = False

    def find(self, context: RuleContext) -> Iterator[Finding]:
        if context.not_imported and context.import_phase != COMPLETED:
            text = (
                f"opencode 2 has not imported it from opencode 1 yet ({context.import_phase}); "
                "start opencode 2 and let it finish"
            )
            yield Finding(context.not_imported, Reason(self.name, text, Certainty.LIKELY))

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        del session
        return "the import is done" if context.is_v2 else "this is a database of opencode 1 alone"
