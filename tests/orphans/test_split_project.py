"""One worktree under two ids: the half that opencode lists is in order, the other half is named with both counts."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from migrator.model import Certainty
from tests.support.git import git, repository, root_commit, sub_directory
from tests.support.unprivileged import without_root_powers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.register import Register

OLD = "4284baed5f10c280f234f02ab62431a6d8091933"


def split(register: Register) -> Path:
    directory = repository(register.at / "shop")
    register.add("ses_new", directory)
    for id_, where in (("ses_old", directory), ("ses_older", sub_directory(directory / "src"))):
        register.add(id_, where, project_id=OLD)
    register.add_project(OLD, directory)
    register.add("ses_elsewhere", repository(register.at / "other"))
    return directory


def test_only_the_half_that_opencode_does_not_list_is_lost(register: Register) -> None:
    directory = split(register)
    found = register.found()
    assert {id_: sorted(why) for id_, why in found.items()} == {
        "ses_old": ["project-drift", "split-project"],
        "ses_older": ["project-drift", "split-project"],
    }
    reason = found["ses_old"]["split-project"]
    now = root_commit(directory)[:12]
    assert reason.evidence.startswith(f"the sessions in {directory} are under 2 projects: ")
    assert f"{OLD[:12]} has 2" in reason.evidence
    assert f"{now} has 1" in reason.evidence
    assert reason.evidence.endswith(f"; opencode resolves it to {now} today")
    assert reason.certainty is Certainty.CERTAIN


def test_where_the_worktree_is_gone_nobody_can_tell_which_half(register: Register) -> None:
    directory = split(register)
    shutil.rmtree(directory)
    found = register.found()
    assert {id_ for id_, why in found.items() if "split-project" in why} == {"ses_new", "ses_old", "ses_older"}
    assert {why["split-project"].certainty for why in found.values()} == {Certainty.UNKNOWN}
    assert all("missing-directory" in why for why in found.values())


def test_a_worktree_that_cannot_be_looked_at_is_not_said_to_be_gone(register: Register) -> None:
    directory = split(register)
    register.add_project(root_commit(directory), directory)
    directory.chmod(0)
    with without_root_powers():
        found = register.found()
    directory.chmod(0o755)
    reason = found["ses_old"]["split-project"]
    assert reason.certainty is Certainty.UNKNOWN
    assert "gone" not in reason.evidence
    assert f"{directory}/src can't be read: Permission denied, so nobody can tell which" in reason.evidence


def test_two_checkouts_of_one_project_are_not_split(register: Register) -> None:
    directory = repository(register.at / "shop")
    git(directory, "worktree", "add", "-q", "../linked")
    git(directory, "worktree", "add", "-q", "trees/inside")
    for number, where in enumerate((directory, register.at / "linked", directory / "trees" / "inside")):
        register.add(f"ses_{number}", where)
    register.add("ses_vendor", repository(directory / "vendor" / "inner"))
    assert register.found() == {}


def test_directories_that_have_gone_from_a_worktree_are_not_another_half(register: Register) -> None:
    directory = repository(register.at / "shop")
    register.add("ses_1", directory)
    register.add("ses_2", sub_directory(directory / "src"))
    inner = repository(directory / "vendor" / "inner")
    register.add("ses_3", inner)
    shutil.rmtree(inner)
    (directory / "src").rmdir()
    assert register.names() == {"ses_2": ["missing-directory"], "ses_3": ["missing-directory"]}
