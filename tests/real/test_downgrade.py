"""After opencode 2 has upgraded a database and we have moved in it, opencode 1 finds everything in place.

Opencode 2 can't be run here: the upgrade is done as its source does it. What is asked is the real opencode 1. 1.18.34
takes such a database as its own: it lists, opens, continues and undoes, makes new sessions (which opencode 2 never
gets), and changes nothing else in it but `project.time_updated`; that `session_message` and `workspace` are other
tables by now it doesn't notice. `event_sequence` it shares with opencode 2, and goes on counting there.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from migrator.places import Places, ProjectIdScheme
from tests.support.home import Home
from tests.support.opencode.binary import MAIN
from tests.support.opencode.fake_model import order
from tests.support.opencode.lab import IN_A, ROOTS_IN_A
from tests.support.opencode.migrator_command import answer
from tests.support.opencode_2_database import upgrade

if TYPE_CHECKING:
    from tests.real.conftest import FreshLab
    from tests.support.opencode.lab import Lab

pytestmark = pytest.mark.long

LATE = "archived"
"""A session that opencode 2 never imported."""


@pytest.fixture
def lab(fresh_lab: FreshLab) -> Lab:
    """The data set of opencode 1, upgraded."""
    lab = fresh_lab(MAIN)
    upgrade(Home(lab.opencode.home))
    with closing(sqlite3.connect(lab.opencode.database)) as database, database:
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("DELETE FROM session_v2 WHERE id = ?", [lab.sessions[LATE]])
    return lab


@pytest.mark.parametrize(("destination", "path", "already"), [("B", "sub/deep", "in b"), ("plain", "", "in plain")])
def test_opencode_1_lists_opens_continues_and_undoes_what_was_moved(
    lab: Lab, destination: str, path: str, already: str
) -> None:
    """Outside any repository the two opencodes don't agree on a session's project, and each has its own row."""
    opencode, directory = lab.opencode, lab.repos / destination
    main, deep = lab.sessions["main"], directory / path
    with opencode.serve(lab.a):
        before = {name: opencode.conversation(lab.sessions[name]) for name in IN_A}

    run = answer(opencode, "move", "--from-dir", lab.a, "--to-dir", directory, "--yes", cwd=lab.a)

    assert (run["status"], run["sessions"]) == ("applied", len(IN_A))
    place = Places(ProjectIdScheme.V2).find(str(directory))
    with closing(sqlite3.connect(opencode.database)) as database:
        rows = database.execute("SELECT project_id, directory, path FROM session_v2 WHERE id = ?", [main]).fetchall()
        assert rows == [(place.project_id, str(directory), "")], "where opencode 2 looks"
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert set(opencode.listed(directory)) == lab.ids(*ROOTS_IN_A, already)
    files = lab.files()
    with opencode.serve(directory):
        top = "" if place.vcs else str(directory)[1:]
        at_the_top = lab.ids(*IN_A, already) - (lab.ids("deep") if path else set())
        assert opencode.listed_in(directory) == at_the_top
        assert opencode.listed_in(deep) >= lab.ids("deep")
        assert opencode.listed_under(directory, top) >= lab.ids(*IN_A)
        assert opencode.listed_in(lab.a) == set()
        assert opencode.children(lab.sessions["parent"]) == lab.ids("task child", "child")
        for name, conversation in before.items():
            now = opencode.conversation(lab.sessions[name])
            assert [message["info"]["id"] for message in now] == [message["info"]["id"] for message in conversation]
        opencode.revert(main, opencode.turns(main)[0], directory)
        opencode.unrevert(main, directory)
        assert lab.files() == files, "an undo of a turn from before touches no file anywhere"
        for session in (main, lab.sessions[LATE]):
            opencode.prompt(session, order("bash", command=f"pwd > {session}.txt", description="say where"), directory)
            assert (directory / f"{session}.txt").read_text() == f"{directory}\n"
