"""A search finds likely homes, the best first; where two are equally good, neither is chosen."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty
from tests.support.git import clone, copy_of, git, repository, root_commit, sub_directory
from tests.support.history import directory_of
from tests.support.rows import add_part, add_patch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.history import History

ORIGIN = "https://example.com/acme/shop.git"
OTHER_ORIGIN = "https://example.com/acme/other.git"


def far(history: History, name: str = "shop") -> Path:
    """A place that opencode has never seen, with nothing in it."""
    return sub_directory(history.home.path / "far" / "away") / name


@pytest.mark.parametrize("origin", [None, ORIGIN])
def test_a_moved_repository_is_the_same_project(history: History, origin: str | None) -> None:
    shop = repository(history.src / "shop", origin)
    session = history.session(sub_directory(shop / "sub"))
    shop.rename(far(history, "renamed"))
    assert directory_of(history.found(session)) is None
    found = history.found(session, [history.home.path / "far"])
    assert (directory_of(found), found.certainty) == (str(far(history, "renamed") / "sub"), Certainty.LIKELY)
    assert "opencode knew as its project" in found.because


def test_a_clone_with_the_same_origin_is_the_same_project(history: History) -> None:
    shop = repository(history.src / "shop", ORIGIN)
    session = history.session(shop)
    shutil.rmtree(shop)
    repository(far(history, "clone"), ORIGIN)
    assert directory_of(history.found(session, [history.home.path])) == str(far(history, "clone"))


def test_a_repository_that_got_an_origin_on_the_way_still_keeps_its_id(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    (shop / ".git" / "opencode").write_text(root_commit(shop))  # as opencode does when it opens it
    git(shop, "commit", "-q", "--amend", "-m", "history rewritten")
    git(shop, "remote", "add", "origin", ORIGIN)
    shop.rename(far(history))
    found = history.found(session, [history.home.path])
    assert directory_of(found) == str(far(history))
    assert "opencode knew as its project" in found.because


def test_a_repository_that_began_with_the_same_commit(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    (shop / ".git" / "opencode").unlink()
    git(shop, "remote", "add", "origin", ORIGIN)
    shop.rename(far(history))
    found = history.found(session, [history.home.path])
    assert directory_of(found) == str(far(history))
    assert "it began with that commit" in found.because


def test_the_same_project_is_better_than_the_same_commit(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    fork = copy_of(shop, far(history, "fork"))
    git(fork, "remote", "add", "origin", OTHER_ORIGIN)
    shop.rename(far(history, "moved"))
    assert directory_of(history.found(session, [history.home.path])) == str(far(history, "moved"))


@pytest.mark.parametrize("origin", [None, ORIGIN])
def test_two_of_equal_rank_are_named_and_none_is_taken(history: History, origin: str | None) -> None:
    shop = repository(history.src / "shop", origin)
    session = history.session(shop)
    for name in ("one", "two"):
        copy_of(shop, far(history, name))
    shutil.rmtree(shop)
    found = history.found(session, [history.home.path])
    assert found.place is None
    assert found.rivals == (str(far(history, "one")), str(far(history, "two")))


def test_a_repository_and_its_worktree_are_one(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    shop.rename(far(history))
    git(far(history), "worktree", "add", "-q", "../linked")
    assert directory_of(history.found(session, [history.home.path])) == str(far(history))


def test_a_copy_that_a_search_finds_makes_nothing_less_certain(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    copy_of(shop, far(history))
    shop.rename(history.src / "store")
    found = history.found(session, [history.home.path / "far"])
    assert (directory_of(found), found.certainty) == (str(history.src / "store"), Certainty.CERTAIN)


def test_what_a_search_finds_beside_a_renamed_repository_counts(history: History) -> None:
    """Both were opened as the project, and neither is on record by its name."""
    shop = repository(history.src / "shop")
    session = history.session(shop)
    other = clone(shop, "other")
    (other / ".git" / "opencode").write_text(root_commit(shop))
    other.rename(far(history))
    shop.rename(history.src / "store")
    assert history.found(session).certainty is Certainty.CERTAIN
    found = history.found(session, [history.home.path])
    assert found.rivals == (str(far(history)), str(history.src / "store"))


def test_of_several_known_checkouts_a_search_takes_the_one_in_it(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    for copy in (history.src / "one", far(history)):
        copy_of(shop, copy)
        history.opened(copy)
    shutil.rmtree(shop)
    assert directory_of(history.found(session)) is None
    assert directory_of(history.found(session, [history.home.path / "far"])) == str(far(history))


def test_it_looks_no_deeper_than_it_is_told(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    shop.rename(far(history))
    search = [history.home.path]
    assert directory_of(history.found(session, search, depth=2)) is None
    assert directory_of(history.found(session, search, depth=3)) == str(far(history))


# -- outside any repository: the name, and the files that the sessions worked on ---------------------------------------


def worked_on(history: History, session: str, *files: Path | str) -> None:
    """The parts of a turn: the first file was read, the others were written, which opencode notes in a patch."""
    read, *written = map(str, files)
    state = {"status": "completed", "input": {"filePath": read}}
    add_patch(history.home, session, *written, id_=f"prt_patch_{session}")
    message = f"msg_of_prt_patch_{session}"
    add_part(history.home, session, message, f"prt_tool_{session}", type="tool", tool="read", callID="c", state=state)


def notes(history: History, *files: str, name: str = "notes") -> tuple[Path, str]:
    """A folder outside any repository with a session that worked on these files of it."""
    folder = sub_directory(history.src / name)
    for file in files:
        sub_directory((folder / file).parent)
        (folder / file).write_text("x\n")
    session = history.session(folder)
    worked_on(history, session, *(folder / file for file in files))
    return folder, session


def test_a_folder_of_the_same_name_with_the_same_files(history: History) -> None:
    folder, session = notes(history, "todo.md", "sub/ideas.md", "old.md")
    folder.rename(far(history, "notes"))
    (far(history, "notes") / "old.md").unlink()
    sub_directory(history.home.path / "near" / "notes")
    found = history.found(session, [history.home.path])
    assert (directory_of(found), found.certainty) == (str(far(history, "notes")), Certainty.LIKELY)
    assert "same name" in found.because


@pytest.mark.parametrize(("was", "is_now"), [("caf\u00e9", "cafe\u0301"), ("cafe\u0301", "caf\u00e9")])
def test_the_name_is_the_same_in_another_unicode_form(history: History, was: str, is_now: str) -> None:
    folder, session = notes(history, "todo.md", "ideas.md", name=was)
    folder.rename(far(history, is_now))
    found = history.found(session, [history.home.path])
    assert directory_of(found) == str(far(history, is_now))


def test_another_name_or_too_few_of_the_files_is_nothing(history: History) -> None:
    folder, session = notes(history, "todo.md", "sub/ideas.md", "a.md", "b.md", "c.md")
    folder.rename(far(history, "renamed"))
    other = sub_directory(far(history, "notes"))
    for file in ("todo.md", "a.md"):
        (other / file).write_text("x\n")
    assert directory_of(history.found(session, [history.home.path])) is None


def test_one_file_alone_is_no_evidence(history: History) -> None:
    folder, session = notes(history, "README.md", "README.md")
    folder.rename(far(history, "notes"))
    assert directory_of(history.found(session, [history.home.path])) is None


def test_two_folders_alike_are_named(history: History) -> None:
    folder, session = notes(history, "todo.md", "ideas.md")
    copy_of(folder, history.home.path / "near" / "notes")
    folder.rename(far(history, "notes"))
    found = history.found(session, [history.home.path])
    assert found.rivals == (str(far(history, "notes")), str(history.home.path / "near" / "notes"))


def test_a_damaged_part_is_no_error(history: History) -> None:
    folder, session = notes(history, "todo.md", "ideas.md")
    add_part(history.home, session, f"msg_of_prt_patch_{session}", "prt_x", type="tool")
    history.home.execute("""UPDATE part SET data = '{"type":"tool","filePath":' WHERE id = 'prt_x'""")
    folder.rename(far(history, "notes"))
    assert directory_of(history.found(session, [history.home.path])) == str(far(history, "notes"))
