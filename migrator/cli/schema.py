"""`schema`: the JSON Schema of a document."""

from __future__ import annotations

import click

from migrator.cli.terminal.printing import echo_json


@click.command("schema", short_help="Print the JSON Schema of a document.")
@click.argument("name", type=click.Choice(("plan", "run", "list", "orphans", "doctor", "log")))
def command(name: str) -> None:
    """Print the JSON Schema of what `plan -o` saves or a command prints with --json, with what every key means."""
    from migrator.documents.schemas import schema

    echo_json(schema(name))
