"""Sessions of another home come into this one: the real opencode lists, opens, continues and exports them here.

The other home is another user's: other paths, and a database of another release channel.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import git, repository
from tests.support.opencode.binary import MAIN
from tests.support.opencode.database import all_rows
from tests.support.opencode.fake_model import order
from tests.support.opencode.lab import IN_A, ROOTS_IN_A, Lab, writes
from tests.support.opencode.migrator_command import answer, run_migrator, undo
from tests.support.opencode.readers import ALL, CHILD, Spot, seen_by
from tests.support.opencode.undo_lab import files, undo_and_redo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.real.conftest import FreshLab, FreshUndoLab, Install
    from tests.support.opencode.opencode_1 import OpenCode

pytestmark = pytest.mark.long

CHILDREN = {"task child", "child", "grandchild"}
FOLDERS = {"in worktree": "A-wt", "in b": "B", "in plain": "plain", "deep": "A/sub/deep"}


@dataclass(frozen=True)
class TwoHomes:
    """The data set in one home, and an opencode in another that has the same repositories in another place."""

    there: Lab
    here: OpenCode
    repos: Path
    """Where the repositories are here."""
    other: Path
    """The other home's database."""

    def spots(self) -> list[Spot]:
        """Where each session must be seen here, and by whom."""
        return [
            Spot(id_, where, self._path(name), CHILD if name in CHILDREN else ALL)
            for name, id_ in self.there.sessions.items()
            for where in [self.folder(name)]
        ]

    def folder(self, name: str) -> Path:
        return self.repos / FOLDERS.get(name, "A")

    def _path(self, name: str) -> str:
        return {"deep": "sub/deep", "in plain": str(self.repos / "plain")[1:]}.get(name, "")

    def merge(self, *more: str | Path) -> Any:
        words = ("merge", self.other, "--map", f"{self.there.repos}={self.repos}", *more, "--yes")
        return answer(self.here, *words, cwd=self.repos)

    def mapped(self, value: Any) -> Any:
        """A document with the paths of the other home as they are here."""
        # Without its first slash it is the path of a session outside any repository.
        text = json.dumps(value).replace(str(self.there.repos)[1:], str(self.repos)[1:])
        return json.loads(text.replace(str(self.there.opencode.data), str(self.here.data)))


def everything(top: Path) -> dict[str, bytes]:
    """Every file below a directory with its content."""
    return {str(file.relative_to(top)): file.read_bytes() for file in top.rglob("*") if file.is_file()}


def checkouts(here: Path, there: Path) -> None:
    """Clone every repository; what the sessions did there isn't committed, so it isn't in the clones."""
    here.mkdir(parents=True)
    for name in ("A", "B"):
        git(here, "clone", "--quiet", str(there / name), name)
        git(here / name, "remote", "remove", "origin")
    git(here / "B", "remote", "add", "origin", "https://example.com/acme/b.git")
    git(here / "A", "worktree", "add", "--quiet", "--detach", "../A-wt")
    (here / "plain").mkdir()


@pytest.fixture
def homes(fresh_lab: FreshLab, install: Install, tmp_path: Path) -> TwoHomes:
    """Two homes; the one here has a session of its own in A."""
    there = fresh_lab(MAIN)
    repos = tmp_path / "work"
    checkouts(repos, there.repos)
    here = install(tmp_path / "home", MAIN)
    with here.serve(repos / "A"):
        own = here.new_session("own", repos / "A")
        here.prompt(own, writes("own.txt", "own\n"), repos / "A")
    database = there.opencode.database
    other = database.with_name("opencode-dev.db")
    for suffix in ("", "-wal", "-shm"):
        if (file := database.with_name(database.name + suffix)).exists():
            file.rename(other.with_name(other.name + suffix))
    return TwoHomes(there, here, repos, other)


