"""What is like Windows, see tests/support/windows.py: a run, its undo and all that is around them go well there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.forked import PROCESSES
from tests.support.undo_world import Talk, World, changes, state, write
from tests.support.windows import LACKING, LACKING_MODULES, import_everything, on_windows

ROOT = Path(__file__).parents[2]


def test_sessions_are_moved(world: World) -> None:
    old, new = world.repository("old"), world.repository("new")
    world.session(old)
    done = on_windows(world.home).run("move", "--from-dir", old, "--to-dir", new, "--yes")
    assert (done.code, _directories(world)) == (0, [new.as_posix()]), done.stderr


@pytest.mark.long
def test_a_run_with_file_undo_is_made_and_taken_back_and_cleared_away(world: World) -> None:
    old = world.repository(a="a\n")
    new, talk, snapshots = old.with_name("new"), world.session(old), world.snapshots(old).git_dir
    world.turn(talk, write, old / "a", "changed\n")
    old.rename(new)
    windows, before = on_windows(world.home), world.home.everything()
    done = windows.run("relocate", old, new, "--yes")
    assert done.code == 0, done.stderr
    assert _directories(world) == [new.as_posix()]
    assert _undone(world, new) == {"a": ("file", b"a\n")}
    write(new / "a", "changed\n")
    for words in (
        ("undo", "--yes"),
        ("redo", "--yes"),
        ("doctor", "--undo", "--json"),
        ("log",),
        ("list", "--all"),
        ("projects",),
        ("orphans",),
        ("workspaces", new),
        ("consolidate", new, "--dry-run"),
        ("plan", "rescue", "-o", world.path / "plan.json"),
        ("protect", "--yes", "--backup", world.path / "backup.db"),
        ("schema", "plan"),
    ):
        done = windows.run(*words)
        assert done.code in {0, 3}, (words, done.stderr)
    assert _directories(world) == [new.as_posix()]
    cleared = windows.run("gc", "--older-than", "0", "--yes")
    assert (cleared.code, snapshots.exists()) == (0, False), cleared.stderr
    assert windows.run("undo", "--yes").code == 1
    assert before.keys() == world.home.everything().keys()


def test_every_module_can_be_imported_without_what_windows_lacks() -> None:
    process = PROCESSES.Process(target=import_everything)
    process.start()
    process.join()
    assert process.exitcode == 0


def _directories(world: World) -> list[str]:
    return [directory for (directory,) in world.home.query("SELECT directory FROM session")]


def _undone(world: World, directory: Path) -> dict[str, tuple[str, bytes] | None]:
    ((session,),) = world.home.query("SELECT id FROM session")
    before, undo = state(directory), world.undo(Talk(session, directory))
    undo.revert(undo.messages()[0])
    return changes(before, state(directory))


def test_only_one_place_asks_for_what_windows_lacks() -> None:
    """What is done for root's sake alone is in ownership.py."""
    found = {
        file.relative_to(ROOT).as_posix()
        for room in (ROOT / "migrator", ROOT / "selectors")
        for file in room.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if _is_lacking(node)
    }
    assert found == {
        "migrator/disk/ownership.py",
        "migrator/disk/processes.py",
        "migrator/disk/system.py",
    }


def _is_lacking(node: ast.AST) -> bool:
    """Tell whether this imports a module that Windows lacks, or names what a module lacks there."""
    if isinstance(node, ast.Import):
        return any(name.name in LACKING_MODULES for name in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.module in LACKING_MODULES
    if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
        return False
    gone = tuple(LACKING.get(node.value.id, "").split())
    return bool(gone) and node.attr.startswith(gone) and node.attr != "signal"
