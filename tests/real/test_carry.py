"""File undo that is carried along: in the target, opencode's undo does what it would have done in the source."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.opencode.binary import MAIN
from tests.support.opencode.database import all_rows
from tests.support.opencode.lab import writes
from tests.support.opencode.migrator_command import answer, run_migrator, undo
from tests.support.opencode.undo_walk import files, git, undo_and_redo, walk

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.real.conftest import FreshBench, Install
    from tests.support.opencode.undo_walk import Bench, Files


def rename(bench: Bench) -> Path:
    return bench.source.rename(bench.repos / "renamed")


def linked_worktree(bench: Bench) -> Path:
    git(bench.source, "worktree", "add", "--quiet", "--detach", str(bench.repos / "linked"))
    return bench.repos / "linked"


def clone(bench: Bench) -> Path:
    git(bench.repos, "clone", "--quiet", str(bench.source), "clone")
    return bench.repos / "clone"


def drift(bench: Bench) -> Path:
    git(bench.source, "remote", "add", "origin", "https://example.com/acme/drift.git")
    return bench.source


SITUATIONS = {"rename": rename, "worktree": linked_worktree, "clone": clone, "drift": drift}
# In 1.3.2 all worktrees of a project have their snapshots in one repository.
VERSIONS = [
    *(pytest.param(MAIN, name, id=name) for name in SITUATIONS),
    *(pytest.param(v, name, id=f"{v}-{name}") for v in ("1.15.13", "1.3.2") for name in ("rename", "worktree")),
]


def move(bench: Bench, target: Path, *more: str) -> Any:
    run = answer(bench.opencode, "move", "--from-dir", bench.source, "--to-dir", target, "--yes", *more, cwd=target)
    assert run["status"] == "applied"
    return run


def live_patches(bench: Bench) -> list[list[str]]:
    """The files of every turn that opencode's undo would act on."""
    with closing(sqlite3.connect(bench.opencode.database)) as database:
        rows = database.execute("SELECT data FROM part ORDER BY id").fetchall()
    parts = [json.loads(data) for (data,) in rows]
    return [part["files"] for part in parts if part["type"] == "patch" and part["files"]]


@pytest.mark.parametrize(("version", "situation"), VERSIONS)
def test_undo_does_in_the_target_what_it_would_have_done_in_the_source(
    fresh_bench: FreshBench, version: str, situation: str
) -> None:
    """Also once the source's snapshots, and the source of a clone, are gone, and what is left is tidied up."""
    bench = fresh_bench(version)
    turns, before = len(live_patches(bench)), bench.snapshots
    target = SITUATIONS[situation](bench)
    untouched = files(bench.source) if bench.source != target and bench.source.exists() else None
    move(bench, target)
    assert len(live_patches(bench)) == turns, "every turn is carried"
    with bench.opencode.serve(target):
        if version == MAIN:  # an older one has them all in one place, or is asked about renames and worktrees only
            assert walk(bench.opencode, bench.session, target, go_on=False) == bench.expected[:-1]
            assert untouched is None or files(bench.source) == untouched
            tidy_up(bench, before, target, situation)
        assert walk(bench.opencode, bench.session, target) == bench.expected
    if untouched is not None and bench.source.exists():
        assert files(bench.source) == untouched


@pytest.mark.parametrize("way", ["move", "protect"])
def test_snapshots_of_before_opencode_1_14_are_found_after_an_upgrade(
    fresh_bench: FreshBench, install: Install, way: str
) -> None:
    """1.3.2 had one repository for all worktrees of a project; 1.18.34 doesn't look there, and deletes files."""
    old = fresh_bench("1.3.2")
    bench = replace(old, opencode=install(old.opencode.home, MAIN))
    with bench.opencode.serve(bench.source):
        bench.opencode.call("GET", "/session", directory=bench.source)
    doctor = run_migrator(bench.opencode, "doctor", "--undo", "--json", cwd=bench.source)
    assert json.loads(doctor.stdout)["undo"]["deletes"] == 1
    if way == "protect":
        target = bench.source
        assert answer(bench.opencode, "protect", "--yes", "--undo-files", "carry", cwd=target)["status"] == "applied"
    else:
        target = linked_worktree(bench)
        move(bench, target, "--undo-files", "carry")
    assert undo_and_redo(bench.opencode, bench.session, target) == bench.expected


def tidy_up(bench: Bench, old: list[Path], target: Path, situation: str) -> None:
    """Remove the source and its snapshots, where nothing is spared; files are as before, for a redo deletes none."""
    git(target, "reset", "--quiet", "--hard")
    git(target, "clean", "--quiet", "-d", "--force")
    (own,) = set(bench.snapshots) - set(old)
    for snapshots in old:
        shutil.rmtree(snapshots)
    if situation == "clone":
        shutil.rmtree(bench.source)
    git(target, "gc", "--quiet", "--prune=now")
    subprocess.run(["git", "--git-dir", own, "gc", "--quiet", "--prune=now"], check=True)


def test_a_move_taken_back_leaves_undo_at_the_source_as_it_was(bench: Bench) -> None:
    before, target = all_rows(bench.opencode.database), linked_worktree(bench)
    undo(bench.opencode, move(bench, target)["run"], target)
    assert all_rows(bench.opencode.database) == before
    there = files(target)
    assert undo_and_redo(bench.opencode, bench.session, bench.source, go_on=False) == bench.expected[:-1]
    assert files(target) == there


