"""A question that is answered with a line of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType


class Ask(ModalScreen[str]):
    """Returns what was typed, "" for nothing."""

    CSS = """
    Ask { align: center middle; }
    Ask > Vertical { width: 80%; max-width: 80; height: auto; border: round $accent; padding: 0 1; }
    Ask Input { border: none; height: 1; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss('')", "back")]

    def __init__(self, question: str, example: str = "") -> None:
        super().__init__()
        self._question, self._example = question, example

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical():
            yield Static(f"{self._question}:", markup=False)
            yield Input(placeholder=self._example, compact=True)

    @on(Input.Submitted)
    def _answer(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())
