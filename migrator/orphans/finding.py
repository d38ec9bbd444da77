"""Ask every rule, and put together what they say of each session."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

from migrator.errors import BadInput, MigratorError
from migrator.model import Orphan, Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from migrator.model import Session, Suggestion
    from migrator.orphans.rule import Ground, OrphanRule

ENTRY_POINT_GROUP = "migrator.orphan_rules"


class HomeFinder(Protocol):
    """Who knows where a lost session belongs; see `migrator.orphans.homes.Homes`."""

    def home_of(self, session: Session, reasons: Sequence[Reason]) -> tuple[Suggestion | None, tuple[str, ...]]:
        """Return where it belongs, and rivals of equal rank."""


def rules() -> list[OrphanRule]:
    """Return the built-in rules and those that other distributions bring, in that order."""
    from importlib.metadata import entry_points

    from migrator_selectors.orphans import BUILT_IN

    found: list[OrphanRule] = list(BUILT_IN)
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name):
        try:
            found.append(entry.load()())
        except Exception as error:
            raise MigratorError(
                f"The orphan rule {entry.name} ({entry.value}) can't be loaded: {error}; "
                "repair or uninstall the package that brings it.",
            ) from error
    return found


def named(names: Iterable[str], option: str = "--rule") -> list[OrphanRule]:
    """Return the rules with these names, all of them where none is named; BadInput lists them for an unknown one."""
    known = {rule.name: rule for rule in rules()}
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if name not in known:
            raise BadInput(f"{option} {name}: there is no such rule; give one of {', '.join(known)}")
    return [known[name] for name in wanted] or list(known.values())


def reasons(ground: Ground, asked: Iterable[OrphanRule]) -> dict[str, tuple[Session, list[Reason]]]:
    """Map the id of each lost session to it and its reasons, in the order of the rules.

    Among them are sessions that are not in the database: those in JSON storage.
    """
    found: dict[str, tuple[Session, list[Reason]]] = {}
    for rule in asked:
        for sessions, reason in rule.find(ground):
            for session in sessions:
                known = found.get(session.id)
                if known is None:
                    found[session.id] = (session, [reason])
                else:
                    known[1].append(reason)
    return found


def orphans(
    ground: Ground,
    asked: Iterable[OrphanRule],
    homes: HomeFinder | None = None,
    among: Collection[str] | None = None,
) -> list[Orphan]:
    """Return the lost sessions, last used first, each with every reason and, with `homes`, where it belongs.

    `among` keeps those whose ids are in it. Raises MigratorError where git isn't there to be asked.
    """
    found = []
    for session, why in reasons(ground, asked).values():
        if among is None or session.id in among:
            suggestion, rivals = homes.home_of(session, why) if homes else (None, ())
            found.append(Orphan(session, tuple(why), suggestion, rivals))
    return sorted(found, key=attrgetter("session.updated", "session.id"), reverse=True)


def tally(found: Iterable[Orphan], asked: Iterable[OrphanRule]) -> Mapping[str, int]:
    """Count the sessions that each rule found, in the order of the rules, those that found none left out."""
    counts = dict.fromkeys((rule.name for rule in asked), 0)
    for orphan in found:
        for name in {reason.rule for reason in orphan.reasons}:
            counts[name] += 1
    return {name: number for name, number in counts.items() if number}
