"""A move is killed, then what takes it back or finishes it, again and again, then one is let go to its end."""

from __future__ import annotations

import signal
from functools import partial
from typing import TYPE_CHECKING

from tests.support.faults import Fault, run
from tests.torture.home import RESUME, UNDO, WORLDS, tortured

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from random import Random

    from tests.torture.frame import Try
    from tests.torture.home import Words

_STEPS = 40
"""More than a move of five chunks has."""


def tries(random: Random) -> Iterator[Try]:
    """Yield chains of up to six kills."""
    while True:
        ways = [random.choice((UNDO, RESUME)) for _ in range(random.randint(1, 6))]
        steps = [random.randint(1, _STEPS) for _ in ways]
        yield partial(_chain, random.choice(WORLDS), ways, steps)


def _chain(world: str, ways: Sequence[Words], steps: Sequence[int], directory: Path) -> None:
    scene = tortured(directory, world)
    for command, step in zip((scene.move, *ways), steps, strict=False):
        done = run(scene.home, *command, fault=Fault("kill", step))
        assert done.code in {0, 1, -signal.SIGKILL}, done.stderr
    scene.check(ways[-1])
