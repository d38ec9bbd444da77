"""The lost sessions, by where they were and where they belong; bring home what is certain, choose where nothing tells.

What is shown of a group is what `orphans` prints of it.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from migrator.arguments import OrphansRequest, RescueRequest, SearchRequest, SelectRequest
from migrator.model import Certainty
from migrator.operations.orphans import list_orphans
from migrator.reporting.orphan_text import grouped_orphans, orphan_text, summary, tie_question
from migrator.reporting.rows import View
from migrator.text import printable, shortened, shortened_path, tilde
from migrator.tui import proposal
from migrator.tui.ask import Ask
from migrator.tui.background import begin
from migrator.tui.footer import KeyLine
from migrator.tui.header import Header
from migrator.tui.list_screen import ListScreen
from migrator.tui.plan import PlanScreen
from migrator.tui.row_list import RowList, now_ms
from migrator.tui.stage_line import StageLine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from migrator.model import Orphan
    from migrator.planning.rescue import Tie
    from migrator.tui.database import Database

_STYLES = {Certainty.CERTAIN: "green", Certainty.LIKELY: "yellow"}


class LostGroups(RowList):
    """A row for all lost sessions of one directory that belong to the same place."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "rescue these")]

    def __init__(self) -> None:
        super().__init__("Lost sessions", id="lost")
        self._groups: Sequence[Sequence[Orphan]] = ()

    @property
    def current(self) -> Sequence[Orphan]:
        """The lost sessions of the row under the cursor."""
        return self._groups[self.cursor] if self._groups else ()

    def show(self, orphans: Sequence[Orphan]) -> None:
        """Show these."""
        self._groups = grouped_orphans(orphans)
        self.set_count(len(self._groups))

    def row(self, index: int, width: int) -> Text:
        """Return how many, from where, and where to."""
        group = self._groups[index]
        first, half = group[0], (width - 8) // 2
        text = Text(f"{len(group):>5,}  ", no_wrap=True)
        text.append(shortened_path(tilde(first.session.directory) or "(no directory known)", half - 2), style="red")
        text.append(" " * (7 + half - text.cell_len))
        if home := first.suggestion:
            stays = home.directory == first.session.directory
            words = "stays there" if stays else shortened_path(tilde(home.directory), half - 13)
            text.append(f"{words} ({home.certainty})", style=_STYLES.get(home.certainty, ""))
        elif first.rivals:
            only = f"{shortened_path(tilde(first.rivals[0]), half - 1)}?"
            text.append(f"one of {len(first.rivals)} directories" if first.rivals[1:] else only, "yellow")
        else:
            text.append(shortened("home not known", half), style="dim")
        return text


