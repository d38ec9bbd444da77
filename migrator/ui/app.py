"""The application: the first screen, and the keys that open the other views."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import Binding
from textual.widgets import Static

from migrator.arguments import SelectRequest
from migrator.store.open_by import holder_names
from migrator.text import printable, shortened_path, tilde
from migrator.ui.browse import BrowseScreen

if TYPE_CHECKING:
    from textual.binding import BindingType

    from migrator.ui.database import Database

_LOOK_AROUND_SECONDS = 2.0
"""How often we ask who else has the database open."""


class MigratorApp(App[None]):
    """`select` is the selection to start on; `selected` whether there is any."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "opencode-migrator"
    CSS = """
    Screen { background: $background; }
    #header { height: 1; padding: 0 1; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", key_display="?"),
        Binding("q,ctrl+q,ctrl+c", "quit", "quit", key_display="q"),
    ]

    def __init__(self, database: Database, select: SelectRequest | None = None, *, selected: bool = False) -> None:
        super().__init__(ansi_color=True)
        self.error: Exception | None = None
        self._database = database
        self._browse = BrowseScreen(database, select or SelectRequest(), self.end_with, selected=selected)
        self.theme = "ansi-dark"

    def on_mount(self) -> None:
        """Open the first screen, and look around now and then."""
        self.push_screen(self._browse)
        self.set_interval(_LOOK_AROUND_SECONDS, self._look_around)
        self.call_later(self._look_around)

    async def _look_around(self) -> None:
        """Say which database this is and who else has it open, and close it if nobody looks at it."""
        found = await self._database.holders()
        await self._database.let_go()
        where = shortened_path(tilde(str(self._database.path)), max(self.size.width - 24, 20))
        words = f"opencode-migrator  {where}"
        if found.is_open:
            words = f"Open in {printable(holder_names(found))}: look, plan and save; close it to move."
        for header in self.screen.query("#header").results(Static):
            header.update(words)
            header.set_class(bool(found.is_open), "open")

    def end_with(self, error: Exception) -> None:
        """End with an error that the command line words, as it does every error."""
        self.error = self.error or error
        self.exit()

    def _handle_exception(self, error: Exception) -> None:
        """End where textual would print a traceback."""
        self.end_with(error)
