"""Compare the sessions of another database with those that this one has under the same ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import MergedSession, MergeVerdict
from migrator.store.contents import content_digests, message_digests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from migrator.model import Selection
    from migrator.store.reader import Store


def compare(ours: Store, theirs: Store, selection: Selection) -> list[MergedSession]:
    """Compare every selected session, in the order of the selection; both databases are read once."""
    ids = [selected.session.id for selected in selection.sessions]
    content, here = content_digests(theirs, ids), content_digests(ours, ids)
    differing = [id_ for id_ in here if here[id_] != content[id_]]
    messages = (message_digests(ours, differing), message_digests(theirs, differing)) if differing else ({}, {})
    found = []
    for selected in selection.sessions:
        id_ = selected.session.id
        verdict, differs = MergeVerdict.NEW, None
        if id_ in here:
            verdict = MergeVerdict.SAME
        if id_ in differing:
            verdict, differs = _compare(messages[0][id_], messages[1][id_])
        title = selected.session.title
        found.append(MergedSession(id_, selected.root, title, verdict, content[id_], here.get(id_), differs))
    return found


def _compare(ours: Mapping[str, str], theirs: Mapping[str, str]) -> tuple[MergeVerdict, str | None]:
    """Return how two versions of a session stand to each other, and the first message that differs."""
    if ours.items() <= theirs.items():
        return MergeVerdict.LONGER, next(id_ for id_ in theirs if id_ not in ours)
    if theirs.items() <= ours.items():
        return MergeVerdict.SHORTER, next(id_ for id_ in ours if id_ not in theirs)
    every = [*ours, *(id_ for id_ in theirs if id_ not in ours)]
    return MergeVerdict.DIVERGED, next(id_ for id_ in every if ours.get(id_) != theirs.get(id_))
