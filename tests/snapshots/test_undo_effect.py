"""What an undo in opencode would do, told from real snapshot repositories; the real opencode judges in tests/real."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from migrator.operations.context import CommandContext
from migrator.snapshots.opencodes import undo_effects
from migrator.snapshots.undo_effect import TurnEffect, UndoEffect
from tests.support.git import git, root_commit
from tests.support.snapshots import add_turn, bind, snapshot, snapshot_repository

if TYPE_CHECKING:
    from tests.support.home import Home

SESSION = "ses_dfbea7dbbffe6PXdBNzjBZcPpX"


@pytest.fixture
def shop(home: Home, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in which SESSION is; `made.txt` and `README.md` aren't as they were in its first snapshot."""
    monkeypatch.setenv("HOME", str(home.path))
    for name in [name for name in os.environ if name.startswith(("XDG_", "GIT_"))]:
        monkeypatch.delenv(name)
    home.execute("DELETE FROM part WHERE json_extract(data, '$.type') = 'patch'")
    home.execute("UPDATE session SET revert = NULL")
    repository = home.repository("shop", "sub")
    bind(home, SESSION, repository, root_commit(repository))
    return repository


def turn(home: Home, repository: Path) -> str:
    """Let a turn begin, and change two files, make one."""
    (repository / "README.md").write_text("not as committed\n")  # else its tree is one of the repository's own
    tree = snapshot(home, repository)
    (repository / "README.md").write_text("changed\n")
    (repository / "sub" / "kept.txt").write_text("changed\n")
    (repository / "made.txt").write_text("made\n")
    add_turn(home, SESSION, tree, *(repository / name for name in ("README.md", "made.txt", "sub/kept.txt")))
    return tree


def foretold(home: Home) -> list[TurnEffect]:
    with CommandContext(home.database) as context:
        return undo_effects(context.store, context.places, [SESSION])[SESSION]


def names(files: tuple[str, ...]) -> set[str]:
    return {Path(file).name for file in files}


def test_at_home_it_restores_and_takes_away_what_the_turn_made(home: Home, shop: Path) -> None:
    turn(home, shop)
    before = sorted(str(path) for path in snapshot_repository(home, root_commit(shop), shop).rglob("*"))
    (only,) = foretold(home)
    assert only.effect is UndoEffect.RESTORES
    assert names(only.restores) == {"README.md", "kept.txt"}
    assert names(only.removes) == {"made.txt"}
    assert only.deletes == ()
    after = sorted(str(path) for path in snapshot_repository(home, root_commit(shop), shop).rglob("*"))
    assert after == before


def test_nothing_is_lost_where_nothing_is(home: Home, shop: Path) -> None:
    turn(home, shop)
    shutil.rmtree(home.database.parent / "snapshot")
    for name in ("README.md", "made.txt", "sub/kept.txt"):
        (shop / name).unlink()
    assert [turn.effect for turn in foretold(home)] == [UndoEffect.NOTHING]


def test_a_directory_of_that_name_is_not_deleted(home: Home, shop: Path) -> None:
    turn(home, shop)
    shutil.rmtree(home.database.parent / "snapshot")
    (shop / "made.txt").unlink()
    (shop / "made.txt").mkdir()
    (only,) = foretold(home)
    assert names(only.deletes) == {"README.md", "kept.txt"}


@pytest.mark.parametrize("in_the_way", ["README.md/mine.txt", "sub"])
def test_what_is_in_the_way_of_a_file_is_deleted(home: Home, shop: Path, in_the_way: str) -> None:
    """A directory in the place of README.md, with a file of somebody's; a file in the place of sub/."""
    turn(home, shop)
    (shop / "README.md").unlink()
    shutil.rmtree(shop / "sub")
    (shop / in_the_way).parent.mkdir(exist_ok=True)
    (shop / in_the_way).write_text("mine\n")
    (only,) = foretold(home)
    assert only.effect is UndoEffect.DELETES
    assert names(only.deletes) == {"README.md" if "README" in in_the_way else "kept.txt"}
    assert only.because == f"something else is in the way of {only.deletes[0]} now"


