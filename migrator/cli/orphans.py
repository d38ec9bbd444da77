"""`orphans`: the sessions that opencode can't show or resume where they belong."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.input.command_line import DISPLAY_FLAGS, json_command, typed_command
from migrator.cli.input.database import is_reported, open_context
from migrator.cli.input.options import (
    SelectingCommand,
    exit_code_option,
    exit_if_asked,
    report_options,
    search_options,
    search_request,
    select_request,
    verbose_option,
)
from migrator.cli.results.listing import echo_rows, listing_options, refuse_listing_options, take_view, with_short_ids
from migrator.cli.results.next_steps import nothing_to_do, say_steps, say_steps_below_rows
from migrator.cli.results.reports import show_report
from migrator.cli.terminal.printing import echo_json, echo_lines, echo_warnings, note, paged, say
from migrator.errors import BadInput
from migrator.reporting.next_steps import Step
from migrator.reporting.session_rows import ORPHAN_COLUMNS
from migrator.selection.completion import completes
from migrator.text import agree, count, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from migrator.errors import PluginFailed
    from migrator.model import Project
    from migrator.operations.orphans import OrphanList
    from migrator.orphans.explain import Explanation
    from migrator.reporting.report.model import Report
    from migrator.reporting.rows import View


_FOLDERS_SHOWN = 3
_UNREAD = "can't tell whether sessions are left behind in JSON storage"


class OrphansCommand(SelectingCommand):
    """Its help lists the rules below the options, those of plug-ins too."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the name and summary of each rule."""
        from migrator.plugins import orphan_rules

        with formatter.section("Rules"):
            formatter.write_dl([(rule.name, rule.summary) for rule in orphan_rules()])
        super().format_epilog(ctx, formatter)


@click.command("orphans", short_help="List sessions that got lost, and why (alias: detached).", cls=OrphansCommand)
@click.option(
    "--rule",
    "rule",
    multiple=True,
    metavar="NAME",
    shell_complete=completes("rule"),
    help="Only what this rule finds; may be repeated.",
)
@click.option(
    "--explain",
    metavar="SESSION_ID",
    shell_complete=completes("session"),
    help="Show every fact looked at for one session.",
)
@search_options
@exit_code_option("a session is lost")
@verbose_option
@listing_options(ORPHAN_COLUMNS, "markdown")
@report_options
def command(**values: Any) -> None:
    """List the sessions that opencode can't show or resume where they belong.

    Each is shown with the evidence, how certain it is, and where it belongs, if that is known. Nothing is written.
    """
    from migrator.arguments import OrphansRequest
    from migrator.operations.orphans import explain_session, list_orphans
    from migrator.plugins import check_rule_names

    view = take_view(values)
    if values["explain"] is not None:
        refuse_listing_options(values, "orphans --explain")
    request = OrphansRequest(values["rule"], search_request(values), select_request(values))
    check_rule_names(request.rules, request.rule_option)  # before a database is looked for: it is wrong usage anyway
    if values["explain"] is not None and (values["html"] or view.form == "markdown"):
        raise BadInput("A report is of all lost sessions, not of one: leave out --explain, or --html and markdown.")
    with open_context(values) as context:
        explained = None if values["explain"] is None else explain_session(context, values["explain"], request)
        failed: dict[str, PluginFailed] = {}
        if not explained:
            listed, projects = list_orphans(context, request, failed), context.selector_context.projects()
            lost = [orphan.session for orphan in listed.orphans]
            beside = context.store.ids_beside([each.id for each in lost]) if view.width else []
            view = with_short_ids(view, lost, beside)
        database = context.store.path
    with paged():
        if explained:
            _print_explanation(explained, view)
        elif not show_report(lambda: _report(listed, str(database), failed), database, values):
            _print_list(listed, projects, view, values, failed=bool(failed))
    if failed:  # a warning says so: there may be more
        click.get_current_context().exit(1)
    exit_if_asked(values, something=bool(explained.orphan.reasons if explained else listed.orphans))


