"""`--archived/--no-archived`: only sessions that are archived, or only those that aren't."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from migrator.selection import Clause, Selector, SelectorPlugin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import Session
    from migrator.selection import SelectorContext


@dataclass(frozen=True)
class Archived(Selector):
    """The sessions that were archived (`wanted`), or those that weren't."""

    as_typed: str
    wanted: bool

    def clause(self) -> Clause:
        """Return whether there is a time of archiving, whatever it is, as opencode asks."""
        return Clause("time_archived IS NOT NULL" if self.wanted else "time_archived IS NULL")

    def match(self, session: Session) -> bool:
        return (session.archived is not None) == self.wanted


class ArchivedPlugin(SelectorPlugin):
    """`--archived/--no-archived`; neither means both."""

    kind = "archived"
    narrows = True

    def options(self) -> Sequence[click.Option]:
        return [
            click.Option(
                ["--archived/--no-archived"],
                default=None,
                help="Only archived sessions, or none of them; both by default.",
            ),
        ]

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        del context
        wanted: bool | None = values.get("archived")
        if wanted is None:
            return ()
        return [Archived("--archived" if wanted else "--no-archived", wanted)]
