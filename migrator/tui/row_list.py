"""A list of any length of which only the rows on the screen are ever drawn, and a text that scrolls."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from migrator.reporting.style import SHOWS_ALL, cleaned_line
from migrator.text import relative_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual import events
    from textual.binding import BindingType

_CURSOR, _CURSOR_ELSEWHERE = Style(reverse=True), Style(underline=True)


AGO = 13
"""How many columns `ago` takes at most, but for a time that is none of the past."""


def now_ms() -> int:
    """Return the time in milliseconds."""
    return int(time.time() * 1000)


def ago(milliseconds: int) -> str:
    """Return when something was, as every list says it: `2 days ago`."""
    return relative_time(milliseconds, now_ms())


class RowList(ScrollView, can_focus=True):
    """Rows of one line each; `row` makes the text of one when it is drawn. It has a cursor, and hears the mouse."""

    DEFAULT_CSS = "RowList { overflow-x: hidden; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "go(-1)", show=False),
        Binding("down,j", "go(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "first", show=False),
        Binding("end", "last", show=False),
        Binding("enter", "choose", show=False),
    ]
    cursor: reactive[int] = reactive(0)

    class Moved(Message):
        """The cursor is on another row, or another thing is on its row."""

        def __init__(self, rows: RowList) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> RowList:
            """The list, for `@on`."""
            return self.rows

    class Chosen(Moved):
        """Enter was pressed on the row of the cursor, or it was clicked twice."""

    def __init__(self, title: str = "", *, id: str | None = None) -> None:  # noqa: A002 - as textual calls it
        super().__init__(id=id)
        self.border_title = title
        self.count = 0

    def row(self, index: int, width: int) -> Text:
        """Return the text of one row; what is too long is cut."""
        raise NotImplementedError

    def set_count(self, count: int, *, cursor: int | None = None) -> None:
        """Draw the rows again, of which there are `count` now."""
        self.count = count
        self.virtual_size = Size(0, count)
        self.cursor = self.cursor if cursor is None else cursor
        self.post_message(self.Moved(self))
        self.refresh()

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor on a row."""
        return max(0, min(cursor, self.count - 1))

    def watch_cursor(self) -> None:
        """Show the row of the cursor."""
        height = self.scrollable_content_region.height
        if self.cursor < self.scroll_offset.y:
            self.scroll_to(y=self.cursor, animate=False)
        elif height and self.cursor >= self.scroll_offset.y + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False)
        self.refresh()
        self.post_message(self.Moved(self))

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        index, width = self.scroll_offset.y + y, self.scrollable_content_region.width
        if index >= self.count:
            return Strip.blank(width)
        text = self.row(index, width)
        if index == self.cursor and self.has_focus:
            text = Text(text.plain, no_wrap=True)  # colours turned round can't be read
        strip = Strip(text.render(self.app.console)).adjust_cell_length(width)
        if index == self.cursor:
            strip = strip.apply_style(_CURSOR if self.has_focus else _CURSOR_ELSEWHERE)
        return strip

    def on_focus(self) -> None:
        """Draw the cursor as the one that keys move."""
        self.refresh()

    def on_blur(self) -> None:
        """Draw the cursor as one that waits."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Go to the row that was clicked."""
        offset = event.get_content_offset(self)
        if offset is None or (index := offset.y + self.scroll_offset.y) >= self.count:
            return
        again = self.cursor == index
        self.cursor = index
        if event.chain > 1 and again:
            self.action_choose()

    def action_go(self, by: int) -> None:
        """Move the cursor."""
        self.cursor += by

    def action_page(self, by: int) -> None:
        """Move the cursor by what is on the screen."""
        self.cursor += by * max(self.scrollable_content_region.height - 1, 1)

    def action_first(self) -> None:
        """Go to the first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """Go to the last row."""
        self.cursor = self.count - 1

    def action_choose(self) -> None:
        """Say that this row is meant."""
        if self.count:
            self.post_message(self.Chosen(self))


class TextView(ScrollView, can_focus=True):
    """Lines of reporting/ as the command line prints them, made for the width that there is."""

    DEFAULT_CSS = "TextView { overflow-x: hidden; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as textual calls it
        super().__init__(id=id)
        self._make: Callable[[int], Iterable[str]] = lambda _: ()
        self._lines: list[Text] = []

    def show(self, make: Callable[[int], Iterable[str]]) -> None:
        """Show the lines that `make` returns for a width."""
        self._make = make
        self.draw_again()
        self.scroll_to(y=0, animate=False)

    def on_resize(self) -> None:
        """Make the lines anew."""
        self.draw_again()

    def draw_again(self) -> None:
        """Make the lines anew."""
        width = max(self.scrollable_content_region.width, 20)
        self._lines = []
        for line in self._made(width):
            text = Text.from_ansi(cleaned_line(line))
            self._lines += text.wrap(self.app.console, width) if text.cell_len > width else [text]
        self.virtual_size = Size(0, len(self._lines))
        self.refresh()

    def _made(self, width: int) -> list[str]:
        said = SHOWS_ALL.set("v shows all")
        try:
            return [*self._make(width)]
        finally:
            SHOWS_ALL.reset(said)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        index, width = self.scroll_offset.y + y, self.scrollable_content_region.width
        if index >= len(self._lines):
            return Strip.blank(width)
        return Strip(self._lines[index].render(self.app.console)).adjust_cell_length(width)
