"""Project rows move along with their sessions: all of it or nothing, whenever the run is killed.

As with chunks, which side of the commit they are on is told by the rows alone.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING

import pytest

from migrator.errors import MigratorError
from migrator.store.writer import Writer
from tests.support.empty_home import bind_session, bound, empty_home, project_at_home, projects
from tests.support.faults import Fault, Interruptible, run
from tests.support.git import root_commit
from tests.support.rows import (
    Pristine,
    add_directory,
    add_opened_project,
    add_patch,
    add_workspace,
    query_journals,
    rows,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.faults import Steps


BEFORE_PROJECTS = Fault("kill", 1, "before BEGIN")
"""The run is written down, and nothing of it is done."""
AFTER_PROJECTS = Fault("kill", 1, "after COMMIT")
"""The project rows are written, no session is."""
AFTER_ALL = Fault("kill", 1, "before mark")
"""Everything is written, and the run isn't closed."""


class RelocatedShop(Interruptible):
    """A repository that moved, known to opencode by both of its paths, with sessions for two chunks."""

    def __init__(self, path: Path, *, sessions: bool = True) -> None:
        home = empty_home(path)
        self.old = home.repository("shop", "sub")
        self.project = root_commit(self.old)
        self.new = home.src / "store"
        add_opened_project(home, self.project, self.old, self.new, home.src / "other")
        boxes = f'[ "{self.new}", "{home.src / "other"}" ]'  # not as opencode writes it: every byte must come back
        home.execute("UPDATE project SET sandboxes = ? WHERE id = ?", [boxes, self.project])
        add_directory(home, self.project, self.old / "sub", strategy="x", time_created=7)
        add_workspace(home, "wrk_1", self.old, self.project)
        if sessions:
            for number in range(3):
                bind_session(home, f"ses_{number}", self.project, self.old / "sub", "sub", workspace_id="wrk_1")
                add_patch(home, f"ses_{number}", "/a.txt", id_=f"prt_{number}")
        self.old.rename(self.new)
        super().__init__(home, "relocate", self.old, self.new, "--yes", "--chunk-size", "2")
        self.before = rows(home)
        assert run(home, *self.words).code == 0
        self.after = rows(home)
        assert self.after != self.before
        self.pristine.restore()


@pytest.fixture
def shop(tmp_path: Path) -> RelocatedShop:
    return RelocatedShop(tmp_path / "home")


def test_what_it_is_about(shop: RelocatedShop) -> None:
    """Every kind of value is in it, and a row that goes."""
    before, after = shop.before["project"][shop.project], shop.after["project"][shop.project]
    assert (before["worktree"], after["worktree"]) == (str(shop.old), str(shop.new))
    assert after["sandboxes"] == json.dumps([str(shop.home.src / "other")], separators=(",", ":"))
    assert len(shop.before["project_directory"]) == len(shop.after["project_directory"]) + 1
    assert shop.after["workspace"]["wrk_1"]["directory"] == str(shop.new)
    unchanged = {"project", "project_directory", "workspace", "session", "part"}
    assert {table for table in shop.before if shop.before[table] != shop.after[table]} == unchanged


@pytest.mark.long
@pytest.mark.parametrize("sessions", [True, False], ids=["with sessions", "project rows alone"])
def test_killed_at_any_step_it_is_finished_or_taken_back(tmp_path: Path, sessions: bool) -> None:
    shop = RelocatedShop(tmp_path / "home", sessions=sessions)
    steps = set()
    for step in count(1):
        shop.pristine.restore()
        at = shop.kill(fault=Fault("kill", step))
        if at is None:
            break
        steps.add(at)
        if not shop.cut_off:
            assert rows(shop.home) in (shop.before, shop.after), at
            continue
        left = Pristine(shop.home, "left")
        for way, end in (("resume", shop.after), ("undo", shop.before)):
            left.restore()
            done = run(shop.home, way, "--yes")
            assert done.code == 0, (at, done.stderr)
            assert rows(shop.home) == end, (at, way)
            assert not shop.cut_off, at
    assert {f"[kill {when} {what}]" for when in ("before", "after") for what in ("remove_row", "insert_row")} < steps


