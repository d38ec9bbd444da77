"""Compare the sessions of another database with those that this one has under the same ids.

If one copy was taken in the middle of a turn, the copy that has the finished turn counts as longer: see
store/unfinished.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from migrator.model import MergedSession, MergeVerdict
from migrator.store.contents import (
    TODO,
    content_digests,
    fingerprints,
    last_turn,
    message_digests,
    rows_of_messages,
    said_in,
    with_todo,
    with_what_is_replaced,
)
from migrator.store.unfinished import IN_ANY_TURN, RowChange, row_change

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from migrator.store.reader import Store


def compare(ours: Store, theirs: Store, sessions: Sequence[tuple[str, str, str]]) -> list[MergedSession]:
    """Compare sessions of the other database, (id, root, title) of each, in the order given.

    Those that both databases have are compared by digests of every message; of the others the fingerprint is kept.
    """
    ids = [id_ for id_, *_ in sessions]
    both = ours.existing(ids)
    content = fingerprints(theirs, [id_ for id_ in ids if id_ not in both])
    here = content_digests(ours, both) if both else {}
    content |= content_digests(theirs, both) if both else {}
    differing = [id_ for id_ in here if here[id_] != content[id_]]
    messages = (message_digests(ours, differing), message_digests(theirs, differing)) if differing else ({}, {})
    lacking = both.intersection(ours.never_imported())
    found: list[MergedSession] = []
    for id_, root, title in sessions:
        verdict, differs = MergeVerdict.SAME if id_ in here else MergeVerdict.NEW, None
        if id_ in messages[0]:
            verdict, differs = _compare(_Version(ours, id_, messages[0][id_]), _Version(theirs, id_, messages[1][id_]))
        if id_ in lacking:
            verdict = MergeVerdict.LONGER  # even if nothing was said in it
        found.append(MergedSession(id_, root, title, verdict, content[id_], here.get(id_), differs))
    longer = {id_: here[id_] for id_, _, _, verdict, *_ in found if verdict is MergeVerdict.LONGER}
    replaced = with_what_is_replaced(ours, longer) if longer else {}
    return [session._replace(here=replaced.get(session.session, session.here)) for session in found]


def as_they_come(
    ours: Store, theirs: Store, compared: Iterable[MergedSession], naming: Collection[str]
) -> Iterator[MergedSession]:
    """Yield these sessions with what their content will be here, by which an undo tells whether they were used since.

    Those in `naming` get a digest instead of a fingerprint: the paths of files in their rows are rewritten, which
    changes lengths but not what was said. opencode 2 alone has no to-do lists, so that none comes.
    """
    digests = with_todo(theirs, content_digests(theirs, naming)) if naming else {}
    has_todo = bool(ours.columns_of(TODO))
    for session in compared:
        content = digests.get(session.session, session.content)
        yield session._replace(content=content if has_todo else said_in(content))


class _Version(NamedTuple):
    """A session as one database has it: its messages in their order, each with the digest of what was said in it."""

    store: Store
    session: str
    messages: Mapping[str, str]


def _compare(ours: _Version, theirs: _Version) -> tuple[MergeVerdict, str | None]:
    """Return how two versions of a session stand to each other, and the first message that differs."""
    here, there = ours.messages, theirs.messages
    every = [*here, *(id_ for id_ in there if id_ not in here)]
    differs = next(id_ for id_ in every if here.get(id_) != there.get(id_))
    there_since, here_since = _change(ours, theirs), _change(theirs, ours)
    if there_since is here_since is RowChange.SAME:
        return MergeVerdict.SAME, None  # in other bytes, as with keys in another order
    is_longer, is_shorter = there_since is RowChange.CONTINUED, here_since is RowChange.CONTINUED
    if is_longer == is_shorter:
        return MergeVerdict.DIVERGED, differs
    return MergeVerdict.LONGER if is_longer else MergeVerdict.SHORTER, differs


def _change(old: _Version, new: _Version) -> RowChange:
    """Return how the newer copy differs: CONTINUED if it has all that was said in the older copy, and more.

    The older copy may be from the middle of a turn. Then its last turn may lack messages and parts, and the newer copy
    may have later states of those that weren't finished.
    """
    if not old.messages.keys() <= new.messages.keys():
        return RowChange.DIFFERENT
    changed = [id_ for id_, digest in old.messages.items() if new.messages[id_] != digest]
    if not changed:
        return RowChange.CONTINUED
    unfinished = last_turn(old.store, old.session)
    before, after = (rows_of_messages(each.store, each.session, changed) for each in (old, new))
    if not before.keys() <= after.keys() or any(after[key].message not in unfinished for key in after.keys() - before):
        return RowChange.DIFFERENT
    found = {RowChange.SAME}
    if len(new.messages) > len(old.messages) or len(after) > len(before):
        found.add(RowChange.CONTINUED)
    for key, row in before.items():
        is_same_row = (row.message, row.kind) == (after[key].message, after[key].kind)
        how = row_change(row.kind, row.data, after[key].data) if is_same_row else RowChange.DIFFERENT
        if how is RowChange.DIFFERENT or (how not in IN_ANY_TURN and row.message not in unfinished):
            return RowChange.DIFFERENT
        found.add(RowChange.CONTINUED if how is RowChange.MARKED else how)
    return next(how for how in (RowChange.CONTINUED, RowChange.SUMMARISED, RowChange.SAME) if how in found)
