"""Snapshots that can't be read are not gone: nothing is detached that a `chown` or a repair brings back.

The real opencode takes them for gone, and its undo deletes the files: see tests/real/test_protect.py.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support.git import clone, commit, git
from tests.support.refusal import sentence
from tests.support.undo_world import Talk, World, linked, write
from tests.support.unprivileged import NOBODY, UnprivilegedHome, only_root_can

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.long  # many homes with snapshots, each broken in another way


class Kept(NamedTuple):
    """A session of two turns whose work is committed; its snapshots are in `git_dir`, below `snapshots`."""

    world: World
    home: UnprivilegedHome
    source: Path
    talk: Talk
    git_dir: Path

    @property
    def snapshots(self) -> Path:
        return self.world.data / "snapshot"

    def named(self) -> list[str]:
        """The files that the turns name, below the worktree of the session."""
        return [Path(file).name for part in self.world.patches(self.talk) for file in part["files"]]


@pytest.fixture
def kept(world: World) -> Iterator[Kept]:
    source = world.repository(a="a\n", b="b\n")
    write(source / "not committed", "x\n")  # the first tree is none of the repository's own
    talk = world.session(source)
    for name in ("a", "b"):
        world.turn(talk, write, source / name, f"{name} changed\n")
    commit(source)
    kept = Kept(world, UnprivilegedHome(world.home.path), source, talk, world.snapshots(source).git_dir)
    yield kept
    opened(kept.snapshots)


def opened(directory: Path) -> None:
    """Do what the messages say: `chmod -R u+rwX`."""
    directory.chmod(0o700)
    for path in directory.iterdir():
        if path.is_dir():
            opened(path)
        elif not path.is_symlink():
            path.chmod(0o600)


def closed_objects(kept: Kept) -> None:
    (kept.git_dir / "objects").chmod(0)


def closed_loose_objects(kept: Kept) -> None:
    for folder in (kept.git_dir / "objects").glob("??"):
        folder.chmod(0)


def closed_packs(kept: Kept) -> None:
    for tree in (part["hash"] for part in kept.world.patches(kept.talk)[1:]):
        made = git(kept.git_dir, "--git-dir", str(kept.git_dir), "commit-tree", "-m", tree, tree)
        git(kept.git_dir, "--git-dir", str(kept.git_dir), "update-ref", f"refs/heads/{tree}", made)
    git(kept.git_dir, "--git-dir", str(kept.git_dir), "repack", "-adq")
    for pack in (kept.git_dir / "objects" / "pack").iterdir():
        pack.chmod(0)


def tree_of(kept: Kept) -> str:
    return str(kept.world.patches(kept.talk)[0]["hash"])


def closed_files(kept: Kept) -> None:
    for file in (kept.git_dir / "objects").glob("??/*"):
        file.chmod(0)


def closed_repository(kept: Kept) -> None:
    kept.git_dir.chmod(0)


def closed_project(kept: Kept) -> None:
    kept.git_dir.parent.chmod(0)


def closed_snapshots(kept: Kept) -> None:
    kept.snapshots.chmod(0)


def emptied_head(kept: Kept) -> None:
    (kept.git_dir / "HEAD").write_text("")


def no_head(kept: Kept) -> None:
    (kept.git_dir / "HEAD").unlink()


def damaged_config(kept: Kept) -> None:
    (kept.git_dir / "config").write_text("[core\n")


CLOSED = (
    closed_objects, closed_loose_objects, closed_packs, closed_files, closed_repository, closed_project,
    closed_snapshots,
)  # fmt: skip
BROKEN = {
    emptied_head: "it has no branch in HEAD",
    no_head: "it has no branch in HEAD",
    damaged_config: "bad config line 1",
}
every_harm = pytest.mark.parametrize("harm", [*CLOSED, *BROKEN], ids=lambda harm: harm.__name__)


def what_mends_it(kept: Kept, harm: Callable[[Kept], None]) -> str:
    """Words that a person must be given."""
    if harm in BROKEN:
        return BROKEN[harm]
    return f"(mode 000): run chmod -R u+rwX {kept.snapshots}"


def warned(kept: Kept, stderr: str) -> str:
    """Return warnings in one line, with the home written out, which they show as ~."""
    return " ".join(stderr.split()).replace("~/", f"{kept.world.home.path}/")


@every_harm
def test_doctor_cant_tell_and_says_what_to_do(kept: Kept, harm: Callable[[Kept], None]) -> None:
    harm(kept)

    shown = kept.home.run("doctor", "--undo", "--json")
    told = " ".join(kept.home.run("doctor", "--undo").stdout.split())

    undo = shown.json["undo"]
    assert (shown.code, undo["unknown"], undo["deletes"]) == (1, 1, 0)
    (session,) = undo["sessions"]
    unknown = [turn["because"] for turn in session["turns"] if turn["undo"] == "unknown"]
    assert unknown
    assert all(what_mends_it(kept, harm) in because for because in unknown)
    assert "!! file undo in opencode: is unknown in 1 session" in told
    assert f"1 session: {unknown[0]}" in told
    assert "Until that is mended, an undo there may delete files." in told


@every_harm
@pytest.mark.parametrize("policy", ["auto", "detach"])
def test_protect_detaches_nothing(kept: Kept, harm: Callable[[Kept], None], policy: str) -> None:
    harm(kept)
    before = kept.world.home.everything()

    done = kept.home.run("protect", "--undo-files", policy, "--yes")

    assert done.code == 0
    said = warned(kept, done.stderr)
    assert "What an undo in 1 session would do is unknown, so it stays as it is: " in said
    assert what_mends_it(kept, harm) in said
    assert kept.world.home.everything() == before


@every_harm
def test_a_move_is_refused_unless_file_undo_may_be_lost(kept: Kept, harm: Callable[[Kept], None]) -> None:
    target = linked(kept.source)
    harm(kept)
    before = kept.world.home.everything()
    move = ("move", "--from-dir", kept.source, "--to-dir", target, "--yes")

    for policy in ("auto", "carry"):
        said = sentence(kept.home.run(*move, "--undo-files", policy), 1)
        assert "Nobody can tell whether file undo of 1 session can go along" in said
        assert what_mends_it(kept, harm) in said
        assert "--undo-files detach" in said
    assert kept.world.home.everything() == before

    assert kept.home.run(*move, "--undo-files", "detach").code == 0
    assert kept.named() == []


@pytest.mark.parametrize("harm", CLOSED, ids=lambda harm: harm.__name__)
def test_what_the_message_says_brings_all_of_it_back(kept: Kept, harm: Callable[[Kept], None]) -> None:
    target = linked(kept.source)
    harm(kept)
    move = ("move", "--from-dir", kept.source, "--to-dir", target, "--yes")
    said = sentence(kept.home.run(*move), 1)
    _, _, path = said.partition("chmod -R u+rwX ")

    opened(Path(path.partition(" and try again")[0]))

    assert kept.home.run("doctor", "--undo", "--json").json["undo"]["restores"] == 1
    assert kept.home.run(*move).code == 0
    assert kept.named() == ["a", "b"]


@every_harm
def test_a_plan_that_was_made_before(kept: Kept, harm: Callable[[Kept], None]) -> None:
    target = linked(kept.source)
    assert kept.home.run("plan", "--from-dir", kept.source, "--to-dir", target, "-o", "plan.json").code == 0
    harm(kept)
    before = kept.world.home.everything()

    said = sentence(kept.home.run("apply", "plan.json", "--yes"), 1)

    assert what_mends_it(kept, harm) in said
    assert kept.world.home.everything() == before


@every_harm
def test_a_plan_to_protect_that_was_made_before(kept: Kept, harm: Callable[[Kept], None]) -> None:
    world = kept.world
    world.prune(kept.source, tree_of(kept))
    assert kept.home.run("plan", "protect", "-o", "plan.json").code == 0
    harm(kept)
    before = world.home.everything()

    done = kept.home.run("apply", "plan.json", "--yes")

    assert done.code == 0
    assert done.stdout.count("File undo of 1 session was left as it is; nothing was moved.") == 1
    assert "skipped: Nobody can tell any more what an undo" in done.stdout
    assert world.home.everything() == before


def test_a_snapshot_that_was_pruned_is_gone(kept: Kept) -> None:
    """Everything is readable, and one tree isn't there: that is an answer."""
    kept.world.prune(kept.source, tree_of(kept))

    undo = kept.home.run("doctor", "--undo", "--json").json["undo"]
    assert (undo["deletes"], undo["unknown"]) == (1, 0)
    assert undo["sessions"][0]["turns"][0]["because"] == "opencode has pruned its snapshot"
    assert kept.home.run("protect", "--yes").code == 0
    assert kept.named() == ["b"]


