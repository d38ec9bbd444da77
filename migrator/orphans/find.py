"""Ask every rule, and put together what they say of each session."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Protocol

from migrator.errors import BadInput
from migrator.model import Orphan, Reason
from migrator.plugins import load_plugins

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from migrator.model import Session, Suggestion
    from migrator.orphans.rule import OrphanRule, RuleContext

    Lost = tuple[Session, tuple[Reason, ...]]

ENTRY_POINT_GROUP = "migrator.orphan_rules"


class HomeFinder(Protocol):
    """Who knows where a lost session belongs; see `migrator.orphans.homes.Homes`."""

    def home_of(self, session: Session, reasons: Sequence[Reason]) -> tuple[Suggestion | None, tuple[str, ...]]:
        """Return where it belongs, and rivals of equal rank."""


def rules() -> list[OrphanRule]:
    """Return the built-in rules and those that other distributions bring, in that order."""
    from migrator_selectors.orphans import BUILT_IN

    return [*BUILT_IN, *load_plugins(ENTRY_POINT_GROUP, "orphan rule")]


def check_names(names: Iterable[str], option: str) -> None:
    """Raise BadInput, which lists the rules, where one of these names is none."""
    known = [rule.name for rule in rules()]
    for name in names:
        if name not in known:
            raise BadInput(f"{option} {name}: there is no such rule; give one of {', '.join(known)}")


def find_reasons(context: RuleContext, asked: Iterable[OrphanRule]) -> dict[str, Lost]:
    """Map the id of each lost session to it and its reasons, in the order of the rules.

    Among them are sessions that are not in the database: those in JSON storage. Equal reasons are one object, since
    sessions are many and what happened to them is not.
    """
    found: dict[str, Lost] = {}
    for rule in asked:
        for sessions, reason in rule.find(context):
            only = (reason,)
            longer: dict[tuple[Reason, ...], tuple[Reason, ...]] = {}
            for session in sessions:
                known = found.get(session.id)
                if known is None:
                    found[session.id] = (session, only)
                else:
                    before = known[1]
                    why = longer.get(before) or longer.setdefault(before, (*before, reason))
                    found[session.id] = (session, why)
    return found


def find_orphans(
    context: RuleContext,
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
    for session, why in _last_used_first(context, find_reasons(context, asked)):
        if among is not None and session.id not in among:
            continue
        if not wanted or any(reason.rule in wanted for reason in why):
            suggestion, rivals = homes.home_of(session, why) if homes else (None, ())
            found.append(Orphan(session, why, suggestion, rivals))
    return found


def _last_used_first(context: RuleContext, lost: Mapping[str, Lost]) -> Iterable[Lost]:
    """Put them in order, which those of the database are in already; only JSON storage has others."""
    in_order = [found for id_ in context.by_id if (found := lost.get(id_))]
    if len(in_order) == len(lost):
        return in_order
    return sorted(lost.values(), key=lambda each: (each[0].updated, each[0].id), reverse=True)


def tally(found: Iterable[Orphan], names: Iterable[str]) -> dict[str, int]:
    """Count the sessions that each of these rules found, in their order, those that found none left out."""
    counts = dict.fromkeys(names, 0)
    alike = Counter(orphan.reasons for orphan in found)
    for reasons_, number in alike.items():
        for name in {reason.rule for reason in reasons_} & counts.keys():
            counts[name] += number
    return {name: number for name, number in counts.items() if number}
