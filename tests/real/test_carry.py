"""File undo that is carried along: in the target, opencode's undo does what it would have done in the source."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.git import git
from tests.support.opencode.binary import MAIN
from tests.support.opencode.database import all_rows
from tests.support.opencode.lab import writes
from tests.support.opencode.migrator_command import answer, run_migrator, undo
from tests.support.opencode.undo_lab import files, undo_and_redo, walk

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.real.conftest import FreshUndoLab, Install
    from tests.support.opencode.undo_lab import Files, UndoLab

pytestmark = pytest.mark.long


def rename(undo_lab: UndoLab) -> Path:
    return undo_lab.source.rename(undo_lab.repos / "renamed")


def linked_worktree(undo_lab: UndoLab) -> Path:
    git(undo_lab.source, "worktree", "add", "--quiet", "--detach", str(undo_lab.repos / "linked"))
    return undo_lab.repos / "linked"


def clone(undo_lab: UndoLab) -> Path:
    git(undo_lab.repos, "clone", "--quiet", str(undo_lab.source), "clone")
    return undo_lab.repos / "clone"


def drift(undo_lab: UndoLab) -> Path:
    git(undo_lab.source, "remote", "add", "origin", "https://example.com/acme/drift.git")
    return undo_lab.source


SITUATIONS = {"rename": rename, "worktree": linked_worktree, "clone": clone, "drift": drift}
# In 1.3.2 all worktrees of a project have their snapshots in one repository.
VERSIONS = [
    *(pytest.param(MAIN, name, id=name) for name in SITUATIONS),
    *(pytest.param(v, name, id=f"{v}-{name}") for v in ("1.15.13", "1.3.2") for name in ("rename", "worktree")),
]


def move(undo_lab: UndoLab, target: Path, *more: str) -> Any:
    run = answer(
        undo_lab.opencode, "move", "--from-dir", undo_lab.source, "--to-dir", target, "--yes", *more, cwd=target
    )
    assert run["status"] == "applied"
    return run


def live_patches(undo_lab: UndoLab) -> list[list[str]]:
    """The files of every turn that opencode's undo would act on."""
    with closing(sqlite3.connect(undo_lab.opencode.database)) as database:
        rows = database.execute("SELECT data FROM part ORDER BY id").fetchall()
    parts = [json.loads(data) for (data,) in rows]
    return [part["files"] for part in parts if part["type"] == "patch" and part["files"]]


@pytest.mark.parametrize(("version", "situation"), VERSIONS)
def test_undo_does_in_the_target_what_it_would_have_done_in_the_source(
    fresh_undo_lab: FreshUndoLab, version: str, situation: str
) -> None:
    """Also once the source's snapshots, and the source of a clone, are gone, and what is left is tidied up."""
    undo_lab = fresh_undo_lab(version)
    turns, before = len(live_patches(undo_lab)), undo_lab.snapshots
    target = SITUATIONS[situation](undo_lab)
    untouched = files(undo_lab.source) if undo_lab.source != target and undo_lab.source.exists() else None
    move(undo_lab, target)
    assert len(live_patches(undo_lab)) == turns, "every turn is carried"
    with undo_lab.opencode.serve(target):
        if version == MAIN:  # an older one has them all in one place, or is asked about renames and worktrees only
            assert walk(undo_lab.opencode, undo_lab.session, target, go_on=False) == undo_lab.expected[:-1]
            assert untouched is None or files(undo_lab.source) == untouched
            tidy_up(undo_lab, before, target, situation)
        assert walk(undo_lab.opencode, undo_lab.session, target) == undo_lab.expected
    if untouched is not None and undo_lab.source.exists():
        assert files(undo_lab.source) == untouched


