"""`--orphans[=RULE]`: the sessions that opencode can't show or resume where they belong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from migrator.selection import Selector, SelectorPlugin
from migrator_selectors._text import among

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import Session
    from migrator.selection import Clause, SelectorContext

EVERY_RULE = "every"
"""What the option's value is where none was given: no empty one, which is what a script's unset variable becomes."""


@dataclass(frozen=True)
class Lost(Selector):
    """The sessions with these ids, which the rules found."""

    as_typed: str
    ids: frozenset[str]

    def clause(self) -> Clause:
        """Return the ids as one parameter."""
        return among("id", sorted(self.ids))

    def match(self, session: Session) -> bool:
        """Match the id."""
        return session.id in self.ids


class OrphansPlugin(SelectorPlugin):
    """`--orphans`, with or without the name of a rule."""

    kind = "orphans"

    def options(self) -> Sequence[click.Option]:
        """Return the option; its values arrive as `orphans`."""
        return [
            click.Option(
                ["--orphans"],
                multiple=True,
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
            Lost("--orphans", context.orphans())
            if rule == EVERY_RULE
            else Lost(f"--orphans={rule}", context.orphans(rule))
            for rule in dict.fromkeys(typed)
        ]
