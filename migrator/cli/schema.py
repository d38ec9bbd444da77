"""`schema`: the JSON Schema of a document."""

from __future__ import annotations

import click

from migrator.cli.terminal import echo_json


@click.command("schema", short_help="Print the JSON Schema of a document.")
@click.argument("name", type=click.Choice(["plan", "run", "log"]))
def command(name: str) -> None:
    """Print the JSON Schema of plan@1, run@1 or log@1, with a description of every key."""
    from migrator.documents.schemas import schema

    echo_json(schema(name))
