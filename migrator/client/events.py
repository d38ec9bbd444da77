"""The events of a run that is being carried out: how far it is, and how it ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from migrator.client.errors import died_during_run, error_of
from migrator.documents.run import read_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from httpx_sse import ServerSentEvent

    from migrator.model import Run

    Progress = Callable[[int, int], None]
    """Called now and then with the number of sessions written so far, and of how many."""


EVENTS = {"Accept": "text/event-stream"}
"""The header that asks for them."""


class RunEvents:
    """Reads the events of one run, until one says how it ended."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._run: Run | None = None

    def consume(self, event: ServerSentEvent) -> None:
        """Read one event; raises the error that a `problem` event holds."""
        if event.event == "progress" and self._progress is not None:
            progress = json.loads(event.data)
            self._progress(progress["sessions"], progress["total"])
        elif event.event == "run":
            self._run = read_run(json.loads(event.data))
        elif event.event == "problem":
            raise error_of(json.loads(event.data))

    def result(self, url: str) -> Run:
        """Return the run. Raises Unreachable if no event said how it ended."""
        if self._run is None:
            raise died_during_run(url)
        return self._run
