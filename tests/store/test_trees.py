"""Trees of any shape are walked once, however deep they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from migrator.model import Binding, Session
from migrator.store.trees import Root, Roots, relatives, trees

if TYPE_CHECKING:
    from collections.abc import Mapping

IDS = [f"ses_{number}" for number in range(9)]
DEEP = 20_000

families = st.lists(st.none() | st.sampled_from([*IDS, "ses_gone"]), max_size=len(IDS)).map(
    lambda parents: dict(zip(IDS, parents, strict=False))
)
"""The parent of each session: another one, itself, one that is missing, or none."""


def sessions(family: Mapping[str, str | None]) -> dict[str, Session]:
    return {id_: Session(id_, parent, "", Binding("global", "/x"), 0, 0) for id_, parent in family.items()}


def climb(by_id: Mapping[str, Session], session: Session) -> Root:
    met = [session.id]
    while (parent := session.parent_id) is not None:
        if parent in met:
            return Root(None)
        if parent not in by_id:
            return Root(session, parent)
        met.append(parent)
        session = by_id[parent]
    return Root(session)


@given(families, st.data())
def test_the_root_of_each_session_is_where_climbing_ends(family: dict[str, str | None], data: st.DataObject) -> None:
    by_id = sessions(family)
    roots = Roots(by_id)
    for id_ in data.draw(st.permutations([*family])):
        assert roots.of(by_id[id_]) == climb(by_id, by_id[id_])


def test_a_deep_tree_is_walked_once() -> None:
    """Once for each session would take minutes."""
    family = {f"ses_{number}": f"ses_{number - 1}" if number else None for number in range(DEEP)}
    by_id = sessions(family)
    roots = Roots(by_id)
    top = Root(by_id["ses_0"])
    assert all(roots.of(session) == top for session in reversed(by_id.values()))
    links = {id_: parent for id_, parent in family.items() if parent is not None}
    assert len(relatives([f"ses_{DEEP // 2}"], links)) == DEEP - 1
    assert [len(tree) for tree in trees(by_id)] == [DEEP]


def test_a_deep_cycle_is_walked_once() -> None:
    by_id = sessions({f"ses_{number}": f"ses_{(number or DEEP) - 1}" for number in range(DEEP)})
    roots = Roots(by_id)
    assert all(roots.of(session) == Root(None) for session in by_id.values())
    assert [len(tree) for tree in trees(by_id)] == [DEEP]
