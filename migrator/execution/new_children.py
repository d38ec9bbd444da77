"""Sessions born into a run's trees since it began: going back, they go along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Change, FileUndo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.store.reader import Store


def children_created_since(store: Store, done: Mapping[str, Change], started: int) -> tuple[list[Change], list[str]]:
    """Return the changes that take along what was born into these trees, and the descendants that stay.

    What was born where nothing had moved is where it belongs.
    """
    homes = {id_: (change.root, change.before) for id_, change in done.items() if change.moves}
    born: list[Change] = []
    unchanged: list[str] = []
    generation: Sequence[str] = list(homes)
    while generation:
        children = {id_: parent for id_, parent in store.children(generation).items() if id_ not in homes}
        for session in store.sessions(children):
            root, home = homes[children[session.id]]
            if session.created < started or session.binding == home:
                # What is born of one that was there before belongs to where that one is.
                homes[session.id] = (root, session.binding)
                unchanged.append(session.id)
            else:
                homes[session.id] = (root, home)
                why = (f"born since in the tree of {root}",)
                born.append(Change(session.id, root, session.title, why, session.binding, home, FileUndo.NONE))
        generation = list(children)
    return born, unchanged
