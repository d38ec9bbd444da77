"""The runs so far, and what became of them; take one back, or bring it about again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding

from migrator.documents.run import log_row
from migrator.errors import MigratorError
from migrator.model import RunStatus
from migrator.operations.log import list_runs, read_run_record
from migrator.operations.undo import find_run_to_undo
from migrator.reporting.run_record_text import run_record_text
from migrator.reporting.run_rows import RUN_COLUMNS, status
from migrator.text import count, our_command, shortened
from migrator.tui import proposal
from migrator.tui.background import begin
from migrator.tui.footer import KeyLine
from migrator.tui.header import Header
from migrator.tui.list_screen import ListScreen
from migrator.tui.plan import PlanScreen
from migrator.tui.row_list import AGO, RowList, ago

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from migrator.model import LoggedRun
    from migrator.tui.database import Database


class Runs(RowList):
    """A row for each run, newest first."""

    def __init__(self) -> None:
        super().__init__("Runs", id="runs")
        self._runs: Sequence[LoggedRun] = ()

    @property
    def current(self) -> LoggedRun | None:
        """The run under the cursor."""
        return self._runs[self.cursor] if self._runs else None

    def show(self, runs: Sequence[LoggedRun]) -> None:
        """Show these."""
        self._runs = runs
        self.border_title = count(len(runs), "run")
        self.set_count(len(runs))

    def row(self, index: int, width: int) -> Text:
        """Return when, what became of it, how many sessions, and the command."""
        run = self._runs[index]
        row = log_row(run)
        text = Text(f"{ago(run.started):<{AGO}}  ", no_wrap=True, style="dim" if run.undone_by else "")
        text.append(f"{status(row):<12}{run.sessions:>7,}  ")
        text.append(shortened(RUN_COLUMNS["what"].value(row), max(width - text.cell_len, 8)))
        return text


class LogScreen(ListScreen):
    """Returns whether something was written."""

    CSS = """
    LogScreen TextView { height: 55%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "undo", "undo"),
        Binding("r", "redo", "redo"),
        Binding("v", "verbose", "every turn"),
        Binding("escape,q", "back", "back", key_display="esc"),
    ]

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._runs = Runs()

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Header(self._database)
        yield self._runs
        yield self._details
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the runs."""
        self._runs.focus()
        self.read_again()

    def read_again(self) -> None:
        """Read the journals."""
        begin(self, self._read)

    async def _read(self) -> None:
        self._runs.show(await self._database.look(lambda context: list_runs(context.store.path)))

    @on(RowList.Moved, "#runs")
    def _tell(self) -> None:
        run = self._runs.current
        if run is None:
            self._details.show(lambda _: ["No run so far."])
        else:
            begin(self, lambda: self._read_record(run.id), "record", tell=self._tell_error)
        self.refresh_bindings()

    async def _read_record(self, run: str) -> None:
        record, _ = await self._database.look(lambda _: read_run_record(run, self._database.path))
        self._details.show(lambda width: run_record_text(record, width, verbose=self._is_verbose))

    def _tell_error(self, sentence: str) -> None:
        self._details.show(lambda _: [sentence])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what can be done with this run."""
        del parameters
        run = self._runs.current
        if action == "undo":
            return run is not None and run.undone_by is None and run.status is RunStatus.APPLIED
        return action != "redo" or (run is not None and run.undone_by is not None)

    def action_undo(self) -> None:
        """Show the plan that takes this run back."""
        if run := self._runs.current:
            begin(self, lambda: self._propose(run.id))

    def action_redo(self) -> None:
        """Show the plan that takes the undo of this run back."""
        run = self._runs.current
        if run and (undo := run.undone_by):
            begin(self, lambda: self._propose(undo))

    async def _propose(self, run: str) -> None:
        found = await self._database.look(lambda _: find_run_to_undo(run, self._database.path))
        if found.entry.unfinished:
            resume, undo = our_command("resume"), our_command("undo", run)
            raise MigratorError(f"Run {run} was cut off: `{resume}` finishes it, `{undo}` takes back what it wrote.")
        self.app.push_screen(PlanScreen(self._database, proposal.undo(run, Path(found.path))), self.written)
