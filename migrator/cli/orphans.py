"""`orphans`: the sessions that opencode can't show or resume where they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.cli.options import SelectingCommand, database_options, format_options, search_options, verbose_option
from migrator.cli.terminal import echo_lines, searching, width, workbench

if TYPE_CHECKING:
    from migrator.operations.context import CommandContext
    from migrator.orphans.homes import Homes


class OrphansCommand(SelectingCommand):
    """Lists the rules below its options, those of third parties too."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each rule and what is wrong with the sessions it finds."""
        from migrator.orphans.find import rules

        with formatter.section("Rules"):
            formatter.write_dl([(rule.name, rule.summary) for rule in rules()])
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
    from migrator.orphans.find import check_names

    check_names(values["rule"], "--rule")
    with workbench(values) as context, searching() as tick:
        homes = context.homes(values["search"], values["search_depth"], tick)
        if values["explain"] is not None:
            _explain(context, homes, values["explain"], form)
        else:
            _list(context, homes, form, values)


def _list(context: CommandContext, homes: Homes, form: str, values: dict[str, Any]) -> None:
    from textwrap import wrap

    from migrator.orphans.find import find_orphans, rules, tally
    from migrator.reporting.orphan_rows import orphan_rows
    from migrator.reporting.orphan_text import orphan_text, summary
    from migrator.reporting.rows import rows_text

    query = context.query(values)
    asked = rules()
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
    from migrator.orphans.find import rules
    from migrator.reporting.explanation import explanation_document, explanation_text
    from migrator.reporting.words import json_text

    told = explain(context.rule_context, find_session(context.rule_context, said), rules(), homes)
    if form == "table":
        echo_lines(explanation_text(told, width() or 80))
    else:
        click.echo(json_text(explanation_document(told), indent=2 if form == "json" else None))
