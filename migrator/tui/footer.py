"""The last line of every view: the keys that do something there."""

from __future__ import annotations

from textual.widgets import Footer


class KeyLine(Footer):
    """The last key stays in sight however narrow the terminal is: it is the one that shows all keys, or goes back."""

    DEFAULT_CSS = """
    KeyLine FooterKey:last-child { dock: right; padding-left: 1; margin-right: 0; background: $background; }
    """

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)
