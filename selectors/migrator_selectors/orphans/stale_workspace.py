"""`stale-workspace`: bound to one of opencode's own workspaces, which is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Certainty, Reason
from migrator.orphans.rule import DirectoryStatus, Finding, OrphanRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import RuleContext


class StaleWorkspace(OrphanRule):
    """A workspace overrides the session's directory: without its row opencode can't even show the session (HTTP 500).

    Where the row is there and its directory is not, it is shown, and a prompt fails (1.18.34). Opencode 2 made the
    table again, empty and without directories; what it does with such a session has not been seen yet.
    """

    name = "stale-workspace"
    summary = "it is in a workspace of opencode's that is gone"

    def find(self, context: RuleContext) -> Iterator[Finding]:
        for binding, sessions in context.bound.items():
            if binding.workspace_id is not None and (reason := self._reason(context, binding.workspace_id)):
                yield Finding(sessions, reason)

    def _reason(self, context: RuleContext, workspace: str) -> Reason | None:
        if workspace not in context.workspaces:
            certainty = Certainty.LIKELY if context.is_v2 else Certainty.CERTAIN
            return Reason(self.name, f"there is no workspace {workspace}", certainty)
        directory = context.workspaces[workspace]
        info = context.inspect(directory) if directory else None  # one elsewhere has none
        if info is None or info.status is DirectoryStatus.THERE:
            return None
        certainty = Certainty.UNKNOWN if info.status is DirectoryStatus.UNREADABLE else Certainty.CERTAIN
        return Reason(self.name, f"its workspace {workspace} overrides its directory, and {info.detail}", certainty)

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        workspace = session.binding.workspace_id
        if workspace is None:
            return "in no workspace"
        directory = context.workspaces.get(workspace)
        return f"in {workspace}, {f'at {directory}' if directory else 'which is elsewhere'}"
