"""Children created in a run's trees since it began: when the trees go back, they go along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Change, FileUndo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from migrator.execution.journal import Journal
    from migrator.model import Session
    from migrator.store.reader import Store


def older_sessions(run: Journal) -> Callable[[Session], bool]:
    """Return what tells whether a session in the trees of a run was there when it began.

    The journal knows, whatever clocks said; in older journals it is the clock that tells.
    """
    started, staying = run.entry.started, run.staying()
    if staying is None:
        return lambda session: session.created < started
    known = staying | run.session_ids()
    return lambda session: session.id in known


def children_created_since(
    store: Store, done: Mapping[str, Change], is_older: Callable[[Session], bool]
) -> tuple[list[Change], list[str]]:
    """Return the changes that move the new children in these trees, and the ids of the descendants that stay.

    Children of sessions that did not move stay put. `is_older` is as `older_sessions` returns it.
    """
    homes = {id_: (change.root, change.before) for id_, change in done.items() if change.moves}
    changes: list[Change] = []
    unchanged: list[str] = []
    generation: Sequence[str] = list(homes)
    while generation:
        children = {id_: parent for id_, parent in store.children(generation).items() if id_ not in homes}
        for session in store.sessions(children):
            root, home = homes[children[session.id]]
            if is_older(session) or session.binding == home:
                # Its own new children belong where it is.
                homes[session.id] = (root, session.binding)
                unchanged.append(session.id)
            else:
                homes[session.id] = (root, home)
                why = (f"created since in the tree of {root}",)
                changes.append(Change(session.id, root, session.title, why, session.binding, home, FileUndo.NONE))
        generation = list(children)
    return changes, unchanged
