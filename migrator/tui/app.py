"""The application: the first screen, and the keys that open the other views."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, ClassVar

from textual import constants
from textual.app import App
from textual.binding import Binding
from textual.events import Event, Key

from migrator.arguments import SelectRequest
from migrator.tui.browse import BrowseScreen
from migrator.tui.keys import Keys

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.driver import Driver

    from migrator.tui.database import Database


class MigratorApp(App[None]):
    """`select` is the selection to start on; `selected` whether there is any."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "opencode-migrator"
    CSS = """
    Screen { background: $background; }
    Toast { width: 76; max-width: 95%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "quit"),
        Binding("question_mark", "help", "help", key_display="?"),
        Binding("ctrl+q,ctrl+c", "quit", show=False, priority=True),  # in a dialog and in a line of text too
    ]

    def __init__(self, database: Database, select: SelectRequest | None = None, *, selected: bool = False) -> None:
        super().__init__(ansi_color=True)
        self.error: Exception | None = None
        self.was_terminated = False
        self._own_loop: asyncio.AbstractEventLoop | None = None
        self.keys = Keys(self, super().on_event)
        self._browse = BrowseScreen(database, select or SelectRequest(), self.end_with, selected=selected)
        self.theme = "ansi-dark"

    def get_driver_class(self) -> type[Driver]:
        """Return what speaks to the terminal."""
        if sys.platform == "win32" or constants.DRIVER is not None:
            return super().get_driver_class()
        from migrator.tui.driver import TerminalDriver

        return TerminalDriver

    async def on_event(self, event: Event) -> None:
        """Hear keys in turn; those that quit at once."""
        if isinstance(event, Key) and not event.is_forwarded and event.key not in {"ctrl+c", "ctrl+q"}:
            self.keys.press(event)
        else:
            await super().on_event(event)

    def on_mount(self) -> None:
        """Open the first screen."""
        self._own_loop = asyncio.get_running_loop()
        if self.was_terminated:
            self.exit()
        self.push_screen(self._browse)

    def terminate(self, *_: object) -> None:
        """End at a signal, so that the terminal is put back; an exception in the midst of the loop might hang."""
        self.was_terminated = True
        if self._own_loop is not None:
            self._own_loop.call_soon_threadsafe(self.exit)

    def action_help(self) -> None:
        """Show the keys."""
        from migrator.tui.help import HelpScreen

        self.push_screen(HelpScreen())

    def end_with(self, error: Exception) -> None:
        """End with an error that the command line words, as it does every error."""
        self.error = self.error or error
        self.exit()

    def _handle_exception(self, error: Exception) -> None:
        """End where textual would print a traceback."""
        self.end_with(error)
