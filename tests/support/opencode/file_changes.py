"""What an undo of all turns of a session in opencode does to files, and its redo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.opencode.opencode_1 import OpenCode
    from tests.support.opencode.readers import Spot

Changes = dict[str, bytes | None]
"""Full paths of files that changed, with what they hold now; None is gone."""


@dataclass(frozen=True)
class Walk:
    """What had changed, compared with before, after the undo; and what after the redo that followed."""

    undone: Changes
    redone: Changes


NOWHERE = Walk({}, {})


def walk(opencode: OpenCode, spot: Spot, top: Path) -> Walk:
    """Undo and redo a session's turns, and look at every file below `top`; opencode must be running."""
    before = _files(top)
    opencode.revert(spot.session, opencode.turns(spot.session)[0], spot.home)
    undone = _changes(before, _files(top))
    opencode.unrevert(spot.session, spot.home)
    return Walk(undone, _changes(before, _files(top)))


def _files(top: Path) -> dict[str, bytes]:
    """Every file with its content, but for git's own; what is no file, such as a loop of links, by name only.

    Neither are the marks that readers leave and delete again: opencode's redo in a sub-directory brings back files that
    were deleted outside it (seen with a session that nobody ever moved).
    """
    return {
        str(file): file.read_bytes() if file.is_file() else b""
        for file in top.rglob("*")
        if ".git" not in file.relative_to(top).parts and not file.name.startswith("works-")
    }


def _changes(before: dict[str, bytes], after: dict[str, bytes]) -> Changes:
    return {name: after.get(name) for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
