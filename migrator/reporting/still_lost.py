"""The sessions that stay lost after a rescue, for people: grouped by the reason, most sessions first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from migrator.model import STILL_LOST
from migrator.reporting.orphan_text import labelled_lines
from migrator.text import and_more, count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from migrator.model import PlanWarning

_GROUPS_SHOWN = 20
_ONE_LINE = 2**31


def still_lost_lines(
    warnings: Iterable[PlanWarning], width: int | None = None, *, verbose: bool = False
) -> Iterator[str]:
    """Yield the sessions that stay lost, if any; with `verbose` also their ids."""
    groups: dict[str, list[str]] = {}
    for warning in warnings:
        if warning.code == STILL_LOST:
            groups.setdefault(warning.message, []).append(warning.session or "")
    if not groups:
        return
    total = sum(map(len, groups.values()))
    yield click.style("still lost: ", fg="yellow") + count(total, "session")
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    shown = ordered if verbose else ordered[:_GROUPS_SHOWN]
    for message, sessions in shown:
        yield from labelled_lines(count(len(sessions), "session"), message, width or _ONE_LINE, "yellow")
        if verbose:
            yield from (f"      {session}" for session in sessions)
    if len(shown) < len(ordered):
        more = and_more(sum(len(sessions) for _, sessions in ordered[len(shown) :]), "session")
        yield f" {more} for {count(len(ordered) - len(shown), 'more reason')}; --verbose shows all."
