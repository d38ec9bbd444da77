"""`doctor`: check the database, what surrounds it, and what an undo in opencode would do to files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migrator.disk.mounts import locks_of
from migrator.errors import CantTell, MigratorError, PluginFailed
from migrator.execution.journal_file import why_no_journal
from migrator.face import TRUST_LOCKS
from migrator.operations.select import select_or_take_all
from migrator.store.connection import why_read_only
from migrator.store.integrity import check
from migrator.store.open_by import OpenBy, holder_names, who_has_open
from migrator.store.other_databases import OTHER_DATABASE
from migrator.text import agree, and_more, count, size_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.arguments import SelectRequest
    from migrator.operations.context import CommandContext
    from migrator.orphans.rule import RuleContext
    from migrator.store.reader import Store

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found: `subject` and `value` for programs, `text` for people, and whether something is wrong.

    `notable` marks what is no fault, but should be seen; `cant_tell` is what could not be looked at, and why.
    `more` are further texts.
    """

    subject: str
    value: Any
    text: str
    wrong: bool = False
    notable: bool = False
    cant_tell: str | None = None
    more: Sequence[str] = ()


def check_up(context: CommandContext, *, quick: bool = False) -> list[CheckResult]:
    """Make every check but that of undo; with `quick` not those that read the whole file. Nothing is changed."""
    store = context.store
    asked = context.rule_context
    odd_rows = _odd_rows(store)  # first: sessions whose text isn't UTF-8 aren't counted then
    return [
        *_database(store),
        *(_left_out() if quick else _integrity(store)),
        odd_rows,
        _runs(store),
        _left_behind(store),
        *_other_databases(asked),
        _orphans(asked),
    ]


def check_undo(context: CommandContext, request: SelectRequest) -> CheckResult:
    """Check what an undo in opencode would do to files today in the selected sessions, or in all.

    `sessions` in `value` lists this turn by turn, `redo` the sessions in a sub-directory in which a redo would
    overwrite later changes outside of it.
    """
    from migrator.reporting.undo_effect_rows import redo_rows, undo_effect_headline, undo_effect_rows
    from migrator.snapshots.opencodes import overwritten_by_redo, undo_effects
    from migrator.snapshots.undo_effect import UndoEffect
    from migrator.store.turns import prompts

    store, places = context.store, context.places
    sessions = [selected.session for selected in select_or_take_all(context, request).sessions]
    found = undo_effects(store, places, [session.id for session in sessions])
    redo = overwritten_by_redo(store, places, [session.id for session in sessions])
    prompt_texts = prompts(store, [turn.turn.part for turns in found.values() for turn in turns])
    rows = undo_effect_rows(sessions, found, prompt_texts)
    tally = {effect.value: sum(row["undo"] == effect.value for row in rows) for effect in UndoEffect}
    return CheckResult(
        "undo",
        {**tally, "sessions": rows, "redo": redo_rows(sessions, redo)},
        undo_effect_headline(rows, len(sessions)),
        wrong=tally[UndoEffect.DELETES.value] + tally[UndoEffect.UNKNOWN.value] > 0,
        notable=bool(redo),
    )


def _database(store: Store) -> Iterator[CheckResult]:
    size = store.path.stat().st_size
    yield CheckResult("database", str(store.path), f"database {store.path}, {size_text(size)}")
    schema = store.schema
    order = "origin, then cache" if schema.origin_first else "cache, then root commit"
    yield CheckResult(
        "schema",
        {"dialect": schema.dialect, "age": schema.age, "projectId": order, "readOnly": schema.read_only_because},
        f"schema {schema.dialect}, {schema.age}; project id from {order}",
    )
    sessions, projects = sum(number for number, _ in store.sessions_per_project().values()), len(store.projects())
    whose = [
        f"; {count(len(ids), 'session')} only opencode {number} has"
        for number, ids in ((1, store.never_imported()), (2, store.only_in_2()))
        if ids
    ]
    yield CheckResult(
        "sessions", sessions, f"{count(sessions, 'session')} in {count(projects, 'project')}{''.join(whose)}"
    )
    found = _open_by(store)
    yield _open_check(found)
    yield _locks(store)
    yield _writable(store)


