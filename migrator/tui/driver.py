"""The terminal as textual writes to it, which may be closed while the UI runs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from typing import TextIO

    from textual.app import App


class TerminalDriver(LinuxDriver):
    """Textual's own driver, which also works when its terminal was closed.

    Textual's thread that writes ends with an error then, and the next writer waits for ever for room in its queue: the
    program could be ended by SIGKILL only (seen with textual 8.2).
    """

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        if self._file is not None:
            self._file = _UntilClosed(self._file)  # type: ignore[assignment]  # it has all that a file has


class _UntilClosed:
    """A terminal; what is written to it after it was closed is dropped."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()
