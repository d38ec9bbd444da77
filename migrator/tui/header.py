"""The first line of every view: which database this is, and who else has it open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Static

from migrator.store.open_by import holder_names
from migrator.text import printable, shortened, shortened_path, tilde

if TYPE_CHECKING:
    from migrator.tui.database import Database

_SECONDS = 2.0
"""How often we ask who else has the database open."""

_NAME = "opencode-migrator"


class Header(Static):
    """While another process has the database open, it says so: one may look, plan and save the plan."""

    DEFAULT_CSS = """
    Header { height: 1; padding: 0 1; text-style: bold; }
    Header.open { color: ansi_yellow; }
    """

    def __init__(self, database: Database) -> None:
        super().__init__(markup=False)
        self._database = database

    def on_mount(self) -> None:
        """Look around now, and then now and then."""
        self._tell()
        self.set_interval(_SECONDS, self._look_around)
        self.call_later(self._look_around)

    async def _look_around(self) -> None:
        """Ask who has the database open, and close it if nobody looks at it."""
        await self._database.look_around()
        self._tell()

    def _tell(self) -> None:
        width = self.app.size.width - 2
        found = self._database.open_by
        if found is not None and found.is_open:
            who = printable(holder_names(found))
            self.update(shortened(f"Open in {who}: look, plan and save; close it to move.", width))
        else:
            where = shortened_path(tilde(str(self._database.path)), width - len(_NAME) - 2)
            self.update(f"{_NAME}  {where}")
        self.set_class(bool(found and found.is_open), "open")
