"""`log`: the runs so far, and one of them in full."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.input.database import only_database
from migrator.cli.input.options import report_options, verbose_option
from migrator.cli.results.listing import echo_rows, listing_options, refuse_listing_options, take_view
from migrator.cli.results.next_steps import say_steps_below_rows, step
from migrator.cli.results.reports import show_report
from migrator.cli.terminal.printing import echo_json, echo_lines, note, paged, width
from migrator.errors import BadInput
from migrator.reporting.run_rows import RUN_COLUMNS, RUN_SHOWN, short_run_ids
from migrator.selection.completion import completes
from migrator.text import our_command

if TYPE_CHECKING:
    from migrator.model import RunRecord
    from migrator.reporting.report.model import Report


@click.command("log", short_help="List the runs so far, or show one.")
@click.argument("run", required=False, shell_complete=completes("run"))
@verbose_option
@listing_options(RUN_COLUMNS, "markdown")
@report_options
@paged()
def command(run: str | None, **values: Any) -> None:
    """List the runs so far, newest first, and what became of them; or show all of RUN.

    Where they are on several databases, or on one that was moved, it says which has their rows now. RUN is the id of a
    run, or the beginning or end of it.
    """
    if run is not None:
        refuse_listing_options(values, "log RUN")
        print_run(run, values, values["form"])
        return
    if values["html"] or values["form"] == "markdown":
        raise BadInput("A report is of one run: name it, as in `opencode-migrator log RUN --html FILE`.")
    from migrator.documents.run import log_row
    from migrator.execution.run_log import UnreadableRuns, journal_files
    from migrator.operations.log import list_runs, logged
    from migrator.operations.run_databases import as_recorded
    from migrator.reporting.rows import arranged
    from migrator.store.location import default_database
    from migrator.text import count

    view = take_view(values)
    limit = None if view.sorts else view.limit or None
    named, unreadable = only_database(values), None
    try:
        runs = list_runs(named, limit)
    except UnreadableRuns as error:
        runs, unreadable = logged(as_recorded(error.entries), limit), error
    every = [log_row(run) for run in runs]
    elsewhere = {row["database"] for row in every} - {str(named or default_database())}
    rows = [*arranged(every, view, RUN_COLUMNS)]
    if not (rows or unreadable):
        others = len(list_runs()) if named else 0
        of = f" of {named}; `opencode-migrator log` lists {count(others, 'run')} of others" if others else " so far"
        note(f"No run{of}.")
    if view.width and view.form == "table":
        view = replace(view, short=short_run_ids(path.stem for path in journal_files()))
        rows = [{**row, "short": view.short} for row in rows]
    echo_rows(rows, view, RUN_COLUMNS, [*RUN_SHOWN, *(["database"] if elsewhere else [])])
    if unreadable:
        raise unreadable
    if rows:
        say_steps_below_rows(view.form, [step("To see all of the first one:", "log", rows[0]["run"])])


def _report(record: RunRecord) -> Report:
    from migrator.reporting.report.run import run_report

    return run_report(record, our_command("show", record.run.id, "--json"))


def print_run(wanted: str, values: dict[str, Any], form: str) -> None:
    """Print all of a run, in one of the formats of `--format`."""
    from migrator.operations.log import read_run_record

    record, unreadable = read_run_record(wanted, only_database(values))
    if show_report(partial(_report, record), record.run.database or record.run.store, {**values, "form": form}):
        pass
    elif form == "table":
        from migrator.reporting.run_record_text import run_record_text

        with paged():
            echo_lines(run_record_text(record, width() or 80, verbose=values["verbose"]))
    else:
        from migrator.documents.run import run_record_document

        echo_json(run_record_document(record), indent=2 if form == "json" else None)
    if unreadable:
        raise unreadable
