"""The first screen: projects and directories, the sessions of one of them, and what one of these was about."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input

from migrator.arguments import ListRequest, OrphansRequest, SelectRequest
from migrator.errors import MigratorError, NothingMatched
from migrator.operations.select import make_query
from migrator.operations.ui import read_conversation, select_marked
from migrator.reporting.orphan_text import labelled_line, to_settle
from migrator.text import first_few, local_time, one_line, printable, tilde, wrapped
from migrator.tui.background import begin
from migrator.tui.footer import KeyLine
from migrator.tui.header import Header
from migrator.tui.place_list import PlaceList, lost_by_directory
from migrator.tui.row_list import RowList, TextView, ago
from migrator.tui.session_list import SessionTable

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import Key

    from migrator.model import Orphan, Session
    from migrator.operations.context import CommandContext
    from migrator.operations.ui import Conversation
    from migrator.tui.database import Database

_FILES_SHOWN, _LONGEST = 20, 2_000
"""How many files are named, and how much of a text is looked at."""

_FREE = {"slash", "question_mark", "tab", "shift+tab", "ctrl+t"}
_ABOUT_SESSIONS = {"a", "m", "x", "asterisk", "w"}
"""Keys that have nothing to do with the sessions that are shown, and those that have, whatever has the focus."""


class Filter(Input):
    """Where a part of a title is typed; its keys are shown while one types."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,escape", "screen.back", "to the list"),
        Binding("ctrl+t", "screen.in_conversations", "look in what was said"),
    ]

    def __init__(self) -> None:
        super().__init__(placeholder="/ to filter by title", id="filter", compact=True)


