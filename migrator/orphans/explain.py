"""Explain one session: what each rule says of it, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.errors import PluginFailed
from migrator.model import OPENCODE_1, OPENCODE_2, Orphan
from migrator.orphans.hidden import Lists
from migrator.orphans.rule import DirectoryStatus
from migrator.store.location import import_command
from migrator.store.opencode_2_schema import COMPLETED
from migrator.text import whole_id

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from migrator.model import Project, Reason, Session
    from migrator.orphans.hidden import Hidden
    from migrator.orphans.homes import Homes
    from migrator.orphans.rule import DirectoryInfo, OrphanRule, RuleContext


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule says of a session: its reasons, or `note` in words where it has none.

    Without reasons and not `known`, it couldn't see what it asks for, and nobody can tell.
    """

    rule: str
    reasons: tuple[Reason, ...]
    note: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of one session; `info` is what is on the disk.

    `database` is the file; `opencodes` have tables in it, and `held_by` are those of them that have the session there.
    `root` is the root of its tree, the session itself if it is one. `hidden` is which lists leave the root out; () for
    a session that is lost. `merge` is the command that brings it here, if only another database has it and it can be.
    """

    orphan: Orphan
    database: Path
    opencodes: tuple[str, ...]
    held_by: tuple[str, ...]
    info: DirectoryInfo
    project: Project | None
    results: tuple[RuleResult, ...]
    root: Session
    hidden: tuple[Hidden, ...]
    merge: str | None = None

    @property
    def in_database(self) -> bool:
        """Whether it has a row."""
        return bool(self.held_by)


def explain(
    context: RuleContext, session: Session, rules: Sequence[OrphanRule], homes: Homes, database: Path
) -> Explanation:
    """Ask every rule about one session, and find its home if it is lost; `database` is the file of the context."""
    opencodes = ((OPENCODE_1,) if context.has_v1 else ()) + ((OPENCODE_2,) if context.is_v2 else ())
    held_by = tuple(who for who in opencodes if _has(context, who, session))
    info = context.inspect(session.directory)
    closed = info.status is DirectoryStatus.UNREADABLE
    unseen = {"directory"} if closed else set()
    unseen |= {"repository"} if closed or (info.status is DirectoryStatus.THERE and info.place is None) else set()
    results = [_ask(rule, context, session, unseen, held=bool(held_by)) for rule in rules]
    reasons = tuple(reason for result in results for reason in result.reasons)
    root = homes.root_of(session)
    return Explanation(
        Orphan(session, reasons, *(homes.suggestion(session, reasons) if reasons else ())),
        database,
        opencodes,
        held_by,
        info,
        context.projects.get(session.project_id),
        tuple(results),
        root,
        () if reasons else Lists(context).hidden(root),
        _merge_command(context, session, database, opencodes, held_by),
    )


def _merge_command(
    context: RuleContext, session: Session, database: Path, opencodes: Sequence[str], held_by: Sequence[str]
) -> str | None:
    if held_by:
        lacks = OPENCODE_2 in opencodes and OPENCODE_2 not in held_by and context.import_phase == COMPLETED
        return import_command(database, "--from-id", session.id) if lacks else None
    for other in context.other_databases:
        if session.id in other.ids and not other.no_merge:
            return other.merge_command("--from-id", session.id)
    return None


def _ask(
    rule: OrphanRule, context: RuleContext, session: Session, unseen: Collection[str], *, held: bool
) -> RuleResult:
    try:
        found = tuple(reason for sessions, reason in rule.find(context) if any(s.id == session.id for s in sessions))
        note = "" if found else (rule.explain_pass(context, session) if held else "not in the database")
    except PluginFailed as error:
        return RuleResult(rule.name, (), str(error), known=False)
    return RuleResult(rule.name, found, note, known=bool(found) or rule.looks_at not in unseen)


def find_session(context: RuleContext, text: str) -> Session | None:
    """Return the session whose id is `text` or the only one that begins with it, None if there is none.

    It may be in the database, in JSON storage or in another database. Raises MigratorError if there are several.
    """
    known = {left.session.id: left.session for left in context.left_behind}
    known |= {session.id: session for other in context.other_databases for session in other.only_there}
    known |= context.by_id
    id_ = whole_id(text, known, "sessions")
    return None if id_ is None else known[id_]


def _has(context: RuleContext, opencode: str, session: Session) -> bool:
    if session.id not in context.by_id:
        return False
    if opencode == OPENCODE_1:
        return session.id not in context.only_in_2
    return all(session.id != other.id for other in context.not_imported)
