"""What the screens with a list and the details of one row have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

from migrator.tui.row_list import TextView

if TYPE_CHECKING:
    from migrator.tui.database import Database


class ListScreen(Screen[bool]):
    """A list, and below it what is known of one row; returns whether something was written."""

    DEFAULT_CSS = """
    ListScreen RowList, ListScreen TextView { border: round $foreground 50%; }
    ListScreen RowList:focus, ListScreen TextView:focus { border: round $accent; }
    """

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self._wrote = self._is_verbose = False
        self._details = TextView(id="details")

    def read_again(self) -> None:
        """Show what there is now."""
        raise NotImplementedError

    def written(self, wrote: bool | None) -> None:
        """Take what the screen of a plan returns."""
        if wrote:
            self._wrote = True
            self.read_again()

    def action_verbose(self) -> None:
        """Show every session of the row, or the first ones only."""
        self._is_verbose = not self._is_verbose
        self._details.draw_again()

    def action_back(self) -> None:
        """Go back."""
        self.dismiss(self._wrote)
