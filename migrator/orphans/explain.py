"""Explain one session: what each rule says of it, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.errors import NothingMatched
from migrator.model import Orphan
from migrator.text import whole_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import Project, Reason, Session
    from migrator.orphans.homes import Homes
    from migrator.orphans.rule import DirectoryInfo, OrphanRule, RuleContext


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule says of a session: its reasons, or `note` in words where it has none."""

    rule: str
    reasons: tuple[Reason, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of one session; `in_database` tells whether it has a row, `info` what is on the disk."""

    orphan: Orphan
    in_database: bool
    info: DirectoryInfo
    project: Project | None
    results: tuple[RuleResult, ...]


def explain(context: RuleContext, session: Session, rules: Sequence[OrphanRule], homes: Homes) -> Explanation:
    """Ask every rule about one session, and find its home if it is lost."""
    in_database = session.id in context.by_id
    results = []
    for rule in rules:
        found = tuple(reason for sessions, reason in rule.find(context) if any(s.id == session.id for s in sessions))
        note = "" if found else (rule.explain_pass(context, session) if in_database else "not in the database")
        results.append(RuleResult(rule.name, found, note))
    reasons = tuple(reason for result in results for reason in result.reasons)
    return Explanation(
        Orphan(session, reasons, *(homes.suggestion(session, reasons) if reasons else ())),
        in_database,
        context.inspect(session.directory),
        context.projects.get(session.project_id),
        tuple(results),
    )


def find_session(context: RuleContext, text: str) -> Session:
    """Return the session whose id is `text` or the only one that begins with it, in the database or JSON storage.

    Raises NothingMatched if there is none, MigratorError if there are several.
    """
    known = {left.session.id: left.session for left in context.left_behind} | dict(context.by_id)
    id_ = whole_id(text, known, "sessions")
    if id_ is None:
        raise NothingMatched(f"--explain {text}: no session has this id; `opencode-migrator list --all` shows them.")
    return known[id_]