def test_a_snapshot_that_is_damaged_is_not_called_pruned(kept: Kept) -> None:
    tree = tree_of(kept)
    file = kept.git_dir / "objects" / tree[:2] / tree[2:]
    file.chmod(0o600)
    file.write_bytes(b"garbage")

    (session,) = kept.home.run("doctor", "--undo", "--json").json["undo"]["sessions"]

    assert session["turns"][0]["because"] == "its snapshot is damaged"


@pytest.mark.parametrize("whose", ["source", "target"])
def test_a_file_that_may_not_be_read_is_not_another(kept: Kept, whose: str) -> None:
    """Whether both worktrees have the same can't be told."""
    target = linked(kept.source)
    closed = (kept.source if whose == "source" else target) / "a"
    closed.chmod(0)
    move = ("move", "--from-dir", kept.source, "--to-dir", target, "--yes")

    said = sentence(kept.home.run(*move), 1)

    assert f"{closed} can't be looked at: Permission denied; " in said
    assert f": run chmod -R u+rwX {closed} and try again" in said
    closed.chmod(0o644)
    assert kept.home.run(*move).code == 0
    assert kept.named() == ["a", "b"]


def closed_index(kept: Kept) -> None:
    (kept.git_dir / "index").chmod(0)


@pytest.mark.parametrize("harm", [closed_index, *CLOSED, *BROKEN], ids=lambda harm: harm.__name__)
def test_of_a_renamed_worktree_nobody_can_tell_that_it_is_the_same(kept: Kept, harm: Callable[[Kept], None]) -> None:
    """opencode's index there says so, or else the trees have to be read."""
    harm(kept)
    renamed = kept.source.rename(kept.source.with_name("renamed"))
    move = ("move", "--from-dir", kept.source, "--to-dir", renamed, "--yes")

    assert what_mends_it(kept, harm) in sentence(kept.home.run(*move), 1)

    if harm not in BROKEN:
        opened(kept.snapshots)
        assert kept.home.run(*move).code == 0
        assert kept.named() == ["a", "b"]


