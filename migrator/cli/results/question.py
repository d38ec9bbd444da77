"""The question before a plan is carried out: what it does in one line, and a last look at it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.cli.input.database import is_unexpected
from migrator.cli.results.next_steps import say_steps
from migrator.cli.terminal.asking import answer
from migrator.cli.terminal.printing import aloud, echo_lines, note, paged, width
from migrator.documents.summary import summary
from migrator.errors import Declined, MigratorError
from migrator.reporting.next_steps import Step
from migrator.text import count, our_command, places, tilde

if TYPE_CHECKING:
    from migrator.model import Plan

_ANSWERS = {
    "y": "carry it out",
    "n": "write nothing; Enter means this too",
    "v": "show every session, then ask again",
    "s": "save the plan to a file, and write nothing else",
    "?": "show this",
}


def warn_if_open(database: Path, values: dict[str, Any]) -> None:
    """Say who has the database open before somebody reads a plan that can't be applied meanwhile."""
    from migrator.store.open_by import holder_names, who_has_open

    found = who_has_open(database)
    if found.is_open and not values["wait"]:
        note(f"note: {holder_names(found)} has the database open: close it before you say yes.")


def ask_about(plan: Plan, verb: str, values: dict[str, Any], *, can_save: bool) -> bool:
    """Ask until the answer is yes; False if the plan was saved instead. Raises Declined at a no, Abort at Ctrl-C."""
    letters = [letter for letter in _ANSWERS if letter != "s" or can_save]
    where = f", in {tilde(plan.store)}" if is_unexpected(Path(plan.store), values) else ""  # said above the plan too
    what = summary_question(plan, verb).removesuffix("?")
    question = f"{what}{where}? [{'/'.join('N' if each == 'n' else each for each in letters)}]"
    while True:
        said = answer(question).strip().lower()
        if said in {"y", "yes"}:
            return True
        if said in {"", "n", "no"}:
            raise Declined
        if said == "v":
            from migrator.reporting.plan_text import plan_text

            with paged(), aloud():
                echo_lines(plan_text(plan, width() or 80, verbose=True), err=bool(values.get("as_json")))
        elif said == "s" and can_save:
            with aloud():
                saved = _save(plan)
            if saved:
                return False
        else:
            with aloud():
                echo_lines((f"  {letter}  {_ANSWERS[letter]}" for letter in letters), err=True)


def summary_question(plan: Plan, verb: str) -> str:
    """Return `Move 50 sessions from 2 directories to ~/src/shop, detach file undo of 15?`, as far as it applies."""
    if not plan.changes:
        return f"{verb} {count(len(plan.updates), 'project row')}?"
    moves = plan.moving
    where = ""
    if moves:
        where = f" from {places(change.before.directory for change in moves)}"
        if any(change.before.directory != change.after.directory for change in moves):
            where += f" to {places(change.after.directory for change in moves)}"
    detached = summary(plan)["undo_detached"] if moves else 0
    undo = f", detach file undo of {detached:,}" if detached else ""
    return f"{verb} {count(len(plan.changes), 'session')}{where}{undo}?"


def _save(plan: Plan) -> bool:
    """Ask where to, and save the plan; False if that can't be done, or isn't wanted after all."""
    from migrator.output import kinds
    from migrator.output.output_file import OutputFile

    name = answer("File").strip()
    if not name:
        return False
    from migrator.documents.plan import save_plan

    try:
        file = OutputFile(os.path.expanduser(name), kinds.PLAN)
        save_plan(plan, file)
    except MigratorError as error:
        note(str(error))
        return False
    say_steps([Step(f"Saved to {file}; nothing was moved. To apply:", our_command("apply", str(file)))])
    return True