@pytest.fixture
def exported(fresh_lab: FreshLab) -> dict[str, Any]:
    """What `opencode export` says of each session before."""
    lab = fresh_lab(MAIN)
    return {name: lab.opencode.exported(id_, lab.repos) for name, id_ in lab.sessions.items()}


def without_file_undo(document: Any) -> Any:
    """An export without what a detached turn loses, and without whether it is in a workspace."""
    copy = json.loads(json.dumps(document))
    for message in copy["messages"]:
        for part in message["parts"]:
            if part["type"] == "patch":
                part["files"] = []
    if revert := copy["info"].get("revert"):
        copy["info"]["revert"] = {"messageID": revert["messageID"]}
    return copy


def test_each_session_is_seen_opened_and_continued_here_and_its_export_is_the_same(
    exported: dict[str, Any], homes: TwoHomes
) -> None:
    before = everything(homes.there.opencode.home), homes.there.files()
    run = homes.merge()
    assert (run["status"], run["sessions"]) == ("applied", len(homes.there.sessions))
    for name, id_ in homes.there.sessions.items():
        found = homes.here.exported(id_, homes.repos)
        # What a message says of where it was made is history, in whatever home.
        assert homes.mapped(without_file_undo(found)) == homes.mapped(without_file_undo(exported[name])), name
    with homes.here.serve(homes.repos / "A"):
        assert set(homes.here.listed_in(homes.repos / "A")) >= homes.there.ids(*IN_A) - homes.there.ids("deep")
        tree = {"parent": {"task child", "child"}, "child": {"grandchild"}}
        for parent, children in tree.items():
            assert homes.here.children(homes.there.sessions[parent]) == homes.there.ids(*children)
        for spot in homes.spots():
            assert seen_by(homes.here, spot) == spot.readers, spot
    assert homes.there.ids(*ROOTS_IN_A) <= set(homes.here.listed(homes.repos / "A"))
    assert (everything(homes.there.opencode.home), homes.there.files()) == before


def test_undo_and_redo_of_earlier_turns_touch_no_file_of_either_home(homes: TwoHomes) -> None:
    homes.merge()
    before = homes.there.files(), files(homes.repos)
    with homes.here.serve(homes.repos / "A"):
        for name, id_ in homes.there.sessions.items():
            if name != "reverted":
                homes.here.revert(id_, homes.here.turns(id_)[0], homes.folder(name))
                assert (homes.there.files(), files(homes.repos)) == before, name
            homes.here.unrevert(id_, homes.folder(name))
            assert (homes.there.files(), files(homes.repos)) == before, name


def test_undo_leaves_the_database_and_the_data_directory_as_they_were(homes: TwoHomes) -> None:
    before, kept = all_rows(homes.here.database), data_files(homes.here)
    run = homes.merge()["run"]
    assert all_rows(homes.here.database) != before
    undo(homes.here, run, cwd=homes.repos)
    assert (all_rows(homes.here.database), data_files(homes.here)) == (before, kept)
    assert homes.merge()["sessions"] == len(homes.there.sessions)


def data_files(opencode: OpenCode) -> dict[str, bytes]:
    """What is in the data directory beside the database, but for snapshots, of which objects do no harm."""
    found = everything(opencode.data)
    return {name: found[name] for name in found if not name.startswith(("opencode", "snapshot/", "log/"))}


def test_control_by_hand_an_undo_deletes_the_files_of_the_other_home(homes: TwoHomes) -> None:
    """What people do: ATTACH, INSERT, and set the directory."""
    there = homes.there
    with closing(sqlite3.connect(homes.here.database)) as database, database:
        database.execute("ATTACH ? AS other", [str(homes.other)])
        for table in ("project", "session", "message", "part"):
            database.execute(f"INSERT OR IGNORE INTO {table} SELECT * FROM other.{table}")
        database.execute(
            "UPDATE session SET directory = replace(directory, ?, ?)", [str(there.repos), str(homes.repos)]
        )
    main, before = there.sessions["main"], there.files()
    with homes.here.serve(homes.repos / "A"):
        homes.here.revert(main, homes.here.turns(main)[0], homes.repos / "A")
    assert before.keys() - there.files().keys() == {"A/new.txt", "A/file0.txt", "A/where.txt"}


