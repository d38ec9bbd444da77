"""What must hold of any two databases, whichever comes into the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from migrator.places import Places, ProjectIdScheme
from tests.support.git import repository
from tests.support.home import Home, build_home
from tests.support.rows import Pristine, rows
from tests.support.strategies import examples

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = ("shop", "shop/sub", "store", "plain")
BORN = 1_760_000_000_000


class Conversation(NamedTuple):
    """A session in a folder: how many of its messages each database has, None where it hasn't the session.

    `parted` tells that the last message is another one on each side. `parent` is its place in the list.
    """

    folder: str
    parent: int | None
    one: int | None
    other: int | None
    parted: bool


@st.composite
def conversations(draw: st.DrawFn) -> list[Conversation]:
    """Sessions of two databases; a child is only where its parent is."""
    made: list[Conversation] = []
    lengths = st.none() | st.integers(0, 3)
    for number in range(draw(st.integers(0, 5))):
        parent = draw(st.none() | st.integers(0, number - 1)) if number else None
        one, other = draw(lengths), draw(lengths)
        if parent is not None:
            one, other = (None if up is None else own for up, own in zip(made[parent][2:4], (one, other), strict=True))
        parted = draw(st.booleans()) and bool(one) and bool(other)
        made.append(Conversation(draw(st.sampled_from(FOLDERS)), parent, one, other, parted))
    return made


class Pair:
    """Two homes whose users work in the same folders, and what is put into their databases."""

    def __init__(self, path: Path) -> None:
        self.one, self.other = build_home(path / "one", "1.18.34"), build_home(path / "other", "1.18.34")
        self.src = path / "src"
        for name in ("shop", "store"):
            repository(self.src / name)
        for folder in FOLDERS:
            (self.src / folder).mkdir(parents=True, exist_ok=True)
        for home in (self.one, self.other):
            home.empty()
        self._empty = [Pristine(home) for home in (self.one, self.other)]
        found = {folder: Places(ProjectIdScheme.ORIGIN_FIRST).find(str(self.src / folder)) for folder in FOLDERS}
        self._places = {folder: place.binding._asdict() for folder, place in found.items()}

    def fill(self, made: list[Conversation]) -> None:
        for pristine in self._empty:
            pristine.restore()
        for home, which in ((self.one, "one"), (self.other, "other")):
            present = [(number, session) for number, session in enumerate(made) if getattr(session, which) is not None]
            sessions, messages, parts, todos = [], [], [], []
            for number, session in present:
                length = getattr(session, which)
                time = BORN + 1000 * length
                parent = None if session.parent is None else f"ses_{session.parent:04}"
                sessions.append(
                    self._places[session.folder]
                    | {"id": f"ses_{number:04}", "parent_id": parent, "title": f"session {number}", "slug": "otter"}
                    | {"version": "1.18.34", "time_created": BORN, "time_updated": time}
                )
                todos.append({"session_id": f"ses_{number:04}", "content": "go on", "status": "pending"}
                             | {"priority": "high", "position": 0, "time_created": 1, "time_updated": 1})  # fmt: skip
                for index in range(length):
                    mark = f"_{which}" if session.parted and index == length - 1 else ""
                    message = f"msg_{number:04}_{index}{mark}"
                    owned = {"session_id": f"ses_{number:04}", "time_created": BORN + index, "time_updated": BORN}
                    messages.append({"id": message, "data": '{"role":"user"}'} | owned)
                    text = f'{{"type":"text","text":"{message}"}}'
                    parts.append({"id": f"prt{message[3:]}", "message_id": message, "data": text} | owned)
            projects = {self._places[session.folder]["project_id"] for _, session in present}
            tables = {"session": sessions, "message": messages, "part": parts, "todo": todos}
            for id_ in sorted(projects):
                home.insert("project", id=id_, worktree="/", sandboxes="[]", time_created=1, time_updated=1)
            for table, values in tables.items():
                if values:
                    home.insert(table, *values)

    def merge(self, home: Home, other: Home) -> None:
        before = files(other)
        done = home.run("merge", other.database, "--yes")
        assert done.code in {0, 3}, done.stderr  # 3: nothing in it
        assert files(other) == before


def root_of(made: list[Conversation], number: int) -> int:
    """The place of the topmost session of a tree."""
    parent = made[number].parent
    return number if parent is None else root_of(made, parent)


def files(home: Home) -> dict[str, tuple[bytes, int]]:
    """Everything beside a database, with its content and when it was written."""
    beside = home.database.parent
    return {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in beside.iterdir() if file.is_file()}


def contents(home: Home) -> dict[str, list[str]]:
    """The messages of each session."""
    found: dict[str, list[str]] = {id_: [] for (id_,) in home.query("SELECT id FROM session")}
    for session, message in home.query("SELECT session_id, id FROM message ORDER BY id"):
        found[session].append(message)
    return found


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return Pair(tmp_path_factory.mktemp("pair-").resolve())


@examples(20)
@given(conversations())
def test_to_merge_twice_is_to_merge_once(pair: Pair, made: list[Conversation]) -> None:
    pair.fill(made)
    pair.merge(pair.one, pair.other)
    once = rows(pair.one)
    pair.merge(pair.one, pair.other)
    assert rows(pair.one) == once


@pytest.mark.long
@examples(60)
@given(conversations())
def test_into_an_empty_database_and_back_is_identity(pair: Pair, made: list[Conversation]) -> None:
    pair.fill([session._replace(one=None) for session in made])
    before = rows(pair.other)
    pair.merge(pair.one, pair.other)
    for table in ("session", "message", "part", "todo"):
        assert rows(pair.one)[table] == before[table], table
    pair.merge(pair.other, pair.one)
    assert rows(pair.other) == before
    pair.other.empty()
    pair.merge(pair.other, pair.one)
    for table in ("session", "message", "part", "todo"):
        assert rows(pair.other)[table] == before[table], table


@pytest.mark.long
@examples(60)
@given(conversations())
def test_both_ways_hold_the_same_sessions(pair: Pair, made: list[Conversation]) -> None:
    """Of each the longer one; where one of a tree parted, each database keeps the tree that it has."""
    pair.fill(made)
    alone = contents(pair.one), contents(pair.other)
    pair.merge(pair.one, pair.other)
    there = contents(pair.one)
    pair.fill(made)
    pair.merge(pair.other, pair.one)
    back = contents(pair.other)
    parted = {root_of(made, number) for number, session in enumerate(made) if session.parted}
    for number in range(len(made)):
        id_ = f"ses_{number:04}"
        sides = [side.get(id_) for side in alone]
        if root_of(made, number) in parted:
            assert [there.get(id_), back.get(id_)] == sides
        else:
            longer = max((side for side in sides if side is not None), key=len, default=None)
            assert there.get(id_) == back.get(id_) == longer


@pytest.mark.long
@examples(60)
@example([Conversation("shop", None, 0, 1, False), Conversation("shop", 0, 0, None, False)])
@given(conversations())
def test_undo_leaves_every_row_as_it_was(pair: Pair, made: list[Conversation]) -> None:
    pair.fill(made)
    before = rows(pair.one)
    done = pair.one.run("merge", pair.other.database, "--yes", "--json")
    if done.code == 0 and done.json["run"]:
        assert pair.one.run("undo", "--yes").code == 0
    assert rows(pair.one) == before
