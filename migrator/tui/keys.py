"""Keys, heard one after the other: each once all that the one before it began on the screen has come about.

Textual hands a key at once to whatever has the focus then. Of keys that come in a burst, pasted or typed ahead, the
later ones would go to what the earlier ones are about to leave, as the `a` of "/", "text", Enter, `a` into the filter.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import App
    from textual.events import Key
    from textual.message_pump import MessagePump

_POLL_SECONDS = 0.02
_CALM_ROUNDS = 2
"""A key runs an action, and the message of that action a handler; then all has come about that is not a worker's."""


def now() -> float:
    """Return the time as events have it, in seconds."""
    return Message().time


class Keys:
    """The keys that were pressed and not yet heard.

    A screen may have `must_wait(key) -> bool`, which holds a key and those behind it until what it is about is there,
    and `ignores(key) -> bool`. Escape and `q` let go of the keys that are held.
    """

    def __init__(self, app: App[None], hear: Callable[[Key], Awaitable[None]]) -> None:
        self._app, self._hear = app, hear
        self._waiting: deque[Key] = deque()
        self._is_held = False
        self._task: asyncio.Task[None] | None = None

    @property
    def are_heard(self) -> bool:
        """Whether no key waits."""
        return self._task is None or self._task.done()

    def press(self, key: Key) -> None:
        """Hear a key when its turn has come."""
        if self._is_held and key.key in {"escape", "q"}:
            self._waiting.clear()
        self._waiting.append(key)
        if self.are_heard:
            self._task = asyncio.create_task(self._hear_all())

    async def _hear_all(self) -> None:
        while self._waiting:
            key, screen = self._waiting[0], self._app.screen
            self._is_held = key.key not in {"escape", "q"} and bool(getattr(screen, "must_wait", _never)(key))
            if self._is_held:
                await asyncio.sleep(_POLL_SECONDS)
                continue
            self._waiting.popleft()
            if not getattr(screen, "ignores", _never)(key):
                self._app.clear_notifications()  # they cover what is below them
                await self._hear(key)
                await self._settle()

    async def _settle(self) -> None:
        """Wait until the messages that a key led to are dealt with, on whatever screen is shown by now."""
        calm, seen = 0, None
        while calm < _CALM_ROUNDS:
            screen = self._app.screen
            for node in (self._app.focused or screen).ancestors_with_self:
                await _reached(node)
            calm = calm + 1 if seen == (screen, self._app.focused) else 0
            seen = screen, self._app.focused


def _never(_key: Key) -> bool:
    return False


async def _reached(node: MessagePump) -> None:
    """Wait until a node has dealt with the messages that it has got so far, or is gone."""
    reached = asyncio.Event()
    if not node.call_later(reached.set):
        return
    while node.is_running and not reached.is_set():
        try:
            await asyncio.wait_for(reached.wait(), _POLL_SECONDS * 5)
        except TimeoutError:
            continue
