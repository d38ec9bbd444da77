"""`stale-workspace`: bound to one of opencode's own workspaces, which is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Certainty, Reason
from migrator.orphans.rule import Finding, OrphanRule, Standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import Ground


class StaleWorkspace(OrphanRule):
    """A workspace overrides the session's directory: without its row opencode can't even show the session (HTTP 500).

    Where the row is there and its directory is not, it is shown, and a prompt fails (1.18.34). Opencode 2 made the
    table anew, without what was in it and without directories; what it does with such a session nobody has seen.
    """

    name = "stale-workspace"
    summary = "it is in a workspace of opencode's that is gone"

    def find(self, ground: Ground) -> Iterator[Finding]:
        """Yield bindings to a workspace without a row or without its directory."""
        for binding, sessions in ground.bound.items():
            if binding.workspace_id is not None and (reason := self._reason(ground, binding.workspace_id)):
                yield Finding(sessions, reason)

    def _reason(self, ground: Ground, workspace: str) -> Reason | None:
        if workspace not in ground.workspaces:
            certainty = Certainty.LIKELY if ground.is_v2 else Certainty.CERTAIN
            return Reason(self.name, f"there is no workspace {workspace}", certainty)
        directory = ground.workspaces[workspace]
        sight = ground.sight(directory) if directory else None  # one elsewhere has none
        if sight is None or sight.standing is Standing.THERE:
            return None
        certainty = Certainty.UNKNOWN if sight.standing is Standing.UNREADABLE else Certainty.CERTAIN
        return Reason(self.name, f"its workspace {workspace} overrides its directory, and {sight.detail}", certainty)

    def acquit(self, ground: Ground, session: Session) -> str:
        """Say which workspace it is in."""
        workspace = session.binding.workspace_id
        if workspace is None:
            return "in no workspace"
        directory = ground.workspaces.get(workspace)
        return f"in {workspace}, {f'at {directory}' if directory else 'which is elsewhere'}"
