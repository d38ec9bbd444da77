"""Compare a merge, or what takes one back, with the rows as they are now, before anything is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from migrator.execution.conflicts import Conflicts, turns_under_way
from migrator.model import MergeVerdict
from migrator.store.contents import content_digests, fingerprints, is_digest
from migrator.store.session_tables import rows_left_there
from migrator.store.sql import WHOLE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from migrator.execution.journal_rows import Job
    from migrator.model import Change, MergedSession
    from migrator.store.reader import Store
    from migrator.store.writer import Edit

HERE_ALREADY = "is here already"


def find_merge_conflicts(store: Store, theirs: Store | None, job: Job) -> Conflicts:
    """Compare both databases with what a job expects; `theirs` is None where nothing comes from another one."""
    merge, changes = job.plan.merge, job.plan.changes
    assert merge is not None  # noqa: S101 - for the type checker: only merges come here
    merged = {session.session: session for session in merge.sessions}
    if merge.taken_out:
        found = dict(changed_here(store, changes, merged, (*job.prepared_edits, *job.left)))
        return Conflicts(found, turns_under_way(store, changes), {})
    found = dict(_taken_here(store, changes, merged))
    if theirs is not None:
        found |= _changed_there(theirs, changes, merged)
    return Conflicts(found, {}, {})


def _taken_here(
    store: Store, changes: Iterable[Change], merged: Mapping[str, MergedSession]
) -> Iterator[tuple[str, str]]:
    """Yield the sessions that can't come in as planned, and what changed in this database."""
    wanted = {change.session: change for change in changes}
    here = store.existing(wanted)
    content = content_digests(store, [id_ for id_ in here if merged[id_].verdict is MergeVerdict.LONGER])
    bindings, lacking = store.bindings(content), frozenset(store.never_imported())
    for id_, change in wanted.items():
        if merged[id_].verdict is not MergeVerdict.LONGER:
            if id_ in here:
                yield id_, HERE_ALREADY
        elif id_ not in here:
            yield id_, "was deleted here"
        elif content[id_] != merged[id_].here:
            yield id_, "was used here"
        elif id_ not in lacking and bindings[id_][0] != change.after:
            yield id_, f"is in {bindings[id_][0].directory} here now"


def _changed_there(theirs: Store, changes: Iterable[Change], merged: Mapping[str, MergedSession]) -> dict[str, str]:
    """Map the sessions that changed in the other database to what changed."""
    wanted = {change.session: change.before for change in changes}
    now, content = theirs.bindings(wanted), contents(theirs, wanted, merged)
    found = {}
    for id_, before in wanted.items():
        if id_ not in now:
            found[id_] = f"was deleted in {theirs.path}"
        elif content[id_] != merged[id_].content:
            found[id_] = f"was used in {theirs.path}"
        elif now[id_][0] != before:
            found[id_] = f"is in {now[id_][0].directory} in {theirs.path} now"
    return found


def contents(store: Store, ids: Collection[str], merged: Mapping[str, MergedSession]) -> dict[str, str]:
    """Map each of these sessions that exists to what `MergedSession.content` would be for it."""
    digested = {id_ for id_ in ids if is_digest(merged[id_].content)}
    found = content_digests(store, digested) if digested else {}
    return found | fingerprints(store, [id_ for id_ in ids if id_ not in digested])


def changed_here(
    store: Store, changes: Iterable[Change], merged: Mapping[str, MergedSession], edits: Iterable[Edit]
) -> Iterator[tuple[str, str]]:
    """Yield the sessions that a run brought and that aren't as it left them, and what changed.

    A child that was begun since would lose its parent, but for a parent that was here before and stays.
    """
    ids = [change.session for change in changes]
    edits = [*edits]
    yield from changed_since(store, ids, merged, edits)
    leaving = {id_ for id_ in ids if merged[id_].verdict is MergeVerdict.NEW}
    imported = {edit.session for edit in edits if (edit.table, edit.column) == ("session_v2", WHOLE)}.intersection(ids)
    only_in_1 = frozenset(store.never_imported()) if imported else frozenset()  # they lose nothing
    for child, parent in store.children(leaving | imported).items():
        was_here = child in merged and merged[child].verdict is not MergeVerdict.NEW
        if child not in leaving and not was_here and child not in only_in_1:
            yield parent, f"has a new child, {child}"
    for id_ in rows_left_there(store, leaving):  # no merge brings any
        yield id_, "has been shared since, or has prompts that wait"


def changed_since(
    store: Store, ids: Iterable[str], merged: Mapping[str, MergedSession], edits: Iterable[Edit]
) -> Iterator[tuple[str, str]]:
    """Yield those of these sessions that aren't as `edits`, which take them out again, say; and what changed."""
    content = contents(store, wanted := [*ids], merged)
    for id_ in wanted:
        if id_ not in content:
            yield id_, "was deleted"
        elif content[id_] != merged[id_].content:
            yield id_, "has been used since"
    tables: dict[str, list[Edit]] = {}
    for edit in edits:
        if edit.table in store.schema.tables and edit.session in content:
            tables.setdefault(edit.table, []).append(edit)
    for table, some in tables.items():
        now = {key: json.loads(row) for key, row in store.values(table, WHOLE, {e.key for e in some}).items()}
        for edit in some:
            left = json.loads(edit.before) if edit.column == WHOLE else {edit.column: edit.before}
            row = now.get(edit.key, {})
            if other := [column for column, value in left.items() if row.get(column) != value]:
                yield edit.session, f"has another {other[0]} now"
