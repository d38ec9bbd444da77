"""`ui`: look, mark and move in the terminal."""

from __future__ import annotations

import signal
from typing import Any

import click

from migrator.cli.input.database import database, database_option, database_words
from migrator.cli.input.options import SelectingCommand, database_options, select_request, trust_locks_option
from migrator.cli.terminal.printing import note, on_terminal, say
from migrator.errors import Interrupted, MigratorError
from migrator.progress import told_to
from migrator.store.signals import ending_signals


@click.command("ui", short_help="Look, mark and move in the terminal.", cls=SelectingCommand)
@database_options
@trust_locks_option
def command(**values: Any) -> None:
    """Look through your sessions, mark those that are to move, see the plan, apply it, take it back.

    With selectors it starts on the sessions that these select. `?` shows the keys. Nothing is written before you have
    seen the plan and said yes.
    """
    try:
        import textual  # noqa: F401
    except ImportError as error:
        from migrator.plugins.extras import missing

        raise MigratorError(missing("`ui`", error, "tui", "ui")) from None
    if not on_terminal():
        raise MigratorError("`ui` needs a terminal to show itself in, and keys from it; use `list` and `move` here.")
    from migrator.tui.database import Database, collect_garbage_when_idle

    collect_garbage_when_idle()
    home, words = database_option("home", values), database_words(values)
    opened = Database(database(values), home, words, trust_locks=values["trust_locks"])
    from migrator.tui.app import MigratorApp

    app = MigratorApp(opened, select_request(values), selected=_selects(values))
    # A second signal, too, must not keep it from putting the terminal back, nor from taking back what it was writing.
    before = {number: signal.signal(number, app.terminate) for number in ending_signals()}
    try:
        with told_to(None):  # it shows itself what goes on
            app.run()
        if opened.is_writing:
            note("Stopping: the run that goes on is ended first.")
        opened.close()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if app.was_terminated:
        raise Interrupted(opened.unseen or f"Interrupted; {opened.made or 'nothing was written.'}")
    if opened.unseen:
        say(opened.unseen, err=True)
    if app.error is not None:
        raise app.error


def _selects(values: dict[str, Any]) -> bool:
    from migrator.plugins import selector_plugins

    names = {option.name for plugin in selector_plugins() for option in plugin.options()}
    return any(values.get(name or "") for name in names)