def outcomes(bench: Bench, target: Path) -> list[dict[str, bytes | None]]:
    """What an undo to each turn, newest first, and a redo make of the files: only what isn't as before."""
    before = files(target)
    found = []
    with bench.opencode.serve(target):
        for turn in reversed(bench.opencode.turns(bench.session)):
            bench.opencode.revert(bench.session, turn, target)
            found.append(difference(before, files(target)))
        bench.opencode.unrevert(bench.session, target)
        found.append(difference(before, files(target)))
    return found


def difference(before: Files, after: Files) -> dict[str, bytes | None]:
    return {name: after.get(name) for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


@pytest.fixture(scope="module")
def without_the_second(fresh_bench: FreshBench) -> list[dict[str, bytes | None]]:
    """What the same would have made of the source, had the turn that changed `changed.txt` named no file."""
    bench = fresh_bench(MAIN)
    with closing(sqlite3.connect(bench.opencode.database)) as database, database:
        changed = database.execute(
            "UPDATE part SET data = json_set(data, '$.files', json('[]')) "
            "WHERE json_extract(data, '$.type') = 'patch' AND data LIKE ?",
            ["%/changed.txt%"],
        )
        assert changed.rowcount == 1
    return outcomes(bench, bench.source)


def test_a_turn_whose_file_differs_in_the_target_is_detached_and_touches_nothing(
    without_the_second: list[dict[str, bytes | None]], bench: Bench
) -> None:
    source, target = files(bench.source), clone(bench)
    (target / "changed.txt").write_text("another branch's\n")
    plan = answer(bench.opencode, "plan", "--from-dir", bench.source, "--to-dir", target, cwd=target)
    (change,) = plan["changes"]
    assert (change["undo"], change["undo_turns"]["detached"]) == ("carry", 1)
    assert "differ" in change["undo_turns"]["because"]
    move(bench, target)
    found = outcomes(bench, target)
    assert found == without_the_second
    assert len(found[0]) < len(found[3]), "the others do something"
    assert (target / "changed.txt").read_text() == "another branch's\n"
    assert files(bench.source) == source


def test_a_turn_whose_snapshot_opencode_has_deleted_is_detached_and_touches_nothing(
    without_the_second: list[dict[str, bytes | None]], bench: Bench
) -> None:
    """What is older than a week goes. The next turn changes a file of this one, and is carried for itself."""
    turns = live_patches(bench)
    with closing(sqlite3.connect(bench.opencode.database)) as database:
        sql = (
            "SELECT json_extract(data, '$.hash') FROM part WHERE data LIKE '%\"patch\"%' AND data LIKE '%/changed.txt%'"
        )
        ((pruned,),) = database.execute(f"{sql} AND json_extract(data, '$.type') = 'patch'").fetchall()
    (snapshots,) = bench.snapshots
    (snapshots / "objects" / pruned[:2] / pruned[2:]).unlink()
    source, target = files(bench.source), clone(bench)
    move(bench, target)
    assert len(live_patches(bench)) == len(turns) - 1
    assert outcomes(bench, target) == without_the_second
    assert files(bench.source) == source


def test_carry_refuses_with_the_reason_and_detach_is_always_possible(bench: Bench) -> None:
    target, before = clone(bench), all_rows(bench.opencode.database)
    (target / "changed.txt").write_text("another branch's\n")
    words = ("move", "--from-dir", bench.source, "--to-dir", target, "--yes", "--undo-files")
    refused = run_migrator(bench.opencode, *words, "carry", cwd=target)
    assert refused.returncode == 1
    assert f"{bench.session} can't be carried whole: files of a turn differ between" in refused.stderr
    assert all_rows(bench.opencode.database) == before
    assert run_migrator(bench.opencode, *words, "detach", cwd=target).returncode == 0
    assert outcomes(bench, target) == [{}] * 6


def test_a_jj_workspace_has_no_snapshots_and_nothing_to_carry(bench: Bench) -> None:
    """A secondary workspace of jj has no .git, so it is no repository to opencode: undo there never touched files."""
    workspace = bench.repos / "workspace"
    shutil.copytree(bench.source, workspace, ignore=shutil.ignore_patterns(".git"))
    (workspace / ".jj").mkdir()
    (workspace / ".jj/repo").write_text(str(bench.source / ".jj/repo"))
    opencode = bench.opencode
    with opencode.serve(workspace):
        session = opencode.new_session("in a workspace", workspace)
        opencode.prompt(session, writes("new.txt", "in the workspace\n"), workspace)
    run = answer(opencode, "move", "--from-dir", workspace, "--to-dir", bench.source, "--yes", cwd=workspace)
    assert run["verified"] == 1
    before = files(workspace), files(bench.source)
    with opencode.serve(bench.source):
        opencode.revert(session, opencode.turns(session)[0], bench.source)
        opencode.unrevert(session, bench.source)
    assert (files(workspace), files(bench.source)) == before


def test_a_snapshot_repository_is_made_as_opencode_makes_it(bench: Bench) -> None:
    target = clone(bench)
    move(bench, target)
    (ours,) = (path for path in bench.snapshots if str(target) in (path / "config").read_text())
    made = files(ours)
    shutil.rmtree(ours)
    with bench.opencode.serve(target):
        session = bench.opencode.new_session("theirs", target)
        bench.opencode.prompt(session, writes("another.txt", "x\n"), target)
    theirs = files(ours)
    for name in ("HEAD", "config", "objects/info/alternates", "description"):
        assert made[name] == theirs[name], name
    assert made["index"] == (target / ".git/index").read_bytes()
    beside = {name for name in made.keys() - theirs.keys() if not name.startswith("objects/pack/")}
    assert beside == set()
