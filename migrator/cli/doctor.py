"""`doctor`: a check-up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.options import database_options, json_option
from migrator.cli.surroundings import workbench

if TYPE_CHECKING:
    from migrator.checkup import Finding


def _mark(finding: Finding) -> str:
    if finding.wrong:
        return click.style("!!", fg="red")
    return click.style("--", fg="yellow") if finding.notable else click.style("ok", fg="green")


@click.command("doctor", short_help="Check the database and what surrounds it.")
@json_option
@database_options
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> None:
    """Check the database and what surrounds it; exit 1 where something is wrong."""
    from migrator.checkup import check_up

    with workbench(values) as bench:
        findings = check_up(bench.store, bench.ground)
    if values["as_json"]:
        click.echo(json.dumps({finding.subject: finding.value for finding in findings}, indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(f"{_mark(finding)} {finding.text}")
    if any(finding.wrong for finding in findings):
        ctx.exit(1)
