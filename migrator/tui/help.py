"""The keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.screen import ModalScreen

from migrator.reporting.style import styled
from migrator.tui.row_list import TextView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult
    from textual.binding import BindingType

KEYS = {
    "Look": (
        ("arrows, PgUp, End ...", "move; the mouse does it too"),
        ("Tab", "go to the other list"),
        ("Right, Left", "unfold and fold the children of a session"),
        ("/", "filter by title as you type"),
        ("Ctrl+T", "look for the filter in what was said"),
    ),
    "Mark": (
        ("Space", "mark a session"),
        ("a", "mark all that are shown, or none"),
        ("*", "mark what a pattern of directories selects"),
        ("x", "take all marks away"),
    ),
    "Do": (
        ("m", "move the marked ones, or that under the cursor"),
        ("o", "lost sessions: bring them home"),
        ("w", "workspaces of its repository, and their sessions"),
        ("l", "what was done so far: look at it, take it back"),
        ("r", "read everything again"),
        ("q", "quit"),
    ),
    "A plan": (
        ("y", "apply it; nothing is written before"),
        ("p", "plan again, where the database changed meanwhile"),
        ("v", "show every session"),
        ("f", "all into the same directory, or sub-paths kept"),
        ("s", "save it to a file"),
        ("u", "afterwards: take it back"),
        ("Esc", "go back; meanwhile: stop, take back what was written"),
    ),
}


def key_lines(width: int) -> Iterator[str]:
    """Yield the keys, by what they are for."""
    del width
    for heading, keys in KEYS.items():
        yield styled(heading, bold=True)
        yield from (f"  {key:<22} {what}" for key, what in keys)


class HelpScreen(ModalScreen[None]):
    """Shows the keys until one is pressed that closes it."""

    CSS = """
    HelpScreen { align: center middle; }
    HelpScreen TextView { width: 80; max-width: 100%; height: 26; max-height: 100%; border: round $accent;
        padding: 0 1; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter", "dismiss", "back")]

    def compose(self) -> ComposeResult:
        """Lay it out."""
        text = TextView()
        text.border_title = "Keys"
        yield text

    def on_mount(self) -> None:
        """Show them."""
        self.query_one(TextView).show(key_lines)
