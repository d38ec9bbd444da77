"""`--from-weekday DAY`: the sessions that were last used on this day of the week, local time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from migrator.selection import Selector, SelectorPlugin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import Session
    from migrator.selection import SelectorContext

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Weekday(Selector):
    """The sessions last updated on a day of the week; 0 is Monday. SQL isn't asked: `match` alone is enough."""

    as_typed: str
    day: int

    def match(self, session: Session) -> bool:
        """Match the time of the last update, which is in milliseconds."""
        return datetime.fromtimestamp(session.updated / 1000).astimezone().weekday() == self.day


class WeekdayPlugin(SelectorPlugin):
    """`--from-weekday`, which may be given several times."""

    kind = "from-weekday"

    def options(self) -> Sequence[click.Option]:
        """Return the option; its values arrive as `from_weekday`."""
        return [
            click.Option(
                ["--from-weekday", "from_weekday"],
                multiple=True,
                type=click.Choice(DAYS),
                help="Sessions that were last used on this day of the week.",
            ),
        ]

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Return a selector per day."""
        del context
        return [Weekday(f"--from-weekday {day}", DAYS.index(day)) for day in values["from_weekday"]]
