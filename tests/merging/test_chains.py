"""Whatever is done to several databases, one step after the other: what was said is in one of them at least."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.home import Home, build_home, checkpoint
from tests.support.merging import copied
from tests.support.rows import Pristine, add_message, add_session
from tests.support.strategies import examples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.long

DATABASES = 3
REFUSALS = {0, 1, 3, 5}
"""What a step may end with: done, refused, nothing in it, stale."""


class Step(NamedTuple):
    """What is done in one database; `other` is another one by its place, and `number` one of its runs or sessions."""

    what: str
    here: int
    other: int
    number: int


KINDS = ("merge", "merge and remove", "undo", "undo of a run", "redo", "say", "skip")
steps = st.builds(
    Step,
    st.sampled_from(KINDS),
    st.integers(0, DATABASES - 1),
    st.integers(0, DATABASES - 1),
    st.integers(0, 5),
)


class Databases:
    """One of a user's own, one of a channel beside it and one of a backup, each with a session of its own."""

    def __init__(self, path: Path) -> None:
        home = build_home(path / "home", "1.18.34")
        home.empty()
        self._home = home
        self.all: list[Home] = [
            home,
            copied(home, home.database.with_name("opencode-dev.db")),
            copied(home, home.path / ".local/backup/opencode.db"),
        ]
        for number, database in enumerate(self.all):
            root = add_session(database, f"ses_{number}", directory=str(path))
            child = add_session(database, f"ses_{number}_child", directory=str(path), parent_id=root)
            for session in (root, child):
                add_message(database, session, f"msg_{session}", role="user")
            checkpoint(database)
        self.restore = Pristine(home).restore

    def do(self, step: Step, at: int) -> None:
        here, other = self.all[step.here], self.all[step.other]
        if step.what == "say":
            sessions = [id_ for (id_,) in here.query("SELECT id FROM session ORDER BY id")]
            if sessions:
                add_message(here, sessions[step.number % len(sessions)], f"msg_z{at}", 10 + at, role="user")
            return
        done = self._home.run(*self._words(step, other), "--yes", "--db", here.database)
        assert done.code in REFUSALS | ({2} if here is other else set()), done

    def _words(self, step: Step, other: Home) -> tuple[str | Path, ...]:
        match step.what:
            case "merge" | "merge and remove":
                removing = ["--remove-from-other"] if step.what == "merge and remove" else []
                return ("merge", other.database, "--foreign", *removing)
            case "skip":
                return ("undo", "--on-conflict", "skip")
            case "undo of a run":
                runs = [run["run"] for run in self._home.run("log", "--json").json]
                return ("undo", *runs[step.number : step.number + 1])
        return (step.what,)

    def said(self) -> Iterator[set[tuple[str, str]]]:
        """What each database has: sessions, and messages of those."""
        for database in self.all:
            sessions = {("session", id_) for (id_,) in database.query("SELECT id FROM session")}
            messages = database.query("SELECT m.id FROM message m JOIN session s ON s.id = m.session_id")
            yield sessions | {("message", id_) for (id_,) in messages}


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(tmp_path_factory.mktemp("chain-").resolve())


AWAY = Step("merge and remove", 0, 1, 0)
BACK, AGAIN = Step("undo", 0, 0, 0), Step("redo", 0, 0, 0)


@examples(30)
@example([AWAY, BACK, BACK, Step("undo of a run", 0, 0, 1)])
@example([AWAY, BACK, BACK, AGAIN, AGAIN])
@example([Step("merge", 0, 1, 0), AWAY, Step("undo of a run", 0, 0, 1)])
@given(st.lists(steps, min_size=3, max_size=9))
def test_nothing_that_was_said_is_in_no_database(databases: Databases, chain: list[Step]) -> None:
    databases.restore()
    ever: set[tuple[str, str]] = set()
    for at, step in enumerate(chain):
        ever |= set().union(*databases.said())
        databases.do(step, at)
        assert ever <= set().union(*databases.said()), step
        for database in databases.all:
            torn = "SELECT id FROM session WHERE parent_id NOT IN (SELECT id FROM session)"
            assert database.query(torn) == [], step
            assert database.query("PRAGMA integrity_check") == [("ok",)]
