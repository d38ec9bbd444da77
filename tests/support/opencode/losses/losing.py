"""Lose many sessions side by side, each in a directory of its own, with one opencode for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.support.opencode.losses.making import Losing, Loss
    from tests.support.opencode.opencode_1 import OpenCode
    from tests.support.opencode.readers import Spot


def lose(
    ways: Mapping[str, Callable[[OpenCode, Path], Losing]],
    opencode: OpenCode,
    at: Path,
    watch: Callable[[Mapping[str, Spot]], None],
) -> dict[str, Loss]:
    """Lose a session in each of the ways, below `at`.

    `watch` is called with all of them in their places, while the opencode that made them is running.
    """
    going_on = {name: way(opencode, _folder(at / name)) for name, way in ways.items()}
    lost: dict[str, Loss] = {}
    with opencode.serve(at):
        watch({name: _first(losing) for name, losing in going_on.items()})
    _go_on(going_on, lost)
    while going_on:
        with opencode.serve(at):
            _go_on(going_on, lost)
        _go_on(going_on, lost)
    return {name: lost[name] for name in ways}


def _folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


def _first(losing: Losing) -> Spot:
    spot = next(losing)
    assert spot is not None
    return spot


def _go_on(going_on: dict[str, Losing], lost: dict[str, Loss]) -> None:
    """One more step of each; who is done is no longer among them."""
    for name, losing in list(going_on.items()):
        try:
            next(losing)
        except StopIteration as end:
            lost[name] = end.value
            del going_on[name]
