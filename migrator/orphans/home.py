"""The answer to where a lost session belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.model import Certainty

if TYPE_CHECKING:
    from migrator.model import Place

BROKEN_TREE = "broken-tree"
"""The rule whose sessions belong with their root."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where sessions belong (`place`, `because`), or why nobody knows (`why_not`, `rivals` of equal rank).

    `away`: the directory is known to come back, so it isn't lost, and no search may say otherwise.
    """

    place: Place | None
    certainty: Certainty
    because: str = ""
    rivals: tuple[str, ...] = ()
    why_not: str = ""
    away: bool = False


def no_home(why_not: str, rivals: tuple[str, ...] = (), *, away: bool = False) -> Home:
    """Return the answer that nobody knows where sessions belong."""
    return Home(None, Certainty.UNKNOWN, rivals=rivals, why_not=why_not, away=away)
