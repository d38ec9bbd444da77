"""`symlinked-directory`: the directory is stored under a name that isn't its real path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.disk.spelling import difference
from migrator.model import Certainty, Reason
from migrator.orphans.rule import Finding, OrphanRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import RuleContext


class SymlinkedDirectory(OrphanRule):
    """opencode turns the directory it is asked for into the real one, and compares it with what is stored.

    So a link, a trailing slash or `..` in the row is found by no directory filter: in no list of the desktop app and
    the web, and `opencode run -s` hangs (1.18.34). 1.2.1 stored and asked for links as they were.
    """

    name = "symlinked-directory"
    summary = "stored through a symlink, with a trailing slash, or in another spelling than the disk has"
    looks_at = "directory"

    def find(self, context: RuleContext) -> Iterator[Finding]:
        if not context.stores_real_paths:
            return
        for binding, sessions in context.bound.items():
            real = context.inspect(binding.directory).real
            if real is not None and real != binding.directory:
                spelling = difference(binding.directory, real)
                text = f"stored as {binding.directory}, which is {real} in reality{spelling and f': {spelling}'}"
                yield Finding(sessions, Reason(self.name, text, Certainty.CERTAIN))

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        real = context.inspect(session.directory).real
        return f"the real path is {real}" if real else "no real path, since it can't be opened"
