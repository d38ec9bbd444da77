"""What somebody may mean by a word that is none of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from migrator.text import PROGRAM, did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

GUESSES = {
    "fix": ("rescue", "doctor"), "repair": ("rescue", "protect"), "recover": ("rescue", "undo"),
    "restore": ("rescue", "undo"), "revert": ("undo",), "rollback": ("undo",), "find": ("orphans", "list"),
    "search": ("orphans", "list"), "lost": ("orphans",), "ls": ("list",), "sessions": ("list",),
    "mv": ("move", "relocate"), "rename": ("relocate",), "history": ("log",),
    "status": ("doctor", "log"), "check": ("doctor",), "clean": ("gc",), "worktrees": ("workspaces",),
    "import": ("merge",), "skill": ("install-skill",), "install": ("install-skill",),
    "info": ("doctor", "show"), "stats": ("projects",), "open": ("migrate",), "copy": ("consolidate", "merge"),
}  # fmt: skip
"""Words that people type for a command, and the commands that they may mean."""

_DELETES = "nothing is deleted here, on purpose; `opencode session delete ID` deletes a session"
_NO_COMMAND = {
    "version": f"`{PROGRAM} --version` prints it",
    "export": "`opencode export ID` prints a session as JSON",
    "backup": "with --backup FILE, whatever writes copies the database first",
    **dict.fromkeys(("delete", "remove", "rm", "del", "prune"), _DELETES),
}
"""Words that people type for what no command does, and what does it; seen with opencode 1.18.34."""

GUESSED_OPTIONS = {
    "--path": "--from-dir", "--folder": "--from-dir", "--source": "--from-dir", "--src": "--from-dir",
    "--destination": "--to-dir", "--dest": "--to-dir", "--target": "--to-dir", "--into": "--to-dir",
    "--session": "--from-id", "--name": "--title", "--grep": "--containing", "--text": "--containing",
    "--filter": "--title", "--after": "--since", "--before": "--until", "--preview": "--dry-run",
    "--simulate": "--dry-run", "--what-if": "--dry-run", "--confirm": "--yes", "--database": "--db",
    "--file": "--output", "--out": "--output", "--top": "--limit", "--count": "--limit",
}  # fmt: skip
"""Words that people type for an option, and the one that they mean, of a command that has it."""


def no_such_command(typed: str, commands: Iterable[str]) -> str:
    """Return the sentence that a word is no command, and which command may be meant."""
    if what_does := _NO_COMMAND.get(typed):
        return f"No such command '{typed}': {what_does}."
    return f"No such command '{typed}'.{did_you_mean(GUESSES.get(typed) or nearest(typed, commands))}"


def meant_options(typed: str, context: click.Context) -> list[str]:
    """Return the options of a command that somebody may mean by a word that is none, each by its first long name."""
    first = {
        name: next(each for each in parameter.opts if each.startswith("--")) if name in parameter.opts else name
        for parameter in context.command.get_params(context)
        if isinstance(parameter, click.Option) and not parameter.hidden
        for name in [*parameter.opts, *parameter.secondary_opts]
        if name.startswith("--")
    }
    guessed = [name for name in (GUESSED_OPTIONS.get(typed),) if name in first]
    return [*dict.fromkeys(first[name] for name in guessed or nearest(typed, first))]
