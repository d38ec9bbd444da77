"""`--orphans[=RULE]`: the sessions that opencode can't show or resume where they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.selection import SelectorPlugin, completes
from migrator_selectors.from_id import FromId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.selection import Selector, SelectorContext

EVERY_RULE = "every"
"""The value of `--orphans` alone. It isn't empty, since an unset variable of a script makes `--orphans=`."""


class OrphansPlugin(SelectorPlugin):
    """`--orphans`, with or without the name of a rule."""

    kind = "orphans"

    def options(self) -> Sequence[click.Option]:
        return [
            click.Option(
                ["--orphans"],
                multiple=True,
                shell_complete=completes("rule"),
                is_flag=False,
                flag_value=EVERY_RULE,
                metavar="[=RULE]",
                help="Sessions that `opencode-migrator orphans` lists, or those that one of its rules finds.",
            ),
        ]

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Return a selector per value. Raises BadInput for a rule that isn't there."""
        typed: Sequence[str] = values.get("orphans") or ()
        return [
            FromId("--orphans", context.orphans())
            if rule == EVERY_RULE
            else FromId(f"--orphans={rule}", context.orphans(rule))
            for rule in dict.fromkeys(typed)
        ]
