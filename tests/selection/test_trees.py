"""Whoever takes one session of a tree takes the tree: every session of it once, parents before their children."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from migrator.arguments import SelectRequest
from migrator.operations.context import CommandContext
from migrator.operations.select import select_or_take_all
from tests.support.home import FIXTURES

if TYPE_CHECKING:
    from migrator.model import Selected

IDS = [f"ses_{number}" for number in range(8)]
SCHEMA = (FIXTURES / "1.18.34.sql").read_text(encoding="utf-8")

families = st.lists(st.none() | st.sampled_from([*IDS, "ses_gone"]), min_size=1, max_size=len(IDS)).map(
    lambda parents: dict(zip(IDS, parents, strict=False))
)
"""The parent of each session: another one, itself, one that was deleted, or none."""


def chosen_from(family: dict[str, str | None], chosen: set[str]) -> list[Selected]:
    """What `--from-id` selects of a database that holds these sessions."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "opencode.db")
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.executescript(SCHEMA)
            connection.execute("DELETE FROM session")
            connection.executemany(
                "INSERT INTO session (id, parent_id, project_id, slug, directory, title, version, time_created, "
                "time_updated) VALUES (?, ?, 'global', '', '/x', '', '1.18.34', 0, 0)",
                family.items(),
            )
        with CommandContext(path) as context:
            return list(select_or_take_all(context, SelectRequest({"from_id": tuple(sorted(chosen))})).sessions)


@given(st.data(), families)
def test_a_selection_is_of_whole_trees(data: st.DataObject, family: dict[str, str | None]) -> None:
    chosen = data.draw(st.sets(st.sampled_from([*family]), min_size=1))
    selected = chosen_from(family, chosen)
    ids = [entry.session.id for entry in selected]
    assert sorted(ids) == sorted(related(family, chosen))
    for position, entry in enumerate(selected):
        parent = entry.session.parent_id
        assert entry.root == ids[position] or parent in ids[:position]
        assert entry.root != ids[position] or parent not in family or in_cycle(family, entry.root)
    roots = [root for root, _ in groupby(entry.root for entry in selected)]
    assert len(roots) == len({*roots})


def test_the_children_of_one_deleted_parent_are_not_one_tree() -> None:
    family: dict[str, str | None] = {"ses_0": None, "ses_1": "ses_gone", "ses_2": "ses_gone"}
    assert [entry.session.id for entry in chosen_from(family, {"ses_1"})] == ["ses_1"]


def related(family: dict[str, str | None], some: set[str]) -> set[str]:
    """These sessions with all their ancestors and descendants, and theirs."""
    found = some
    while True:
        near = {parent for id_ in found if (parent := family[id_]) in family}
        near |= {id_ for id_, parent in family.items() if parent in found}
        if near <= found:
            return found
        found = found | near


def in_cycle(family: dict[str, str | None], id_: str) -> bool:
    """Whether going up from here never ends."""
    above: str | None = id_
    for _ in family:
        above = family.get(above) if above else None
    return above in family
