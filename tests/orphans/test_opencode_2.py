"""What the rules that know opencode 1 say of a database of opencode 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from migrator.model import Certainty
from migrator.places.checkout import directory_project_id
from tests.support.git import git, keep_id, repository, root_commit, sub_directory
from tests.support.repository_kinds import KINDS, ORIGIN

if TYPE_CHECKING:
    from tests.support.register import Register


@pytest.mark.parametrize(
    ("below", "path"), [("", None), ("", "src"), ("", "/"), ("src", None), ("src", ""), ("src", "src/deep")]
)
def test_it_lists_only_what_has_exactly_the_path(register_v2: Register, below: str, path: str | None) -> None:
    shop = repository(register_v2.at / "shop")
    register_v2.add("ses_1", sub_directory(shop / below), path=path, version="1.3.2")
    assert register_v2.names() == {"ses_1": ["stale-path"]}
    reason = register_v2.found()["ses_1"]["stale-path"]
    stored = "NULL" if path is None else f'"{path}"'
    computed = f'opencode 2 computes "{below}", and lists only that there until ctrl+a asks for all'
    assert reason.evidence == f"path is {stored}; {computed}"
    assert reason.certainty is Certainty.CERTAIN


def test_in_a_directory_of_its_own_the_path_is_empty(register_v2: Register) -> None:
    notes = sub_directory(register_v2.at / "notes")
    register_v2.add("ses_1", notes, path=str(notes)[1:])
    register_v2.add("ses_2", notes)
    assert register_v2.names() == {"ses_1": ["stale-path"]}


def test_where_it_lists_by_directory_the_path_hides_nothing(register_v2: Register) -> None:
    register_v2.add("ses_1", sub_directory(KINDS["empty"](register_v2.at) / "src"), path=None)
    assert register_v2.found() == {}


def test_a_directory_below_another_is_a_project_of_its_own(register_v2: Register) -> None:
    notes = sub_directory(register_v2.at / "notes")
    below = sub_directory(notes / "2026")
    register_v2.add("ses_1", below, project_id=directory_project_id(str(notes)), path="2026")
    register_v2.add_project(directory_project_id(str(notes)), notes)
    register_v2.opened(below)
    assert register_v2.names() == {"ses_1": ["project-drift"]}


def initialised(register: Register) -> tuple[Any, str]:
    """A directory with a session, which became a repository afterwards."""
    notes = sub_directory(register.at / "notes")
    register.add("ses_1", sub_directory(notes / "2026"))
    git(notes, "init", "-q")
    git(notes, "commit", "-q", "--allow-empty", "-m", "first")
    return notes, root_commit(notes)


def test_after_git_init_it_takes_sessions_over_at_its_first_start(register_v2: Register) -> None:
    notes, commit = initialised(register_v2)
    reason = register_v2.found()["ses_1"]["project-drift"]
    assert reason.certainty is Certainty.LIKELY
    assert commit[:12] in reason.evidence
    register_v2.opened(notes)
    assert register_v2.found()["ses_1"]["project-drift"].certainty is Certainty.CERTAIN


@pytest.mark.parametrize("opened", [False, True])
def test_after_a_remote_was_added_too_where_opencode_1_has_left_its_id(register_v2: Register, opened: bool) -> None:
    shop = repository(register_v2.at / "shop")
    keep_id(shop / ".git", root_commit(shop))
    register_v2.add("ses_1", shop)
    register_v2.opened(shop)
    git(shop, "remote", "add", "origin", ORIGIN)
    if opened:
        register_v2.opened(shop)
    certainty = register_v2.found()["ses_1"]["project-drift"].certainty
    assert certainty is (Certainty.CERTAIN if opened else Certainty.LIKELY)


def test_without_that_id_it_takes_nothing_over(register_v2: Register) -> None:
    shop = repository(register_v2.at / "shop")
    register_v2.add("ses_1", shop)
    git(shop, "remote", "add", "origin", ORIGIN)
    assert register_v2.found()["ses_1"]["project-drift"].certainty is Certainty.CERTAIN


def test_after_git_was_removed_its_sessions_are_under_an_id_that_nothing_has(register_v2: Register) -> None:
    shop = repository(register_v2.at / "shop")
    register_v2.add("ses_1", shop)
    (shop / ".git").rename(register_v2.at / "put-away")
    assert register_v2.names() == {"ses_1": ["project-drift"]}


def test_what_is_in_a_workspace_of_a_provider_is_elsewhere(register_v2: Register) -> None:
    """Its directory is on another machine."""
    register_v2.add_workspace("wrk_1", None)
    register_v2.add_project("of-it", "/home/user/app")
    register_v2.add_row("ses_1", project_id="of-it", directory="/home/user/app", path="", workspace_id="wrk_1")
    assert register_v2.found() == {}
    register_v2.add("ses_2", repository(register_v2.at / "shop"), workspace_id="wrk_gone")
    reasons = register_v2.found()
    assert [*reasons] == ["ses_2"]
    assert reasons["ses_2"]["stale-workspace"].certainty is Certainty.LIKELY


def test_a_child_of_what_is_in_such_a_workspace_is_shown_without_a_home(register_v2: Register) -> None:
    register_v2.add_workspace("wrk_1", None)
    gone = str(register_v2.at / "gone")
    register_v2.add_project("of-it", gone)
    register_v2.add_row("ses_1", project_id="of-it", directory=gone, path="", workspace_id="wrk_1")
    register_v2.add_row("ses_2", project_id="of-it", directory=f"{gone}-too", path="", parent_id="ses_1")
    (row,) = register_v2.home.run("orphans", "--json").json
    assert (row["id"], row["suggestion"]) == ("ses_2", None)


def test_a_child_that_its_own_move_left_behind(register_v2: Register) -> None:
    shop, other = repository(register_v2.at / "shop"), repository(register_v2.at / "other")
    root = register_v2.add("ses_root", other)
    register_v2.add("ses_child", shop, parent_id=root)
    assert register_v2.names() == {"ses_child": ["broken-tree"]}