# -------------------------------------------------------------------------------------------- what lies beside it


@pytest.fixture
def with_outputs(homes: TwoHomes) -> Iterator[tuple[TwoHomes, str]]:
    """A session there with an output that was too long for its row, and with a turn that is undone."""
    there = homes.there.opencode
    homes.other.rename(there.database)
    with there.serve(homes.there.a):
        session = there.new_session("long output", homes.there.a)
        there.prompt(session, order("bash", command="seq 1 5000", description="count"), homes.there.a)
        there.prompt(session, writes("undone.txt", "undone\n"), homes.there.a)
        there.revert(session, there.turns(session)[1], homes.there.a)
    for suffix in ("", "-wal", "-shm"):
        if (file := there.database.with_name(there.database.name + suffix)).exists():
            file.rename(homes.other.with_name(homes.other.name + suffix))
    yield homes, session
    shutil.rmtree(there.data / "tool-output")


def test_a_long_output_can_be_read_here(with_outputs: tuple[TwoHomes, str]) -> None:
    homes, session = with_outputs
    homes.merge("--from-id", session)
    (kept,) = (homes.there.opencode.data / "tool-output").glob("tool_*")
    mine = homes.here.data / "tool-output" / kept.name
    assert mine.read_bytes() == kept.read_bytes()
    assert mine.stat().st_mtime_ns == kept.stat().st_mtime_ns
    with homes.here.serve(homes.repos / "A"):
        text = json.dumps(homes.here.conversation(session))
        assert str(mine) in text
        assert str(kept) not in text
        homes.here.unrevert(session, homes.repos / "A")
        homes.here.prompt(session, order("read", filePath=str(mine)), homes.repos / "A")
        tools = [part for m in homes.here.conversation(session) for part in m["parts"] if part["type"] == "tool"]
        assert "4999" in tools[-1]["state"]["output"] or "1\n" in tools[-1]["state"]["output"]


def test_the_changes_of_a_session_that_older_versions_show_come_along(with_outputs: tuple[TwoHomes, str]) -> None:
    homes, session = with_outputs
    name = f"storage/session_diff/{session}.json"
    run = homes.merge("--from-id", session)
    assert (homes.here.data / name).read_bytes() == (homes.there.opencode.data / name).read_bytes()
    undo(homes.here, run["run"], cwd=homes.repos)
    assert not (homes.here.data / name).exists()


# --------------------------------------------------------------------------------------------------- file undo


def test_file_undo_comes_along_to_a_clone_that_has_the_same_files(
    fresh_undo_lab: FreshUndoLab, install: Install, tmp_path: Path
) -> None:
    """Undo and redo do in the clone what they did in the checkout of the other home, which they don't touch."""
    there = fresh_undo_lab(MAIN)
    here = install(tmp_path / "home", MAIN)
    clone = tmp_path / "work/clone"
    git(tmp_path, "clone", "--quiet", str(there.source), str(clone))
    git(clone, "remote", "remove", "origin")
    with here.serve(clone):
        here.call("GET", "/session", directory=clone)
    untouched = files(there.source)
    words = ("merge", there.opencode.database, "--map", f"{there.source}={clone}")
    plan = answer(here, *words, "--dry-run", cwd=clone)
    assert [change["undo"] for change in plan["changes"]] == ["carry"]
    assert run_migrator(here, *words, "--yes", cwd=clone).returncode == 0
    assert undo_and_redo(here, there.session, clone) == there.expected
    assert files(there.source) == untouched


# ---------------------------------------------------------------------------------- copied in the middle of a turn