@pytest.mark.parametrize("way", ["move", "protect"])
def test_snapshots_of_before_opencode_1_14_are_found_after_an_upgrade(
    fresh_undo_lab: FreshUndoLab, install: Install, way: str
) -> None:
    """1.3.2 had one repository for all worktrees of a project; 1.18.34 doesn't look there, and deletes files."""
    old = fresh_undo_lab("1.3.2")
    undo_lab = replace(old, opencode=install(old.opencode.home, MAIN))
    with undo_lab.opencode.serve(undo_lab.source):
        undo_lab.opencode.call("GET", "/session", directory=undo_lab.source)
    doctor = run_migrator(undo_lab.opencode, "doctor", "--undo", "--json", cwd=undo_lab.source)
    assert json.loads(doctor.stdout)["undo"]["deletes"] == 1
    if way == "protect":
        target = undo_lab.source
        assert answer(undo_lab.opencode, "protect", "--yes", "--undo-files", "carry", cwd=target)["status"] == "applied"
    else:
        target = linked_worktree(undo_lab)
        move(undo_lab, target, "--undo-files", "carry")
    assert undo_and_redo(undo_lab.opencode, undo_lab.session, target) == undo_lab.expected


def tidy_up(undo_lab: UndoLab, old: list[Path], target: Path, situation: str) -> None:
    """Remove the source and its snapshots, where nothing is spared; files are as before, for a redo deletes none."""
    git(target, "reset", "--quiet", "--hard")
    git(target, "clean", "--quiet", "-d", "--force")
    (own,) = set(undo_lab.snapshots) - set(old)
    for snapshots in old:
        shutil.rmtree(snapshots)
    if situation == "clone":
        shutil.rmtree(undo_lab.source)
    git(target, "gc", "--quiet", "--prune=now")
    git(own, "gc", "--quiet", "--prune=now")


def test_a_move_taken_back_leaves_undo_at_the_source_as_it_was(undo_lab: UndoLab) -> None:
    before, target = all_rows(undo_lab.opencode.database), linked_worktree(undo_lab)
    undo(undo_lab.opencode, move(undo_lab, target)["run"], target)
    assert all_rows(undo_lab.opencode.database) == before
    there = files(target)
    assert undo_and_redo(undo_lab.opencode, undo_lab.session, undo_lab.source, go_on=False) == undo_lab.expected[:-1]
    assert files(target) == there


def outcomes(undo_lab: UndoLab, target: Path) -> list[dict[str, bytes | None]]:
    """What an undo to each turn, newest first, and a redo make of the files: only what isn't as before."""
    before = files(target)
    found = []
    with undo_lab.opencode.serve(target):
        for turn in reversed(undo_lab.opencode.turns(undo_lab.session)):
            undo_lab.opencode.revert(undo_lab.session, turn, target)
            found.append(difference(before, files(target)))
        undo_lab.opencode.unrevert(undo_lab.session, target)
        found.append(difference(before, files(target)))
    return found


