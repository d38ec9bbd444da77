"""What must hold of any two databases, whichever comes into the other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from migrator.places import Places, ProjectIdScheme
from tests.support.git import repository
from tests.support.home import Home, build_home
from tests.support.rows import Pristine, rows
from tests.support.strategies import examples
from tests.support.turn_states import Json, row_of, states

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.turn_states import State

FOLDERS = ("shop", "shop/sub", "store", "plain")
BORN = 1_760_000_000_000
MESSAGES = 3
TURN = len(states(""))


class Conversation(NamedTuple):
    """A session in a folder, and how far each database has it: None where it hasn't the session.

    That is so many messages, and then so many states of a turn. `parted` tells that the last message, or the turn, is
    another one on each side. `parent` is its place in the list.
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
    lengths = st.none() | st.integers(0, MESSAGES) | st.integers(MESSAGES + 1, MESSAGES + TURN)
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
            sessions, todos, messages, parts = ([], [], list[Json](), list[Json]())
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
                for key, data in said(number, session, which).items():
                    began = BORN + 1000 * ("t_" in key[1])  # the turn comes after all messages
                    row = row_of(f"ses_{number:04}", key, data, began) | {"time_updated": time}
                    (messages if key[0] == "message" else parts).append(row)
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


def said(number: int, session: Conversation, which: str) -> State:
    """What a database has of a conversation."""
    far = getattr(session, which)
    mark = which if session.parted else ""
    found: State = {}
    for index in range(min(far, MESSAGES)):
        id_ = f"msg_{number:04}{mark * (index == far - 1)}_{index}"
        found["message", id_] = {"role": "user"}
        found["part", f"{id_}_a"] = {"type": "text", "text": id_}
    if far > MESSAGES:
        found |= states(f"{number:04}{mark}t", files=())[far - MESSAGES - 1]
    if which == "other" and number % 2:  # says the same in other bytes
        found = {key: dict(reversed(data.items())) for key, data in found.items()}
    return found


def root_of(made: list[Conversation], number: int) -> int:
    """The place of the topmost session of a tree."""
    parent = made[number].parent
    return number if parent is None else root_of(made, parent)


def files(home: Home) -> dict[str, tuple[bytes, int]]:
    """Everything beside a database, with its content and when it was written."""
    beside = home.database.parent
    return {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in beside.iterdir() if file.is_file()}


def contents(home: Home) -> dict[str, State]:
    """What each session says."""
    found: dict[str, State] = {id_: {} for (id_,) in home.query("SELECT id FROM session")}
    for table in ("message", "part"):
        for session, id_, data in home.query(f"SELECT session_id, id, data FROM {table}"):
            found[session][table, id_] = json.loads(data)
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
        id_, session = f"ses_{number:04}", made[number]
        sides = [side.get(id_) for side in alone]
        if root_of(made, number) in parted:
            assert [there.get(id_), back.get(id_)] == sides
        else:
            far = [-1 if each is None else each for each in (session.one, session.other)]
            assert there.get(id_) == back.get(id_) == sides[far.index(max(far))]


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
