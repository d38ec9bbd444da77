"""`stranded-in-global`: opencode 2 has the session in "global", and its directory is a project there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import GLOBAL
from migrator.orphans.rule import Finding, OrphanRule
from migrator_selectors.orphans._adoption import why_not_adopted
from migrator_selectors.orphans._reasons import reason_unless_mended, resolution

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import RuleContext


class StrandedInGlobal(OrphanRule):
    """To opencode 2 every directory is of a project, and it lists by project: what is in "global" is in no list there.

    In a repository it takes such sessions over at its first start there, and none that are stored through a symlink.
    Outside any it never does, so what opencode 1 had in a plain directory stays here after the import (issues 50551,
    50800 and 49827 of opencode; read in its source of October 2026, and seen when parts of that were run).
    """

    name = "stranded-in-global"
    summary = 'opencode 2 has it in "global", although its directory is a project of its own or in one'
    looks_at = "repository"

    def find(self, context: RuleContext) -> Iterator[Finding]:
        for binding, sessions in context.bound.items():
            if not context.is_v2 or binding.project_id != GLOBAL:
                continue
            info = context.inspect(binding.directory)
            if info.place is not None and info.place.project_id != GLOBAL:
                text = f'bound to "global", which opencode 2 lists only among all projects; {resolution(info)}'
                if why := why_not_adopted(context, binding, info):
                    text += f"; opencode 2 leaves it there for ever, since it takes over only {why}"
                yield Finding(sessions, reason_unless_mended(self.name, text, mended=not why))

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        if not context.is_v2:
            return "this is a database of opencode 1, see global-claimed"
        if session.project_id != GLOBAL:
            return "bound to a project"
        return resolution(context.inspect(session.directory))
