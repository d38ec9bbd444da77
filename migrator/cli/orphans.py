"""`orphans`: the sessions that opencode can't show or resume where they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.cli.database import open_context
from migrator.cli.options import (
    SelectingCommand,
    database_options,
    format_options,
    search_options,
    search_request,
    select_request,
    verbose_option,
)
from migrator.cli.terminal import echo_lines, searching, width

if TYPE_CHECKING:
    from migrator.operations.context import CommandContext
    from migrator.orphans.homes import Homes


class OrphansCommand(SelectingCommand):
    """Lists the rules below its options, those of third parties too."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each rule and what is wrong with the sessions it finds."""
        from migrator.plugins import orphan_rules

        with formatter.section("Rules"):
            formatter.write_dl([(rule.name, rule.summary) for rule in orphan_rules()])
        super().format_epilog(ctx, formatter)


@click.command("orphans", short_help="List sessions that got lost, and why (alias: detached).", cls=OrphansCommand)
@click.option("--rule", "rule", multiple=True, metavar="NAME", help="Only what this rule finds; may be repeated.")
@click.option("--explain", metavar="SESSION_ID", help="Show every fact looked at for one session.")
@search_options
@verbose_option
@format_options
@database_options
def command(form: str, **values: Any) -> None:
    """List the sessions that opencode can't show or resume where they belong.

    Each with the fact that was seen, how sure that is, and where it belongs if that can be told. Nothing is written.
    """
    from migrator.operations.orphans import find_homes
    from migrator.plugins import check_rule_names

    check_rule_names(values["rule"], "--rule")
    with open_context(values) as context, searching() as tick:
        homes = find_homes(context, search_request(values), tick)
        if values["explain"] is not None:
            _explain(context, homes, values["explain"], form)
        else:
            _list(context, homes, form, values)


def _list(context: CommandContext, homes: Homes, form: str, values: dict[str, Any]) -> None:
    from textwrap import wrap

    from migrator.operations.select import make_query
    from migrator.orphans.find import find_orphans, tally
    from migrator.plugins import orphan_rules
    from migrator.reporting.orphan_text import orphan_text, summary
    from migrator.reporting.rows import rows_text
    from migrator.reporting.session_rows import orphan_rows

    query = make_query(context, select_request(values))
    asked = orphan_rules()
    selects = query.choosing or query.narrowing
    among = {session.id for session in query.sessions(context.store)} if selects else None
    found = find_orphans(context.rule_context, asked, homes, among=among, found_by=values["rule"])
    counted = tally(found, values["rule"] or [rule.name for rule in asked])
    table = form == "table"
    if table:
        echo_lines(orphan_text(found, width() or 80, verbose=values["verbose"]))
    else:
        echo_lines(rows_text(orphan_rows(found, context.selector_context.projects()), form, {}), raw=True)
    if found:
        echo_lines(wrap(summary(found, counted), width() or 80), err=not table)
    else:
        which = " these rules find" if values["rule"] else ""
        click.echo(f"No orphan{which}{' among the selected sessions' if selects else ''}.", err=True)


def _explain(context: CommandContext, homes: Homes, said: str, form: str) -> None:
    from migrator.orphans.explain import explain, find_session
    from migrator.plugins import orphan_rules
    from migrator.reporting.explanation import explanation_document, explanation_text
    from migrator.text import json_text

    told = explain(context.rule_context, find_session(context.rule_context, said), orphan_rules(), homes)
    if form == "table":
        echo_lines(explanation_text(told, width() or 80))
    else:
        click.echo(json_text(explanation_document(told), indent=2 if form == "json" else None))
