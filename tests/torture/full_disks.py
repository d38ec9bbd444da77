"""The file system of the database, of the journals or of both is full before a command, or becomes full while it runs.

The journals are on the file system of the database, or on one of their own. However little space is left, a move, an
undo and a resume are made wholly or not at all; taking back a run that was cut off may have to be begun again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.support.faults import Gate
from tests.support.full_disk import small_disks
from tests.support.rows import rows_without_times
from tests.torture.faults import WAYS, Way
from tests.torture.home import RESUME, UNDO, WORLDS, kept_contract, unfinished

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    from tests.support.forked import Finished
    from tests.support.full_disk import SmallDisks
    from tests.torture.frame import Try
    from tests.torture.home import Tortured, Words

_SIZE = 64 << 20
_POINTS = ("before BEGIN", "before COMMIT", "after COMMIT", "before intend", "before mark", "before begin", "never")


class Case(NamedTuple):
    """On the `disks` that are `full`, so many bytes are left at the `number`th such `point`, or from the beginning."""

    world: str
    way: Way
    disks: tuple[str, ...]
    full: tuple[str, ...]
    bytes_left: int
    point: str | None
    number: int
    ending: Words

    def attempt(self, directory: Path) -> str | None:
        """Fill the disks, run the command, and look at what is there once there is space."""
        scene = self.way.made(directory, self.world)
        start = rows_without_times(scene.home)
        paths = [scene.home.path / name for name in self.disks]
        with small_disks(scene.home, _SIZE, *paths) as disks:
            done = self._run(disks, scene)
            disks.free()
            disks.copy_back()
        try:
            self._judge(scene, done, start)
        except AssertionError as error:
            return f"{self}: {error} [it said: {done.stderr.strip()[-600:]}]"
        return None

    def _run(self, disks: SmallDisks, scene: Tortured) -> Finished:
        words = self.way.words or scene.move
        if self.point is None:
            self._fill(disks, scene)
            return disks.run(*words)
        gate = Gate(scene.home.path)
        with disks.start(words, gate.at(self.number, self.point).lay) as running:
            running.wait_until(lambda: gate.is_reached or not running.is_alive)
            self._fill(disks, scene)
            gate.open()
            return running.finished()

    def _fill(self, disks: SmallDisks, scene: Tortured) -> None:
        for name in self.full:
            disks.leave_free(scene.home.path / name, self.bytes_left)

    def _judge(self, scene: Tortured, done: Finished, start: object) -> None:
        kept_contract(done)
        rows = rows_without_times(scene.home)
        if done.code == 0:
            assert rows == (scene.after if self.way.is_goal_after else scene.before), "exit code 0, and it is not done"
        elif rows not in (start, scene.before):
            assert self.way.name == "roll back", "it failed, and something is half done"
            (left,) = unfinished(scene.home)
            assert left in done.stderr, f"{left} is unfinished, and not named"
        scene.check(self.ending)


def tries(random: Random) -> Iterator[Try]:
    """Yield commands on disks with little space."""
    one, data, state = ".local", ".local/share/opencode", ".local/state"
    kinds = (((one,), (one,)), ((data, state), (data,)), ((data, state), (state,)), ((data, state), (data, state)))
    while True:
        disks, full = random.choice(kinds)
        left, point = random.choice((0, 1, 4)) * random.randrange(200_000), random.choice((None, None, *_POINTS))
        world, way, ending = random.choice(WORLDS), random.choice(WAYS), random.choice((UNDO, RESUME))
        yield Case(world, way, disks, full, left, point, random.randint(1, 5), ending).attempt
