"""`schema`: the JSON Schema of a document."""

from __future__ import annotations

import click

from migrator.cli.terminal import echo_json


@click.command("schema", short_help="Print the JSON Schema of a plan or a run.")
@click.argument("name", type=click.Choice(["plan", "run"]))
def command(name: str) -> None:
    """Print the JSON Schema of plan@1 or run@1, with a description of every key."""
    from migrator.documents.schemas import schema

    echo_json(schema(name))