def test_a_worktree_that_git_cant_read_is_not_another_repository(kept: Kept) -> None:
    other = kept.source.with_name("clone")
    clone(kept.source, "clone")
    head = kept.source / ".git" / "HEAD"
    content = head.read_text()
    head.write_text("")
    move = ("move", "--from-dir", kept.source, "--to-dir", other, "--yes")

    assert "it has no branch in HEAD" in sentence(kept.home.run(*move), 1)

    head.write_text(content)
    assert kept.home.run(*move).code == 0
    assert kept.named() == ["a", "b"]


def drifted(kept: Kept) -> Path:
    """Give the repository an origin, so that opencode looks for snapshots under another id; return where they are."""
    git(kept.source, "remote", "add", "origin", "https://example.com/acme/drift.git")
    world = kept.world
    place = world.place(kept.source)
    world.home.insert("project", id=place.project_id, worktree=place.worktree, vcs="git", sandboxes="[]",
                      time_created=1, time_updated=1)  # fmt: skip
    world.run("UPDATE session SET project_id = ? WHERE id = ?", place.project_id, kept.talk.id)
    return kept.git_dir


@pytest.mark.parametrize("harm", [*CLOSED, *BROKEN], ids=lambda harm: harm.__name__)
@pytest.mark.parametrize("opened_since", [False, True])
def test_snapshots_under_another_project_id_may_be_what_mends_it(
    kept: Kept, harm: Callable[[Kept], None], *, opened_since: bool
) -> None:
    drifted(kept)
    if opened_since:  # opencode has a repository under the new id, without the tree
        kept.world.snapshots(kept.source).track()
    harm(kept)
    before = kept.world.home.everything()

    done = kept.home.run("protect", "--yes")

    assert done.code == 0
    assert what_mends_it(kept, harm) in warned(kept, done.stderr)
    assert kept.world.home.everything() == before


