"""`unknown-project`: the project that a session is bound to has no row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.orphans.rule import Finding, OrphanRule
from migrator_selectors.orphans._reasons import reason_unless_mended, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import RuleContext


class UnknownProject(OrphanRule):
    """A foreign key to nothing. opencode makes a row only of the id that it resolves a directory to (1.18.34)."""

    name = "unknown-project"
    summary = "there is no project row for it"

    def find(self, context: RuleContext) -> Iterator[Finding]:
        for binding, sessions in context.bound.items():
            if binding.project_id not in context.projects:
                place = context.inspect(binding.directory).place
                mended = place is not None and place.project_id == binding.project_id
                text = f"there is no project {short(binding.project_id)}"
                yield Finding(sessions, reason_unless_mended(self.name, text, mended=mended))

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        project = context.projects.get(session.project_id)
        return f"there is a project row, with worktree {project.worktree}" if project else "no rule of places is for it"