def _print_list(
    listed: OrphanList,
    projects: Sequence[Project],
    view: View,
    values: dict[str, Any],
    *,
    failed: bool,
) -> None:
    from migrator.reporting.orphan_text import grouped_orphans, in_place_text, orphan_text, other_system_text, summary
    from migrator.reporting.rows import arranged
    from migrator.reporting.session_rows import ORPHAN_SHOWN, orphan_rows

    echo_warnings(listed.warnings)
    table, room = view.form == "table", view.width or 80
    if table and not view.chosen:
        echo_lines(orphan_text(listed.orphans, room, view, verbose=values["verbose"]))
        first = next((group[0].session.id for group in grouped_orphans(listed.orphans)), "")
    else:
        rows = [*arranged(orphan_rows(listed.orphans, projects), view, ORPHAN_COLUMNS)]
        echo_rows(rows, view, ORPHAN_COLUMNS, ORPHAN_SHOWN)
        first = rows[0]["id"] if rows else ""
    if listed.orphans:
        say(*wrapped(summary(listed.orphans, listed.by_rule), room), err=not table)
        if table:
            say("")
            say_steps(_next_steps(listed, first))
    else:
        which = " that these rules find" if values["rule"] else " that the other rules find" if failed else ""
        note(f"No lost session{which}{' among the selected sessions' if listed.selected else ''}.")
        say_steps_below_rows(view.form, [nothing_to_do("orphans")])
    note(*(f"note: {_UNREAD}: {reason}" for reason in listed.unread))
    note(*other_system_text(listed.orphans))
    note(*in_place_text(listed.hidden, listed.commands, listed.only_in_2, listed.other_databases))


def _report(listed: OrphanList, database: str, failed: Mapping[str, PluginFailed]) -> Report:
    from migrator.reporting.orphan_text import in_place_text, other_system_text
    from migrator.reporting.report.orphans import orphans_report

    return orphans_report(
        listed.orphans,
        listed.by_rule,
        database,
        none=f"No lost session{' that the other rules find' if failed else ''}",
        remarks=[
            *(warning.message for warning in listed.warnings),
            *(f"{_UNREAD[:1].upper()}{_UNREAD[1:]}: {reason}" for reason in listed.unread),
            *other_system_text(listed.orphans),
            *in_place_text(listed.hidden, listed.commands, listed.only_in_2, listed.other_databases),
        ],
        steps=[*_next_steps(listed, listed.orphans[0].session.id if listed.orphans else "")],
        whole=json_command(),
    )


def _next_steps(listed: OrphanList, first: str) -> Iterator[Step]:
    """Yield the commands that bring these sessions home; if there are none, the one that explains the `first` shown."""
    from migrator.model import Certainty
    from migrator.store.opencode_2_schema import NEVER_IMPORTED

    for certainty, options in ((Certainty.CERTAIN, ()), (Certainty.LIKELY, ("--likely",))):
        if number := listed.rescuable.get(certainty, 0):
            have = f"{count(number, 'session')} {agree(number, 'has')} a {certainty.value} home"
            yield Step(f"{have}. To bring {agree(number, 'it')} there:", _rescue_command(*options))
    settled = Counter(orphan.commands[0] for orphan in listed.orphans if len(orphan.commands) == 1)
    for command, number in settled.most_common(_FOLDERS_SHOWN):
        yield Step(f"{count(number, 'session')} of another system may be here under another path. If so:", command)
    for other in listed.other_databases:
        if not other.no_merge and any(orphan.session.id in other.ids for orphan in listed.orphans):
            them = f"the {count(len(other.ids), 'session')}" if len(other.ids) > 1 else "the session"
            named = is_reported(click.get_current_context().params)
            yield Step(f"To bring {them} here that only {other.path.name} has:", other.merge_command(named=named))
    if listed.importing:
        number = listed.by_rule[NEVER_IMPORTED]
        what = f"To have your opencode 2 import the {count(number, 'session')} that only opencode 1 has:"
        yield Step(what, listed.importing)
    if listed.orphans and not listed.rescuable and not settled and not listed.importing:
        explain = typed_command("--explain", first, without=DISPLAY_FLAGS)
        if not any(orphan.rivals for orphan in listed.orphans):
            yield Step("To see what can be done:", _rescue_command("--dry-run"))
        yield Step("For every fact about the first one:" if listed.orphans[1:] else "For every fact about it:", explain)


def _rescue_command(*more: str) -> str:
    return typed_command(*more, without={*DISPLAY_FLAGS, "explain", "force"}, name="rescue")


def _print_explanation(explanation: Explanation, view: View) -> None:
    from migrator.model import Certainty
    from migrator.reporting.explanation import (
        explanation_document,
        explanation_text,
        home_is_unknown,
        open_command,
    )

    if view.form == "table":
        echo_lines(explanation_text(explanation, view.width or 80))
        if home := explanation.orphan.suggestion:
            likely = ["--likely"] if home.certainty is not Certainty.CERTAIN else []
            command = _rescue_command("--from-id", explanation.orphan.session.id, *likely)
            say_steps([Step("To bring it there:", command)])
        elif explanation.merge and not explanation.in_database:
            say_steps([Step("To bring it here:", explanation.merge)])
        elif (opening := open_command(explanation)) and not explanation.hidden:
            say_steps([Step("To go on with it:", opening)])
        elif home_is_unknown(explanation):
            command = _rescue_command("--from-id", explanation.orphan.session.id, "--dry-run")
            say_steps([Step("To see what can be done:", command)])
    else:
        echo_json(explanation_document(explanation), indent=2 if view.form == "json" else None)
