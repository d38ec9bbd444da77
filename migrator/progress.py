"""How far long work is: stages tell it here, and a face that shows it listens. Nothing is told if nobody does."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

T = TypeVar("T")


class Stage:
    """Work that is going on: `what` it is in words, how much of it is `done`, of how much, and what is counted.

    `total` is None if nobody knows how much it is. Without a `unit` nothing is counted. `began` is the monotonic time.
    """

    def __init__(self, what: str, total: int | None, unit: str) -> None:
        self.what = what
        self.total = total
        self.unit = unit
        self.done = 0
        self.began = time.monotonic()

    def advance(self, number: int = 1) -> None:
        """Add to what is done."""
        self.done += number


class Listener(Protocol):
    """Is told when a stage begins and ends, and reads from it how far it is; stages may be within stages."""

    def begin(self, stage: Stage) -> None:
        """Take note of a stage."""

    def end(self, stage: Stage) -> None:
        """Forget it."""


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def told_to(listener: Listener | None) -> Iterator[None]:
    """Tell a listener, or nobody, of all stages in this block and this thread."""
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


@contextmanager
def doing(what: str, total: int | None = None, unit: str = "") -> Iterator[Callable[[int], None]]:
    """Tell of a stage that lasts as long as this block; yield the function that adds to what is done."""
    listener, new = _listener.get(), Stage(what, total, unit)
    if listener is None:
        yield new.advance
        return
    listener.begin(new)
    try:
        yield new.advance
    finally:
        listener.end(new)


def counted(items: Collection[T], what: str, unit: str) -> Iterator[T]:
    """Yield these, and tell how many of them are done with."""
    with doing(what, len(items), unit) as advance:
        for item in items:
            yield item
            advance(1)
