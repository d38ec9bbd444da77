"""Ask every rule, and put together what they say of each session."""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

from migrator.errors import BadInput
from migrator.model import Orphan, Reason
from migrator.plugins import brought

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from migrator.model import Session, Suggestion
    from migrator.orphans.rule import Ground, OrphanRule

ENTRY_POINT_GROUP = "migrator.orphan_rules"


class HomeFinder(Protocol):
    """Who knows where a lost session belongs; see `migrator.orphans.homes.Homes`."""

    def home_of(self, session: Session, reasons: Sequence[Reason]) -> tuple[Suggestion | None, tuple[str, ...]]:
        """Return where it belongs, and rivals of equal rank."""


def rules() -> list[OrphanRule]:
    """Return the built-in rules and those that other distributions bring, in that order."""
    from migrator_selectors.orphans import BUILT_IN

    return [*BUILT_IN, *brought(ENTRY_POINT_GROUP, "orphan rule")]


def check_names(names: Iterable[str], option: str) -> None:
    """Raise BadInput, which lists the rules, where one of these names is none."""
    known = [rule.name for rule in rules()]
    for name in names:
        if name not in known:
            raise BadInput(f"{option} {name}: there is no such rule; give one of {', '.join(known)}")


def reasons(ground: Ground, asked: Iterable[OrphanRule]) -> dict[str, tuple[Session, tuple[Reason, ...]]]:
    """Map the id of each lost session to it and its reasons, in the order of the rules.

    Among them are sessions that are not in the database: those in JSON storage. Equal reasons are one object, since
    sessions are many and what happened to them is not.
    """
    found: dict[str, tuple[Session, tuple[Reason, ...]]] = {}
    for rule in asked:
        for sessions, reason in rule.find(ground):
            longer: dict[tuple[Reason, ...], tuple[Reason, ...]] = {(): (reason,)}
            for session in sessions:
                known = found.get(session.id)
                before = known[1] if known else ()
                why = longer.get(before) or longer.setdefault(before, (*before, reason))
                found[session.id] = (session, why)
    return found


def orphans(
    ground: Ground,
    asked: Iterable[OrphanRule],
    homes: HomeFinder | None = None,
    *,
    among: Collection[str] | None = None,
    found_by: Collection[str] = (),
) -> list[Orphan]:
    """Return the lost sessions, last used first, each with every reason and, with `homes`, where it belongs.

    `among` keeps those whose ids are in it, `found_by` those that one of these rules found; their other reasons stay.
    Raises MigratorError where git isn't there to be asked.
    """
    wanted = frozenset(found_by)
    found: list[Orphan] = []
    for session, why in reasons(ground, asked).values():
        if among is not None and session.id not in among:
            continue
        if not wanted or any(reason.rule in wanted for reason in why):
            suggestion, rivals = homes.home_of(session, why) if homes else (None, ())
            found.append(Orphan(session, why, suggestion, rivals))
    found.sort(key=attrgetter("session.id"), reverse=True)
    found.sort(key=attrgetter("session.updated"), reverse=True)  # one key after the other takes half the time of both
    return found


def tally(found: Iterable[Orphan], names: Iterable[str]) -> dict[str, int]:
    """Count the sessions that each of these rules found, in their order, those that found none left out."""
    counts = dict.fromkeys(names, 0)
    alike = Counter(orphan.reasons for orphan in found)
    for reasons_, number in alike.items():
        for name in {reason.rule for reason in reasons_} & counts.keys():
            counts[name] += number
    return {name: number for name, number in counts.items() if number}
