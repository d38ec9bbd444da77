"""The power is cut in the middle of a run, or just after it; what wasn't synced is lost, wholly or in part."""

from __future__ import annotations

import tempfile
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from tests.support.rows import rows_without_times
from tests.torture.disk_image import LOSSES, Disk, Step, steps
from tests.torture.faults import WAYS, Way
from tests.torture.home import RESUME, UNDO, WORLDS
from tests.torture.preloaded import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.torture.frame import Try
    from tests.torture.home import Words


class Cut(NamedTuple):
    """A cut `when` between the first step of a run (0) and its end (1), what is lost, and what ends the run then."""

    world: str
    way: Way
    when: float
    loss: str
    ending: Words
    seed: int


def tries(random: Random) -> Iterator[Try]:
    """Yield cuts at any moment of any way in any world; one in ten is after the end."""
    while True:
        when = random.choice([1.0, *[random.random()] * 9])
        loss, ending = random.choice(LOSSES), random.choice((UNDO, RESUME))
        yield partial(_cut, Cut(random.choice(WORLDS), random.choice(WAYS), when, loss, ending, random.getrandbits(32)))


@cache
def recorded(directory: Path, world: str, way: Way) -> list[Step]:
    """Return what a run does in a home in this directory, step by step."""
    scene = way.made(directory, world)
    with tempfile.TemporaryDirectory() as apart:
        done = run(scene.home, *(way.words or scene.move), record=Path(apart, "record")).done
        assert done.code == 0, done.stderr
        return steps(Path(apart, "record"))


def _cut(cut: Cut, directory: Path) -> str | None:
    made = recorded(directory, cut.world, cut.way)
    scene = cut.way.made(directory, cut.world)
    disk, count = Disk(scene.home.path / ".local"), int(cut.when * len(made))
    disk.make(made[:count])
    disk.write_after_a_cut(cut.loss, Random(cut.seed))
    try:
        if count == len(made):
            goal = scene.after if cut.way.is_goal_after else scene.before
            assert rows_without_times(scene.home) == goal, "it ended, and is not on the disk"
        scene.check(cut.ending)
    except AssertionError as error:
        last = made[count - 1] if count else None
        after = f"{last.change} {last.path}" if last else "nothing"
        return f"{cut.way.name} in {cut.world}, {cut.loss} lost after step {count}, {after}: {error}"
    return None
