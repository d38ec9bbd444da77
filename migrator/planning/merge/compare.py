"""Compare the sessions of another database with those that this one has under the same ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import MergedSession, MergeVerdict
from migrator.store.contents import content_digests, fingerprints, message_digests

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
    found = []
    for id_, root, title in sessions:
        verdict, differs = MergeVerdict.SAME if id_ in here else MergeVerdict.NEW, None
        if id_ in messages[0]:
            verdict, differs = _compare(messages[0][id_], messages[1][id_])
        if id_ in lacking:
            verdict = MergeVerdict.LONGER  # even if nothing was said in it
        found.append(MergedSession(id_, root, title, verdict, content[id_], here.get(id_), differs))
    return found


def with_digests(compared: Iterable[MergedSession], theirs: Store, naming: Collection[str]) -> Iterator[MergedSession]:
    """Yield these sessions. Those in `naming` get a digest instead of a fingerprint.

    The paths of files in their rows are rewritten, which changes lengths but not what was said.
    """
    digests = content_digests(theirs, naming) if naming else {}
    for session in compared:
        yield session._replace(content=digests.get(session.session, session.content))


def _compare(ours: Mapping[str, str], theirs: Mapping[str, str]) -> tuple[MergeVerdict, str | None]:
    """Return how two versions of a session stand to each other, and the first message that differs."""
    if ours.items() <= theirs.items():
        return MergeVerdict.LONGER, next(id_ for id_ in theirs if id_ not in ours)
    if theirs.items() <= ours.items():
        return MergeVerdict.SHORTER, next(id_ for id_ in ours if id_ not in theirs)
    every = [*ours, *(id_ for id_ in theirs if id_ not in ours)]
    return MergeVerdict.DIVERGED, next(id_ for id_ in every if ours.get(id_) != theirs.get(id_))