@pytest.mark.long
@pytest.mark.parametrize("way", ["resume", "undo"])
def test_killed_again_while_it_is_finished_or_taken_back(shop: RelocatedShop, way: str, steps: Steps) -> None:
    shop.kill(fault=AFTER_ALL if way == "undo" else BEFORE_PROJECTS)
    left = Pristine(shop.home, "left")
    for step in steps():
        left.restore()
        at = shop.kill(way, "--yes", fault=Fault("kill", step))
        if at is None:
            break
        if shop.cut_off:
            finally_ = ("resume", "undo")[step % 2]
            ((status,),) = query_journals(shop.home, "SELECT status FROM run")
            done = run(shop.home, finally_, "--yes")
            assert done.code == 0, (at, done.stderr)
            end = shop.after if finally_ == "resume" and status == "running" else shop.before
            assert rows(shop.home) == end, at
        assert rows(shop.home) in (shop.before, shop.after), at
    assert step > 15


def test_an_undo_that_is_killed_is_finished_or_taken_back(shop: RelocatedShop, steps: Steps) -> None:
    assert run(shop.home, *shop.words).code == 0
    moved = Pristine(shop.home, "moved")
    for step in steps():
        moved.restore()
        at = shop.kill("undo", "--yes", "--chunk-size", "2", fault=Fault("kill", step))
        if at is None:
            break
        if shop.cut_off:
            way = ("resume", "undo")[step % 2]
            assert run(shop.home, way, "--yes").code == 0, at
            assert rows(shop.home) == (shop.before if way == "resume" else shop.after), at
        else:
            assert rows(shop.home) in (shop.before, shop.after), at
    assert step > 15


def test_interrupted_at_any_step_it_says_what_is_true(shop: RelocatedShop, steps: Steps) -> None:
    for step in steps():
        shop.pristine.restore()
        done = run(shop.home, *shop.words, fault=Fault("interrupt", step))
        if "interrupt" not in done.stderr:
            break
        said = done.stderr.splitlines()
        assert rows(shop.home) == (shop.after if done.code == 0 else shop.before), said
        assert not shop.cut_off, said
    assert step > 10


@pytest.mark.parametrize("point", ["before edit", "before remove_row", "before insert_row", "after insert_row"])
def test_a_disk_that_fails_leaves_nothing_half_done(shop: RelocatedShop, point: str) -> None:
    done = run(shop.home, *shop.words, fault=Fault("fail", 1, point))
    assert done.code == 1, done.stderr
    assert rows(shop.home) == shop.before
    assert not shop.cut_off


def test_undo_and_its_undo_bring_every_byte_back(shop: RelocatedShop) -> None:
    assert run(shop.home, *shop.words).code == 0
    assert run(shop.home, "undo", "--yes").code == 0
    assert rows(shop.home) == shop.before
    ((last,),) = query_journals(shop.home, "SELECT id FROM run WHERE undoes IS NOT NULL")
    assert run(shop.home, "undo", last, "--yes").code == 0
    assert rows(shop.home) == shop.after


# ------------------------------------------------------------------------------ opencode was used since it was killed


def sandboxes(shop: RelocatedShop, text: str) -> None:
    shop.home.execute("UPDATE project SET sandboxes = ? WHERE id = ?", [text, shop.project])


def test_a_list_that_opencode_cleaned_up_after_it_was_written_stays(shop: RelocatedShop) -> None:
    """It drops directories that are gone at each start; be it finished or taken back, the rest is."""
    shop.kill(fault=AFTER_PROJECTS)
    sandboxes(shop, "[]")
    left = Pristine(shop.home, "left")
    assert run(shop.home, "resume", "--yes").code == 0
    assert projects(shop.home) == {shop.project: (str(shop.new), [])}
    assert {directory for _, directory, _ in bound(shop.home).values()} == {str(shop.new / "sub")}
    left.restore()
    assert run(shop.home, "undo", "--yes").code == 0
    assert projects(shop.home) == {shop.project: (str(shop.old), [])}
    assert {directory for _, directory, _ in bound(shop.home).values()} == {str(shop.old / "sub")}


