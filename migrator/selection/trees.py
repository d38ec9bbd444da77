"""From a query to a Selection: every chosen session with its whole tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import NothingMatched
from migrator.model import PlanWarning, Selected, Selection, Session
from migrator.paths import is_within

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

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
    for tree in trees(chosen | others):
        root = tree[0]
        fork, origin = forks_found.get(root.id, (None, root))
        for session in tree:
            why, base = ((f"tree of {root.id}",), None) if session.id in others else query.reasons(session)
            why = (f"fork of {origin.id}",) if session is fork and session.id in others else why
            selected.append(Selected(session, root.id, why, base or _inherited_base(query, origin, session)))
        if root.id in others:
            chosen_children |= {session.id: root.id for session in tree if session.id in chosen}
    warnings = (
        PlanWarning("whole-tree", f"{id_} is part of the tree of {root}, which moves as a whole.", id_)
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
    """Return the ancestors of these sessions, and all descendants of both, without the chosen sessions themselves.

    This makes two queries for each generation that isn't chosen.
    """
    found: dict[str, Session] = {}
    if len(chosen) == store.count():
        return found
    generation: Collection[str] = {session.parent_id for session in chosen.values() if session.parent_id}
    while generation := [id_ for id_ in generation if id_ not in chosen and id_ not in found]:
        above = store.sessions(generation)
        found.update((session.id, session) for session in above)
        generation = {session.parent_id for session in above if session.parent_id}
    generation = [*chosen, *found]
    while generation := [id_ for id_ in store.children(generation) if id_ not in chosen and id_ not in found]:
        found.update((session.id, session) for session in store.sessions(generation))
    return found


def trees(family: Mapping[str, Session]) -> Iterator[list[Session]]:
    """Yield whole trees, parents before children, a generation after the other.

    A tree begins at the topmost ancestor that exists; a cycle of parents has none and begins at the first of them.
    Its sessions were made one after the other, so sessions that are written together lie together in the file.
    """
    tops, children = tops_and_children(family)
    for top in tops:
        yield take_tree(top, children)
    for session in family.values() if children else ():
        if session.parent_id in children:
            yield take_tree(session, children)


def tops_and_children(family: Mapping[str, Session]) -> tuple[list[Session], dict[str, list[Session]]]:
    """Return the sessions whose parent isn't in `family`, and the children of each parent, by its id."""
    tops = []
    children: dict[str, list[Session]] = {}
    for session in family.values():
        parent = session.parent_id
        if parent is not None and parent in family:
            children.setdefault(parent, []).append(session)
        else:
            tops.append(session)
    return tops, children


def take_tree(top: Session, children: dict[str, list[Session]]) -> list[Session]:
    """Return a session and its descendants, parents before children, and take them out of `children`.

    Each session of a cycle of parents is in the tree once.
    """
    if top.parent_id in children:
        children[top.parent_id].remove(top)
    tree = [top]
    for session in tree:  # it grows meanwhile
        tree += children.pop(session.id, ())
    return tree
