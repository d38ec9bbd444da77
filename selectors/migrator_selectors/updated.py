"""`--since WHEN` and `--until WHEN`: only sessions that were updated in that time."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from migrator.errors import BadInput
from migrator.selection import Clause, Selector, SelectorPlugin
from migrator_selectors._text import option_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import Session
    from migrator.selection import SelectorContext

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_UNITS = {
    "min": timedelta(minutes=1), "minute": timedelta(minutes=1), "hour": timedelta(hours=1),
    "day": timedelta(days=1), "week": timedelta(weeks=1), "month": timedelta(days=30), "year": timedelta(days=365),
}  # fmt: skip
_AGO = re.compile(rf"(?:last )?(?:([0-9]+)|an?|(?<=last )) ?(?:([hdw])|({'|'.join(_UNITS)})s?)(?: ago)?")
_LETTERS = {"h": "hour", "d": "day", "w": "week"}
_DAYS = {"today": 0, "yesterday": 1}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Updated(Selector):
    """The sessions updated from `since` to `until`, both included; milliseconds, None for no bound."""

    as_typed: str
    since: int | None
    until: int | None

    def clause(self) -> Clause:
        bounds = (("time_updated >= ?", self.since), ("time_updated <= ?", self.until))
        given = [(sql, bound) for sql, bound in bounds if bound is not None]
        return Clause(" AND ".join(sql for sql, _ in given), tuple(bound for _, bound in given))

    def match(self, session: Session) -> bool:
        after = self.since is None or session.updated >= self.since
        return after and (self.until is None or session.updated <= self.until)


class UpdatedPlugin(SelectorPlugin):
    """`--since` and `--until`, one selector for both."""

    kind = "updated"
    narrows = True

    def options(self) -> Sequence[click.Option]:
        when = "a date, a date and time, or how long ago: 2026-01-31, 2026-01-31T18:00, monday, 12h, 'last week'"
        return [
            click.Option(["--since"], metavar="WHEN", help=f"Only sessions updated since then; {when}."),
            click.Option(["--until"], metavar="WHEN", help="Only sessions updated until then; a date means its end."),
        ]

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Return one selector, or none if neither is given.

        Raises BadInput for what is no time, and for an end before the beginning.
        """
        del context
        given = {name: values[name] for name in ("since", "until") if values.get(name) is not None}
        if not given:
            return ()
        bounds = {name: milliseconds(text, f"--{name}", end=name == "until") for name, text in given.items()}
        words = " ".join(option_text(f"--{name}", text) for name, text in given.items())
        since, until = bounds.get("since"), bounds.get("until")
        if since is not None and until is not None and since > until:
            raise BadInput(f"{words} ends before it begins; give an earlier --since, or a later --until")
        return [Updated(words, since, until)]


def milliseconds(text: str, option: str = "", *, end: bool = False) -> int:
    """Return the time that `text` means, in milliseconds since 1970; times without a zone are local.

    Takes `2026-01-31` (its beginning, or its last millisecond where `end`), `2026-01-31T18:00` with or without a
    zone, `today`, `yesterday`, `monday`, `last monday` (as dates), `12h`, `30d`, `2w`, `3 days ago`, `last week`,
    `2.weeks.ago` (before now; a month is 30 days, a year 365), `now`, and 13 digits, which are milliseconds: what
    people write to `git log`, and what our own lists say. Raises BadInput for anything else.
    """
    if re.fullmatch(r"[0-9]{13}", text):
        return int(text)
    words = text.lower().replace(".", " ")
    try:
        if words in {"now", "just now"}:
            return int(time.time() * 1000)
        if ago := _AGO.fullmatch(words):
            unit = _UNITS[_LETTERS[ago[2]] if ago[2] else ago[3]]
            return int(time.time() * 1000) - int(ago[1] or 1) * unit // _MILLISECOND
        day = _named_day(words)
        if day is not None or re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            day = (day or date.fromisoformat(text)) + timedelta(days=end)
            return _since_epoch(datetime(day.year, day.month, day.day)) - end  # noqa: DTZ001 - as above
        return _since_epoch(datetime.fromisoformat(text))
    except (ValueError, OverflowError, OSError):
        raise BadInput(
            f"Can't read {option} {text}".replace("  ", " ")
            + ": it is no time; write 2026-01-31, 2026-01-31T18:00, today, yesterday, monday, 'last week', or how long "
            "ago: 12h, 30d, '3 days ago'"
        ) from None


def _named_day(words: str) -> date | None:
    """Return the latest day of such a name: `monday` is today on a Monday, `last monday` isn't. None for none."""
    today = date.fromtimestamp(time.time())  # noqa: DTZ012 - local, as a person means it
    name = words.removeprefix("last ")
    back = _DAYS.get(words)
    for weekday, day in enumerate(_WEEKDAYS):
        if name in {day, day[:3]}:
            back = (today.weekday() - weekday) % 7 or 7 * (name != words)
    return None if back is None else today - timedelta(days=back)


def _since_epoch(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // _MILLISECOND
