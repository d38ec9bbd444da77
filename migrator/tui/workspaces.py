"""The jj workspaces and git worktrees of a repository, with their sessions; gather these in one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding
from textual.content import Content

from migrator.operations.workspaces import left_out_warnings, list_workspaces
from migrator.reporting.warning_text import warning_lines
from migrator.reporting.workspace_text import state_words, workspace_rows
from migrator.text import cells, count, printable, shortened, shortened_path, tilde
from migrator.tui import proposal
from migrator.tui.ask import Ask
from migrator.tui.background import begin
from migrator.tui.footer import KeyLine
from migrator.tui.header import Header
from migrator.tui.list_screen import ListScreen
from migrator.tui.plan import PlanScreen
from migrator.tui.row_list import RowList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from migrator.tui.database import Database


class Workspaces(RowList):
    """A row for each workspace, alive or gone."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "gather here")]

    def __init__(self) -> None:
        super().__init__("Workspaces", id="workspaces")
        self.rows: Sequence[dict[str, Any]] = ()

    @property
    def current(self) -> dict[str, Any] | None:
        """The workspace under the cursor."""
        return self.rows[self.cursor] if self.rows else None

    def show(self, rows: Sequence[dict[str, Any]]) -> None:
        """Show these."""
        self.rows = rows
        self.set_count(len(rows), cursor=0)

    def row(self, index: int, width: int) -> Text:
        """Return name, state, sessions and directory."""
        row = self.rows[index]
        name, state, number = shortened(row["name"], width // 4), state_words(row), f"{row['sessions']:,}"
        text = Text(name + " " * (width // 4 + 2 - cells(name)), no_wrap=True, style="bold" if row["main"] else "")
        text.append(f"{shortened(state, 20):<22}{number:>7}  ", style="dim")
        text.append(shortened_path(tilde(row["path"]), max(width - text.cell_len, 8)))
        return text


class WorkspacesScreen(ListScreen):
    """Returns whether something was written. `repository` is a directory in any of the workspaces."""

    CSS = """
    WorkspacesScreen TextView { height: 30%; min-height: 5; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "consolidate", "gather in main"),
        Binding("d", "ask", "another repository"),
        Binding("escape,q", "back", "back", key_display="esc"),
    ]

    def __init__(self, database: Database, repository: str) -> None:
        super().__init__(database)
        self._repository = repository
        self._rows = Workspaces()

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Header(self._database)
        yield self._rows
        yield self._details
        yield KeyLine()

    def on_mount(self) -> None:
        """Look for the workspaces."""
        self._rows.focus()
        self.read_again()

    def read_again(self) -> None:
        """Look for the workspaces."""
        self._rows.show(())
        self._rows.border_title = Content(f"Workspaces of {printable(tilde(self._repository))}")
        self._rows.border_subtitle = "d names another repository"
        begin(self, self._read, tell=lambda sentence: self._details.show(lambda _: [sentence]))

    async def _read(self) -> None:
        repository = self._repository
        found = await self._database.plan(lambda context: list_workspaces(context, repository))
        warnings = [*left_out_warnings(found)]
        rows = workspace_rows(found)
        self._rows.show(rows)
        home = printable(tilde(found.repository.home))
        self._rows.border_title = Content(f"{count(len(rows), 'workspace')} of {home}")
        self._details.show(lambda width: warning_lines(warnings, width))

    @on(RowList.Moved, "#workspaces")
    def _tell(self) -> None:
        row = self._rows.current
        if row is not None:
            self._rows.border_subtitle = Content(printable(shortened(f"{row['evidence'] or row['kind']}", 60)))

    def action_consolidate(self) -> None:
        """Show the plan that gathers all sessions in the main working copy."""
        self._consolidate(None)

    @on(RowList.Chosen, "#workspaces")
    def _consolidate_here(self) -> None:
        if row := self._rows.current:
            self._consolidate(row["path"])

    def _consolidate(self, to_dir: str | None) -> None:
        if self._rows.count:
            plan = PlanScreen(self._database, proposal.consolidate(self._repository, to_dir))
            self.app.push_screen(plan, self.written)

    def action_ask(self) -> None:
        """Name another repository."""
        self.app.push_screen(Ask("A directory in any workspace of the repository", "~/src/shop"), self._look_at)

    def _look_at(self, directory: str | None) -> None:
        if directory:
            self._repository = directory
            self.read_again()
