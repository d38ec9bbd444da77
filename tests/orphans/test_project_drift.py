from __future__ import annotations

import os
import shutil
from hashlib import sha1
from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty
from tests.support.git import KEPT_ID, copy_of, git, keep_id, repository, root_commit, sub_directory
from tests.support.repository_kinds import ORIGIN, ORIGIN_ID
from tests.support.unprivileged import NOBODY, only_root_can

if TYPE_CHECKING:
    from tests.support.register import MakeRegister, Register

SHOP_ID = sha1(b"git-remote:example.com/acme/shop").hexdigest()


def drift(register: Register, id_: str = "ses_1") -> tuple[str, Certainty]:
    """The evidence and certainty of the only reason of the only lost session."""
    found = register.found()
    assert {name: list(why) for name, why in found.items()} == {id_: ["project-drift"]}
    reason = found[id_]["project-drift"]
    return reason.evidence, reason.certainty


def test_an_origin_was_added(register: Register) -> None:
    directory = repository(register.at / "shop")
    register.add("ses_1", directory)
    git(directory, "remote", "add", "origin", "git@example.com:acme/shop.git")
    evidence, certainty = drift(register)
    bound, _, resolved = evidence.partition("; ")
    assert bound == f"bound to project {root_commit(directory)[:12]}"
    assert resolved == f"opencode resolves {directory} to {SHOP_ID[:12]} today (origin example.com/acme/shop)"
    assert certainty is Certainty.CERTAIN


def test_the_origin_was_changed(register: Register) -> None:
    deep = sub_directory(repository(register.at / "shop", ORIGIN) / "src" / "deep")
    register.add("ses_1", deep)
    git(deep, "remote", "set-url", "origin", "https://example.com/acme/shop")
    evidence, certainty = drift(register)
    assert f"bound to project {ORIGIN_ID[:12]}; opencode resolves {deep} to {SHOP_ID[:12]} today" in evidence
    assert certainty is Certainty.CERTAIN


def test_where_the_repository_keeps_the_old_id_opencode_will_mend_it(register: Register) -> None:
    """Another copy of the repository may be opened first and take them with it, so it isn't nothing either."""
    directory = repository(register.at / "shop")
    keep_id(directory / ".git")
    register.add("ses_1", directory)
    git(directory, "remote", "add", "origin", ORIGIN)
    evidence, certainty = drift(register)
    assert evidence.endswith("; opencode mends this itself when it is next started there")
    assert certainty is Certainty.LIKELY


def test_a_copy_whose_sessions_went_along_with_the_original(register: Register) -> None:
    """As opencode 1.18.34 leaves it: see tests/real/test_orphans.py."""
    original = repository(register.at / "shop", ORIGIN)
    copy = copy_of(original, register.at / "copy")
    git(copy, "remote", "remove", "origin")
    keep_id(copy / ".git")
    register.add("ses_0", original)
    register.add("ses_1", copy, project_id=ORIGIN_ID)
    evidence, certainty = drift(register)
    assert f"to {KEPT_ID[:12]} today (the id kept in its git directory)" in evidence
    assert certainty is Certainty.CERTAIN


def test_history_was_rewritten_and_the_kept_id_lost(register: Register) -> None:
    directory = repository(register.at / "shop")
    before = root_commit(directory)
    keep_id(directory / ".git", before)
    register.add("ses_1", directory)
    git(directory, "commit", "-q", "--amend", "-m", "rewritten")
    assert register.found() == {}  # the kept id holds
    (directory / ".git" / "opencode").unlink()
    evidence, certainty = drift(register)
    assert evidence.endswith(f"to {root_commit(directory)[:12]} today (its root commit)")
    assert before[:12] in evidence
    assert certainty is Certainty.CERTAIN


def test_the_repository_is_none_any_more(register: Register) -> None:
    directory = repository(register.at / "shop")
    register.add("ses_1", directory)
    register.add_project("global", "/")
    shutil.rmtree(directory / ".git")
    evidence, certainty = drift(register)
    assert evidence.endswith(f"opencode resolves {directory} to global today (no repository)")
    assert certainty is Certainty.CERTAIN


def test_a_repository_was_made_anew_inside_another(register: Register) -> None:
    inner = sub_directory(repository(register.at / "outer") / "packages" / "inner")
    register.add("ses_1", inner)
    register.add("ses_2", register.at / "outer")
    repository(inner / "made")
    assert register.found() == {}
    git(inner, "init", "-q")
    git(inner, "commit", "-q", "--allow-empty", "-m", "own")
    evidence, _ = drift(register)
    assert evidence.endswith(f"to {root_commit(inner)[:12]} today (its root commit)")


@pytest.mark.parametrize(("fixture", "expected"), [("1.14.34", "kept"), ("1.15.13", "origin"), ("1.18.34", "origin")])
def test_which_id_counts_depends_on_the_age_of_the_database(
    make_register: MakeRegister, fixture: str, expected: str
) -> None:
    register = make_register(fixture)
    directory = repository(register.at / "shop", ORIGIN)
    keep_id(directory / ".git")
    ids = {"kept": KEPT_ID, "origin": ORIGIN_ID}
    for name, project_id in ids.items():
        register.add(f"ses_{name}", directory, project_id=project_id)
        register.add_project(project_id, f"{directory}-{name}")
    assert list(register.names()) == [f"ses_{name}" for name in ids if name != expected]


@only_root_can
def test_where_git_refuses_to_look_nobody_knows(register: Register) -> None:
    directory = repository(register.at / "shop")
    register.add("ses_1", directory)
    register.add("ses_2", sub_directory(directory / "src"), project_id="global", path=None)
    for owned in (directory, directory / ".git"):
        os.chown(owned, NOBODY, NOBODY)
    register.add_project("global", "/")
    found = register.found()
    assert {id_: list(why) for id_, why in found.items()} == {"ses_1": ["project-drift"]}
    reason = found["ses_1"]["project-drift"]
    assert reason.certainty is Certainty.UNKNOWN
    assert "another user owns it" in reason.evidence


def test_a_repository_that_git_cant_read_is_asked_once(register: Register) -> None:
    directory = repository(register.at / "shop")
    for number in range(3):
        register.add(f"ses_{number}", sub_directory(directory / f"sub{number}"))
    git(directory, "config", "core.repositoryFormatVersion", "99")
    found = register.found()
    assert sorted(found) == ["ses_0", "ses_1", "ses_2"]
    assert {why["project-drift"].certainty for why in found.values()} == {Certainty.UNKNOWN}
