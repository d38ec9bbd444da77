"""One file system call of a run kills it, fails with EIO or fails with ENOSPC, once or from there on, in git too."""

from __future__ import annotations

import signal
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from tests.support.faults import Fault
from tests.support.rows import rows_without_times
from tests.torture.home import RESUME, UNDO, WORLDS, kept_contract, tortured, unfinished
from tests.torture.preloaded import Calls, Deed, Strike, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    from tests.torture.frame import Try
    from tests.torture.home import Tortured, Words

STRUCK_AT = {
    Deed.KILL: Calls.WRITES,  # a kill at a read is one at the write before it
    Deed.TEAR: Calls.NEED_ROOM,
    Deed.EIO: Calls.ALL,
    Deed.ENOSPC: Calls.NEED_ROOM,
}


class Way(NamedTuple):
    """What is struck: the move itself, or what takes it back or finishes it."""

    name: str
    words: Words | None
    is_goal_after: bool
    applied: bool = False
    killed: Fault | None = None

    def made(self, directory: Path, world: str) -> Tortured:
        """Make the home that it begins in."""
        return tortured(directory, world, applied=self.applied, killed=self.killed)


_HALF = Fault("kill", 2, "after intend")
"""The first chunk is written, the second is intended."""
WAYS = (
    Way("move", None, is_goal_after=True),
    Way("undo", UNDO, is_goal_after=False, applied=True),
    Way("resume", RESUME, is_goal_after=True, killed=_HALF),
    Way("roll back", UNDO, is_goal_after=False, killed=_HALF),
)


class Case(NamedTuple):
    """A strike at the call that is `where` between the first (0) and the last (1), and what ends the run after it."""

    world: str
    way: Way
    strike: Strike
    where: float
    ending: Words


def tries(random: Random) -> Iterator[Try]:
    """Yield strikes at any call of any way in any world."""
    while True:
        deed = random.choice([*Deed])
        strike = Strike(0, deed, STRUCK_AT[deed], always=deed > 0 and random.random() < 0.5)
        world, way, ending = random.choice(WORLDS), random.choice(WAYS), random.choice((UNDO, RESUME))
        yield partial(_struck, Case(world, way, strike, random.random(), ending))


@cache
def _count(directory: Path, world: str, way: Way, calls: Calls) -> int:
    """Count the calls that can be struck."""
    scene = way.made(directory, world)
    struck = run(scene.home, *(way.words or scene.move), strike=Strike(0, calls=calls))
    assert struck.done.code == 0, struck.done.stderr
    return struck.calls


def _struck(case: Case, directory: Path) -> str | None:
    world, way, strike, where, ending = case
    at = 1 + int(where * _count(directory, world, way, strike.calls))
    scene = way.made(directory, world)
    start = rows_without_times(scene.home)
    struck = run(scene.home, *(way.words or scene.move), strike=replace(strike, at=at))
    try:
        if struck.done.code != -signal.SIGKILL:
            kept_contract(struck.done)
            rows = rows_without_times(scene.home)
            goal = scene.after if way.is_goal_after else scene.before
            if struck.done.code == 0:
                assert rows == goal, "exit code 0, and the rows are not as they should be"
            elif rows not in (start, scene.before):
                (left,) = unfinished(scene.home) or ["nothing"]
                assert left in struck.done.stderr, f"half done, and {left} is not named: {struck.done.stderr}"
        scene.check(ending)
    except AssertionError as error:
        times = " for good" if strike.always else ""
        said = struck.done.stderr.strip()[-400:]
        return (
            f"{way.name} in {world}, {strike.deed.name}{times} at call {at}, {struck.where}: {error} [it said: {said}]"
        )
    return None
