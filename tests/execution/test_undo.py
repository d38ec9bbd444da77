"""Taking back: undo after a move is as if nothing had been; what happened since is neither lost nor a hazard."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from migrator.arguments import MoveRequest, SelectRequest, WriteRequest
from migrator.errors import MigratorError, StalePlan
from migrator.execution.run_log import open_run
from migrator.model import Plan, RunStatus
from migrator.operations.apply import apply_plan
from migrator.operations.context import CommandContext
from migrator.operations.log import list_runs
from migrator.operations.move import plan_move
from migrator.operations.redo import find_run_to_redo
from migrator.operations.undo import find_run_to_undo, undo_run
from tests.support.git import root_commit
from tests.support.opencode_2_database import DIALECTS, add_turn, dialect_home, queue_move
from tests.support.rows import (
    MARKER,
    Pristine,
    add_child,
    add_patch,
    copy_session,
    directories,
    patch_files,
    rows,
    session_titled,
)
from tests.support.strategies import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.choices import Subdirs
    from tests.support.home import Home

DESTINATIONS = ("shop", "shop/sub", "other", "plain", "keep")
SEARCH = ("--from-dir", "~/src/shop-search")

# ------------------------------------------------------------------------------------------------ the law, in-process


class Move(NamedTuple):
    """Of the sessions in the order of their ids, those at `chosen` go to a destination, `chunk` at a time."""

    chosen: frozenset[int]
    to_dir: str
    subdirs: Subdirs
    chunk: int


class Mess(NamedTuple):
    """What some of the sessions are like before anything is moved."""

    patched: frozenset[int]
    reverted: frozenset[int]
    pathless: frozenset[int]
    in_a_workspace: frozenset[int]
    without_project: frozenset[int]


walks = st.lists(st.sampled_from(["undo", "redo"]), min_size=2, max_size=5)
somebody = st.frozensets(st.integers(0, 17), max_size=6)
moves = st.builds(
    Move,
    st.frozensets(st.integers(0, 17), min_size=1, max_size=18),
    st.sampled_from(DESTINATIONS),
    st.sampled_from(["nearest", "flatten"]),
    st.integers(1, 7),
)
messes = st.builds(Mess, somebody, somebody, somebody, somebody, somebody)


@pytest.fixture(scope="module", params=DIALECTS)
def pristine(request: pytest.FixtureRequest) -> Iterator[Pristine]:
    """A home in which our own process lives for a while: it is too slow to start one for each example."""
    with TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        home = dialect_home(Path(directory).resolve() / "home", "real-1.18.34", request.param)
        home.repository("shop", "sub/deep")
        home.repository("other")
        for place in ("plain", "shop-search/sub/deep", "shop-checkout", "shop-api", "notes"):
            (home.src / place).mkdir(parents=True)
        for name in [name for name in os.environ if name.startswith(("XDG_", "GIT_"))]:
            patch.delenv(name)
        patch.setenv("HOME", str(home.path))
        yield Pristine(home)


def planned(home: Home, move: Move) -> Plan:
    ids = sorted(directories(home))
    to_dir = move.to_dir if move.to_dir == "keep" else str(home.src / move.to_dir)
    with CommandContext(home.database) as context:
        return plan_move(
            context,
            MoveRequest(SelectRequest({"from_id": tuple(ids[i] for i in move.chosen)}), to_dir, subdirs=move.subdirs),
        )


def make(home: Home, mess: Mess) -> None:
    ids = sorted(directories(home))
    tables = [table for table in ("session", "session_v2") if table in home.tables()]
    if "session" in tables:
        for number in mess.patched:
            add_patch(home, ids[number], "/x/a", "/x/b", id_=f"prt_{number}")
    if "session_v2" in tables:
        make_of_2(home, ids, mess)
    for column, value, some in (
        ("revert", MARKER, mess.reverted),
        ("path", None, mess.pathless),
        ("workspace_id", "wrk_1", mess.in_a_workspace),
        ("project_id", "prj_gone", mess.without_project),
    ):
        some_ids = json.dumps([ids[number] for number in some])
        for table in tables:
            home.execute(
                f"UPDATE {table} SET {column} = ? WHERE id IN (SELECT value FROM json_each(?))", [value, some_ids]
            )


def make_of_2(home: Home, ids: list[str], mess: Mess) -> None:
    """Let opencode 2 have more of the same sessions: queued moves, turns, no number, a row of 1 that is elsewhere."""
    for number in mess.patched:
        add_turn(home, ids[number], "a", "b")
    for number in mess.reverted:
        queue_move(home, ids[number], "/somewhere")
    for number in mess.pathless:
        home.execute("DELETE FROM event_sequence WHERE aggregate_id = ?", [ids[number]])
    if "session" in home.tables():
        for number in mess.in_a_workspace - mess.without_project:
            home.execute("UPDATE session SET directory = '/elsewhere' WHERE id = ?", [ids[number]])
        for number in mess.without_project:
            home.execute("DELETE FROM session_v2 WHERE id = ?", [ids[number]])


@examples(30)
@given(mess=messes, steps=st.lists(moves, min_size=1, max_size=3), chunk=st.integers(1, 7))
def test_law_undo_after_a_move_is_identity(pristine: Pristine, mess: Mess, steps: list[Move], chunk: int) -> None:
    """Of any sequence of moves, taken back in turn and then brought about again in turn, each state comes back."""
    pristine.restore()
    home, options = pristine.home, WriteRequest(chunk_size=chunk)
    make(home, mess)
    states, runs = [rows(home)], []
    for step in steps:
        run = apply_plan(planned(home, step), home.database, WriteRequest(chunk_size=step.chunk))
        if run.id is not None:
            states.append(rows(home))
            runs.append(run.id)
        assert not planned(home, step).changes
    undoes = []
    for run_id, state in zip(reversed(runs), states[-2::-1], strict=True):
        undoes.append(undo_run(home.database, run_id, options).id)
        assert rows(home) == state
    for undo_id, state in zip(reversed(undoes), states[1:], strict=True):
        assert undo_id is not None
        assert undo_run(home.database, undo_id, options).status is RunStatus.APPLIED
        assert rows(home) == state


EVERYBODY = frozenset(range(18))
THERE_AND_BACK = [
    (
        [Move(EVERYBODY, "shop", "flatten", 7), Move(EVERYBODY, "other", "flatten", 7)],
        ["undo", "undo", "redo", "redo", "redo", "undo", "undo", "redo"],
    ),
    ([Move(EVERYBODY, "plain", "flatten", 7)], ["redo", "undo", "redo", "redo"]),
]


@examples(10)
@example(mess=Mess(*[frozenset()] * 5), parts=THERE_AND_BACK)
@given(mess=messes, parts=st.lists(st.tuples(st.lists(moves, min_size=1, max_size=2), walks), min_size=1, max_size=2))
def test_law_undo_and_redo_walk_through_the_states_as_in_an_editor(
    pristine: Pristine, mess: Mess, parts: list[tuple[list[Move], list[str]]]
) -> None:
    """Each state comes back row for row, and where there is none to come back to, both say so and do nothing."""
    steps = [step for part in parts for step in (*part[0], *part[1])]
    pristine.restore()
    home = pristine.home
    make(home, mess)
    states, at = [rows(home)], 0
    for step in steps:
        if isinstance(step, Move):
            if apply_plan(planned(home, step), home.database, WriteRequest(chunk_size=step.chunk)).id is not None:
                states[at + 1 :] = [rows(home)]
                at += 1
        else:
            to = at - 1 if step == "undo" else at + 1
            find = find_run_to_redo if step == "redo" else partial(find_run_to_undo, None)
            if to not in range(len(states)):
                with pytest.raises(MigratorError, match=f"to {'redo' if step == 'redo' else 'take back'}"):
                    find(home.database)
                continue
            entry, path, _ = find(home.database)
            done = undo_run(path, entry.id, WriteRequest())
            assert (done.undoes, done.redoes is not None) == (entry.id, step == "redo")
            at = to
        assert rows(home) == states[at]


class Touch(NamedTuple):
    """Somebody else lets a session be elsewhere."""

    number: int


class UndoOf(NamedTuple):
    """The run with this number, as `log` lists those that are not taken back, is taken back by its id."""

    number: int


ALL_TO_SHOP = Move(EVERYBODY, "shop", "flatten", 7)
detours = st.one_of(
    st.sampled_from(["undo", "redo"]),
    st.builds(Touch, st.integers(0, 17)),
    st.builds(UndoOf, st.integers(0, 5)),
)


@examples(10)
@example(first=ALL_TO_SHOP, steps=["undo", Touch(3), "redo", "undo", "redo", "undo"])
@example(first=ALL_TO_SHOP, steps=[Touch(3), "undo", "redo", "undo", "redo", UndoOf(1), "redo", UndoOf(0)])
@example(first=ALL_TO_SHOP, steps=[Touch(0), Move(frozenset([0]), "keep", "nearest", 1)])
@given(first=moves, steps=st.lists(st.one_of(moves, detours, detours), min_size=2, max_size=7))
def test_law_a_run_is_undone_as_soon_as_no_session_is_where_it_moved_it(
    pristine: Pristine, first: Move, steps: list[Move | Touch | UndoOf | str]
) -> None:
    """Also with conflicts that are skipped: who moved a session last is told by the rows, run by run."""
    pristine.restore()
    home, skip = pristine.home, WriteRequest(on_conflict="skip")
    ids = sorted(directories(home))
    undoes: dict[str, str | None] = {}
    sessions: dict[str, frozenset[str]] = {}

    def chain(run: str | None) -> list[str]:
        return [run, *chain(undoes[run])] if run else []

    def is_undone(run: str) -> bool:
        """Of its family, runs of the other kind have moved each of its sessions since."""
        family = [other for other in undoes if chain(other)[-1] == chain(run)[-1]]
        moved_by = {session: other for other in family for session in sessions[other]}
        holders = {holder for session in sessions[run] if run in chain(holder := moved_by[session])}
        return all((len(chain(run)) - len(chain(holder))) % 2 for holder in holders)

    for step in [first, *steps]:
        before = rows(home)
        if isinstance(step, Touch):
            away = home.src / "away" / str(len(undoes))  # which exists: a move to "keep" refuses what doesn't
            away.mkdir(parents=True, exist_ok=True)
            for table in {"session", "session_v2"} & {*home.tables()}:
                home.execute(f"UPDATE {table} SET directory = ? WHERE id = ?", [str(away), ids[step.number]])
            continue
        if isinstance(step, Move):
            done = apply_plan(planned(home, step), home.database, WriteRequest(chunk_size=step.chunk))
        else:
            try:
                wanted = [run.id for run in list_runs(home.database) if run.undone_by is None]
                named = wanted[step.number % len(wanted)] if isinstance(step, UndoOf) and wanted else None
                find = find_run_to_redo if step == "redo" else partial(find_run_to_undo, named)
                found = find(home.database)
            except MigratorError as error:
                assert "nothing to redo" in str(error) or "no run" in str(error)  # noqa: PT017 - it may be found
                continue
            done = undo_run(found.path, found.entry.id, skip)
        if done.id is None:
            assert rows(home) == before
            continue
        undoes[done.id] = done.undoes
        with open_run(done.id) as journal:
            sessions[done.id] = journal.session_ids()
        logged = {run.id: run.undone_by for run in list_runs(home.database)}
        assert {run for run, by in logged.items() if by} == {run for run in undoes if is_undone(run)}
        assert done.id not in {run for run, by in logged.items() if by}


@examples(10)
@given(mess=messes, move=moves)
def test_law_a_plan_applied_twice_changes_nothing_the_second_time(pristine: Pristine, mess: Mess, move: Move) -> None:
    pristine.restore()
    home = pristine.home
    make(home, mess)
    plan = planned(home, move)
    apply_plan(plan, home.database, WriteRequest(chunk_size=move.chunk))
    after = rows(home)
    if plan.changes:
        with pytest.raises(StalePlan) as stale:
            apply_plan(plan, home.database, WriteRequest())
        assert set(stale.value.rows) == {change.session for change in plan.changes}
    assert apply_plan(planned(home, move), home.database, WriteRequest()).status is RunStatus.UNCHANGED
    assert rows(home) == after


# --------------------------------------------------------------------------------------- what has happened since then


@pytest.fixture
def shop(home: Home) -> Path:
    """All of shop-search was moved to this repository."""
    repository = home.repository("shop", "sub/deep")
    assert home.run("move", *SEARCH, "--to-dir", repository, "--yes").code == 0
    return repository


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE session SET directory = directory || '/sub', path = 'sub' WHERE id = ?",
        'UPDATE session SET revert = \'{"messageID":"msg_2"}\' WHERE id = ?',
        "UPDATE part SET data = json_set(data, '$.files[0]', 'x') WHERE data GLOB '*\"patch\"*' AND session_id = ?",
        "DELETE FROM session WHERE id = ?",
    ],
)
def test_undo_refuses_what_has_changed_since_and_names_it(home: Home, shop: Path, change: str) -> None:
    session = session_titled(home, "Try a trigram index")
    home.execute(change, [session])
    before = home.everything()
    done = home.run("undo", "--yes")
    assert done.code == 5
    assert session in done.stderr
    assert home.everything() == before
    assert str(shop) in directories(home).values()


def test_a_session_that_is_back_already_is_said_to_be(home: Home, shop: Path) -> None:
    session = session_titled(home, "Summarise the README")
    before = home.run("log", home.run("log", "--json").json[0]["run"], "--json").json["changes"]
    ((project, directory),) = {
        (each["before"]["project_id"], each["before"]["directory"]) for each in before if each["session"] == session
    }
    there = [project, directory, session]
    home.execute("UPDATE session SET project_id = ?, directory = ?, path = '' WHERE id = ?", there)
    done = home.run("undo", "--yes")
    assert done.code == 5
    assert f"{session} is back already. Nothing was written; --on-conflict skip takes back the rest." in done.stderr
    assert home.run("undo", "--yes", "--on-conflict", "skip").code == 0
    assert str(shop) not in directories(home).values()


def test_undo_skips_whole_trees_where_it_is_told_to(home: Home, shop: Path) -> None:
    grandchild, tree = (
        session_titled(home, "Read about BM25"),
        {"Rank results by freshness", "Compare ranking formulas"},
    )
    home.execute("UPDATE session SET path = 'x' WHERE id = ?", [grandchild])
    before = rows(home)
    run = home.run("undo", "--yes", "--json", "--on-conflict", "skip").json
    assert run["conflicts"] == [grandchild]
    assert [(w["code"], w["session"]) for w in run["warnings"]] == [("skipped", grandchild)]
    titles = {title for (title,) in home.query("SELECT title FROM session WHERE directory = ?", [str(shop)])}
    assert titles == tree | {"Read about BM25", "Collect sample queries (@general subagent)"}
    assert run["sessions"] == run["verified"] == 15 - len(titles)
    for title in titles:
        id_ = session_titled(home, title)
        assert rows(home)["session"][id_] == before["session"][id_]
        assert patch_files(home, id_) == []


def test_a_skipped_tree_can_be_taken_back_later(home: Home, shop: Path) -> None:
    """What was in the way is put right; then the same undo finishes the job."""
    session = session_titled(home, "Read about BM25")
    run = home.run("log", "--json").json[0]["run"]
    home.execute("UPDATE session SET path = 'x' WHERE id = ?", [session])
    assert home.run("undo", run, "--yes", "--on-conflict", "skip").code == 0
    home.execute("UPDATE session SET path = '' WHERE id = ?", [session])
    done = home.run("undo", run, "--yes")
    assert done.code == 0, done.stderr
    assert str(shop) not in directories(home).values()


def test_a_session_continued_since_goes_back_and_its_new_file_undo_is_detached(home: Home, shop: Path) -> None:
    session = session_titled(home, "Debounce the search box")
    add_patch(home, session, str(shop / "README.md"), id_="prt_since")
    home.execute("UPDATE session SET revert = ? WHERE id = ?", [MARKER, session_titled(home, "Name things better")])
    after_move = rows(home)
    assert home.run("undo", "--yes").code == 0
    assert directories(home)[session] == str(home.src / "shop-search")
    files = patch_files(home, session)
    assert len(files) == 3
    assert all(file.startswith(str(home.src / "shop-search")) for file in files)
    revert = "SELECT revert FROM session WHERE title = 'Name things better'"
    assert home.query(revert) == [('{"messageID":"msg_1"}',)]
    # And again: the run is brought about as it was, with the file undo that belongs there.
    undo = home.run("log", "--json").json[0]["run"]
    assert home.run("undo", undo, "--yes").code == 0
    assert rows(home) == after_move


def test_a_child_born_since_goes_back_with_its_tree(home: Home, shop: Path) -> None:
    child = add_child(home, session_titled(home, "Compare ranking formulas"))
    grandchild = add_child(home, child)
    add_patch(home, grandchild, str(shop / "README.md"), id_="prt_since")
    run = home.run("undo", "--yes", "--json").json
    assert {warning["session"] for warning in run["warnings"]} == {child, grandchild}
    assert run["sessions"] == run["verified"] == 17
    bound = "SELECT DISTINCT project_id, directory, path FROM session WHERE title = 'Compare ranking formulas'"
    ((_, directory, path),) = home.query(bound)  # theirs is the title of their parent, too
    assert (directory, path) == (str(home.src / "shop-search"), "")
    assert patch_files(home, grandchild) == []


def test_what_was_born_of_a_session_that_had_not_moved_stays_with_it(home: Home) -> None:
    """A child was at the destination before its root came; what is born of it belongs there after the root has left."""
    shop = home.repository("shop")
    home.run("move", "--from-dir", "~/src/notes", "--to-dir", shop, "--yes")
    settled = session_titled(home, "Compare ranking formulas")
    there = [root_commit(shop), str(shop), settled]
    home.execute("UPDATE session SET project_id = ?, directory = ?, path = '' WHERE id = ?", there)
    home.run("move", *SEARCH, "--to-dir", shop, "--yes")
    child = add_child(home, settled)
    assert home.run("undo", "--yes").code == 0
    assert directories(home)[settled] == directories(home)[child] == str(shop)


def test_messages_deleted_since_are_not_in_the_way(home: Home, shop: Path) -> None:
    session = session_titled(home, "Debounce the search box")
    ((part,),) = home.query(
        "SELECT min(id) FROM part WHERE session_id = ? AND json_extract(data, '$.type') = 'patch'", [session]
    )
    home.execute("DELETE FROM part WHERE id = ?", [part])
    done = home.run("undo", "--yes")
    assert done.code == 0, done.stderr
    assert len(patch_files(home, session)) == 2
    assert str(shop) not in directories(home).values()


def test_a_project_that_has_come_into_use_since_is_not_taken_away_with_its_sessions(home: Home, shop: Path) -> None:
    """Deleting a project row deletes its sessions."""
    copy_session(home, session_titled(home, "Name things better"), id="ses_new", time_created=1, parent_id=None)
    assert home.run("undo", "--yes").code == 0
    assert directories(home)["ses_new"] == str(shop)
    assert root_commit(shop) in rows(home)["project"]


def test_a_run_is_taken_back_once(home: Home, shop: Path) -> None:
    run = home.run("log", "--json").json[0]["run"]
    undo = home.run("undo", "--yes", "--json").json["run"]
    before = home.everything()
    done = home.run("undo", run, "--yes")
    assert done.code == 1
    assert undo in done.stderr
    assert home.run("undo", "--yes").code == 1
    assert home.everything() == before
    assert json.loads(home.run("undo", undo, "--yes", "--json").stdout)["status"] == "applied"
    assert str(shop) in directories(home).values()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_of_a_session_that_was_moved_on_it_is_said_where_it_is(tmp_path: Path, dialect: str) -> None:
    """Where both opencodes have it, its other row has changed too, and that tells nobody what happened."""
    home = dialect_home(tmp_path / "home", "real-1.18.34", dialect)
    for name in ("shop", "other"):
        home.repository(name)
    first = home.run("move", *SEARCH, "--to-dir", "src/shop", "--yes", "--json").json["run"]
    assert home.run("move", "--from-dir", "~/src/shop", "--to-dir", "src/other", "--yes").code == 0
    refused = home.run("undo", first, "--yes")
    assert refused.code == 5
    assert f"now has project_id '{root_commit(home.src / 'other')}'" in refused.stderr
    assert "has been used since" not in refused.stderr
