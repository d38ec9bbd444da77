"""`global-claimed`: bound to no project, and the directory is in a repository now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Certainty, Reason
from migrator.orphans.rule import Finding, OrphanRule
from migrator.places.checkout import GLOBAL
from migrator_selectors.orphans._text import MENDS
from migrator_selectors.orphans.project_drift import resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import Ground


class GlobalClaimed(OrphanRule):
    """After `git init` the old sessions are in no list there.

    opencode adopts those whose directory is exactly the top of the checkout when it is started in it; those below stay
    behind (1.2.27 to 1.18.34; 1.2.1 tries and fails). To opencode 2 all of "global" is lost, which is another rule's.
    """

    name = "global-claimed"
    summary = "bound to no project, although the directory is inside a repository now"

    def find(self, ground: Ground) -> Iterator[Finding]:
        """Yield bindings to `global` whose directory opencode resolves to a project."""
        for binding, sessions in ground.bound.items():
            if binding.project_id != GLOBAL or ground.is_v2:
                continue
            sight = ground.sight(binding.directory)
            if sight.place is not None and sight.place.project_id != GLOBAL:
                mended = ground.adopts and binding.directory == sight.place.worktree
                text = f"bound to no project; {resolved(sight)}" + (f"; {MENDS}" if mended else "")
                yield Finding(sessions, Reason(self.name, text, Certainty.LIKELY if mended else Certainty.CERTAIN))

    def acquit(self, ground: Ground, session: Session) -> str:
        """Say what opencode makes of the directory."""
        if ground.is_v2:
            return "this is a database of opencode 2, see stranded-in-global"
        if session.project_id != GLOBAL:
            return "bound to a project"
        sight = ground.sight(session.directory)
        return resolved(sight) if sight.place else sight.detail