@pytest.mark.parametrize("mine", [False, True])
def test_what_the_session_itself_put_in_the_way_is_no_loss(home: Home, shop: Path, *, mine: bool) -> None:
    """A turn makes a directory of README.md, the next one fills it; and a file of sub/. So opencode takes it back."""
    (shop / "README.md").write_text("not as committed\n")
    first = snapshot(home, shop)
    (shop / "README.md").unlink()
    (shop / "README.md").mkdir()
    second = snapshot(home, shop)
    (shop / "README.md" / "made.txt").write_text("made\n")
    shutil.rmtree(shop / "sub")
    (shop / "sub").write_text("made\n")
    add_turn(home, SESSION, first, shop / "README.md")
    add_turn(home, SESSION, second, *(shop / name for name in ("README.md/made.txt", "sub", "sub/kept.txt")), number=2)
    if mine:
        (shop / "README.md" / "mine.txt").write_text("mine\n")
    effects = [turn.effect for turn in foretold(home)]
    assert effects == [UndoEffect.DELETES if mine else UndoEffect.RESTORES, UndoEffect.RESTORES]


def test_a_link_to_a_directory_is_deleted(home: Home, shop: Path) -> None:
    turn(home, shop)
    shutil.rmtree(home.database.parent / "snapshot")
    (shop / "made.txt").unlink()
    (shop / "made.txt").symlink_to("sub")
    (only,) = foretold(home)
    assert names(only.deletes) == {"README.md", "made.txt", "kept.txt"}


def test_another_project_id(home: Home, shop: Path) -> None:
    turn(home, shop)
    git(shop, "remote", "add", "origin", "https://example.com/a/b")
    (only,) = foretold(home)
    assert only.effect is UndoEffect.DELETES
    assert names(only.deletes) == {"README.md", "made.txt", "kept.txt"}
    assert "another project id" in str(only.because)


def test_the_row_s_own_project_id_does_not_count(home: Home, shop: Path) -> None:
    turn(home, shop)
    home.execute("UPDATE session SET project_id = 'global' WHERE id = ?", [SESSION])
    assert [turn.effect for turn in foretold(home)] == [UndoEffect.RESTORES]


def test_a_snapshot_of_what_is_committed_outlives_its_repository(home: Home, shop: Path) -> None:
    """opencode makes a new one for its undo, and lets it borrow from the worktree's."""
    tree = snapshot(home, shop)
    (shop / "README.md").write_text("changed\n")
    (shop / "made.txt").write_text("made\n")
    add_turn(home, SESSION, tree, shop / "README.md", shop / "made.txt")
    shutil.rmtree(home.database.parent / "snapshot")
    (only,) = foretold(home)
    assert only.effect is UndoEffect.RESTORES
    assert names(only.removes) == {"made.txt"}


@pytest.mark.parametrize(
    "sql",
    [
        """UPDATE session SET revert = '{"messageID":"m","snapshot":"ab"}'""",  # with a redo at hand it makes none
        "DROP TABLE migration",  # before 1.17 it let it borrow nothing
    ],
)
def test_unless_none_is_made_or_it_borrows_nothing(home: Home, shop: Path, sql: str) -> None:
    tree = snapshot(home, shop)
    add_turn(home, SESSION, tree, shop / "README.md")
    shutil.rmtree(home.database.parent / "snapshot")
    assert [turn.effect for turn in foretold(home)] == [UndoEffect.RESTORES]
    home.execute(sql)
    assert [turn.effect for turn in foretold(home)] == [UndoEffect.DELETES]


def test_another_worktree(home: Home, shop: Path) -> None:
    turn(home, shop)
    linked = home.src / "linked"
    git(shop, "worktree", "add", "--quiet", linked)
    bind(home, SESSION, linked, root_commit(shop))
    (only,) = foretold(home)
    assert names(only.deletes) == {"README.md", "made.txt", "kept.txt"}
    assert str(linked) in str(only.because)


@pytest.mark.parametrize("place", ["plain", "gone"])
def test_outside_any_repository(home: Home, shop: Path, place: str) -> None:
    turn(home, shop)
    (home.src / "plain").mkdir()
    bind(home, SESSION, home.src / place, "global")
    (only,) = foretold(home)
    assert names(only.deletes) == {"README.md", "made.txt", "kept.txt"}


def test_a_subdirectory_that_is_gone_is_in_the_repository_around_it(home: Home, shop: Path) -> None:
    turn(home, shop)
    bind(home, SESSION, shop / "no" / "more", root_commit(shop))
    assert [turn.effect for turn in foretold(home)] == [UndoEffect.RESTORES]