class OrphansScreen(ListScreen):
    """Returns whether something was written."""

    CSS = """
    OrphansScreen TextView { height: 40%; }
    OrphansScreen #message { height: auto; max-height: 3; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "rescue(False)", "all certain"),
        Binding("shift+r,R", "rescue(True)", "likely too", key_display="R"),
        Binding("s", "search", "search"),
        Binding("v", "verbose", "all"),
        Binding("escape,q", "back", "back", key_display="esc"),
    ]

    class Tied(Message):
        """The thread that plans asks which directory a folder is, and waits for the answer."""

        def __init__(self, tie: Tie, sessions: int, answer: Future[str | None]) -> None:
            super().__init__()
            self.tie, self.sessions, self.answer = tie, sessions, answer

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._search = SearchRequest()
        self._groups = LostGroups()
        self._message = Static(id="message", markup=False)
        self._stages = StageLine()

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Header(self._database)
        yield self._groups
        yield self._details
        yield self._message
        yield self._stages
        yield KeyLine()

    def on_mount(self) -> None:
        """Look for what is lost."""
        self._groups.focus()
        self.read_again()

    def read_again(self) -> None:
        """Look for what is lost."""
        self._message.update("Looking for lost sessions...")
        begin(self, self._read)

    async def _read(self) -> None:
        request = OrphansRequest(search=self._search)
        found = await self._database.survey(lambda context: list_orphans(context, request), self._stages)
        self._groups.show(found.orphans)
        self._message.update(printable(summary(found.orphans, found.by_rule)) if found.orphans else "No lost session.")

    @on(RowList.Moved, "#lost")
    def _tell(self) -> None:
        group = self._groups.current
        self._details.show(lambda width: orphan_text(group, width, View(now=now_ms()), verbose=self._is_verbose))

    # -- what can be done ----------------------------------------------------------------------------------------

    @on(RowList.Chosen, "#lost")
    def _rescue_group(self) -> None:
        """Bring the sessions of this row home, wherever that is; where nothing tells, ask."""
        if group := self._groups.current:
            ids = tuple(orphan.session.id for orphan in group)
            self._propose(RescueRequest(likely=True, search=self._search, select=SelectRequest({"from_id": ids})))

    def action_rescue(self, likely: bool) -> None:
        """Bring all home whose home is certain, or likely too."""
        self._propose(RescueRequest(likely=likely, search=self._search))

    def action_search(self) -> None:
        """Look for folders that were moved below a directory."""
        self.app.push_screen(Ask("Look for moved folders below", "~/src"), self._search_below)

    def _search_below(self, directory: str | None) -> None:
        if directory:
            self._search = SearchRequest((directory,))
            self.read_again()

    def _propose(self, request: RescueRequest) -> None:
        def is_wanted() -> bool:
            return self.app.is_running and plan in self.app.screen_stack

        plan = PlanScreen(self._database, proposal.rescue(request, lambda ties: self._settle(ties, is_wanted)))
        self.app.push_screen(plan, self.written)

    def _settle(self, ties: Mapping[Tie, int], is_wanted: Callable[[], bool]) -> Mapping[Tie, str]:
        """Ask which directory each folder is, in the thread that plans, as long as the plan is wanted."""
        answers: dict[Tie, str] = {}
        for tie, sessions in sorted(ties.items(), key=lambda item: -item[1]):
            if not is_wanted():
                break
            answer = Future[str | None]()
            self.post_message(self.Tied(tie, sessions, answer))
            while is_wanted() and not answer.done():
                try:
                    answer.result(timeout=1)
                except TimeoutError:
                    continue
            if answer.done() and (directory := answer.result()):
                answers[tie] = directory
        return answers

    @on(Tied)
    def _ask(self, event: Tied) -> None:
        self.app.push_screen(TieScreen(event.tie, event.sessions), event.answer.set_result)


class Rivals(RowList):
    """The directories that a folder may be now."""

    def __init__(self, tie: Tie) -> None:
        super().__init__(id="rivals")
        self._tie = tie
        self.count = len(tie.rivals) + 1

    @property
    def current(self) -> str:
        """The directory under the cursor, "" to skip."""
        return (*self._tie.rivals, "")[self.cursor]

    def on_mount(self) -> None:
        """Show them."""
        self.set_count(self.count)

    def row(self, index: int, width: int) -> Text:
        """Return a directory, at last that nothing is done."""
        rivals = self._tie.rivals
        words = tilde(rivals[index]) if index < len(rivals) else "skip: nothing is done about them"
        return Text(shortened_path(words, width), no_wrap=True)


class TieScreen(ModalScreen[str]):
    """Asks which directory a folder is now; returns "" where the person skips it."""

    CSS = """
    TieScreen { align: center middle; }
    TieScreen > Vertical { width: 90%; max-width: 100; height: auto; border: round $accent; padding: 0 1; }
    TieScreen RowList { height: auto; max-height: 12; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss('')", "skip")]

    def __init__(self, tie: Tie, sessions: int) -> None:
        super().__init__()
        self._tie, self._sessions = tie, sessions

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical():
            yield Static(printable(tie_question(self._tie.folder, self._sessions)), markup=False)
            yield Rivals(self._tie)

    @on(RowList.Chosen)
    def _choose(self) -> None:
        self.dismiss(self.query_one(Rivals).current)
