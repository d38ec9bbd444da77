"""`split-project`: one worktree under two project ids, with sessions on both."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from migrator.model import GLOBAL, Certainty, Reason
from migrator.orphans.rule import DirectoryStatus, Finding, OrphanRule
from migrator.paths import is_within
from migrator_selectors.orphans._adoption import will_be_mended
from migrator_selectors.orphans._reasons import reason_unless_mended, short

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.model import Binding, Session
    from migrator.orphans.rule import RuleContext

    Sides = dict[str, list[tuple[Binding, Sequence[Session]]]]


class SplitProject(OrphanRule):
    """Half of a history is under an id that the worktree had before, and only the other half is listed.

    Sessions under the id that opencode resolves today are fine, and this rule doesn't find them.
    """

    name = "split-project"
    summary = "one worktree has sessions under two project ids"
    looks_at = "repository"

    def find(self, context: RuleContext) -> Iterator[Finding]:
        """Yield the sessions on the wrong side, or those on both sides if the worktree is gone."""
        for worktree, sides in _worktrees(context).items():
            if len(sides) == 1:
                continue
            current = _current(context, sides)
            evidence = _evidence(context, worktree, sides, current)
            for binding, sessions in chain.from_iterable(side for id_, side in sides.items() if id_ != current):
                info = context.inspect(binding.directory)
                if info.place is None:
                    reason = Reason(self.name, evidence, Certainty.UNKNOWN)
                else:
                    reason = reason_unless_mended(self.name, evidence, mended=will_be_mended(context, binding, info))
                yield Finding(sessions, reason)

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        for worktree, sides in _worktrees(context).items():
            if any(binding == session.binding for side in sides.values() for binding, _ in side):
                return _evidence(context, worktree, sides, _current(context, sides))
        return "bound to no project" if session.project_id == GLOBAL else "nothing is known of its worktree"


def _worktrees(context: RuleContext) -> dict[str, Sides]:
    """Group bindings by worktree and project id; those to `global` have no worktree."""
    found: dict[str, Sides] = {}
    for binding, sessions in context.bound.items():
        info = context.inspect(binding.directory)
        if binding.project_id == GLOBAL or (info.status is DirectoryStatus.THERE and info.place is None):
            continue
        worktree = info.place.worktree if info.place else _worktree_of_row(context, binding)
        if worktree not in {None, "/"}:
            found.setdefault(str(worktree), {}).setdefault(binding.project_id, []).append((binding, sessions))
    return found


def _worktree_of_row(context: RuleContext, binding: Binding) -> str | None:
    """Return the worktree in the project's row if the directory, which is gone, was in it.

    `paths.checkout_root` would also name linked worktrees outside of it; nothing is said of those that are gone.
    """
    project = context.projects.get(binding.project_id)
    return project.worktree if project and is_within(binding.directory, project.worktree) else None


def _current(context: RuleContext, sides: Sides) -> str | None:
    """Return the id that opencode resolves the worktree to; None if it is gone or can't be looked at."""
    places = (context.inspect(binding.directory).place for side in sides.values() for binding, _ in side)
    return next((place.project_id for place in places if place), None)


def _evidence(context: RuleContext, worktree: str, sides: Sides, current: str | None) -> str:
    counts = ", ".join(f"{short(id_)} has {sum(len(some) for _, some in side)}" for id_, side in sides.items())
    under = "one project" if len(sides) == 1 else f"{len(sides)} projects"
    today = f"opencode resolves it to {short(current)} today" if current else _why_unknown(context, sides)
    if len(sides) == 1 and current is None:
        return f"the sessions in {worktree} are under one project: {counts}"
    return f"the sessions in {worktree} are under {under}: {counts}; {today}"


def _why_unknown(context: RuleContext, sides: Sides) -> str:
    infos = (context.inspect(binding.directory) for side in sides.values() for binding, _ in side)
    unreadable = next((info.detail for info in infos if info.status is DirectoryStatus.UNREADABLE), None)
    return f"{unreadable or 'it is gone'}, so nobody can tell which"
