"""One home of opencode in which all `LOSSES` lie side by side: lost together, rescued together, and watched all along.

To start opencode takes seconds, so what is asked of it is asked of all of them at once, and gathered here for tests to
judge: `Evidence` has a part for each time that opencode was started anew, in the order in which things happened.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.index_refresh import refresh_indexes
from tests.support.opencode.database import all_rows
from tests.support.opencode.file_changes import Walk, walk
from tests.support.opencode.losses import LOSSES
from tests.support.opencode.losses.losing import lose
from tests.support.opencode.migrator_command import answer, orphans, undo
from tests.support.opencode.readers import Reader, seen_by

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from tests.support.opencode.losses.making import Loss
    from tests.support.opencode.migrator_command import Orphans
    from tests.support.opencode.opencode_1 import OpenCode
    from tests.support.opencode.readers import Spot

Seen = dict[str, frozenset[Reader]]
"""For each loss who sees the session."""
Printed = dict[str, bool]
"""For each loss that `opencode session list` can't see, whether that command prints the session."""
Walks = dict[str, Walk]
Rows = dict[str, list[tuple[Any, ...]]]
Run = dict[str, Any]


@dataclass(frozen=True)
class InPlace:
    """Before anything is lost."""

    spots: dict[str, Spot]
    seen: Seen
    walks: Walks


@dataclass(frozen=True)
class Lost:
    """`found` is what our rules find before opencode was started, `found_still` afterwards; then `rows` were taken."""

    losses: dict[str, Loss]
    found: Orphans
    seen: Seen
    printed: Printed
    found_still: Orphans
    rows: Rows


@dataclass(frozen=True)
class Rescued:
    """Once and taken back, once more with file undo detached, a second time, and with a search, unsure and sure."""

    taken_back: Rows
    run: Run
    rows: Rows
    found: Orphans
    second: Run
    rows_after_second: Rows
    search: Run
    likely_search: Run


@dataclass(frozen=True)
class Home:
    """With opencode after the rescue, and what our rules find after that."""

    seen: Seen
    printed: Printed
    walks: Walks
    found_still: Orphans


@dataclass(frozen=True)
class Evidence:
    """`carried` are walks after another rescue of what was lost, which decided itself what becomes of file undo."""

    in_place: InPlace
    lost: Lost
    rescued: Rescued
    home: Home
    carried: Walks


def gather(opencode: OpenCode, root: Path, *, beyond_help: Collection[str], carried: Collection[str]) -> Evidence:
    """Lose and rescue everything; `root` has the home of that opencode, and nothing else.

    Undo is walked at home but for what is `beyond_help`, and where it was `carried`.
    """
    at, kept = root / "at", root.with_name(f"{root.name}-lost")
    in_place: list[InPlace] = []
    losses = lose(LOSSES, opencode, at, lambda spots: in_place.append(_in_place(opencode, spots, at)))
    spots = {name: loss.spot for name, loss in losses.items()}
    lost = _lost(opencode, losses, at)
    shutil.copytree(root, kept, symlinks=True)
    rescued = _rescued(opencode, at)
    home = _home(opencode, spots, at, lost.printed, [name for name in spots if name not in beyond_help])
    shutil.rmtree(root)
    shutil.copytree(kept, root, symlinks=True)
    refresh_indexes(root)
    _rescue(opencode, at)
    with opencode.serve(at):
        return Evidence(in_place[0], lost, rescued, home, {name: walk(opencode, spots[name], at) for name in carried})


def printed(opencode: OpenCode, spot: Spot) -> bool:
    """Whether `opencode session list` prints a session where it belongs."""
    return spot.session in opencode.listed(spot.home)


def _rescue(opencode: OpenCode, at: Path, *more: str | Path) -> Run:
    run: Run = answer(opencode, "rescue", "--yes", *more, cwd=at)
    return run


def _in_place(opencode: OpenCode, spots: Mapping[str, Spot], at: Path) -> InPlace:
    seen = {name: seen_by(opencode, spot) for name, spot in spots.items()}
    walks = {name: walk(opencode, spot, at) for name, spot in spots.items()}
    refresh_indexes(at.parent)  # a redo writes every file anew, and notes it with the next turn only
    return InPlace(dict(spots), seen, walks)


def _lost(opencode: OpenCode, losses: dict[str, Loss], at: Path) -> Lost:
    found = orphans(opencode, at)
    with opencode.serve(at):
        seen = {name: seen_by(opencode, loss.spot) for name, loss in losses.items()}
    unlisted = {name: loss.spot for name, loss in losses.items() if Reader.SESSION_LIST in loss.hidden_from}
    prints = {name: printed(opencode, spot) for name, spot in unlisted.items()}
    return Lost(losses, found, seen, prints, orphans(opencode, at), all_rows(opencode.database))


def _rescued(opencode: OpenCode, at: Path) -> Rescued:
    undo(opencode, _rescue(opencode, at)["run"], at)
    taken_back = all_rows(opencode.database)
    run = _rescue(opencode, at, "--undo-files", "detach")
    rows, found = all_rows(opencode.database), orphans(opencode, at)
    second = _rescue(opencode, at)
    rows_after_second = all_rows(opencode.database)
    search = _rescue(opencode, at, "--search", at)
    likely_search = _rescue(opencode, at, "--search", at, "--likely")
    return Rescued(taken_back, run, rows, found, second, rows_after_second, search, likely_search)


def _home(
    opencode: OpenCode, spots: Mapping[str, Spot], at: Path, unlisted: Collection[str], walked: Collection[str]
) -> Home:
    with opencode.serve(at):
        seen = {name: seen_by(opencode, spot) for name, spot in spots.items()}
        walks = {name: walk(opencode, spots[name], at) for name in walked}
    prints = {name: printed(opencode, spots[name]) for name in unlisted}
    return Home(seen, prints, walks, orphans(opencode, at))