def difference(before: Files, after: Files) -> dict[str, bytes | None]:
    return {name: after.get(name) for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


@pytest.fixture(scope="module")
def without_the_second(fresh_undo_lab: FreshUndoLab) -> list[dict[str, bytes | None]]:
    """What the same would have made of the source, had the turn that changed `changed.txt` named no file."""
    undo_lab = fresh_undo_lab(MAIN)
    with closing(sqlite3.connect(undo_lab.opencode.database)) as database, database:
        changed = database.execute(
            "UPDATE part SET data = json_set(data, '$.files', json('[]')) "
            "WHERE json_extract(data, '$.type') = 'patch' AND data LIKE ?",
            ["%/changed.txt%"],
        )
        assert changed.rowcount == 1
    return outcomes(undo_lab, undo_lab.source)


def test_a_turn_whose_file_differs_in_the_target_is_detached_and_touches_nothing(
    without_the_second: list[dict[str, bytes | None]], undo_lab: UndoLab
) -> None:
    source, target = files(undo_lab.source), clone(undo_lab)
    (target / "changed.txt").write_text("another branch's\n")
    plan = answer(undo_lab.opencode, "plan", "--from-dir", undo_lab.source, "--to-dir", target, cwd=target)
    (change,) = plan["changes"]
    assert (change["undo"], change["undo_turns"]["detached"]) == ("carry", 1)
    assert "differ" in change["undo_turns"]["because"]
    move(undo_lab, target)
    found = outcomes(undo_lab, target)
    assert found == without_the_second
    assert len(found[0]) < len(found[3]), "the others do something"
    assert (target / "changed.txt").read_text() == "another branch's\n"
    assert files(undo_lab.source) == source


def test_a_turn_whose_snapshot_opencode_has_deleted_is_detached_and_touches_nothing(
    without_the_second: list[dict[str, bytes | None]], undo_lab: UndoLab
) -> None:
    """What is older than a week goes. The next turn changes a file of this one, and is carried for itself."""
    turns = live_patches(undo_lab)
    with closing(sqlite3.connect(undo_lab.opencode.database)) as database:
        sql = (
            "SELECT json_extract(data, '$.hash') FROM part WHERE data LIKE '%\"patch\"%' AND data LIKE '%/changed.txt%'"
        )
        ((pruned,),) = database.execute(f"{sql} AND json_extract(data, '$.type') = 'patch'").fetchall()
    (snapshots,) = undo_lab.snapshots
    (snapshots / "objects" / pruned[:2] / pruned[2:]).unlink()
    source, target = files(undo_lab.source), clone(undo_lab)
    move(undo_lab, target)
    assert len(live_patches(undo_lab)) == len(turns) - 1
    assert outcomes(undo_lab, target) == without_the_second
    assert files(undo_lab.source) == source


def test_carry_refuses_with_the_reason_and_detach_is_always_possible(undo_lab: UndoLab) -> None:
    target, before = clone(undo_lab), all_rows(undo_lab.opencode.database)
    (target / "changed.txt").write_text("another branch's\n")
    words = ("move", "--from-dir", undo_lab.source, "--to-dir", target, "--yes", "--undo-files")
    refused = run_migrator(undo_lab.opencode, *words, "carry", cwd=target)
    assert refused.returncode == 1
    assert f"{undo_lab.session} can't be carried whole: files of a turn differ between" in refused.stderr
    assert all_rows(undo_lab.opencode.database) == before
    assert run_migrator(undo_lab.opencode, *words, "detach", cwd=target).returncode == 0
    assert outcomes(undo_lab, target) == [{}] * 6


def test_a_jj_workspace_has_no_snapshots_and_nothing_to_carry(undo_lab: UndoLab) -> None:
    """A secondary workspace of jj has no .git, so it is no repository to opencode: undo there never touched files."""
    workspace = undo_lab.repos / "workspace"
    shutil.copytree(undo_lab.source, workspace, ignore=shutil.ignore_patterns(".git"))
    (workspace / ".jj").mkdir()
    (workspace / ".jj/repo").write_text(str(undo_lab.source / ".jj/repo"))
    opencode = undo_lab.opencode
    with opencode.serve(workspace):
        session = opencode.new_session("in a workspace", workspace)
        opencode.prompt(session, writes("new.txt", "in the workspace\n"), workspace)
    run = answer(opencode, "move", "--from-dir", workspace, "--to-dir", undo_lab.source, "--yes", cwd=workspace)
    assert run["verified"] == 1
    before = files(workspace), files(undo_lab.source)
    with opencode.serve(undo_lab.source):
        opencode.revert(session, opencode.turns(session)[0], undo_lab.source)
        opencode.unrevert(session, undo_lab.source)
    assert (files(workspace), files(undo_lab.source)) == before


def test_a_snapshot_repository_is_made_as_opencode_makes_it(undo_lab: UndoLab) -> None:
    target = clone(undo_lab)
    move(undo_lab, target)
    (ours,) = (path for path in undo_lab.snapshots if str(target) in (path / "config").read_text())
    made = files(ours)
    shutil.rmtree(ours)
    with undo_lab.opencode.serve(target):
        session = undo_lab.opencode.new_session("theirs", target)
        undo_lab.opencode.prompt(session, writes("another.txt", "x\n"), target)
    theirs = files(ours)
    for name in ("HEAD", "config", "objects/info/alternates", "description"):
        assert made[name] == theirs[name], name
    assert made["index"] == (target / ".git/index").read_bytes()
    beside = {name for name in made.keys() - theirs.keys() if not name.startswith("objects/pack/")}
    assert beside == set()
