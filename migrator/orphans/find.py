"""Find the lost sessions: ask every rule, and join the reasons of each session."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.errors import PluginFailed
from migrator.model import Orphan, PlanWarning, Reason
from migrator.progress import counted
from migrator.store.paging import order_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from migrator.model import Session
    from migrator.orphans.homes import Homes
    from migrator.orphans.rule import Finding, OrphanRule, RuleContext

    Lost = tuple[Session, tuple[Reason, ...]]


def find_reasons(
    context: RuleContext, rules: Iterable[OrphanRule], failed: dict[str, PluginFailed] | None = None
) -> dict[str, Lost]:
    """Map the id of each lost session to the session and its reasons, in the order of the rules.

    Sessions outside of the database, in JSON storage or in another one, are among them. Equal reasons are one object,
    since sessions are many and what happened to them is not. `failed` gets the error of each rule of others that fails,
    by the rule's name: nobody can tell what it would find. Raises that error if there is no `failed`.
    """
    found: dict[str, Lost] = {}
    for rule in counted([*rules], "Looking for lost sessions", "rules"):
        for sessions, reason in _findings(rule, context, failed):
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


def _findings(rule: OrphanRule, context: RuleContext, failed: dict[str, PluginFailed] | None) -> Iterator[Finding]:
    try:
        yield from rule.find(context)
    except PluginFailed as error:
        if failed is None:
            raise
        failed[rule.name] = error


def rule_warnings(failed: Mapping[str, PluginFailed]) -> Iterator[PlanWarning]:
    """Yield what is to be said of the rules that failed."""
    for name, error in failed.items():
        yield PlanWarning("rule-failed", f"Can't tell which sessions the rule {name} finds. {error}")


def find_orphans(  # noqa: PLR0913 - what to find, what to keep of it, and what to say of it
    context: RuleContext,
    rules: Iterable[OrphanRule],
    homes: Homes | None = None,
    *,
    among: Collection[str] | None = None,
    found_by: Collection[str] = (),
    failed: dict[str, PluginFailed] | None = None,
) -> list[Orphan]:
    """Return the lost sessions, last used first, each with every reason and, with `homes`, where it belongs.

    `among` keeps those whose ids are in it, `found_by` those that one of these rules found; their other reasons stay.
    `failed` is that of `find_reasons`. Raises MigratorError where git isn't there to be asked.
    """
    wanted = frozenset(found_by)
    found: list[Orphan] = []
    lost = [*_last_used_first(context, find_reasons(context, rules, failed))]
    for session, why in counted(lost, "Looking for where lost sessions belong", "sessions"):
        if among is not None and session.id not in among:
            continue
        if not wanted or any(reason.rule in wanted for reason in why):
            found.append(Orphan(session, why, *(homes.suggestion(session, why) if homes else ())))
    return found


def _last_used_first(context: RuleContext, lost: Mapping[str, Lost]) -> Iterable[Lost]:
    """Put lost sessions in order; those of the database are in it already, those outside of it are not."""
    in_order = [found for id_ in context.by_id if (found := lost.get(id_))]
    if len(in_order) == len(lost):
        return in_order
    return sorted(lost.values(), key=lambda found: order_of(found[0]), reverse=True)


def tally(found: Iterable[Orphan], names: Iterable[str]) -> dict[str, int]:
    """Count the sessions that each of these rules found, in the order of `names`; leave out rules that found none."""
    counts = dict.fromkeys(names, 0)
    for reasons, number in Counter(orphan.reasons for orphan in found).items():
        for name in {reason.rule for reason in reasons} & counts.keys():
            counts[name] += number
    return {name: number for name, number in counts.items() if number}
