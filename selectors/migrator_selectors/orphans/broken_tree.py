"""`broken-tree`: a child that isn't where its root is, or has no parent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Certainty, Reason
from migrator.orphans.rule import Finding, OrphanRule
from migrator.paths import checkout_root
from migrator.store.trees import Roots
from migrator_selectors.orphans._reasons import short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import RuleContext
    from migrator.store.trees import Root


class BrokenTree(OrphanRule):
    """Lists show roots, and children below them: without its parent a child is nowhere.

    A child left behind in another project or checkout is shown below its parent and runs in the old place. opencode's
    own move of a session leaves all of its children behind so. The task tool makes each child in the directory of its
    parent (all seen with 1.18.34), so another directory of the same checkout is odd, and nothing is lost by it.
    """

    name = "broken-tree"
    summary = "a child elsewhere than its root, or without its parent"

    def find(self, context: RuleContext) -> Iterator[Finding]:
        reasons: dict[tuple[object, ...], Reason | None] = {}
        roots = Roots(context.by_id)
        for sessions in context.bound.values():
            for session in sessions:
                if session.parent_id is None or _is_beside(session, context.by_id.get(session.parent_id)):
                    continue
                if reason := self._reason(context, session, roots.of(session), reasons):
                    yield Finding([session], reason)

    def _reason(
        self, context: RuleContext, session: Session, end: Root, known: dict[tuple[object, ...], Reason | None]
    ) -> Reason | None:
        root, missing = end
        if missing is not None:
            lost = f"its parent {session.parent_id}" if missing == session.parent_id else f"its ancestor {missing}"
            if missing in context.odd_sessions:
                return Reason(self.name, f"{lost} can't be read: {context.odd_sessions[missing]}", Certainty.UNKNOWN)
            return Reason(self.name, f"{lost} is not in the database", Certainty.CERTAIN)
        if root is None:
            return Reason(self.name, "its parents are their own descendants", Certainty.CERTAIN)
        if root.binding[:2] == session.binding[:2]:
            return None
        key = (session.binding, root.id)
        if key not in known:
            known[key] = self._elsewhere(context, session, root)
        return known[key]

    def _elsewhere(self, context: RuleContext, session: Session, root: Session) -> Reason:
        if session.project_id != root.project_id:
            here, there = short(session.project_id), short(root.project_id)
            text = f"in project {here}, and its root {root.id} is in {there}, at {root.directory}"
            return Reason(self.name, text, Certainty.CERTAIN)
        text = f"in {session.directory}, and its root {root.id} is in {root.directory}"
        if _checkout_root(context, session) == _checkout_root(context, root):
            return Reason(self.name, f"{text}, of the same checkout", Certainty.UNKNOWN)
        return Reason(self.name, text, Certainty.LIKELY)

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        root = Roots(context.by_id).of(session).top
        return "it is a root" if session.parent_id is None or root is None else f"in the place of its root {root.id}"


def _is_beside(session: Session, parent: Session | None) -> bool:
    """Tell whether the parent of a child is a root in the same place, as for most children."""
    return parent is not None and parent.parent_id is None and parent.binding == session.binding


def _checkout_root(context: RuleContext, session: Session) -> str:
    """Return the top of the checkout that a session is in; if the directory is gone, what `paths.checkout_root` says.

    The directory itself if it is in none, or if its row doesn't say.
    """
    directory = session.directory
    place = context.inspect(directory).place
    if place is not None:
        return place.worktree if place.worktree != "/" else directory
    return checkout_root(directory, session.binding.path) or directory
