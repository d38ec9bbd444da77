"""Compare a merge, or what takes one back, with the rows as they are now, before anything is written.

| run | `taken_out` | `theirs` | what must be as it is expected |
|---|---|---|---|
| merge | no | the other database | new ones aren't here; longer ones are here as planned; all are there as planned |
| undo of a merge; removal | yes | None | all are here as the run left them, or as planned, and have no new children |
| redo; undo of a removal | no | None | as for a merge, but the other database isn't asked: rows come from a journal |
| resumed run | as it began | as it began | the same, for the sessions that are still to come or to go |

A removal takes sessions out of the other database (`--remove-from-other`), which then is `store`. For a merge, `theirs`
is None too if the file of the other database hasn't changed since the plan was made. An unfinished merge that is taken
back asks `changed_here` only, of the chunks that it has written (take_back.py).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from migrator.execution.conflicts import Conflicts, turns_under_way
from migrator.model import MergeVerdict
from migrator.store.contents import TODO, content_digests, contents_as, with_what_is_replaced
from migrator.store.merge_obstacles import check_session_tables, tables_of_deleted
from migrator.store.row_json import stringify
from migrator.store.session_tables import rows_never_merged, session_rows, session_tables
from migrator.store.sql import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from migrator.execution.journal_rows import Job
    from migrator.model import Change, Merge, MergedSession, Session
    from migrator.store.reader import Store
    from migrator.store.writer import Edit

HERE_ALREADY = "is here already"


def find_merge_conflicts(store: Store, theirs: Store | None, job: Job, merge: Merge) -> Conflicts:
    """Compare both databases with what a job expects; `theirs` is None where nothing comes from another one.

    Raises MigratorError if whole sessions can't be written into this one, or taken out of it, at all.
    """
    check_session_tables(store)
    changes = job.plan.changes
    merged = {session.session: session for session in merge.sessions}
    if merge.taken_out:
        found = dict(changed_here(store, changes, merged, (*job.prepared_edits, *job.left), job.is_older))
        return Conflicts(found, turns_under_way(store, changes), {})
    found = dict(_changed_before_coming(store, changes, merged))
    if theirs is not None:
        found |= _changed_there(theirs, changes, merged)
    return Conflicts(found, {}, {})


def _changed_before_coming(
    store: Store, changes: Iterable[Change], merged: Mapping[str, MergedSession]
) -> Iterator[tuple[str, str]]:
    """Yield the sessions that can't be brought as planned, and what changed in this database."""
    wanted = {change.session: change for change in changes}
    here = store.existing(wanted)
    digests = content_digests(store, [id_ for id_ in here if merged[id_].verdict is MergeVerdict.LONGER])
    content = with_what_is_replaced(store, digests)
    bindings, lacking = store.bindings(content), frozenset(store.never_imported())
    left = tables_of_deleted(store, wanted.keys() - here)
    for id_, change in wanted.items():
        if merged[id_].verdict is not MergeVerdict.LONGER:
            if id_ in here:
                yield id_, HERE_ALREADY
            elif id_ in left:
                yield id_, f"was deleted here, which left rows of it in {left[id_]}"
        elif id_ not in here:
            yield id_, "was deleted here"
        elif content[id_] != merged[id_].here:
            was_used = not (merged[id_].here or "").startswith(digests[id_])
            yield id_, "was used here" if was_used else "was renamed or reverted here, or got another to-do list"
        elif id_ not in lacking and bindings[id_][0] != change.after:
            yield id_, f"is in {bindings[id_][0].directory} here now"


def new_children_there(theirs: Store, changes: Iterable[Change], merge: Merge) -> dict[str, str]:
    """Map the sessions that have a child in the other database that the plan doesn't know, to words that say so."""
    known = {session.session for session in merge.sessions}
    children = theirs.children(change.session for change in changes)
    where = f"in {theirs.path}"
    return {parent: f"has a new child, {child}, {where}" for child, parent in children.items() if child not in known}


def _changed_there(theirs: Store, changes: Iterable[Change], merged: Mapping[str, MergedSession]) -> dict[str, str]:
    """Map the sessions that changed in the other database to what changed."""
    wanted = {change.session: change.before for change in changes}
    now, content = theirs.bindings(wanted), contents_as(theirs, {id_: merged[id_].content for id_ in wanted})
    found = {}
    for id_, before in wanted.items():
        if id_ not in now:
            found[id_] = f"was deleted in {theirs.path}"
        elif content[id_] != merged[id_].content:
            found[id_] = f"was used in {theirs.path}"
        elif now[id_][0] != before:
            found[id_] = f"is in {now[id_][0].directory} in {theirs.path} now"
    return found


def changed_here(
    store: Store,
    changes: Iterable[Change],
    merged: Mapping[str, MergedSession],
    edits: Iterable[Edit],
    is_older: Callable[[Session], bool],
) -> Iterator[tuple[str, str]]:
    """Yield the sessions that a run brought and that aren't as it left them, and what changed.

    A child created after the run would lose its parent, unless the parent was here before the merge. `is_older` tells
    the children that existed before the run: they had no parent here then either.
    """
    ids = [change.session for change in changes]
    edits = [*edits]
    yield from changed_since(store, ids, merged, edits)
    leaving = {id_ for id_ in ids if merged[id_].verdict is MergeVerdict.NEW}
    imported = {edit.session for edit in edits if (edit.table, edit.column) == ("session_v2", WHOLE)}.intersection(ids)
    only_in_1 = frozenset(store.never_imported()) if imported else frozenset()  # they lose nothing
    parents = store.children(leaving | imported)
    was_here = {id_ for id_, session in merged.items() if session.verdict is not MergeVerdict.NEW}
    for child in store.sessions(parents.keys() - leaving - was_here - only_in_1):
        if not is_older(child):
            yield parents[child.id], f"has a new child, {child.id}"
    for id_ in rows_never_merged(store, leaving):  # no merge brings any
        yield id_, "has been shared since, or has prompts waiting to be sent"


def changed_since(
    store: Store, ids: Iterable[str], merged: Mapping[str, MergedSession], edits: Iterable[Edit]
) -> Iterator[tuple[str, str]]:
    """Yield those of these sessions that aren't as a run left them, and what changed.

    `edits` are those that take the run back: what each of them holds as `before` is what the run left.
    """
    wanted, edits = [*ids], [*edits]
    content = contents_as(store, {id_: merged[id_].content for id_ in wanted})
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
    yield from _other_todo(store, [edit for edit in edits if edit.table == TODO and edit.session in content])


def _other_todo(store: Store, edits: Iterable[Edit]) -> Iterator[tuple[str, str]]:
    """Yield the sessions whose to-do lists aren't those that `edits` remove."""
    left: dict[str, list[dict[str, Any]]] = {}
    for edit in edits:
        left.setdefault(edit.session, []).extend([json.loads(edit.before)] if edit.before else [])
    table = next((table for table in session_tables(store.connection) if table.name == TODO), None) if left else None
    if table is None:
        return
    for session, entries in left.items():
        now = session_rows(store, table, entries[0] if entries else table.columns, session)
        if sorted(map(stringify, now)) != sorted(map(stringify, entries)):
            yield session, "has another to-do list now"
