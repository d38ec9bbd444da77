"""The decision which turns of a session keep their file undo when it moves; each version's `decide` makes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.snapshots.repositories.compare import relative_path
from migrator.text import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from migrator.snapshots.repositories.route import SnapshotRoute
    from migrator.store.turns import Turn


@dataclass(frozen=True, slots=True)
class CarryDecision:
    """What happens to the file undo of one session.

    `carried` are the turns that keep it, `detached` is how many lose it: None if all do and they weren't counted.
    `trees` are all snapshots to carry. `keeps_revert` are the versions of opencode, 1 and 2, in which the session is
    reverted and keeps its `revert` marker.
    `because` says why turns are detached, if some are. `unknown` says what couldn't be looked at, so that nobody can
    tell whether these are all that can be carried, and what to do; None if all of it was seen.
    """

    route: SnapshotRoute | None
    carried: tuple[Turn, ...] = ()
    detached: int | None = None
    trees: tuple[str, ...] = ()
    keeps_revert: frozenset[int] = frozenset()
    because: str | None = None
    unknown: str | None = None

    @property
    def keeps_any(self) -> bool:
        """Whether anything of it goes along."""
        return bool(self.carried or self.keeps_revert)

    def counted(self, turns: int) -> CarryDecision:
        """Return the decision that all of so many turns lose their file undo; without a reason if there are none."""
        return replace(self, detached=turns, because=self.because if turns else None)

    def joined(self, other: CarryDecision) -> CarryDecision:
        """Return the decision for a session of which this is one opencode's half, and `other` another's."""
        return CarryDecision(
            self.route or other.route,
            (*self.carried, *other.carried),
            None if self.detached is None or other.detached is None else self.detached + other.detached,
            (*self.trees, *other.trees),
            self.keeps_revert | other.keeps_revert,
            "; ".join(dict.fromkeys(filter(None, (self.because, other.because)))) or None,
            self.unknown or other.unknown,
        )


def refuse_unknown(decisions: Mapping[str, CarryDecision]) -> None:
    """Raise MigratorError if nobody can tell what file undo of a session can be carried: detaching it is for good."""
    unknown = [decision.unknown for decision in decisions.values() if decision.unknown]
    if unknown:
        raise MigratorError(
            f"Nobody can tell whether file undo of {count(len(unknown), 'session')} can go along, and what doesn't is "
            f"lost, so nothing was moved: {unknown[0].rstrip('.')}; or say --undo-files detach to move without it."
        )


def rewritten_turns(decision: CarryDecision) -> Iterator[tuple[Turn, str]]:
    """Yield each carried turn with its data, absolute paths moved from the source worktree to the target's.

    The paths in a snapshot are relative to the worktree, so the session's own directory doesn't matter.
    """
    route = decision.route
    if route is None or route.source_worktree == route.target_worktree:
        yield from ((turn, turn.data) for turn in decision.carried)
        return
    top = route.target_worktree.rstrip("/")
    for turn in decision.carried:
        yield turn, turn.with_files([f"{top}/{relative_path(route.source_worktree, file)}" for file in turn.files])
