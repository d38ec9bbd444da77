"""`split-project`: one worktree under two project ids, with sessions on both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Certainty, Reason
from migrator.orphans.rule import Finding, OrphanRule, Standing
from migrator.paths import is_within
from migrator.places.checkout import GLOBAL
from migrator_selectors.orphans._text import MENDS, short
from migrator_selectors.orphans.project_drift import is_mended

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from migrator.model import Binding, Session
    from migrator.orphans.rule import Ground

    Sides = Mapping[str, Sequence[tuple[Binding, Sequence[Session]]]]


class SplitProject(OrphanRule):
    """Half of a history is under an id that the worktree had before, and only the other half is listed.

    Those under the id that opencode resolves today are in order, and not named.
    """

    name = "split-project"
    summary = "one worktree has sessions under two project ids"

    def find(self, ground: Ground) -> Iterator[Finding]:
        """Yield the sessions on the wrong side; both sides where the worktree is gone and nobody can tell."""
        for worktree, sides in _worktrees(ground).items():
            if len(sides) > 1:
                current = _current(ground, sides)
                for project_id, side in sides.items():
                    if project_id != current:
                        yield from self._side(ground, side, _evidence(worktree, sides, current))

    def _side(
        self, ground: Ground, side: Sequence[tuple[Binding, Sequence[Session]]], evidence: str
    ) -> Iterator[Finding]:
        for binding, sessions in side:
            sight = ground.sight(binding.directory)
            if sight.place is None:
                reason = Reason(self.name, evidence, Certainty.UNKNOWN)
            elif is_mended(ground, binding, sight):
                reason = Reason(self.name, f"{evidence}; {MENDS}", Certainty.LIKELY)
            else:
                reason = Reason(self.name, evidence, Certainty.CERTAIN)
            yield Finding(sessions, reason)

    def acquit(self, ground: Ground, session: Session) -> str:
        """Say which ids the worktree has sessions under."""
        for worktree, sides in _worktrees(ground).items():
            if any(binding == session.binding for side in sides.values() for binding, _ in side):
                return _evidence(worktree, sides, _current(ground, sides))
        return "bound to no project" if session.project_id == GLOBAL else "nothing is known of its worktree"


def _worktrees(ground: Ground) -> dict[str, dict[str, list[tuple[Binding, Sequence[Session]]]]]:
    """Group bindings by worktree and project id; what is `global` has no worktree, and may be claimed at most."""
    found: dict[str, dict[str, list[tuple[Binding, Sequence[Session]]]]] = {}
    for binding, sessions in ground.bound.items():
        sight = ground.sight(binding.directory)
        if binding.project_id == GLOBAL or (sight.standing is Standing.THERE and sight.place is None):
            continue
        worktree = sight.place.worktree if sight.place else _by_row(ground, binding)
        if worktree not in {None, "/"}:
            found.setdefault(str(worktree), {}).setdefault(binding.project_id, []).append((binding, sessions))
    return found


def _by_row(ground: Ground, binding: Binding) -> str | None:
    """Return the worktree of the project's row, if a directory that is gone was in it."""
    project = ground.projects.get(binding.project_id)
    inside = project and is_within(binding.directory, project.worktree)
    return project.worktree if project and inside else None


def _current(ground: Ground, sides: Sides) -> str | None:
    """Return the id that opencode resolves the worktree to; None where it is gone."""
    places = (ground.sight(binding.directory).place for side in sides.values() for binding, _ in side)
    return next((place.project_id for place in places if place), None)


def _evidence(worktree: str, sides: Sides, current: str | None) -> str:
    counts = ", ".join(f"{short(id_)} has {sum(len(some) for _, some in side)}" for id_, side in sides.items())
    under = "one project" if len(sides) == 1 else f"{len(sides)} projects"
    told = f"opencode resolves it to {short(current)} today" if current else "it is gone, so nobody can tell which"
    return f"the sessions in {worktree} are under {under}: {counts}; {told}"