def test_a_list_that_changed_before_it_was_written_keeps_the_run_from_being_finished(shop: RelocatedShop) -> None:
    shop.kill(fault=BEFORE_PROJECTS)
    sandboxes(shop, "[]")
    left = rows(shop.home)
    done = run(shop.home, "resume", "--yes")
    assert done.code == 5
    assert f"project {shop.project} has another sandboxes now" in done.stderr
    assert rows(shop.home) == left
    assert run(shop.home, "undo", "--yes").code == 0
    assert rows(shop.home) == left


def test_a_row_that_opencode_dropped_does_not_look_as_if_it_was_written(shop: RelocatedShop) -> None:
    """The row for the old path goes in the run too. Its absence alone says nothing."""
    shop.kill(fault=BEFORE_PROJECTS)
    drop = "DELETE FROM project_directory WHERE directory = ?"
    shop.home.execute(drop, [str(shop.old)])
    left = rows(shop.home)
    assert run(shop.home, "undo", "--yes").code == 0
    assert rows(shop.home) == left


def test_a_project_that_was_deleted_is_not_made_again(shop: RelocatedShop) -> None:
    shop.kill(fault=AFTER_PROJECTS)
    with closing(sqlite3.connect(shop.home.database)) as database, database:
        for table in ("session", "project_directory", "workspace"):
            database.execute(f"DELETE FROM {table} WHERE project_id = ?", [shop.project])
        database.execute("DELETE FROM project WHERE id = ?", [shop.project])
    left = rows(shop.home)
    done = run(shop.home, "undo", "--yes")
    assert done.code == 0
    assert "deleted, or another database is there now" in done.stderr
    assert rows(shop.home) == left


def test_journals_of_the_first_format_are_read(tmp_path: Path) -> None:
    """They had no table for project rows that change."""
    home = empty_home(tmp_path / "home")
    old, _ = project_at_home(home, "shop")
    target = home.repository("target")
    before = rows(home)
    assert run(home, "move", "--from-dir", old, "--to-dir", target, "--yes").code == 0
    (journal,) = home.state.glob("runs/*.db")
    with closing(sqlite3.connect(journal)) as database, database:
        database.execute("UPDATE run SET format = 1")
        database.execute("DROP TABLE project_update")
    assert run(home, "log").code == 0
    assert run(home, "undo", "--yes").code == 0
    assert rows(home) == before


def test_columns_that_no_such_table_has_do_not_become_sql(shop: RelocatedShop) -> None:
    """A plan is a file."""
    row = (("project_id", shop.project), ("directory) SELECT 1; --", "x"))
    with Writer(shop.home.database) as writer:
        for write in (writer.insert_row, writer.remove_row):
            with pytest.raises(MigratorError, match="other columns"):
                write("project_directory", row)


def test_a_folder_on_another_machine_is_followed_to_the_end_after_a_kill(tmp_path: Path) -> None:
    """Nothing of it is here to be looked at, neither when it began nor when it is finished."""
    home = empty_home(tmp_path)
    add_opened_project(home, "prj", home.path / "ann/shop")
    for number in range(3):
        bind_session(home, f"ses_{number}", "prj", home.path / "ann/shop", "")
    words = ("relocate", home.path / "ann", home.path / "bob", "--foreign", "--yes", "--chunk-size", "2")
    run(home, *words, fault=Fault("kill", 3, "after COMMIT"))
    resumed = run(home, "resume", "--yes")
    assert resumed.code == 0, resumed.stderr
    assert {directory for _, directory, _ in bound(home).values()} == {str(home.path / "bob/shop")}
