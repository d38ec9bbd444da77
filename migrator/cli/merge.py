"""`merge`: sessions of another database come into this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import click

from migrator.choices import OnDuplicate
from migrator.cli.input.command_line import DISPLAY_FLAGS, typed_command
from migrator.cli.input.database import open_context
from migrator.cli.input.options import (
    FILE_TO_READ,
    SelectingCommand,
    announce_option,
    change_options,
    combine,
    select_request,
    subdirs_option,
    to_dir_option,
    undo_files_option,
    with_forks_option,
)
from migrator.cli.results.confirm import show_or_apply
from migrator.errors import BadInput
from migrator.reporting.next_steps import Step
from migrator.selection.completion import completes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Plan

options = combine(
    click.argument("other", metavar="[OTHER.db]", required=False, type=FILE_TO_READ, shell_complete=completes("file")),
    click.option(
        "--from-channel",
        metavar="NAME",
        shell_complete=completes("other_channel"),
        help="The other database is opencode-NAME.db beside this one.",
    ),
    to_dir_option("All of them go to DIR, with their sub-paths.  [default: each to its own directory]"),
    click.option(
        "--map",
        "words",
        multiple=True,
        metavar="OLD=NEW",
        shell_complete=completes("directory"),
        help="What is at OLD and below it for the other database is at NEW here.",
    ),
    click.option("--foreign", is_flag=True, help="Take sessions whose directories aren't here as they are."),
    click.option(
        "--on-duplicate",
        type=click.Choice(get_args(OnDuplicate)),
        default="longer",
        show_default=True,
        help="A session is in both, and longer in the other: take what was added, keep ours, or refuse.",
    ),
    click.option("--remove-from-other", "remove", is_flag=True, help="Take them out of OTHER.db once they are here."),
    click.option(
        "--with-opencode",
        metavar="PROGRAM",
        shell_complete=completes("file"),
        help="Let this opencode 2 import a copy of sessions of opencode 1, and bring what it makes.",
    ),
    with_forks_option,
    subdirs_option,
    undo_files_option,
    announce_option,
)


_FOREIGN = "--foreign"


@click.command("merge", short_help="Bring in sessions of another database.", cls=SelectingCommand)
@options
@change_options
def command(**values: Any) -> None:
    """Bring sessions of another opencode database into this one: all of them, or those that selectors choose.

    Name its file or, if it is of another release channel and lies beside this one, the channel (--from-channel).

    Whole trees come, with all that was said in them. Without --remove-from-other, OTHER.db is only read, also while its
    opencode runs. What is here already and the same is left alone. Each session belongs to the project that opencode
    finds in its directory here. --with-opencode lets your own opencode 2 import sessions of opencode 1, also those
    that are in this very database and that it has never imported.
    """
    plan = make_plan(values)
    show_or_apply(plan, values, "Merge", [*next_steps(plan)])


def next_steps(plan: Plan) -> Iterator[Step]:
    """Yield what to do about the sessions that stay there since their directories aren't here."""
    ways = dict.fromkeys(warning.settled_by for warning in plan.warnings if warning.settled_by)
    maps = [word for way in ways for word in way if way != (_FOREIGN,)]
    for what, words in (
        ("what is in another place here", maps),
        ("what stays there too, bound to directories that aren't here", [_FOREIGN] if (_FOREIGN,) in ways else []),
    ):
        if words:
            command = typed_command(*words, without={*DISPLAY_FLAGS, "yes", "output"}, name="merge")
            yield Step(f"To bring in {what}:", command)


def make_plan(values: dict[str, Any]) -> Plan:
    """Return the plan for these options."""
    from migrator.arguments import MergeRequest
    from migrator.operations.merge import plan_merge

    if values["with_opencode"] is not None and "output" in values:
        raise BadInput("A saved plan runs no program, so `plan` takes no --with-opencode: `merge --dry-run` shows all.")
    request = MergeRequest(
        values["other"],
        select_request(values),
        values["to_dir"],
        values["words"],
        values["foreign"],
        values["subdirs"],
        values["on_duplicate"],
        values["undo_files"],
        values["announce"],
        values["remove"],
        values["from_channel"],
        values["with_opencode"],
    )
    with open_context(values) as context:
        return plan_merge(context, request)