def test_a_file_for_a_directory_opens_nothing(home: Home, shop: Path) -> None:
    turn(home, shop)
    bind(home, SESSION, shop / "README.md", root_commit(shop))
    shutil.rmtree(home.database.parent / "snapshot")
    assert [turn.effect for turn in foretold(home)] == [UndoEffect.NOTHING]


def test_what_git_refuses_to_look_at_is_unknown(home: Home, shop: Path) -> None:
    turn(home, shop)
    (shop / ".git" / "config").write_text("[broken\n")
    (only,) = foretold(home)
    assert only.effect is UndoEffect.UNKNOWN
    assert str(shop) in str(only.because)


def test_what_git_would_wait_for_is_unknown(home: Home, shop: Path) -> None:
    turn(home, shop)
    config = snapshot_repository(home, root_commit(shop), shop) / "config"
    config.unlink()
    os.mkfifo(config)
    (only,) = foretold(home)
    assert only.effect is UndoEffect.UNKNOWN
    assert str(config) in str(only.because)


def test_by_way_of_a_link(home: Home, shop: Path) -> None:
    """git follows links to find out whether a file is in the worktree: a renamed one may have left its name behind."""
    tree = turn(home, shop)
    (home.src / "old").symlink_to(shop)
    add_turn(home, SESSION, tree, home.src / "old" / "README.md", number=2)
    assert [turn.effect for turn in foretold(home)] == [UndoEffect.RESTORES, UndoEffect.RESTORES]


def test_a_name_that_git_quotes(home: Home, shop: Path) -> None:
    """Alone it is restored; among others opencode takes it for missing. A user's own setting may prevent that."""
    (shop / "übung.txt").write_text("before\n")
    (shop / "README.md").write_text("before\n")
    first = snapshot(home, shop)
    (shop / "übung.txt").write_text("between\n")
    second = snapshot(home, shop)
    (shop / "übung.txt").write_text("after\n")
    add_turn(home, SESSION, first, shop / "README.md", shop / "übung.txt")
    add_turn(home, SESSION, second, shop / "übung.txt", number=2)
    among, alone = foretold(home)
    assert names(among.deletes) == {"übung.txt"}
    assert names(among.restores) == {"README.md"}
    assert alone.effect is UndoEffect.RESTORES
    subprocess.run(["git", "config", "--global", "core.quotepath", "false"], env=dict(home.env()), check=True)
    assert {turn.effect for turn in foretold(home)} == {UndoEffect.RESTORES}


@pytest.mark.parametrize("hash_", ["", "0" * 40, "HEAD", "nonsense"])
def test_a_hash_that_is_none(home: Home, shop: Path, hash_: str) -> None:
    snapshot(home, shop)
    add_turn(home, SESSION, hash_, shop / "README.md")
    (only,) = foretold(home)
    assert names(only.deletes) == {"README.md"}
    assert "pruned" in str(only.because)


def objects_of(home: Home, repository: Path) -> Path:
    return snapshot_repository(home, root_commit(repository), repository) / "objects"


def test_pruned_in_part(home: Home, shop: Path) -> None:
    """Without the tree of a directory its files are deleted; without its content a file is left as it is."""
    (shop / "sub" / "kept.txt").write_text("not as committed\n")
    tree = turn(home, shop)
    sub = git(objects_of(home, shop).parent, "rev-parse", f"{tree}:sub")
    readme = git(objects_of(home, shop).parent, "rev-parse", f"{tree}:README.md")
    (objects_of(home, shop) / sub[:2] / sub[2:]).unlink()
    (objects_of(home, shop) / readme[:2] / readme[2:]).unlink()
    (only,) = foretold(home)
    assert names(only.deletes) == {"kept.txt"}
    assert names(only.removes) == {"made.txt"}
    assert only.restores == ()


def test_a_damaged_tree_takes_only_its_own_turn_along(home: Home, shop: Path) -> None:
    tree = turn(home, shop)
    second = snapshot(home, shop)
    (shop / "README.md").write_text("changed again\n")
    add_turn(home, SESSION, second, shop / "README.md", number=2)
    damaged = objects_of(home, shop) / tree[:2] / tree[2:]
    damaged.chmod(0o600)
    damaged.write_bytes(b"garbage")
    first, last = foretold(home)
    assert names(first.deletes) == {"README.md", "made.txt", "kept.txt"}
    assert last.effect is UndoEffect.RESTORES
