"""What opencode makes of each kind of directory.

The expectations are what the real opencode stores, see tests/real/test_places.py, which asks it about the same kinds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha1
from typing import TYPE_CHECKING

import pytest

from migrator.model import Place
from migrator.places import Places, ProjectIdScheme
from tests.support.git import KEPT_ID, repository, root_commit, root_commits, sub_directory
from tests.support.repository_kinds import KINDS, ORIGIN_ID

if TYPE_CHECKING:
    from pathlib import Path

GLOBAL = "global"


@dataclass(frozen=True)
class Expected:
    """Paths are relative to where the kind was built. `project`: an id, or the directory with that root commit."""

    directory: str
    worktree: str
    path: str
    project: str
    project_worktree: str = ""
    vcs: str | None = "git"

    def place(self, at: Path) -> Place:
        is_id = self.project == GLOBAL or len(self.project) == 40
        return Place(
            directory=str(at / self.directory),
            project_id=self.project if is_id else min(root_commits(at / self.project)),
            worktree=str(at / self.worktree),
            path=self.path,
            vcs=self.vcs,
            project_worktree=str(at / (self.project_worktree or self.worktree)),
        )


IN_BOTH = {
    "top": Expected("repo", "repo", "", "repo"),
    "below-top": Expected("repo/packages/wid get-ü", "repo", "packages/wid get-ü", "repo"),
    "symlink": Expected("repo", "repo", "", "repo"),
    "symlink-to-sub-directory": Expected("repo/src", "repo", "src", "repo"),
    "bare-inside-a-repository": Expected("repo/mirror.git", "repo", "mirror.git", "repo"),
    "nested": Expected("outer/vendor/inner", "outer/vendor/inner", "", "outer/vendor/inner"),
    "empty": Expected("repo", "repo", "", GLOBAL),
    "below-empty": Expected("repo/new", "repo", "new", GLOBAL),
    "with-local-origin": Expected("repo", "repo", "", "repo"),
    "with-another-remote": Expected("repo", "repo", "", "repo"),
    "with-kept-id": Expected("repo", "repo", "", KEPT_ID),
    "two-roots": Expected("repo", "repo", "", "repo"),
    "shallow-clone": Expected("clone", "clone", "", "clone"),
    "symlinked-git-directory": Expected("repo", "repo", "", "repo"),
    "inside-git-directory": Expected("repo/.git/hooks", "repo", ".git/hooks", "repo"),
    "jj-colocated": Expected("repo", "repo", "", "repo"),
    "jj-workspace-in-a-repository": Expected("repo/.ws/w1", "repo", ".ws/w1", "repo"),
}

ORIGIN_FIRST = IN_BOTH | {
    "linked-worktree": Expected("linked", "linked", "", "repo"),
    "below-linked-worktree": Expected("linked/src", "linked", "src", "repo"),
    "linked-worktree-inside-its-repository": Expected("repo/trees/one", "repo/trees/one", "", "repo"),
    "worktree-of-bare": Expected("tree", "tree", "", "bare.git"),
    "dot-bare": Expected("project", "project", "", "project"),
    "worktree-of-dot-bare": Expected("project/tree", "project/tree", "", "project"),
    "submodule": Expected("super/module", "super/module", "", "super/module"),
    "empty-with-origin": Expected("repo", "repo", "", ORIGIN_ID),
    "with-origin": Expected("repo", "repo", "", ORIGIN_ID),
    "linked-worktree-with-origin": Expected("linked", "linked", "", ORIGIN_ID),
    "with-origin-rewritten": Expected("repo", "repo", "", ORIGIN_ID),
    "with-kept-id-and-origin": Expected("repo", "repo", "", ORIGIN_ID),
    "linked-worktree-with-kept-id": Expected("linked", "linked", "", KEPT_ID),
    "separate-git-directory": Expected("repo", "repo", "", "repo"),
    "said-to-be-bare": Expected("repo", "repo", "", "repo"),
    "linked-worktree-of-said-to-be-bare": Expected("linked", "linked", "", "repo"),
    "worktree-elsewhere": Expected("repo", "elsewhere", "../repo", GLOBAL),
}

MAIN_WORKTREES = {
    "linked-worktree": "repo",
    "below-linked-worktree": "repo",
    "linked-worktree-inside-its-repository": "repo",
    "worktree-of-bare": "bare.git",
    "worktree-of-dot-bare": "project/.bare",
    "linked-worktree-with-origin": "repo",
    "linked-worktree-with-kept-id": "repo",
    "linked-worktree-of-said-to-be-bare": "repo",
}
"""opencode 2 gives a new project row what `git worktree list` shows first."""

EXPECTED: dict[ProjectIdScheme, dict[str, Expected]] = {
    ProjectIdScheme.ORIGIN_FIRST: ORIGIN_FIRST,
    ProjectIdScheme.V2: ORIGIN_FIRST
    | {kind: replace(ORIGIN_FIRST[kind], project_worktree=main) for kind, main in MAIN_WORKTREES.items()}
    | {"mercurial": Expected("clone", "clone", "", GLOBAL, vcs="hg")},
    ProjectIdScheme.CACHE_FIRST: IN_BOTH
    | {
        "linked-worktree": Expected("linked", "linked", "", "repo", "repo"),
        "below-linked-worktree": Expected("linked/src", "linked", "src", "repo", "repo"),
        "linked-worktree-inside-its-repository": Expected("repo/trees/one", "repo/trees/one", "", "repo", "repo"),
        "worktree-of-bare": Expected("tree", "tree", "", "bare.git", "bare.git"),
        "dot-bare": Expected("project", "project", "", "project", vcs=None),
        "worktree-of-dot-bare": Expected("project/tree", "project/tree", "", "project", "project/.bare"),
        "submodule": Expected("super/module", "super/module", "", "super/module", "super/.git/modules"),
        "empty-with-origin": Expected("repo", "repo", "", GLOBAL),
        "with-origin": Expected("repo", "repo", "", "repo"),
        "linked-worktree-with-origin": Expected("linked", "linked", "", "repo", "repo"),
        "with-origin-rewritten": Expected("repo", "repo", "", "repo"),
        "with-kept-id-and-origin": Expected("repo", "repo", "", KEPT_ID),
        "linked-worktree-with-kept-id": Expected("linked", "linked", "", KEPT_ID, "repo"),
        "separate-git-directory": Expected("repo", "repo", "", "repo", "."),
        "said-to-be-bare": Expected("repo", "repo", "", "repo", vcs=None),
        "linked-worktree-of-said-to-be-bare": Expected("linked", "linked", "", "repo", "repo/.git"),
    },
}

OUTSIDE = {
    ProjectIdScheme.ORIGIN_FIRST: {
        "bare": "bare.git",
        "jj-secondary-workspace": "second",
        "mercurial": "clone",
        "no-repository": "plain/deep ü",
    },
    ProjectIdScheme.CACHE_FIRST: {
        "bare": "bare.git",
        "jj-secondary-workspace": "second",
        "mercurial": "clone",
        "no-repository": "plain/deep ü",
    },
}
"""No repository, so far as opencode can see."""

ROOTS = {
    ProjectIdScheme.ORIGIN_FIRST: GLOBAL,
    ProjectIdScheme.CACHE_FIRST: GLOBAL,
    ProjectIdScheme.V2: "e22c0befcd3aab577c593974d56decf884468691",
}

ON_ITS_OWN = {kind: name for kind, name in OUTSIDE[ProjectIdScheme.ORIGIN_FIRST].items() if kind != "mercurial"}
"""The same to opencode 2, which knows Mercurial."""


@pytest.mark.parametrize(
    ("identity", "kind"), [pytest.param(i, k, id=f"{k}-{i}") for i, kinds in EXPECTED.items() for k in kinds]
)
def test_a_directory_in_a_repository(identity: ProjectIdScheme, kind: str, tmp_path: Path) -> None:
    directory = KINDS[kind](tmp_path)

    assert Places(identity).find(str(directory)) == EXPECTED[identity][kind].place(tmp_path)


@pytest.mark.parametrize(
    ("identity", "kind"), [pytest.param(i, k, id=f"{k}-{i}") for i, kinds in OUTSIDE.items() for k in kinds]
)
def test_a_directory_outside_any_repository(identity: ProjectIdScheme, kind: str, tmp_path: Path) -> None:
    real = str(tmp_path / OUTSIDE[identity][kind])
    directory = KINDS[kind](tmp_path)

    assert Places(identity).find(str(directory)) == Place(real, "global", "/", real.removeprefix("/"), None, "/")


@pytest.mark.parametrize("kind", ON_ITS_OWN)
def test_outside_any_repository_a_directory_is_a_project_of_its_own_to_opencode_2(kind: str, tmp_path: Path) -> None:
    real = str(tmp_path / ON_ITS_OWN[kind])
    directory = KINDS[kind](tmp_path)

    assert Places(ProjectIdScheme.V2).find(str(directory)) == Place(real, own_id(real), real, "", None, real)


def own_id(directory: str) -> str:
    return sha1(f"directory:{directory}".encode()).hexdigest()


@pytest.mark.parametrize("kind", ["no-repository", "jj-secondary-workspace"])
def test_so_is_each_directory_below_it(kind: str, tmp_path: Path) -> None:
    """opencode 2 looks for no project above."""
    above = KINDS[kind](tmp_path)
    places = Places(ProjectIdScheme.V2)
    below, deeper = str(sub_directory(above / "a")), str(sub_directory(above / "a" / "ü"))

    found = [places.find(str(directory)) for directory in (above, below, deeper)]

    assert [place.project_id for place in found] == [own_id(str(above)), own_id(below), own_id(deeper)]
    assert [(place.worktree, place.path) for place in found] == [(str(above), ""), (below, ""), (deeper, "")]


def test_the_nearest_of_git_and_mercurial_counts_and_git_at_the_same_level(tmp_path: Path) -> None:
    clone = KINDS["mercurial"](tmp_path)
    inner = repository(clone / "vendor" / "inner")
    within = sub_directory(inner / "third" / ".hg").parent
    places = Places(ProjectIdScheme.V2)

    assert [places.find(str(directory)).vcs for directory in (clone, inner, within)] == ["hg", "git", "hg"]
    sub_directory(inner / ".hg")
    assert places.find(str(sub_directory(inner / "src"))).vcs == "git"


@pytest.mark.parametrize(("identity", "project_id"), [*ROOTS.items()])
def test_the_root_of_the_file_system(identity: ProjectIdScheme, project_id: str) -> None:
    assert Places(identity).find("/") == Place("/", project_id, "/", "", None, "/")


@pytest.mark.parametrize("spelling", ["{}/", "{}//", "{}/.", "{}/src/..", "{}/../repo"])
def test_other_spellings_of_a_directory_are_the_same_place(spelling: str, tmp_path: Path) -> None:
    directory = KINDS["top"](tmp_path)
    sub_directory(directory / "src")

    assert Places(ProjectIdScheme.ORIGIN_FIRST).find(spelling.format(directory)).directory == str(directory)


def test_a_relative_path_starts_at_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = KINDS["top"](tmp_path)
    monkeypatch.chdir(directory)

    assert Places(ProjectIdScheme.ORIGIN_FIRST).find(".").directory == str(directory)


def test_a_tilde_is_a_name_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell has expanded it where it meant the home."""
    sub_directory(tmp_path / "~")
    monkeypatch.chdir(tmp_path)

    assert Places(ProjectIdScheme.ORIGIN_FIRST).find("~").directory == str(tmp_path / "~")


def test_directories_of_one_repository_share_the_project_and_not_the_path(tmp_path: Path) -> None:
    linked = KINDS["linked-worktree"](tmp_path)
    main = tmp_path / "repo"
    places = Places(ProjectIdScheme.ORIGIN_FIRST)

    found = [places.find(str(d)) for d in (main, sub_directory(main / "a"), linked, sub_directory(linked / "b"))]

    assert {place.project_id for place in found} == {root_commit(main)}
    assert [place.path for place in found] == ["", "a", "", "b"]
