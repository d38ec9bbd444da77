"""From a query to a Selection: every chosen session with its whole tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import NothingMatched
from migrator.model import PlanWarning, Selected, Selection, Session
from migrator.paths import is_within
from migrator.store import trees

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from migrator.selection.query import Query
    from migrator.store.reader import Store


def select(store: Store, query: Query, *, with_forks: bool = False) -> Selection:
    """Return the sessions that a query chooses, with their whole trees. Raises NothingMatched if it chooses none.

    A selected session takes its descendants along, a selected child takes its root's whole tree: left behind, a
    child opens and runs in its old directory (seen with opencode 1.18.34). `with_forks` takes their forks' trees along.
    """
    chosen = {session.id: session for session in query.sessions(store)}
    if not chosen:
        raise NothingMatched(query.why_nothing(store))
    others = relatives(store, chosen)
    forks_found = _find_forks(store, chosen | others) if with_forks else {}
    others |= {id_: fork for id_, (fork, _) in forks_found.items()}
    others |= relatives(store, chosen | others) if forks_found else {}
    selected: list[Selected] = []
    chosen_children: dict[str, str] = {}
    for tree in trees.trees(chosen | others):
        root = tree[0]
        fork, origin = forks_found.get(root.id, (None, root))
        for session in tree:
            why, base = ((f"tree of {root.id}",), None) if session.id in others else query.reasons(session)
            why = (f"fork of {origin.id}",) if session is fork and session.id in others else why
            selected.append(Selected(session, root.id, why, base or _inherited_base(query, origin, session)))
        if root.id in others:
            chosen_children |= {session.id: root.id for session in tree if session.id in chosen}
    warnings = (
        PlanWarning("whole-tree", f"{id_} is of a subagent: {root} moves too, with all of its subagents.", id_)
        for id_, root in sorted(chosen_children.items())
    )
    return Selection(tuple(selected), (*query.warnings(store), *warnings))


def _find_forks(store: Store, family: Mapping[str, Session]) -> dict[str, tuple[Session, Session]]:
    """Map the ids of forks of these sessions, and of forks of those, to (fork, the session of `family` it began with).

    Forks that are in `family` themselves are left out.
    """
    found: dict[str, tuple[Session, Session]] = {}
    known = dict(family)
    generation: Collection[str] = family.keys()
    while links := {id_: origin for id_, origin in store.forks(generation).items() if id_ not in known}:
        for fork in store.sessions(links):
            origin = links[fork.id]
            found[fork.id] = (fork, found[origin][1] if origin in found else known[origin])
            known[fork.id] = fork
        generation = links
    return found


def _inherited_base(query: Query, root: Session, session: Session) -> str:
    """Return the root's base for a session that only its tree brought in, or its own directory if it isn't below."""
    base = query.base_for(root) or root.directory
    return base if is_within(session.directory, base) else session.directory


def relatives(store: Store, chosen: Mapping[str, Session]) -> dict[str, Session]:
    """Return the ancestors of these sessions, and all descendants of both, without the chosen sessions themselves."""
    if len(chosen) == store.count():
        return {}
    links = store.links_around(chosen)
    return {session.id: session for session in store.sessions(trees.relatives(chosen, links))}
