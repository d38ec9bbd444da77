"""Every result ends with what can be done next: a whole command, to be copied. It is printed here."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from migrator.cli.input.database import database_words
from migrator.cli.terminal.printing import say
from migrator.reporting.next_steps import Step, opening_command, step_lines
from migrator.text import our_command, shortened, title_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

_NOTHING_TO_DO: dict[str, tuple[str, Sequence[str]]] = {
    "rescue": ("To check the rest:", ("doctor",)),
    "protect": ("To see what an undo in opencode would do:", ("doctor", "--undo")),
    "consolidate": ("To see the workspaces:", ("workspaces",)),
    "gc": ("To see the runs so far:", ("log",)),
    "orphans": ("To check the rest:", ("doctor",)),
    "workspaces": ("To see what is lost:", ("orphans",)),
}
"""What to look at where a command has nothing to do; any other one names the list of all sessions."""


def step(what: str, *words: str) -> Step:
    """Return what can be done next by a command of ours, on the database that was named for this one."""
    return Step(what, our_command(*words, *database_words(click.get_current_context().params)))


def nothing_to_do(command: str) -> Step:
    """Return what can be done after a command that has found nothing to do."""
    what, words = _NOTHING_TO_DO.get(command, ("To see which sessions there are:", ("list", "--all")))
    repository = click.get_current_context().params.get("repository", ".")
    return step(what, *words, *([repository] if command == "consolidate" and repository != "." else []))


def say_steps(steps: Iterable[Step], *, err: bool = False) -> None:
    """Print what can be done next, with a result that people read."""
    say(*step_lines(steps), err=err)


def say_steps_below_rows(form: str, steps: Iterable[Step]) -> None:
    """Print the same below a table, for people only: not where rows go into a pipe or a file."""
    if form == "table" and sys.stdout.isatty():
        lines = [*step_lines(steps)]
        say(*([""] if lines else []), *lines, err=True)


def steps_with_session(rows: Sequence[Mapping[str, Any]], dialect: str, database: Path) -> Iterable[Step]:
    """Yield how to go on with the first of the sessions listed of a database that opencode 1 can open where it is.

    Where all of their directories are gone, that is how to see where they belong.
    """
    for row in rows if dialect == "v1" else ():
        if row["parentId"] is None and not row["archived"] and os.path.isdir(row["directory"]):
            what = f'"{shortened(title_text(row["title"]), 50)}"'
            yield Step(f"To go on with {what}:", opening_command(row["directory"], row["id"], database))
            return
    if rows and all(row.get("gone") for row in rows):
        yield step("To see where the sessions belong whose directories are gone:", "orphans")
