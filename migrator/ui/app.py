"""The application: the first screen, and the keys that open the other views."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import Binding

from migrator.arguments import SelectRequest
from migrator.ui.browse import BrowseScreen

if TYPE_CHECKING:
    from textual.binding import BindingType

    from migrator.ui.database import Database


class MigratorApp(App[None]):
    """`select` is the selection to start on; `selected` whether there is any."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "opencode-migrator"
    CSS = """
    Screen { background: $background; }
    Toast { width: 76; max-width: 95%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", key_display="?"),
        Binding("q,ctrl+q,ctrl+c", "quit", "quit", key_display="q"),
    ]

    def __init__(self, database: Database, select: SelectRequest | None = None, *, selected: bool = False) -> None:
        super().__init__(ansi_color=True)
        self.error: Exception | None = None
        self._browse = BrowseScreen(database, select or SelectRequest(), self.end_with, selected=selected)
        self.theme = "ansi-dark"

    def on_mount(self) -> None:
        """Open the first screen."""
        self.push_screen(self._browse)

    def action_help(self) -> None:
        """Show the keys."""
        from migrator.ui.help import HelpScreen

        self.push_screen(HelpScreen())

    def end_with(self, error: Exception) -> None:
        """End with an error that the command line words, as it does every error."""
        self.error = self.error or error
        self.exit()

    def _handle_exception(self, error: Exception) -> None:
        """End where textual would print a traceback."""
        self.end_with(error)
