"""`other-database`: a session that another database beside this one has, and this one doesn't."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Certainty, Reason
from migrator.orphans.rule import Finding, OrphanRule
from migrator.store.other_databases import OTHER_DATABASE
from migrator.text import count, local_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import RuleContext


class OtherDatabaseRule(OrphanRule):
    """Each release channel of opencode has a database of its own, and shows no session of another's.

    Such as `opencode-stable.db` of a Nix install: whoever changes the channel finds an empty list. A database that has
    sessions in common with this one is a copy, so what only it has may have been deleted here.
    """

    name = OTHER_DATABASE
    summary = "only in another database beside this one, as of another channel; reported, never moved"
    movable = False

    def find(self, context: RuleContext) -> Iterator[Finding]:
        for other in context.other_databases:
            if not other.only_there:
                continue
            text = (
                f"not in this database, but in {other.path.name} beside it, which has "
                f"{count(len(other.only_there), 'session')} that this one doesn't: "
                f"{other.what_to_do(len(other.only_there))}"
            )
            certainty = Certainty.CERTAIN
            if other.shared:
                text += "; others of it are here too, so it may have been deleted here since"
                certainty = Certainty.UNKNOWN
            yield Finding(other.only_there, Reason(self.name, text, certainty))

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        notes = [
            f"{other.path.name} has it too, used later there, {local_time(other.newer[session.id])}: "
            f"`{other.command} list --from-id {session.id}`"
            for other in context.other_databases
            if session.id in other.newer
        ]
        unread = [other for other in context.other_databases if other.unread]
        notes += [f"{other.path.name} can't be read: {other.unread}" for other in unread]
        return "; ".join(notes) or "it is in this database"
