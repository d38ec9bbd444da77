"""The events of a run that is being carried out: how far it is, and how it ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from migrator.client.errors import error_of, gone
from migrator.documents.run import read_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from httpx_sse import ServerSentEvent

    from migrator.model import Run

    Progress = Callable[[int, int], None]
    """Told, now and then, how many sessions were written so far, and of how many."""


EVENTS = {"Accept": "text/event-stream"}
"""The header that asks for them."""


class Ending:
    """How a run ended, once `took` has seen the event that says so."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._run: Run | None = None

    def took(self, event: ServerSentEvent) -> None:
        """Take one event; raises what the command line would have ended with."""
        if event.event == "progress" and self._progress is not None:
            told = json.loads(event.data)
            self._progress(told["sessions"], told["total"])
        elif event.event == "run":
            self._run = read_run(json.loads(event.data))
        elif event.event == "problem":
            raise error_of(json.loads(event.data))

    def outcome(self, url: str) -> Run:
        """Return the run; Unreachable where no event has told of its end."""
        if self._run is None:
            raise gone(url)
        return self._run
