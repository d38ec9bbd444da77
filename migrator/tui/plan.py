"""A plan, shown as the command line shows it; `y` carries it out. Nothing else in the UI writes to the database."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Static

from migrator.arguments import WriteRequest
from migrator.documents.plan import save_plan
from migrator.errors import INTERRUPTED_EARLY, DatabaseInUse, MigratorError, StalePlan
from migrator.output import kinds
from migrator.output.output_file import OutputFile
from migrator.reporting.plan_text import plan_text
from migrator.reporting.run_text import run_text
from migrator.text import our_command, printable
from migrator.tui.ask import Ask
from migrator.tui.background import begin
from migrator.tui.footer import KeyLine
from migrator.tui.header import Header
from migrator.tui.keys import now
from migrator.tui.row_list import TextView
from migrator.tui.stage_line import StageLine

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import Key

    from migrator.model import Plan, Run
    from migrator.tui.database import Database
    from migrator.tui.proposal import Proposal


_WAIT = ", or wait for it with --wait SECONDS"
"""What an error says to the command line alone."""

SEEN_SECONDS = 0.3
"""How long a plan has to be on the screen before a `y` can be an answer to it: nobody reads faster."""


class PlanScreen(Screen[bool]):
    """Returns whether something was written."""

    CSS = """
    PlanScreen TextView { border: round $accent; padding: 0 1; }
    PlanScreen #message { height: auto; max-height: 8; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "apply", "apply"),
        Binding("p", "plan_again", "plan again"),
        Binding("v", "verbose", "every session"),
        Binding("f", "other", "sub-paths"),
        Binding("s", "save", "save"),
        Binding("u", "undo", "undo"),
        Binding("escape,n,q", "back", "back", key_display="esc"),
    ]

    def __init__(self, database: Database, proposal: Proposal) -> None:
        super().__init__()
        self._database, self._proposal = database, proposal
        self._text = TextView(id="plan")
        self._message = Static(id="message", markup=False)
        self._stages = StageLine()
        self._plan: Plan | None = None
        self._run: Run | None = None
        self.seen_from: float | None = None
        """From when on a `y` can be meant for the plan, as events have the time; None while it isn't shown."""
        self._wrote = self._busy = self._stop = self._is_verbose = self._is_stale = False

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Header(self._database)
        yield self._text
        yield self._message
        yield self._stages
        yield KeyLine()

    def on_mount(self) -> None:
        """Make the plan."""
        self._text.focus()
        self.action_plan_again()

    def action_plan_again(self) -> None:
        """Make the plan, in the place of one that no longer holds."""
        self._plan = self.seen_from = None
        self._is_stale = False
        self._say("Making the plan...")
        begin(self, self._make)

    async def _make(self) -> None:
        try:
            plan = await self._database.plan(self._proposal.make, self._stages)
        except MigratorError as error:
            self._say(str(error))
            return
        self._plan = plan
        self._show()
        self.call_after_refresh(self._painted)
        if not plan.writes:
            self._say("There is nothing to write.")
        else:
            save = ", s to save the plan" if self._proposal.can_save else ""
            self._say(f"Nothing was written yet. Press y to apply, v for every session{save}, Esc to go back.")

    def on_screen_resume(self) -> None:
        """Show the plan where something else was shown."""
        if self._plan is not None:
            self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        self.seen_from = now() + SEEN_SECONDS

    def ignores(self, key: Key) -> bool:
        """Tell whether a key was pressed ahead of the plan that it would apply."""
        return key.key == "y" and (self.seen_from is None or key.time < self.seen_from)

    def _show(self) -> None:
        if self._plan is not None:
            plan, verbose = self._plan, self._is_verbose
            self._text.show(lambda width: plan_text(plan, width, verbose=verbose))
        self.refresh_bindings()

    def _say(self, message: str) -> None:
        self._message.update(printable(message))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what can be done now."""
        del parameters
        planned = self._plan is not None and self._run is None and not self._busy
        return {
            "apply": planned and not self._is_stale and self._plan is not None and self._plan.writes,
            "plan_again": planned and self._is_stale,
            "verbose": planned,
            "save": planned and self._proposal.can_save,
            "other": planned and self._proposal.other is not None,
            "undo": self._run is not None and self._run.id is not None and not self._busy,
        }.get(action, True)

    def action_verbose(self) -> None:
        """Show every session, or groups only."""
        self._is_verbose = not self._is_verbose
        self._show()

    def action_other(self) -> None:
        """Keep the sub-paths of sessions, or put all of them into the same directory."""
        if self._proposal.other is not None:
            self._proposal = self._proposal.other()
            self.action_plan_again()

    def action_back(self) -> None:
        """Go back; while the plan is carried out, stop and take back what was written."""
        if self._busy:
            self._stop = True
            self._say("Stopping; what was written is taken back...")
        else:
            self.dismiss(self._wrote)

    # -- writing -------------------------------------------------------------------------------------------------

    def action_apply(self) -> None:
        """Carry out the plan that is shown."""
        if self._plan is not None:
            self._busy = True
            self._say("Writing... Esc stops it and takes back what was written.")
            begin(self, partial(self._apply, self._plan))

    async def _apply(self, plan: Plan) -> None:
        write = WriteRequest(
            self._proposal.command, progress=self._stop_if_asked, trust_locks=self._database.trust_locks
        )
        try:
            run = await self._database.write(partial(self._proposal.carry_out, plan, write), self._stages)
        except KeyboardInterrupt:
            self._end(INTERRUPTED_EARLY)
        except StalePlan as error:
            self._is_stale = True
            self._end(f"{error} Press p to plan again.")
        except DatabaseInUse as error:
            self._end(f"{str(error).replace(_WAIT, '')} Then press y again.")
        except MigratorError as error:
            self._end(str(error))
        else:
            self._run, self._wrote = run, True
            self._text.show(lambda _: run_text(run))
            self._end("Press u to take it back, Esc to go on.")

    def _end(self, message: str) -> None:
        self._busy = self._stop = False
        if self.app.return_code is None:  # else nobody sees this screen any more
            self._database.unseen = ""
        self._say(message)

    def _stop_if_asked(self, _sessions: int) -> None:
        """Stop what is written, in the thread that writes, where that is safe; also when the UI has ended.

        The thread never waits for the screen: a run must not hang on one that is gone.
        """
        if self._stop or not self.app.is_running:
            raise KeyboardInterrupt

    def action_undo(self) -> None:
        """Show the plan that takes this run back."""
        from migrator.tui import proposal

        if self._run is not None and self._run.id is not None:
            plan = PlanScreen(self._database, proposal.undo(self._run.id, self._database.path))
            self.app.push_screen(plan, self._undone)

    def _undone(self, wrote: bool | None) -> None:
        if wrote:
            self.dismiss(result=True)

    # -- saving --------------------------------------------------------------------------------------------------

    def action_save(self) -> None:
        """Save the plan to a file, for `apply`."""
        self.app.push_screen(Ask("Save the plan to", "plan.json"), self._save)

    def _save(self, name: str | None) -> None:
        if name and self._plan is not None:
            begin(self, partial(self._write_plan, self._plan, os.path.expanduser(name)), "save", tell=self._say)

    async def _write_plan(self, plan: Plan, name: str) -> None:
        def write() -> None:
            save_plan(plan, OutputFile(name, replace(kinds.PLAN, may_be_stream=False, option="s")))

        await self._database.aside(write)
        self._say(f"Saved to {name}; nothing was moved. To apply: {our_command('apply', name)}")