@dataclass(frozen=True)
class Copied:
    """A session that went on in the other home after its database had been copied here in the middle of a turn."""

    here: OpenCode
    there: OpenCode
    repos: Path
    session: str


def _wait_until_it_prints(opencode: OpenCode) -> None:
    running = "SELECT 1 FROM part WHERE json_extract(data, '$.state.metadata.output') LIKE '%begun%'"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with closing(sqlite3.connect(f"file:{opencode.database}?mode=ro", uri=True)) as database:
            if database.execute(running).fetchone():
                return
        time.sleep(0.05)
    raise AssertionError("the tool never printed anything")


@pytest.fixture
def copied_mid_turn(install: Install, tmp_path: Path) -> Copied:
    """Here is a copy from the moment at which a tool had printed its first line; both homes have the same folders."""
    there, here = install(tmp_path / "there", MAIN), install(tmp_path / "here", MAIN)
    repo = repository(tmp_path / "repo")
    go_on = tmp_path / "go on"
    waits = f"echo begun; until [ -e '{go_on}' ]; do sleep 0.1; done; echo ended"
    text = order("bash", command=waits, description="wait") + writes("made.txt", "made\n")
    with here.serve(repo):
        here.call("GET", "/session", directory=repo)
    with there.serve(repo):
        session = there.new_session("cut off", repo)
        first = there.prompt(session, writes("first.txt", "first\n"), repo)
        turn = Thread(target=there.prompt, args=(session, text, repo))
        turn.start()
        _wait_until_it_prints(there)
        with (
            closing(sqlite3.connect(f"file:{there.database}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(here.database)) as copy,
        ):
            source.backup(copy)
        go_on.touch()
        turn.join()
        assert there.turns(session)[0] == first
    return Copied(here, there, repo, session)


def test_a_session_that_was_copied_in_the_middle_of_a_turn_goes_on(copied_mid_turn: Copied) -> None:
    """It gets the end of that turn, is listed, opened, continued, exported the same; an undo touches no file."""
    made = copied_mid_turn
    here, repo, session = made.here, made.repos, made.session
    before, expected = all_rows(here.database), made.there.exported(session, repo)
    plan = answer(here, "merge", made.there.database, "--dry-run", cwd=repo)
    assert [(m["session"], m["verdict"]) for m in plan["merge"]["sessions"]] == [(session, "longer")]
    run = answer(here, "merge", made.there.database, "--yes", cwd=repo)
    assert (run["sessions"], run["verified"]) == (1, 1)
    assert answer(here, "merge", made.there.database, "--yes", cwd=repo)["status"] == "unchanged"
    undo(here, run["run"], cwd=repo)
    assert all_rows(here.database) == before
    answer(here, "redo", "--yes", cwd=repo)
    # What was here already keeps its file undo; what came is detached.
    assert without_file_undo(here.exported(session, repo)) == without_file_undo(expected)
    with here.serve(repo):
        assert session in here.listed_in(repo)
        states = [p["state"] for m in here.conversation(session) for p in m["parts"] if p["type"] == "tool"]
        assert [state["status"] for state in states] == ["completed"] * 3
        assert "ended" in states[1]["output"]
        here.prompt(session, writes("again.txt", "again\n"), repo)
        assert (repo / "again.txt").read_text() == "again\n"
        seen = files(repo)
        here.revert(session, here.turns(session)[1], repo)
        assert files(repo).keys() == seen.keys() - {"again.txt"}
        here.unrevert(session, repo)
        assert files(repo) == seen


def test_control_a_turn_that_was_cut_off_stays_cut_off_without_a_merge(copied_mid_turn: Copied) -> None:
    made = copied_mid_turn
    with made.here.serve(made.repos):
        parts = [p for m in made.here.conversation(made.session) for p in m["parts"] if p["type"] == "tool"]
        assert [part["state"]["status"] for part in parts] == ["completed", "running"]
