"""The disk is nearly full: any number of bytes are free, from none to as many as a run needs."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from tests.support.rows import rows_without_times
from tests.torture.faults import WAYS, Way
from tests.torture.home import RESUME, UNDO, WORLDS, kept_contract
from tests.torture.preloaded import Strike, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    from tests.torture.frame import Try
    from tests.torture.home import Words

SLICE = 2
_PLENTY = 1 << 40


def tries(random: Random) -> Iterator[Try]:
    """Yield disks with any room for any way in any world."""
    while True:
        yield partial(
            _filled, random.choice(WORLDS), random.choice(WAYS), random.random(), random.choice((UNDO, RESUME))
        )


@cache
def _need(directory: Path, world: str, way: Way) -> int:
    """Return how many bytes a run takes at most at a time."""
    scene = way.made(directory, world)
    struck = run(scene.home, *(way.words or scene.move), strike=Strike(0, room=_PLENTY))
    assert struck.done.code == 0, struck.done.stderr
    return struck.taken


def _filled(world: str, way: Way, part: float, ending: Words, directory: Path) -> str | None:
    """Let there be a part of the room that a run needs: 0 is none of it, 1 is all."""
    room = int(part * _need(directory, world, way))
    scene = way.made(directory, world)
    start = rows_without_times(scene.home)
    done = kept_contract(run(scene.home, *(way.words or scene.move), strike=Strike(0, room=room)).done)
    rows = rows_without_times(scene.home)
    try:
        if done.code == 0:
            assert rows == (scene.after if way.is_goal_after else scene.before), "exit code 0, and it isn't done"
        else:
            assert rows in (start, scene.before), f"exit code {done.code}, and it is half done"
        scene.check(ending)
    except AssertionError as error:
        return f"{way.name} in {world} with {room:,} bytes free: {error} [it said: {done.stderr.strip()[-500:]}]"
    return None
