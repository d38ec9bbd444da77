"""The answer to where a lost session belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from migrator.model import Certainty
from migrator.text import our_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import Place, Suggestion

BROKEN_TREE = "broken-tree"
"""The rule whose sessions belong with their root."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where sessions belong (`place`, `because`), or why nobody knows (`why_not`, `rivals` of equal rank).

    `folder`, which is gone or taken, may be any of the rivals now. `commands` settle which: one whole command line for
    each rival, in the same order.
    `away`: the directory is away and will come back, so the session isn't lost, and no search may say otherwise.
    """

    place: Place | None
    certainty: Certainty
    because: str = ""
    rivals: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    why_not: str = ""
    away: bool = False
    folder: str = ""


class SuggestedHome(NamedTuple):
    """What an `Orphan` says of its home: a suggestion, or directories of equal rank and the commands that settle it."""

    suggestion: Suggestion | None = None
    rivals: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


def no_home(why_not: str, *, away: bool = False) -> Home:
    """Return the answer that nobody knows where sessions belong."""
    return Home(None, Certainty.UNKNOWN, why_not=why_not, away=away)


def tie(why_not: str, folder: str, rivals: Sequence[str], project_id: str = "") -> Home:
    """Return the answer that the folder `folder` may be any of `rivals` now.

    It is gone, or something is there that may be another repository: then only its `project_id` is meant.
    """
    only = ["--from-project", project_id] if project_id else []
    commands = tuple(
        our_command("relocate", folder, rival, *only)
        if rival != folder
        else our_command("move", "--from-dir", folder, *only, "--to-dir", folder)
        for rival in rivals
    )
    return Home(None, Certainty.UNKNOWN, rivals=tuple(rivals), commands=commands, why_not=why_not, folder=folder)
