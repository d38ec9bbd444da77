"""Trees of sessions, by their parents: any shape that rows can have, in time linear in their number.

A parent may be missing, a session may be its own ancestor, and a tree may be tens of thousands of sessions deep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from migrator.model import Session


class Root(NamedTuple):
    """Where the way up from a session ends: at the topmost ancestor that exists, below the one that is `missing`.

    `top` is None where there is none, since its parents are their own descendants.
    """

    top: Session | None
    missing: str | None = None


class Roots:
    """The root of each session; each step up is taken once, however many sessions are asked about."""

    def __init__(self, by_id: Mapping[str, Session]) -> None:
        self._by_id = by_id
        self._found: dict[str, Root] = {}

    def of(self, session: Session) -> Root:
        """Return the root of a session, itself if it has no parent."""
        way: dict[str, None] = {}
        here = session
        while (root := self._found.get(here.id)) is None:
            way[here.id] = None
            if here.parent_id is None:
                root = Root(here)
            elif here.parent_id in way:
                root = Root(None)
            elif (above := self._by_id.get(here.parent_id)) is None:
                root = Root(here, here.parent_id)
            else:
                here = above
                continue
            break
        self._found.update(dict.fromkeys(way, root))
        return root


def relatives(ids: Collection[str], parents: Mapping[str, str]) -> set[str]:
    """Return the ancestors of these sessions, and all descendants of both, without the sessions themselves.

    `parents` has the parent of every session whose parent exists.
    """
    children: dict[str, list[str]] = {}
    for id_, parent in parents.items():
        children.setdefault(parent, []).append(id_)
    family, waiting = set(ids), list(ids)
    for id_ in waiting:  # it grows meanwhile
        above = parents.get(id_)
        if above is not None and above not in family:
            family.add(above)
            waiting.append(above)
    for id_ in waiting:
        below = [child for child in children.get(id_, ()) if child not in family]
        family.update(below)
        waiting += below
    return family.difference(ids)


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
