"""Reports: as a page in the file that --html names, and as Markdown on standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.input.command_line import json_command
from migrator.cli.terminal.printing import echo_lines, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from migrator.model import Plan
    from migrator.output.output_file import OutputFile
    from migrator.reporting.next_steps import Step
    from migrator.reporting.report.model import Report


def show_report(make: Callable[[], Report], database: str | Path, values: dict[str, Any]) -> bool:
    """Write a report to the file of --html, and print it if it is wanted as Markdown; tell whether it was printed.

    It is made only where it is wanted. Where it was written is printed last, below everything else.
    """
    page: OutputFile | None = values.get("html")
    markdown = values.get("form") == "markdown"
    if page is None and not markdown:
        return False
    report = make()
    if page is not None:
        from migrator.reporting.report.html import html_page

        page.write(html_page(report), database)
        click.get_current_context().call_on_close(
            lambda: say(f"Wrote the report to {page}: open it in a browser.", err=True)
        )
    if markdown:
        from migrator.reporting.report.markdown import markdown_lines

        echo_lines(markdown_lines(report))
    return markdown


def plan_report(plan: Plan, hint: str | None, next_steps: Iterable[Step], whole: str | None = None) -> Report:
    """Return the report of a plan; `hint` is the command that applies it, `whole` the one that prints it as JSON."""
    from migrator.reporting.next_steps import Step
    from migrator.reporting.report.plan import plan_report

    steps = [*next_steps]
    if plan.writes and hint and not plan.is_blocked:
        again = " (what it reads from standard input has to be the same)" if "-" in sys.argv else ""
        steps.insert(0, Step(f"To apply this plan{again}:", hint))
    return plan_report(plan, steps, whole or json_command())
