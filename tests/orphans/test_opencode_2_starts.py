"""What opencode 2 does when it starts in a directory is foretold, and done by us in the same way.

It is held against a second writing of opencode 2's rules: tests/support/opencode_2_rules.py.
"""

from __future__ import annotations

import os
from hashlib import sha1
from typing import TYPE_CHECKING, Any

import pytest

from migrator.model import Certainty
from tests.support.git import KEPT_ID, git, keep_id, repository, sub_directory
from tests.support.marks import long_round
from tests.support.opencode_2_rules import bound, resolve, start
from tests.support.repository_kinds import KINDS, ORIGIN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.home import Home
    from tests.support.register import Register

MENDS_ITSELF = ("project-drift", "split-project", "stranded-in-global")


def plain_below(at: Path) -> Path:
    return sub_directory(at / "plain" / "2026")


def initialised(at: Path) -> Path:
    return repository(sub_directory(at / "new") / "notes")


def below_initialised_without_commit(at: Path) -> Path:
    git(sub_directory(at / "notes"), "init", "-q")
    return sub_directory(at / "notes" / "2026")


def mercurial_with_kept_id(at: Path) -> Path:
    keep_id(sub_directory(at / "clone" / ".hg"))
    return sub_directory(at / "clone" / "src")


def worktree_inside_with_kept_id_and_origin(at: Path) -> Path:
    inside = KINDS["linked-worktree-inside-its-repository"](at)
    keep_id(at / "repo" / ".git")
    git(at / "repo", "remote", "add", "origin", ORIGIN)
    return inside


DAILY: dict[str, Callable[[Path], Path]] = {
    build.__name__.replace("_", "-"): build
    for build in (
        plain_below,
        initialised,
        below_initialised_without_commit,
        mercurial_with_kept_id,
        worktree_inside_with_kept_id_and_origin,
    )
} | {kind: KINDS[kind] for kind in ("below-top", "bare", "empty", "with-kept-id-and-origin", "linked-worktree")}
REST = {kind: build for kind, build in KINDS.items() if kind not in {*DAILY, "mercurial"}}  # that one is hg's to say
BROKEN_BY_A_RENAME = {"separate-git-directory", "symlinked-git-directory", "worktree-elsewhere"}
EACH_KIND = pytest.mark.parametrize(
    "build", [*map(pytest.param, DAILY.values()), *map(long_round, REST.values())], ids=[*DAILY, *REST]
)

LINKED, MAIN = ("linked", "tree", "project/tree", "repo/trees/one"), ("bare.git", "project", "repo")
"""Where the kinds have linked worktrees and the repositories of these, which git must bring together after a rename."""


@pytest.fixture
def register(register_v2: Register) -> Register:
    return register_v2


def everyone(register: Register, real: str) -> None:
    """Add sessions of a directory under each project that it may have had, and by each name that it has."""
    link, above, now = register.at / "to it", os.path.dirname(real), resolve(real)
    link.symlink_to(real)
    projects_ = {
        "global": ("/", None),
        own_id(real): (real, None),
        own_id(above): (above, None),
        KEPT_ID: (real, "git"),
        "another": ("/elsewhere", "git"),
    }
    if now.id != "global":
        projects_[now.id] = now.canonical, now.vcs
    for number, (id_, (worktree, vcs)) in enumerate(projects_.items()):
        register.add_project(id_, worktree, vcs)
        for name in (real, str(link), f"{real}/../{os.path.basename(real)}"):
            register.add_row(f"ses_{number}_{name}", project_id=id_, directory=name, path="")


def own_id(directory: str) -> str:
    return sha1(f"directory:{directory}".encode()).hexdigest()


def bindings(home: Home) -> dict[str, tuple[Any, ...]]:
    """The project, directory and path of each session."""
    return {id_: tuple(rest) for id_, *rest in home.query("SELECT id, project_id, directory, path FROM session_v2")}


