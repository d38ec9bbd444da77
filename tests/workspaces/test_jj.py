"""jj workspaces, read from the files that the real jj made and that its source says newer ones make."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from migrator.workspaces import jj
from migrator.workspaces.jj_op_log import additions
from tests.support.git import git
from tests.support.jj import JjRepository, index_bytes, real_tree

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return real_tree(tmp_path_factory.mktemp("jj").resolve() / "src")


class TestWhatTheRealJjMade:
    """fixtures/jj-0.35.tar.gz; that jj had no index yet."""

    @pytest.mark.parametrize(
        ("directory", "name"),
        [
            ("shop", "default"), ("shop-find", "shop-search"), ("shop-cart", "second"), ("shop-abs", "shop-abs"),
            ("shop-kept", "shop-kept"), ("shop-renamed", "renamed"), ("shop it's", "it's odd"),
            ("shop/nested", "nested"),
        ],
    )  # fmt: skip
    def test_each_workspace_names_its_repository_and_itself(self, real: Path, directory: str, name: str) -> None:
        repo = jj.repo_dir(str(real / directory))
        assert repo == str(real / "shop/.jj/repo")
        assert jj.is_repo_dir(repo)
        assert jj.main_root(repo) == str(real / "shop")
        assert jj.workspace_name(str(real / directory)) == name

    def test_the_names_that_jj_lists(self, real: Path) -> None:
        listed = frozenset({"default", "it's odd", "nested", "renamed", "second", "shop-abs", "shop-search"})
        assert jj.workspace_names(str(real / "shop/.jj/repo")) == listed

    def test_it_has_no_index(self, real: Path) -> None:
        assert jj.index(str(real / "shop/.jj/repo")) == jj.Index(())

    @pytest.mark.parametrize(
        ("main", "colocated", "git_directory"),
        [
            ("shop", True, "shop/.git"),
            ("plain", False, "plain/.jj/repo/store/git"),
            ("external", False, "backing.git"),
        ],
    )
    def test_where_its_git_repository_is(self, real: Path, main: str, colocated: bool, git_directory: str) -> None:
        repo = str(real / main / ".jj/repo")
        assert jj.git_dir(repo) == str(real / git_directory)
        assert jj.is_colocated(repo) == colocated

    def test_its_operation_log_says_where_workspaces_were_made(self, real: Path) -> None:
        made = additions(str(real / "shop/.jj/repo"))
        assert [addition.name for addition in made] == [
            "shop-search", "second", "shop-abs", "shop-gone", "shop-kept", "shop-renamed", "it's odd", "nested",
        ]  # fmt: skip
        destinations = {addition.name: [*addition.destinations([str(real / "shop")])] for addition in made}
        assert destinations["shop-gone"] == [str(real / "shop-gone")]
        assert destinations["second"] == [str(real / "shop-cart")]
        assert destinations["it's odd"] == [str(real / "shop it's")]
        assert destinations["nested"] == [str(real / "shop/nested")]
        assert destinations["shop-abs"] == ["/home/dev/src/shop-abs"]
        assert all(1_790_000_000_000 < addition.at < 1_800_000_000_000 for addition in made)


class TestTheIndex:
    """As jj writes it since 0.38."""

    @pytest.mark.parametrize("style", ["relative", "absolute"])
    def test_both_path_styles(self, tmp_path: Path, style: str) -> None:
        src = tmp_path.resolve()
        made = JjRepository(src / "shop", style).build()
        made.add(src / "shop-search")
        made.add(src / "deep" / "er", "other name")
        assert dict(jj.index(str(made.repo)).workspaces) == {
            "default": str(src / "shop"),
            "shop-search": str(src / "shop-search"),
            "other name": str(src / "deep/er"),
        }
        assert jj.repo_dir(str(src / "shop-search")) == str(made.repo)
        is_absolute = (src / "shop-search/.jj/repo").read_text().startswith("/")
        assert is_absolute == (style == "absolute")

    def test_a_workspace_that_was_moved_has_its_old_path_and_still_knows_its_repository(self, tmp_path: Path) -> None:
        made = JjRepository(tmp_path.resolve() / "shop", "absolute").build()
        made.add(tmp_path.resolve() / "a").rename(tmp_path / "b")
        assert jj.WorkspaceRecord("a", str(tmp_path.resolve() / "a")) in jj.index(str(made.repo)).workspaces
        assert jj.repo_dir(str(tmp_path / "b")) == str(made.repo)
        assert jj.workspace_name(str(tmp_path / "b")) == "a"

    def test_names_and_paths_that_are_no_ordinary_text(self, tmp_path: Path) -> None:
        made = JjRepository(tmp_path.resolve() / "shop").build()
        made.index.write_bytes(index_bytes({"ü/界": b"../../../caf\xe9", "line": "../../../a\nb"}))
        assert dict(jj.index(str(made.repo)).workspaces) == {
            "ü/界": os.fsdecode(os.fsencode(tmp_path.resolve()) + b"/caf\xe9"),
            "line": f"{tmp_path.resolve()}/a\nb",
        }

    @pytest.mark.parametrize(
        "damage",
        [
            b"\x0a",
            b"\x0a\x05\x0a\x01a",
            b"not protobuf",
            b"\x0a\x07\x0a\x01a\x12\x02a\x00",
            index_bytes({"a": "b"})[:-1],
            index_bytes({"a": "../b"})[:-1],
        ],
    )
    def test_a_damaged_one_has_none_and_says_so(self, tmp_path: Path, damage: bytes) -> None:
        made = JjRepository(tmp_path.resolve() / "shop").build()
        made.index.write_bytes(damage)
        assert jj.index(str(made.repo)) == jj.Index((), f"{made.index} is damaged")

    def test_a_huge_one_is_not_read(self, tmp_path: Path) -> None:
        made = JjRepository(tmp_path.resolve() / "shop").build()
        with made.index.open("wb") as file:
            file.truncate(1 << 40)
        found = jj.index(str(made.repo))
        assert found.workspaces == ()
        assert found.trouble

    def test_a_directory_or_fifo_in_its_place(self, tmp_path: Path) -> None:
        made = JjRepository(tmp_path.resolve() / "shop").build()
        made.index.unlink()
        os.mkfifo(made.index)
        assert jj.index(str(made.repo)).trouble
        made.index.unlink()
        made.index.mkdir()
        assert jj.index(str(made.repo)).trouble


class TestTheRepositoryFile:
    def test_its_bytes_are_taken_as_they_are(self, tmp_path: Path) -> None:
        made = JjRepository(tmp_path.resolve() / "ends in\n").build()
        made.add(tmp_path.resolve() / "two")
        assert jj.repo_dir(str(tmp_path / "two")) == str(made.repo)

    def test_through_a_symlink(self, tmp_path: Path) -> None:
        made = JjRepository(tmp_path.resolve() / "shop").build()
        (tmp_path / "link").symlink_to(made.add(tmp_path.resolve() / "two"))
        assert jj.repo_dir(str(tmp_path / "link")) == str(made.repo)

    def test_a_repository_that_is_no_longer_there(self, tmp_path: Path) -> None:
        made = JjRepository(tmp_path.resolve() / "shop").build()
        made.add(tmp_path.resolve() / "two")
        shutil.rmtree(made.root)
        assert jj.repo_dir(str(tmp_path / "two")) == str(made.repo)
        assert not jj.is_repo_dir(str(made.repo))

    @pytest.mark.parametrize("content", [b"", b"\0", b"x" * 100_000])
    def test_one_that_can_not_be_meant(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / ".jj").mkdir()
        (tmp_path / ".jj/repo").write_bytes(content)
        assert jj.repo_dir(str(tmp_path)) is None


def test_an_external_repository_may_be_anywhere(tmp_path: Path) -> None:
    (tmp_path / "backing").mkdir()
    git(tmp_path / "backing", "init", "-q")
    made = JjRepository(tmp_path.resolve() / "shop", backing="external").build(tmp_path.resolve() / "backing/.git")
    assert jj.git_dir(str(made.repo)) == str(tmp_path.resolve() / "backing/.git")
    assert not jj.is_colocated(str(made.repo))