def _open_check(found: OpenBy) -> CheckResult:
    """Say who has the database open; `value` has one holder without a pid where nobody can tell who."""
    if found.is_open is None:
        text = f"can't tell whether anybody else has it open: {found.why}"
        return CheckResult("openBy", None, text, notable=True, cant_tell=found.why)
    holders = found.holders or ((None,) if found.is_open else ())
    return CheckResult(
        "openBy",
        [{"pid": holder and holder.pid, "name": holder and holder.name} for holder in holders],
        f"open in {holder_names(found)}: nothing can be moved until it is closed"
        if found.is_open
        else "nobody else has it open",
        notable=found.is_open,
        cant_tell=found.why or None,
    )


def _locks(store: Store) -> CheckResult:
    """Say whether locks hold on the file system of the database: `value` is what `Locks.hold` is."""
    locks = locks_of(store.path)
    if locks.hold:
        return CheckResult("locks", True, f"locks hold where it is, on {locks.where}")
    text = f"a run writes to it with {TRUST_LOCKS} only: {locks.why}"
    return CheckResult("locks", locks.hold, text, notable=True, cant_tell=None if locks.hold is False else locks.why)


def _writable(store: Store) -> CheckResult:
    """Say whether a run could write to the database, and keep its journal."""
    reasons = (store.schema.read_only_because, why_read_only(store.path), why_no_journal(str(store.path)))
    why = next(filter(None, reasons), None)
    text = f"no run can write: {why}" if why else "a run can write to it"
    return CheckResult("writable", why is None, text, wrong=why is not None)


def _open_by(store: Store) -> OpenBy:
    """Return who has the database open, and the background services that may."""
    found = who_has_open(store.path)
    if not (found.holders or store.schema.has_v2):
        return found
    from migrator.store.opencode_2.services import named_services, services_at

    pids = {holder.pid for holder in found.holders}
    named = named_services(found.holders, store.path)
    try:
        services = services_at(store.path) if store.schema.has_v2 else ()
    except CantTell as error:
        return OpenBy(found.is_open or None, named, f"{error}, where opencode's background service registers")
    holders = (*named, *(service for service in services if service.pid not in pids))
    return found._replace(is_open=True, holders=holders) if holders else found


def _left_out() -> Iterator[CheckResult]:
    """Say what `--quick` leaves out, which is no finding: whoever asked for that knows it."""
    why = "--quick leaves it out"
    yield CheckResult("integrity", None, f"integrity_check is unknown: {why}", cant_tell=why)
    yield CheckResult("foreignKeys", None, f"foreign_key_check is unknown: {why}", cant_tell=why)


def _integrity(store: Store) -> Iterator[CheckResult]:
    damage = [text for (text,) in check(store.path, "integrity_check") if text != "ok"]
    yield CheckResult(
        "integrity",
        damage[:_SHOWN],
        f"integrity_check: {'; '.join(damage[:_SHOWN])}" if damage else "integrity_check passes",
        wrong=bool(damage),
    )
    try:
        broken = Counter((table, parent) for table, _, parent, _ in check(store.path, "foreign_key_check"))
    except MigratorError as error:  # a key may refer to what is no key
        text = f"foreign_key_check can't run: {error}"
        yield CheckResult("foreignKeys", None, text, wrong=True, cant_tell=str(error))
        return
    words = [f"{count(number, 'row')} of {table} without {parent}" for (table, parent), number in broken.items()]
    yield CheckResult(
        "foreignKeys",
        [{"table": table, "parent": parent, "rows": number} for (table, parent), number in broken.items()],
        f"foreign_key_check: {'; '.join(words)}" if broken else "foreign_key_check passes",
        wrong=bool(broken),
    )


def _odd_rows(store: Store) -> CheckResult:
    """Name the values that opencode never writes."""
    odd = store.odd_values(everything=True)
    left_out = len({(each.table, each.row) for each in odd if each.left_out})
    shown = "; ".join(map(str, odd[:_SHOWN])) + and_more(len(odd) - _SHOWN)
    text = (
        f"{count(len(odd), 'value')} that opencode never writes: {shown}; correct them, or delete the rows, with the "
    )
    text += "`sqlite3` shell"
    text += f"; until then {count(left_out, 'odd row')} can't be moved" if left_out else ""
    return CheckResult(
        "oddRows",
        [{"table": each.table, "row": each.row, "column": each.column, "why": each.why} for each in odd],
        text if odd else "no odd rows",
        wrong=bool(odd),
    )