def projects(home: Home) -> list[tuple[Any, ...]]:
    """All but `global`, whose row says nothing."""
    return sorted(home.query("SELECT id, worktree, vcs FROM project WHERE id <> 'global'"))


@EACH_KIND
@pytest.mark.parametrize("opened", [False, True])
def test_what_is_said_to_mend_itself_does_and_nothing_else(
    register: Register, build: Callable[[Path], Path], opened: bool
) -> None:
    real = os.path.realpath(build(register.at))
    if opened:
        start(register.home, real)
    everyone(register, real)
    found = register.found()

    start(register.home, real)

    project, _, path = bound(real)
    for id_, after in bindings(register.home).items():
        expected = Certainty.LIKELY if (after[0], after[2]) == (project, path) else Certainty.CERTAIN
        reasons = found.get(id_, {})
        said = {rule: reasons[rule].certainty for rule in MENDS_ITSELF if rule in reasons}
        assert said == dict.fromkeys(said, expected), (id_, after)
        assert reasons or after == (project, after[1], path) or project == "global", "what stays lost is found"


@EACH_KIND
def test_after_a_rescue_it_changes_nothing(register: Register, build: Callable[[Path], Path]) -> None:
    real = os.path.realpath(build(register.at))
    everyone(register, real)
    before = bindings(register.home)
    home = bound(real)
    done = register.home.run("rescue", "--yes", "--json")
    assert done.code == 0, done.stderr
    after, rows = bindings(register.home), projects(register.home)

    start(register.home, real)

    moved = {id_ for id_, binding in after.items() if binding != before[id_]}
    certain = {"global", own_id(real)} - {home[0]}
    assert {id_ for id_, binding in before.items() if binding[0] in certain} <= moved
    assert {after[id_] for id_ in moved} <= {home}
    assert {bindings(register.home)[id_] for id_ in moved} <= {home}
    assert projects(register.home) == rows


@EACH_KIND
def test_after_a_folder_was_followed_it_changes_nothing(register: Register, build: Callable[[Path], Path]) -> None:
    if build in {REST[kind] for kind in BROKEN_BY_A_RENAME}:
        pytest.skip("git doesn't find its repository after a rename, and the command says so")
    old, new = sub_directory(register.at / "old"), register.at / "new"
    where = os.path.realpath(build(old))
    project = resolve(where)
    register.add_project(project.id, project.canonical, project.vcs)
    start(register.home, where)
    id_, directory, path = bound(where)
    register.add_row("ses_1", project_id=id_, directory=directory, path=path)
    old.rename(new)
    if linked := [str(new / name) for name in LINKED if (new / name).is_dir()]:
        main = next(top for name in MAIN if (top := new / name).is_dir())
        git(main, "worktree", "repair", *linked)

    done = register.home.run("relocate", old, new, "--yes", "--json")

    assert done.code == 0, done.stderr
    there = where.replace(str(old), str(new), 1)
    after, rows = bindings(register.home), projects(register.home)
    assert after["ses_1"] == bound(there)
    start(register.home, there)
    assert bindings(register.home) == after
    if not project.canonical.endswith("/bare.git"):  # a project keeps that one, until opencode 2 itself finds it again
        assert projects(register.home) == rows


@EACH_KIND
def test_after_a_move_it_changes_nothing(register: Register, build: Callable[[Path], Path]) -> None:
    where = build(sub_directory(register.at / "there"))
    register.add_project("global", "/")
    register.add("ses_1", repository(register.at / "shop"))

    done = register.home.run("move", "--from-id", "ses_1", "--to-dir", where, "--yes", "--json")

    assert done.code == 0, done.stderr
    after, rows = bindings(register.home), projects(register.home)
    assert after["ses_1"] == bound(os.path.realpath(where))
    start(register.home, str(where))
    assert (bindings(register.home), projects(register.home)) == (after, rows)
