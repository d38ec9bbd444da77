"""`serve`: lists, plans, runs and undo over HTTP, for programs."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.input.database import database, database_option, database_words, note_read_only
from migrator.cli.input.options import WholeNumber, database_options, force_option, output_option
from migrator.cli.terminal.printing import say
from migrator.errors import MigratorError

PORT = 4646


@click.command("serve", short_help="Answer over HTTP.")
@click.option("--port", type=WholeNumber(0, 65535), default=PORT, show_default=True, help="0 takes any free one.")
@click.option("--host", metavar="HOST", default="127.0.0.1", show_default=True, help="Where to listen.")
@output_option("--token-file", kind="TOKEN", help="Write the token here.")
@force_option
@click.option(
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="Allow web pages of ORIGIN, such as http://localhost:5173.",
)
@database_options
def command(**values: Any) -> None:
    """Serve this database over HTTP until Ctrl-C: history, orphans, plans, runs and undo.

    Every request needs the token, which is new at every start; the page at / describes them all. Only this machine can
    connect, unless --host says otherwise.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        from migrator.plugins.extras import missing

        raise MigratorError(missing("`serve`", error, "server", "serve")) from None
    from migrator.errors import Interrupted
    from migrator.server.database_access import DatabaseAccess
    from migrator.server.startup import prepare

    where = (values["host"], values["port"])
    path = database(values)
    access = DatabaseAccess(path, database_option("home", values), database_words(values))
    serving = prepare(access, where, values["token_file"], values["origins"])
    note_read_only(path, serving.read_only_because)

    def say_where() -> None:
        say(f"Serving {path} at {serving.url}")
        say(f"Token: {serving.token} (also in {serving.token_file})")
        if not serving.local:
            say(
                "warning: other machines can connect, and the connection is not encrypted: who intercepts the token "
                "can read every title and directory, and move every session. A tunnel (ssh -L) is safer.",
                err=True,
            )

    if serving.run(say_where):
        raise Interrupted("Interrupted; the run that was being carried out was rolled back.")
