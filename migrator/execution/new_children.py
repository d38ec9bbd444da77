"""Children created in a run's trees since it began: when the trees go back, they go along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Change, FileUndo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.store.reader import Store


def children_created_since(store: Store, done: Mapping[str, Change], started: int) -> tuple[list[Change], list[str]]:
    """Return the changes that move the new children in these trees, and the ids of the descendants that stay.

    Children of sessions that did not move stay put.
    """
    homes = {id_: (change.root, change.before) for id_, change in done.items() if change.moves}
    changes: list[Change] = []
    unchanged: list[str] = []
    generation: Sequence[str] = list(homes)
    while generation:
        children = {id_: parent for id_, parent in store.children(generation).items() if id_ not in homes}
        for session in store.sessions(children):
            root, home = homes[children[session.id]]
            if session.created < started or session.binding == home:
                # Its own new children belong where it is.
                homes[session.id] = (root, session.binding)
                unchanged.append(session.id)
            else:
                homes[session.id] = (root, home)
                why = (f"created since in the tree of {root}",)
                changes.append(Change(session.id, root, session.title, why, session.binding, home, FileUndo.NONE))
        generation = list(children)
    return changes, unchanged