@pytest.mark.parametrize("harm", CLOSED, ids=lambda harm: harm.__name__)
def test_relocate_is_refused_where_others_may_use_objects_of_what_moves(
    kept: Kept, harm: Callable[[Kept], None]
) -> None:
    """Their alternates have to be updated; with what can't be read that would be left out."""
    world = kept.world
    beside = linked(kept.source, "beside")
    world.turn(world.session(beside), write, beside / "b", "b beside\n")
    harm(kept)
    kept.source.rename(kept.source.with_name("renamed"))
    git(kept.source.with_name("renamed"), "worktree", "repair", str(beside))

    said = sentence(kept.home.run("relocate", kept.source, kept.source.with_name("renamed"), "--yes"), 1)

    assert what_mends_it(kept, harm) in said


def test_gc_keeps_what_it_cant_read(kept: Kept) -> None:
    """It counts what is nowhere else, and of what may not be read nobody knows."""
    clone(kept.source, "elsewhere")
    move = ("move", "--from-dir", kept.source, "--to-dir", kept.source.with_name("elsewhere"), "--yes")
    assert kept.home.run(*move).code == 0
    shutil.rmtree(kept.source)
    shutil.rmtree(kept.world.snapshots(kept.source.with_name("elsewhere")).git_dir)
    closed_files(kept)

    done = kept.home.run("gc", "--older-than", "0", "--yes")

    assert kept.git_dir.exists()
    assert what_mends_it(kept, closed_files) in " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize("harm", [*CLOSED, *BROKEN], ids=lambda harm: harm.__name__)
def test_lost_sessions_are_found_all_the_same(kept: Kept, harm: Callable[[Kept], None]) -> None:
    """Snapshots are evidence of which folder is the one that was renamed; without it, several may be."""
    git(kept.source, "commit", "-q", "--allow-empty", "-m", "something new")
    clone(kept.source, "elsewhere")
    harm(kept)
    renamed = kept.source.rename(kept.source.with_name("renamed"))

    shown = kept.home.run("orphans", "--json")

    assert shown.code == 0, shown.stderr
    (row,) = shown.json
    assert row["id"] == kept.talk.id
    if harm in {closed_packs, closed_loose_objects, closed_files}:  # the index that opencode left can be read
        assert row["suggestion"]["directory"] == str(renamed)
    else:
        assert row["suggestion"] is None
        assert str(renamed) in row["rivals"]


@only_root_can
def test_what_belongs_to_root_needs_a_chown(kept: Kept) -> None:
    for path in (kept.git_dir / "objects").rglob("*"):
        os.chown(path, NOBODY, NOBODY)
        path.chmod(0)

    said = sentence(kept.home.run("move", "--from-dir", kept.source, "--to-dir", linked(kept.source), "--yes"), 1)

    assert f'run sudo chown -R "$USER" {kept.git_dir} and try again' in said