def _runs(store: Store) -> CheckResult:
    from migrator.execution.traces import command, unfinished_on

    try:
        unfinished = unfinished_on(store)
    except MigratorError as error:
        return CheckResult("unfinishedRuns", None, str(error), wrong=True, cant_tell=str(error))
    cut_off = [run for run in unfinished if not run.is_running]
    texts = [f"going on: run {run.id}" for run in unfinished if run.is_running]
    if cut_off:
        texts.append(
            f"cut off: run {', '.join(run.id for run in cut_off)}; `{command('resume', cut_off[0], store)}` finishes "
            f"it, `{command('undo', cut_off[0], store)}` takes it back"
        )
    return CheckResult(
        "unfinishedRuns",
        [run.id for run in unfinished],
        "; ".join(texts) or "no unfinished run",
        wrong=bool(cut_off),
        notable=bool(unfinished),
    )


def _left_behind(store: Store) -> CheckResult:
    """Look for JSON storage: opencode 1.17 and later never import it (seen with 1.17.0 to 1.18.34)."""
    from migrator.store.json_storage import left_behind_files

    left = left_behind_files(store)
    where = " and ".join(map(str, left.storages))
    number = count(len(left.files), "session")
    said = (
        [f"{number} in the JSON storage of opencode before 1.2 at {where}, not in this database"] if left.files else []
    )
    said += [f"can't tell whether sessions are left behind in JSON storage: {why}" for why in left.unreadable]
    return CheckResult(
        "leftBehindJson",
        list(left.files) if left.files or not left.unreadable else None,
        "; ".join(said) or "no sessions left behind in JSON storage",
        notable=bool(said),
        cant_tell="; ".join(left.unreadable) or None,
    )


def _other_databases(context: RuleContext) -> Iterator[CheckResult]:
    """Say of each database beside this one how many sessions only it has, if it is known; nothing if there is none."""
    if not context.other_databases:
        return
    texts = []
    for other in context.other_databases:
        if other.unread:
            texts.append(f"{other.path.name} beside it can't be read ({other.unread}), so nobody can tell what it has")
        elif other.ids:
            has = count(len(other.ids), "session")
            texts.append(
                f"{other.path.name} beside it has {has} that this one doesn't: {other.what_to_do(len(other.ids))}"
            )
    rows = [
        {
            "path": str(other.path),
            "channel": other.channel,
            "onlyThere": None if other.unread else len(other.ids),
            "unread": other.unread,
            "noMerge": other.no_merge,
            "merge": other.merge_command() if other.ids and not other.no_merge else None,
        }
        for other in context.other_databases
    ]
    text, *more = texts or ["no sessions that only another database beside it has"]
    unread = "; ".join(f"{other.path.name}: {other.unread}" for other in context.other_databases if other.unread)
    yield CheckResult("otherDatabases", rows, text, notable=bool(texts), cant_tell=unread or None, more=more)


def _orphans(context: RuleContext) -> CheckResult:
    """Count what each rule finds; homes are not looked for, which would take its time."""
    from migrator.orphans.find import find_orphans, tally
    from migrator.plugins import orphan_rules
    from migrator.store.json_storage import LEFT_BEHIND_JSON

    rules = [rule for rule in orphan_rules() if rule.name not in {LEFT_BEHIND_JSON, OTHER_DATABASE}]  # have own lines
    failed: dict[str, PluginFailed] = {}
    try:
        found = find_orphans(context, rules, failed=failed)
    except MigratorError as error:
        why = f"lost sessions can't be found: {error}"
        return CheckResult("orphans", None, why, notable=True, cant_tell=str(error))
    counts = tally(found, [rule.name for rule in rules])
    words = ", ".join(f"{name} {number:,}" for name, number in counts.items())
    none = "no lost sessions that the other rules find" if failed else "no lost sessions"
    lost, them = count(len(found), "lost session"), agree(len(found), "it")
    shown = f"{lost}: {words}; `opencode-migrator orphans` shows {them}" if found else none
    return CheckResult(
        "orphans",
        counts,
        "; ".join([shown, *(str(error) for error in failed.values())]),
        notable=bool(found or failed),
        cant_tell="; ".join(map(str, failed.values())) or None,
    )
