"""Plans that nobody made, with a digest that fits: they are refused with the place that is wrong, or can be undone."""

from __future__ import annotations

import hashlib
import json
from functools import cache, partial
from random import Random
from typing import TYPE_CHECKING, Any

from tests.support.faults import run
from tests.support.rows import rows, rows_without_times
from tests.torture.home import CARRIED, UNDO, WORLDS, check_nothing_left, kept_contract, succeeded, tortured
from tests.torture.mutations import mutated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.torture.frame import Try
    from tests.torture.home import Words

_RELOCATE = ("relocate", "src/shop", "src/renamed")
_WAYS: tuple[Words, ...] = ((), ("--on-conflict", "skip"), ("--chunk-size", "3"))


def tries(random: Random) -> Iterator[Try]:
    """Yield plans, each changed in one to three places."""
    while True:
        yield partial(_forge, random.choice(WORLDS), random.choice(_WAYS), random.randrange(2**32))


def _forge(world: str, way: Words, seed: int, directory: Path) -> None:
    scene = tortured(directory, world)
    home, before, document = scene.home, rows(scene.home), _plan(directory, world)
    forged = signed(mutated(document, Random(seed)))
    file = home.path / "forged.json"
    file.write_text(json.dumps(forged))
    kept_contract(run(home, "show", file))
    done = kept_contract(run(home, "apply", file, "--yes", "--json", *way))
    assert done.code == 0 or rows(home) == before, f"refused ({done.stderr}), and rows are changed"
    if done.code == 0 and done.json["status"] == "applied":
        assert done.json["verified"] == done.json["sessions"]
        succeeded(run(home, *UNDO))
    else:
        assert rows(home) == before, "nothing was applied, and rows are changed"
    assert rows_without_times(home) == scene.before, "an undo doesn't lead back"
    assert home.query("PRAGMA integrity_check") == [("ok",)]
    check_nothing_left(home)


@cache
def _plan(directory: Path, world: str) -> Any:
    scene = tortured(directory, world)
    home, words = scene.home, _RELOCATE if world == CARRIED else scene.move[:-2]
    return succeeded(run(home, "plan", *(word for word in words if word not in {"--yes", "--json"}), "--json"))


def signed(document: Any) -> Any:
    """Return a plan with the digest that fits, if it is one that can have any."""
    if not isinstance(document, dict) or not isinstance(document.get("digest"), str):
        return document
    rest = {key: value for key, value in document.items() if key != "digest"}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return {**rest, "digest": f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"}
