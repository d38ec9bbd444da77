"""`consolidate`: all sessions of a repository's workspaces in one place, nobody else's, and back again."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.git import git
from tests.support.rows import session_table
from tests.support.workspaces import Workspaces

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.jj import JjRepository


@pytest.fixture
def spaces(tmp_path: Path, request: pytest.FixtureRequest) -> Workspaces:
    return Workspaces(tmp_path / "home", getattr(request, "param", "v1"))


@pytest.fixture
def ten(spaces: Workspaces) -> JjRepository:
    """Ten variants of one directory, as the user who asked for this has them, and neighbours that only look alike."""
    opencode = spaces.jj("opencode")
    for name in ("session-move", "provider-metrics", "was", "gone", "forgotten", "removed"):
        spaces.titled(opencode.add(spaces.src / f"opencode-{name}", name), name)
    spaces.titled(spaces.src / "opencode-session-move" / "packages" / "core", "deep")
    (spaces.src / "opencode-was").rename(spaces.src / "opencode-is")
    spaces.titled(spaces.src / "opencode-is", "is")
    shutil.rmtree(spaces.src / "opencode-gone")
    opencode.forget("forgotten")
    opencode.remove("removed")
    git(opencode.root, "worktree", "add", "-q", "../opencode-tree")
    spaces.titled(spaces.src / "opencode-tree" / "packages", "tree")
    git(opencode.root, "worktree", "add", "-q", "../opencode-pruned")
    spaces.titled(spaces.src / "opencode-pruned", "pruned")
    git(opencode.root, "worktree", "remove", "--force", "../opencode-pruned")
    spaces.repository("opencode-other")
    spaces.titled(spaces.src / "opencode-notes", "notes")
    return opencode


MOVED = {
    "session-move": "opencode",
    "deep": "opencode/packages",
    "provider-metrics": "opencode",
    "was": "opencode",
    "is": "opencode",
    "gone": "opencode",
    "forgotten": "opencode",
    "removed": "opencode",
    "tree": "opencode/packages",
    "pruned": "opencode",
}
STAYING = {"in opencode": "opencode", "in opencode-other": "opencode-other", "notes": "opencode-notes"}


@pytest.mark.parametrize(
    ("spaces", "inside"),
    [
        ("v1", "opencode"),
        ("v1", "opencode-session-move"),
        ("v1", "opencode-is"),
        ("v1", "opencode-tree/packages"),
        ("v2", "opencode-is"),
        ("v1+v2", "opencode"),
    ],
    indirect=["spaces"],
)
def test_from_inside_any_workspace_all_sessions_move_and_come_back(
    spaces: Workspaces, ten: JjRepository, inside: str
) -> None:
    before, rows = spaces.where(), spaces.home.everything()
    done = spaces.home.run("consolidate", "--yes", "--json", cwd=spaces.src / inside)
    assert (done.code, done.json["status"], done.json["verified"]) == (0, "applied", len(MOVED)), done.stderr
    assert spaces.where() == MOVED | STAYING
    project = f"SELECT project_id FROM {session_table(spaces.home)} WHERE title = ?"
    assert spaces.home.query(project, ["removed"]) == spaces.home.query(project, ["in opencode"])
    assert spaces.home.run("undo", "--yes", cwd=ten.root).code == 0
    assert spaces.where() == before
    assert spaces.home.everything() == rows


def test_the_tree_and_the_plan(spaces: Workspaces, ten: JjRepository) -> None:
    shown = spaces.home.run("consolidate", "--dry-run", cwd=ten.root)
    tree, _, rest = shown.stdout.partition("\n\n")
    assert tree == (
        "~/src/opencode (jj+git)\n"
        "├─ default           main       ~/src/opencode\n"
        "│    1 session stays\n"
        "├─ forgotten         forgotten  ~/src/opencode-forgotten\n"
        "│    evidence: its .jj names this repository\n"
        "│    1 session -> ~/src/opencode\n"
        "├─ gone              missing    ~/src/opencode-gone\n"
        "│    1 session -> ~/src/opencode\n"
        "├─ opencode-pruned   pruned     ~/src/opencode-pruned\n"
        "│    evidence: the database: project.sandboxes\n"
        "│    1 session -> ~/src/opencode\n"
        "├─ opencode-tree     alive      ~/src/opencode-tree\n"
        "│    1 session -> ~/src/opencode/packages\n"
        "├─ provider-metrics  alive      ~/src/opencode-provider-metrics\n"
        "│    1 session -> ~/src/opencode\n"
        "├─ removed           forgotten  ~/src/opencode-removed\n"
        "│    evidence: jj's operation log: jj workspace add ../opencode-removed --name …\n"
        "│    1 session -> ~/src/opencode\n"
        "├─ session-move      alive      ~/src/opencode-session-move\n"
        "│    2 sessions -> ~/src/opencode and below it\n"
        "└─ was               moved      ~/src/opencode-is\n"
        "     formerly ~/src/opencode-was\n"
        "     evidence: its .jj names this repository\n"
        "     2 sessions -> ~/src/opencode"
    )
    assert rest.startswith("Plan: 10 sessions to move; 1 session is there already.\n")
    assert " of no git or jj repository:" not in rest  # of what the disk has forgotten it is known here
    assert rest.endswith("\nNothing was written. To apply:\n  opencode-migrator consolidate --yes\n")
    assert set(spaces.where()) == set(MOVED | STAYING)


@pytest.mark.usefixtures("ten")
class TestNarrowing:
    @pytest.mark.parametrize(
        ("words", "moved"),
        [
            (("--only", "session-*"), {"session-move", "deep"}),
            (("--only", "session-*", "--only", "gone"), {"session-move", "deep", "gone"}),
            (("--only", "~/src/opencode-was"), {"was", "is"}),
            (("--except", "{session-move,was,opencode-*}"), {"provider-metrics", "gone", "forgotten", "removed"}),
            (("--only", "{f,g,r}*", "--except", "re*", "--except", "gone"), {"forgotten"}),
        ],
    )  # fmt: skip
    def test_only_some_move(self, spaces: Workspaces, words: tuple[str, ...], moved: set[str]) -> None:
        before = spaces.where()
        assert spaces.home.run("consolidate", "~/src/opencode", *words, "--yes").code == 0
        assert {title for title, directory in spaces.where().items() if directory != before[title]} == moved

    @pytest.mark.parametrize("option", ["--only", "--except"])
    def test_a_pattern_that_names_no_workspace(self, spaces: Workspaces, option: str) -> None:
        refused = spaces.home.run("consolidate", "src/opencode", option, "typo", "--yes")
        assert (refused.code, refused.stdout) == (3, "")
        assert refused.stderr.startswith(f"error: No workspace has the name or directory typo ({option}); there are ")
        assert "default, forgotten, gone" in refused.stderr


class TestDestination:
    def test_another_one_takes_the_main_ones_too(self, spaces: Workspaces, ten: JjRepository) -> None:
        hub = spaces.src / "opencode-session-move"
        done = spaces.home.run("consolidate", "--to-dir", hub, "--yes", cwd=ten.root)
        assert done.code == 0, done.stderr
        assert set(spaces.where().items()) >= {
            ("in opencode", hub.name),
            ("gone", hub.name),
            ("deep", f"{hub.name}/packages/core"),
        }

    def test_a_bare_repository_has_none_of_its_own(self, spaces: Workspaces) -> None:
        shop = spaces.repository()
        git(shop, "clone", "-q", "--bare", ".", "../bare.git")
        for name in ("one", "two"):
            git(spaces.src / "bare.git", "worktree", "add", "-q", "-b", name, f"../{name}")
            spaces.titled(spaces.src / name, name)
        refused = spaces.home.run("consolidate", "--yes", cwd=spaces.src / "one")
        assert (refused.code, refused.stdout) == (2, "")
        assert refused.stderr == (
            f"error: The repository {spaces.src}/bare.git is bare and has no main working copy; "
            "say where its sessions should be with --to-dir DIR, one of its worktrees for example.\n"
        )
        assert spaces.home.run("consolidate", "--to-dir", "cwd", "--yes", cwd=spaces.src / "one").code != 0
        assert spaces.home.run("consolidate", "--to-dir", ".", "--yes", cwd=spaces.src / "one").code == 0
        assert spaces.where() == {"in shop": "shop", "one": "one", "two": "one"}

    def test_the_main_workspace_of_jj_without_git_beside_it(self, spaces: Workspaces) -> None:
        shop = spaces.jj(backing="internal")
        spaces.titled(shop.add(spaces.src / "two"), "two")
        assert spaces.home.run("consolidate", "--yes", cwd=spaces.src / "two").code == 0
        assert spaces.where() == {"in shop": "shop", "two": "shop"}


class TestPlans:
    def test_plan_and_apply(self, spaces: Workspaces, ten: JjRepository) -> None:
        saved = spaces.home.path / "p.json"
        planned = spaces.home.run("plan", "consolidate", "--only", "session-move", "-o", saved, cwd=ten.root)
        assert planned.code == 0, planned.stderr
        assert spaces.home.run("apply", saved, "--yes").code == 0
        assert spaces.where() == {**spaces.where(), "session-move": "opencode", "deep": "opencode/packages"}

    def test_it_asks_and_a_no_writes_nothing(self, spaces: Workspaces, ten: JjRepository) -> None:
        before = spaces.home.everything()
        asked = spaces.home.run("consolidate", cwd=ten.root)
        assert asked.code == 1
        assert asked.stderr.endswith("\nTo apply:\n  opencode-migrator consolidate --yes\n")
        assert spaces.home.everything() == before

    def test_nothing_to_do(self, spaces: Workspaces, ten: JjRepository) -> None:
        assert spaces.home.run("consolidate", "--yes", cwd=ten.root).code == 0
        again = spaces.home.run("consolidate", "--yes", cwd=ten.root)
        there = "Nothing to do: 11 sessions are there already.\n"
        assert (again.code, again.stdout) == (0, f"{there}To see the workspaces:\n  opencode-migrator workspaces\n")

    def test_no_session_in_any_workspace(self, spaces: Workspaces) -> None:
        repository = spaces.home.repository("empty")
        refused = spaces.home.run("consolidate", "--yes", cwd=repository)
        assert (refused.code, refused.stderr) == (
            3,
            (
                f"error: No session is in any workspace of {repository}; "
                "`opencode-migrator list --all` shows where there are some.\n"
            ),
        )


def test_what_is_left_out_is_said_even_to_who_says_yes(spaces: Workspaces, ten: JjRepository) -> None:
    spaces.titled(spaces.home.repository("opencode-gone"), "another")
    done = spaces.home.run("consolidate", "--yes", "--json", cwd=ten.root)
    there = spaces.home.shown(spaces.src / "opencode-gone")
    assert done.code == 0
    assert f"1 session in {there} left out: {there} is another repository now." in " ".join(done.stderr.split())
    assert spaces.where()["another"] == spaces.where()["gone"] == "opencode-gone"


class TestTheSelector:
    def test_list_and_move_take_it(self, spaces: Workspaces, ten: JjRepository) -> None:
        listed = spaces.home.run("list", "--from-workspaces", ten.root, "--json").json
        assert {row["title"] for row in listed} == {*MOVED, "in opencode"}
        words = ("--from-workspaces", "src/opencode", "--title", "e")
        moved = spaces.home.run("move", *words, "--to-dir", "src/opencode", "--yes")
        assert moved.code == 0, moved.stderr
        assert spaces.where()["deep"] == "opencode/packages"
        assert spaces.where()["was"] == "opencode-was"

    def test_no_repository(self, spaces: Workspaces) -> None:
        refused = spaces.home.run("move", "--from-workspaces", "nowhere", "--to-dir", ".", "--yes")
        assert refused.code == 3
        assert "No project has the id, name or path nowhere (--from-workspaces)." in refused.stderr


class TestAGlobTakesLookAlikes:
    """`move --from-dir` does take what `consolidate` leaves, and says of which repository each is."""

    def test_the_plan_is_grouped_by_repository_and_warns(self, spaces: Workspaces, ten: JjRepository) -> None:
        shown = spaces.home.run(
            "move", "--from-dir", "~/src/opencode?*", "--to-dir", ten.root, "--dry-run", cwd=spaces.src
        ).stdout
        headings = [line for line in shown.splitlines() if " of " in line and line.endswith(":")]
        assert headings == [
            "9 sessions of opencode:", "2 sessions of no git or jj repository:", "1 session of opencode-other:",
        ]  # fmt: skip
        assert (
            "warning: --from-dir ~/src/opencode?* takes sessions of 3 repositories: no git or jj repository, opencode, "
            "opencode-other."
        ) in " ".join(shown.split())

    def test_one_repository_is_no_crossing(self, spaces: Workspaces, ten: JjRepository) -> None:
        pattern = "~/src/opencode-{session-move,provider-metrics,gone,tree}"
        shown = spaces.home.run("move", "--from-dir", pattern, "--to-dir", ten.root, "--dry-run", "--json").json
        assert shown["sources"] == []
        assert "crosses-projects" not in {warning["code"] for warning in shown["warnings"]}

    def test_two_jj_repositories_are_told_apart_though_both_are_global(self, spaces: Workspaces) -> None:
        for name in ("one", "two"):
            made = spaces.jj(name)
            spaces.titled(made.add(spaces.src / f"{name}-space"), f"in space {name}")
        shown = spaces.home.run("move", "--from-dir", "src/*-space", "--to-dir", "src/one", "--dry-run", "--json").json
        assert {change["before"]["project_id"] for change in shown["changes"]} == {"global"}
        assert [warning["code"] for warning in shown["warnings"]] == ["crosses-projects"]
        assert {source["repository"] for source in shown["sources"]} == {"one", "two"}


@pytest.mark.long
def test_a_package_split_off_takes_its_sessions_along(spaces: Workspaces) -> None:
    """Splitting a repository is an ordinary move; tests/real has it with git's own tools and the real opencode."""
    mono = spaces.repository("mono", "packages/x/sub")
    spaces.titled(mono / "packages/x/sub", "in x")
    git(mono, "clone", "-q", ".", "../x")
    git(spaces.src / "x", "filter-branch", "-f", "--subdirectory-filter", "packages/x", "HEAD")
    moved = spaces.home.run("move", "--from-dir", mono / "packages/x", "--to-dir", spaces.src / "x", "--yes")
    assert moved.code == 0, moved.stderr
    assert spaces.where() == {"in mono": "mono", "in x": "x/sub"}