class BrowseScreen(Screen[None]):
    """Where one looks and marks; every other view is opened from here. `fail` ends the UI with an error."""

    CSS = """
    #places { width: 34%; min-width: 24; max-width: 60; }
    RowList, #about { border: round $foreground 50%; }
    RowList:focus { border: round $accent; }
    #filter { height: 1; border: none; padding: 0 1; background: transparent; }
    #about { height: 30%; min-height: 7; max-height: 14; }
    #about:focus { border: round $accent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", key_display="/"),
        Binding("ctrl+t", "in_conversations", "in what was said", show=False),
        Binding("escape", "back", "back", show=False),
        Binding("asterisk", "mark_by_pattern", "mark by pattern", key_display="*", show=False),
        Binding("x", "clear_marks", "clear marks", show=False),
        Binding("m", "move", "move"),
        Binding("o", "orphans", "lost"),
        Binding("w", "workspaces", "workspaces"),
        Binding("l", "log", "log"),
        Binding("r", "refresh_all", "read again", show=False),
    ]

    def __init__(
        self, database: Database, select: SelectRequest, fail: Callable[[Exception], None], *, selected: bool
    ) -> None:
        super().__init__()
        self._fail = fail
        self._database = database
        self._places = PlaceList(ListRequest(select), selected=selected, id="places")
        self._sessions = SessionTable(database, id="sessions")
        self._filter = Filter()
        self._about = TextView(id="about")
        self.lost: dict[str, Orphan] = {}

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Header(self._database)
        yield self._filter
        with Horizontal():
            yield self._places
            yield self._sessions
        yield self._about
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the sessions first: they are what one came for."""
        self._sessions.focus()
        self.action_refresh_all()

    def action_refresh_all(self) -> None:
        """Read everything again, as after a run."""
        begin(self, self._read_all, "read")

    async def _read_all(self) -> None:
        try:
            await self._load()
        except MigratorError as error:
            self._fail(error)
            return
        self._places.show(*await self._database.look(self._places.read))
        from migrator.operations.orphans import list_orphans  # what the first screen needs not comes after it

        def find(context: CommandContext) -> tuple[dict[str, Orphan], Mapping[str, Counter[str]]]:
            orphans = list_orphans(context, OrphansRequest()).orphans
            return {orphan.session.id: orphan for orphan in orphans}, lost_by_directory(orphans)

        self.lost, by_directory = await self._database.survey(find)
        self._places.show_lost(by_directory)
        self._sessions.lost = self.lost
        self._sessions.refresh()
        self._tell_about()

    def must_wait(self, key: Key) -> bool:
        """Tell whether a key is about sessions that are not shown yet, or about marks that are being made."""
        if isinstance(self.focused, Input) or key.key in _FREE:
            return False
        if isinstance(self.focused, PlaceList) and key.key not in _ABOUT_SESSIONS:
            return False
        working = (worker for worker in self.app.workers if not worker.is_finished)
        return self._sessions.is_loading or any(worker.group in {"load", "mark", "move"} for worker in working)

    # -- which sessions ------------------------------------------------------------------------------------------

    @on(PlaceList.Moved, "#places")
    def _show_place(self) -> None:
        request = self._places.current.request
        if request != self._shown_place:
            begin(self, self._load, "load")

    _shown_place: ListRequest | None = None
    _in_conversations = False
    _why_nothing = ""

    async def _load(self) -> None:
        self._shown_place = request = self._places.current.request
        text = self._filter.value
        if text and self._in_conversations:
            options = {**request.select.options, "containing": (*request.select.options.get("containing", ()), text)}
            request = replace(request, select=replace(request.select, options=options))
        elif text:
            request = replace(request, search=text)
        self._why_nothing = why_nothing = await self._sessions.load(request)
        self._sessions.border_subtitle = ""
        if why_nothing and text and not self._in_conversations:
            self._sessions.border_subtitle = "no such title; Ctrl+T looks in what was said"
        elif why_nothing:
            self._sessions.border_subtitle = "no session"

    @on(Input.Changed, "#filter")
    def _typed(self) -> None:
        self._in_conversations = False
        begin(self, self._load, "load")

    def action_back(self) -> None:
        """Go from the filter to what it found."""
        self._sessions.focus()

    def action_filter(self) -> None:
        """Type a filter."""
        self._filter.focus()

    def action_in_conversations(self) -> None:
        """Look for the filter in what was said, not only in titles."""
        if self._filter.value:
            self._in_conversations = not self._in_conversations
            self._sessions.border_subtitle = "reading every conversation..." if self._in_conversations else ""
            begin(self, self._load, "load")

    def action_mark_by_pattern(self) -> None:
        """Mark what a pattern of directories selects."""
        from migrator.tui.ask import Ask

        self.app.push_screen(Ask("Mark the sessions in directories like", "~/src/shop-*"), self._mark_by_pattern)

    def _mark_by_pattern(self, pattern: str | None) -> None:
        if pattern:
            begin(self, partial(self._mark, pattern), "mark")

    async def _mark(self, pattern: str) -> None:
        def ask(context: CommandContext) -> list[str]:
            query = make_query(context, SelectRequest({"from_dir": (pattern,)}))
            found = [session.id for session in query.sessions(context.store)]
            if not found:
                raise NothingMatched(query.why_nothing(context.store))
            return found

        found = await self._database.look(ask)
        self._sessions.mark(found, on=True)

    def action_mark_shown(self) -> None:
        """Mark the sessions of the place under the cursor; if all are marked, none."""
        self._sessions.action_mark_shown()

    def action_clear_marks(self) -> None:
        """Take every mark away."""
        self._sessions.mark([*self._sessions.marked], on=False)

    # -- what it was about ---------------------------------------------------------------------------------------

    @on(RowList.Moved, "#sessions")
    def _tell_about(self) -> None:
        session = self._sessions.current
        if session is None:
            self._about.border_title = self._about.border_subtitle = ""
            why = self._why_nothing
            self._about.show(lambda width: wrapped(why, width))
            return
        begin(self, partial(self._read_conversation, session), "about")

    async def _read_conversation(self, session: Session) -> None:
        said = await self._database.look(lambda context: read_conversation(context, session.id))
        self._about.border_title = Content(printable(session.id))
        self._about.border_subtitle = f"{ago(session.updated)}, {local_time(session.updated)}"
        self._about.show(lambda width: about(session, said, self.lost.get(session.id), width))

    # -- moving --------------------------------------------------------------------------------------------------

    def action_move(self) -> None:
        """Choose where the marked sessions go."""
        from migrator.tui.destination import DestinationScreen

        if meant := self._sessions.meant():
            homes = [self.lost[id_] for id_ in meant if id_ in self.lost]
            self.app.push_screen(
                DestinationScreen(self._database, meant, homes), lambda to_dir: self._plan_move(meant, to_dir)
            )

    def _plan_move(self, meant: Sequence[str], to_dir: str | None) -> None:
        if to_dir is not None:
            begin(self, partial(self._show_plan, meant, to_dir), "move")

    async def _show_plan(self, meant: Sequence[str], to_dir: str) -> None:
        from migrator.tui import proposal
        from migrator.tui.plan import PlanScreen

        select = await self._database.look(lambda context: select_marked(context, meant))
        self.app.push_screen(PlanScreen(self._database, proposal.move(select, to_dir)), self._written)

    # -- other views ---------------------------------------------------------------------------------------------

    def action_orphans(self) -> None:
        """Look at what is lost."""
        from migrator.tui.orphans import OrphansScreen

        self.app.push_screen(OrphansScreen(self._database), self._written)

    def action_workspaces(self) -> None:
        """Look at the workspaces of the repository that the session under the cursor is in."""
        from migrator.tui.workspaces import WorkspacesScreen

        session = self._sessions.current
        self.app.push_screen(WorkspacesScreen(self._database, session.directory if session else "."), self._written)

    def action_log(self) -> None:
        """Look at what was done so far."""
        from migrator.tui.log import LogScreen

        self.app.push_screen(LogScreen(self._database), self._written)

    def _written(self, wrote: bool | None) -> None:
        if wrote:
            self.action_clear_marks()
            self.action_refresh_all()


def about(session: Session, said: Conversation, orphan: Orphan | None, width: int) -> Iterator[str]:
    """Yield what is told of a session: where it is, why it is lost, and what was said, each on a line."""
    facts = [("in", tilde(session.directory), "cyan")]
    if orphan:
        facts += [(f"lost ({each.certainty}, {each.rule})", each.evidence, "red") for each in orphan.reasons]
        if home := orphan.suggestion:
            facts.append((f"home ({home.certainty})", f"{home.directory}; {home.because}", "green"))
        elif orphan.rivals:
            facts.append(
                ("home", f"{' or '.join(orphan.rivals)}; {to_settle(orphan.commands).partition('.')[0]}", "yellow")
            )
    files = first_few([tilde(file) for file in said.files], _FILES_SHOWN)
    facts += [("first prompt", said.prompt, "blue"), ("last answer", said.answer, "blue"), ("files", files, "blue")]
    for label, text, color in facts:
        yield labelled_line(label, one_line(text[:_LONGEST]) or "none", width, color)
