"""Every fact that was looked at for one session: what rules say yes and no to, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.errors import MigratorError, NothingMatched
from migrator.model import Orphan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import Project, Reason, Session
    from migrator.orphans.find import HomeFinder
    from migrator.orphans.rule import DirectoryInfo, OrphanRule, RuleContext

_NAMED = 10


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule says of a session: its reasons, or `note` in words where it has none."""

    rule: str
    reasons: tuple[Reason, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of one session: whether it has a row (`in_database`), and what is on the disk (`info`)."""

    orphan: Orphan
    in_database: bool
    info: DirectoryInfo
    project: Project | None
    verdicts: tuple[RuleResult, ...]


def explain(context: RuleContext, session: Session, asked: Sequence[OrphanRule], homes: HomeFinder) -> Explanation:
    """Ask every rule about one session, and for its home where it is lost."""
    in_database = session.id in context.by_id
    verdicts = []
    for rule in asked:
        said = tuple(reason for sessions, reason in rule.find(context) if any(s.id == session.id for s in sessions))
        note = "" if said else (rule.explain_pass(context, session) if in_database else "not in the database")
        verdicts.append(RuleResult(rule.name, said, note))
    reasons = tuple(reason for verdict in verdicts for reason in verdict.reasons)
    suggestion, rivals = homes.home_of(session, reasons) if reasons else (None, ())
    return Explanation(
        Orphan(session, reasons, suggestion, rivals),
        in_database,
        context.inspect(session.directory),
        context.projects.get(session.project_id),
        tuple(verdicts),
    )


def find_session(context: RuleContext, text: str) -> Session:
    """Return the session with this id, or the only one whose id begins so, in the database or in JSON storage.

    Raises NothingMatched where there is none, MigratorError where there are several.
    """
    known = {left.session.id: left.session for left in context.left_behind} | dict(context.by_id)
    if text in known:
        return known[text]
    fitting = sorted(id_ for id_ in known if id_.startswith(text))[: _NAMED + 1] if text else []
    if not fitting:
        raise NothingMatched(f"--explain {text}: no session has this id; `opencode-migrator list --all` shows them.")
    if len(fitting) > 1:
        names = ", ".join(fitting[:_NAMED])
        raise MigratorError(f"--explain {text}: several sessions have an id that begins so, give more of it: {names}")
    return known[fitting[0]]
