"""The sessions of a request, last used first: fetched in pages as one scrolls, children folded into their parents."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding

from migrator.arguments import ListRequest, SelectRequest
from migrator.operations.list import SessionList, list_sessions
from migrator.operations.select import select_sessions
from migrator.operations.ui import count_children
from migrator.text import cells, shortened, shortened_path, tilde, title_text
from migrator.tui.background import begin
from migrator.tui.row_list import AGO, RowList, ago

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from textual.binding import BindingType

    from migrator.model import Orphan, Session
    from migrator.operations.context import CommandContext
    from migrator.tui.database import Database

PAGES = (200, 2_000, 0)
"""How many sessions are fetched first, then, and then: 0 is all that are left. Each page costs a look at every row."""

_NEAR = 100
"""So many rows before the end of what is fetched, the next page is."""

_WITH_TIME, _WITH_DIRECTORY = 44, 76
"""From these widths on a row says when the session was last used, and the directory too."""

_MARK, _FOLDED, _UNFOLDED = "●", "▸", "▾"


class SessionTable(RowList):
    """The list, and which of its sessions are marked. `lost` is set from outside: the lost sessions by their ids."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "unfold", show=False),
        Binding("left", "fold", show=False),
        Binding("space", "mark", "mark"),
        Binding("a", "mark_shown", "all"),
    ]

    def __init__(self, database: Database, *, id: str | None = None) -> None:  # noqa: A002 - as textual calls it
        super().__init__("Sessions", id=id)
        self.marked: dict[str, None] = {}
        self.lost: Mapping[str, Orphan] = {}
        self._database = database
        self._request = ListRequest()
        self._sessions: list[Session] = []
        self._depth: dict[str, int] = {}
        self._children: dict[str, int] = {}
        self._next: str | None = None
        self._pages = 0
        self._fetching = asyncio.Lock()
        self.is_loading = False

    @property
    def current(self) -> Session | None:
        """The session under the cursor."""
        return self._sessions[self.cursor] if self.cursor < len(self._sessions) else None

    # -- fetching ------------------------------------------------------------------------------------------------

    async def load(self, request: ListRequest) -> str:
        """Show the first page of a request; return why there is nothing, "" if there is something."""
        self._request, self._pages = request, 0
        self.is_loading = True
        try:
            page, children = await self._database.look(lambda context: self._page(context, request, PAGES[0]))
        finally:
            self.is_loading = self._request is not request
        if self.is_loading:
            return ""  # something else is wanted by now
        self._sessions, self._children, self._depth = [*page.sessions], dict(children), {}
        self._next = str(page.next) if page.next else None
        self.set_count(len(self._sessions), cursor=0)
        self._say_how_many()
        return " ".join([page.why_nothing, *(f"{text}." for text in page.elsewhere)])

    async def fetch_more(self, all_of_it: bool = False) -> None:
        """Fetch the next page, if there is one, or all that is left, after what is being fetched already."""
        async with self._fetching:
            await self._fetch(all_of_it)

    async def _fetch(self, all_of_it: bool) -> None:
        request, cursor = self._request, self._next
        if cursor is None:
            return
        self._pages += 1
        limit = 0 if all_of_it else PAGES[min(self._pages, len(PAGES) - 1)]
        wanted = replace(request, cursor=cursor)
        page, children = await self._database.look(lambda context: self._page(context, wanted, limit))
        if request is self._request and cursor == self._next:
            self._sessions += page.sessions
            self._children.update(children)
            self._next = str(page.next) if page.next else None
            self.set_count(len(self._sessions))
            self._say_how_many()

    @staticmethod
    def _page(context: CommandContext, request: ListRequest, limit: int) -> tuple[SessionList, Mapping[str, int]]:
        page = list_sessions(context, replace(request, limit=limit))
        return page, count_children(context, [session.id for session in page.sessions])

    def _say_how_many(self) -> None:
        number = f"{len(self._sessions):,}{'+' if self._next else ''}"
        self.border_title = f"Sessions {number}" + (f", {len(self.marked):,} marked" if self.marked else "")

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Fetch more in time."""
        super().watch_scroll_y(old_value, new_value)
        if self._next and not self._fetching.locked() and new_value + self.size.height + _NEAR > self.count:
            begin(self, self.fetch_more, "more", exclusive=False)

    def action_last(self) -> None:
        """Go to the last session of all."""
        begin(self, self._to_the_end, "more")

    async def _to_the_end(self) -> None:
        await self.fetch_more(all_of_it=True)
        self.cursor = self.count - 1

    # -- folding -------------------------------------------------------------------------------------------------

    def action_choose(self) -> None:
        """Unfold or fold the children."""
        if self.current and self._is_unfolded(self.cursor):
            self.action_fold()
        else:
            self.action_unfold()

    def action_unfold(self) -> None:
        """Show the sessions below this one."""
        session = self.current
        if session and self._children.get(session.id) and not self._is_unfolded(self.cursor):
            begin(self, partial(self._unfold, session), "unfold")

    async def _unfold(self, session: Session) -> None:
        request = SelectRequest({"from_id": (session.id,)})
        tree = await self._database.look(lambda context: select_sessions(context, request))
        depth, at = {session.id: self._depth.get(session.id, 0)}, self._sessions.index(session)
        listed = {each.id for each in self._sessions}
        for each in tree.sessions:
            child, parent = each.session, each.session.parent_id
            if child.id not in listed and parent in depth:
                depth[child.id] = depth[parent] + 1
                self._children.setdefault(parent, 0)
                at += 1
                self._sessions.insert(at, child)
        self._depth.update(depth)
        self.set_count(len(self._sessions))

    def action_fold(self) -> None:
        """Hide the sessions below this one, or below its parent."""
        at = self.cursor
        while at > 0 and not self._is_unfolded(at) and self._depth_at(at):
            at -= 1
        end = at + 1
        while end < len(self._sessions) and self._depth_at(end) > self._depth_at(at):
            self._depth.pop(self._sessions[end].id)
            end += 1
        del self._sessions[at + 1 : end]
        self.set_count(len(self._sessions), cursor=at)

    def _depth_at(self, index: int) -> int:
        return self._depth.get(self._sessions[index].id, 0)

    def _is_unfolded(self, index: int) -> bool:
        return index + 1 < len(self._sessions) and self._depth_at(index + 1) > self._depth_at(index)

    # -- marking -------------------------------------------------------------------------------------------------

    def meant(self) -> Sequence[str]:
        """Return the ids of the marked sessions; without a mark, that of the session under the cursor."""
        return [*self.marked] or ([self.current.id] if self.current else [])

    def mark(self, ids: Collection[str], *, on: bool) -> None:
        """Mark these sessions, or take their marks away."""
        if on:
            self.marked.update(dict.fromkeys(ids))
        else:
            for id_ in ids:
                self.marked.pop(id_, None)
        self._say_how_many()
        self.refresh()
        self.post_message(self.Moved(self))

    def action_mark(self) -> None:
        """Mark this session or take its mark away, and go to the next one."""
        if self.current:
            self.mark([self.current.id], on=self.current.id not in self.marked)
            self.cursor += 1

    def action_mark_shown(self) -> None:
        """Mark every session of the list, fetched or not; if all are marked, none."""
        begin(self, self._mark_shown, "mark")

    async def _mark_shown(self) -> None:
        request, self.border_subtitle = self._request, "marking..."
        try:
            await self.fetch_more(all_of_it=True)
        finally:
            self.border_subtitle = ""
        if request is not self._request:
            return  # what was to be marked isn't shown any more
        shown = [session.id for session in self._sessions]
        self.mark(shown, on=not all(id_ in self.marked for id_ in shown))

    # -- drawing -------------------------------------------------------------------------------------------------

    def row(self, index: int, width: int) -> Text:
        """Return mark, fold and title and, where there is room, time and directory."""
        session = self._sessions[index]
        text = Text(no_wrap=True)
        text.append(f"{_MARK} " if session.id in self.marked else "  ", style="bold yellow")
        fold = _UNFOLDED if self._is_unfolded(index) else _FOLDED if self._children.get(session.id) else " "
        text.append(f"{'  ' * self._depth_at(index)}{fold} ")
        if width >= _WITH_TIME:
            text.append(f"{ago(session.updated):<{AGO}} ", style="dim")
        lost = session.id in self.lost
        if lost:
            text.append("! ", style="bold red")
        room = width - text.cell_len
        where = shortened_path(tilde(session.directory), width // 3) if width >= _WITH_DIRECTORY else ""
        title = shortened(title_text(session.title), max(room - (cells(where) + 2 if where else 0), 8))
        title += " (archived)" if session.archived and cells(title) + 11 < room else ""
        text.append(title, style="red" if lost else "")
        if where:
            text.append(" " * max(width - text.cell_len - cells(where), 1))
            text.append(where, style="dim")
        return text
