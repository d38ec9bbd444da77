"""`--will-move`: the folder moves afterwards. `--foreign`: it is nowhere on this machine."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.empty_home import bind_session, bound, empty_home, project_at_home, projects
from tests.support.git import git, root_commit
from tests.support.refusal import refused
from tests.support.rows import add_directory, add_opened_project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.forked import Finished
    from tests.support.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return empty_home(tmp_path / "home")


def will_move(home: Home, *words: str | Path) -> Finished:
    done = home.run("relocate", *words, "--will-move", "--yes")
    assert done.code == 0, done.stderr
    return done


def stays_as_it_is(home: Home, *, below: Path) -> None:
    """What opencode makes of every directory is what the rows say, now that the folder has moved."""
    done = home.run("move", "--from-dir", below, "--to-dir", "keep", "--dry-run")
    assert (done.code, done.stdout.partition(":")[0]) == (0, "Nothing to do"), done.stdout


def test_a_repository_that_moves_next(home: Home) -> None:
    old, project = project_at_home(home, "shop", "sub")
    new = home.path / "store"
    done = will_move(home, old, new)
    assert f"move it next: `mv {old} {new}`" in done.stderr
    assert bound(home)["ses_shop_sub"] == (project, str(new / "sub"), "sub")
    assert projects(home) == {project: (str(new), [])}
    old.rename(new)
    stays_as_it_is(home, below=new)


def test_a_new_name_that_begins_like_the_old_one(home: Home) -> None:
    old, _ = project_at_home(home, "shop")
    new = home.src / "shop-2"
    will_move(home, old, new)
    old.rename(new)
    stays_as_it_is(home, below=new)


def test_the_move_that_is_said_is_the_one_to_make(home: Home) -> None:
    old, _ = project_at_home(home, "shop & more")
    new = home.path / "store"
    said = " ".join(will_move(home, old, new).stderr.split())
    subprocess.run(said.partition("move it next: ")[2].strip("`"), shell=True, check=True)
    stays_as_it_is(home, below=new)


def test_a_folder_with_repositories_and_others_in_it(home: Home) -> None:
    project_at_home(home, "all/shop", "sub")
    project_at_home(home, "all/deep/inside")
    notes = home.src / "all/notes"
    notes.mkdir()
    bind_session(home, "ses_notes", "global", notes, str(notes)[1:])
    bind_session(home, "ses_top", "global", home.src / "all", str(home.src / "all")[1:])
    new = home.path / "every"
    will_move(home, home.src / "all", new)
    (home.src / "all").rename(new)
    stays_as_it_is(home, below=new)
    assert len([directory for _, directory, _ in bound(home).values() if directory.startswith(str(new))]) == 5


def test_a_folder_that_moves_into_a_repository(home: Home) -> None:
    """What is no checkout of its own becomes part of it; a repository stays one."""
    target = home.repository("target")
    project_at_home(home, "all/shop", "sub")
    bind_session(home, "ses_top", "global", home.src / "all", str(home.src / "all")[1:])
    will_move(home, home.src / "all", target / "docs")
    (home.src / "all").rename(target / "docs")
    stays_as_it_is(home, below=target)
    assert bound(home)["ses_top"] == (root_commit(target), str(target / "docs"), "docs")
    assert bound(home)["ses_all/shop_sub"][2] == "sub"


def test_a_directory_that_moves_out_of_a_repository(home: Home) -> None:
    old, _ = project_at_home(home, "shop", "sub")
    will_move(home, old / "sub", home.path / "alone")
    (old / "sub").rename(home.path / "alone")
    stays_as_it_is(home, below=home.path / "alone")
    assert bound(home)["ses_shop_sub"] == ("global", str(home.path / "alone"), str(home.path / "alone")[1:])


def test_a_linked_worktree_and_its_repository(home: Home) -> None:
    main, project = project_at_home(home, "all/main")
    git(main, "worktree", "add", "-q", "../wt")
    worktree = main.parent / "wt"
    bind_session(home, "ses_wt", project, worktree, "")
    add_directory(home, project, worktree)
    new = home.path / "every"
    said = " ".join(will_move(home, home.src / "all", new).stderr.split())
    (home.src / "all").rename(new)
    command = f"git -C {new / 'main'} worktree repair {new / 'wt'}"
    assert f"once it has moved, let git repair them: `{command}`" in said
    subprocess.run(command.split(), check=True, capture_output=True)
    stays_as_it_is(home, below=new)


def test_folders_that_change_places(home: Home) -> None:
    (a, first), (b, second) = project_at_home(home, "a"), project_at_home(home, "b")
    will_move(home, f"{a}={b}", f"{b}={a}")
    assert bound(home) == {"ses_a": (first, str(b), ""), "ses_b": (second, str(a), "")}
    a.rename(home.src / "c")
    b.rename(a)
    (home.src / "c").rename(b)
    stays_as_it_is(home, below=home.src)


def test_a_folder_that_moves_into_one_that_moves_too(home: Home) -> None:
    (a, _), (b, _) = project_at_home(home, "a", "in"), project_at_home(home, "b")
    new = home.path / "new"
    will_move(home, f"{a}={new}", f"{b}={new / 'b'}")
    a.rename(new)
    b.rename(new / "b")
    stays_as_it_is(home, below=new)


def test_a_saved_plan_is_good_before_the_folder_has_moved_and_after(home: Home) -> None:
    old, project = project_at_home(home, "shop")
    new = home.path / "store"
    assert home.run("plan", "relocate", old, new, "--will-move", "-o", "plan.json").code == 0
    old.rename(new)
    assert home.run("apply", "plan.json", "--yes").code == 0
    assert bound(home)["ses_shop"] == (project, str(new), "")


def test_a_plan_is_stale_when_the_folder_has_gone_elsewhere_or_the_place_is_taken(home: Home) -> None:
    old, _ = project_at_home(home, "shop")
    new = home.path / "store"
    assert home.run("plan", "relocate", old, new, "--will-move", "-o", "plan.json").code == 0
    new.mkdir()
    assert home.run("apply", "plan.json", "--yes").code == 5
    new.rmdir()
    old.rename(home.path / "elsewhere")
    assert home.run("apply", "plan.json", "--yes").code == 5
    assert bound(home)["ses_shop"][1] == str(old)


def test_the_old_folder_must_be_there_and_the_new_place_be_free(home: Home) -> None:
    old, _ = project_at_home(home, "shop")
    new = home.path / "store"
    new.mkdir()
    said = refused(home, "relocate", old, new, "--will-move", "--yes")
    assert said.startswith(f"The path {new} exists already, so `mv` would put {old} into it")
    assert f"{new / 'shop'}" in said
    assert "make it first" in refused(home, "relocate", old, home.path / "no/where", "--will-move", "--yes")
    assert "into itself" in refused(home, "relocate", old, old / "sub", "--will-move", "--yes")
    assert "does not exist" in refused(home, "relocate", home.path / "gone", home.path / "x", "--will-move", "--yes")
    two = ("relocate", f"{old}={home.path / 'x'}", f"{home.path / 'store'}={home.path / 'x'}", "--will-move", "--yes")
    assert "both" in refused(home, *two)


# ------------------------------------------------------------------------------------------------------ --foreign


def foreign(home: Home, *words: str) -> Finished:
    done = home.run("relocate", *words, "--foreign", "--yes")
    assert done.code == 0, done.stderr
    return done


def test_paths_of_another_machine_are_mapped_and_nothing_else(home: Home) -> None:
    """A session keeps its project and its path in it; outside any repository the path is counted from the root."""
    add_opened_project(home, "prj", "/home/ann/shop", "/home/ann/wt", "/mnt/other")
    bind_session(home, "ses_top", "prj", "/home/ann/shop", "")
    bind_session(home, "ses_sub", "prj", "/home/ann/shop/sub", "sub")
    bind_session(home, "ses_null", "prj", "/home/ann/shop", None)
    bind_session(home, "ses_plain", "global", "/home/ann/notes", "home/ann/notes")
    bind_session(home, "ses_copy", "global", "/home/anna/notes", "home/anna/notes")
    before = home.everything()
    done = foreign(home, "/home/ann", "/Users/ann")
    assert done.stderr == ""
    assert bound(home) == {
        "ses_top": ("prj", "/Users/ann/shop", ""),
        "ses_sub": ("prj", "/Users/ann/shop/sub", "sub"),
        "ses_null": ("prj", "/Users/ann/shop", None),
        "ses_plain": ("global", "/Users/ann/notes", "Users/ann/notes"),
        "ses_copy": ("global", "/home/anna/notes", "home/anna/notes"),
    }
    assert projects(home) == {"prj": ("/Users/ann/shop", ["/Users/ann/wt", "/mnt/other"])}
    foreign(home, "/Users/ann", "/home/ann")
    assert home.everything() == before


def test_the_disk_is_not_asked(home: Home) -> None:
    """Neither what is at the new path here counts, nor what is at the old one."""
    old, project = project_at_home(home, "shop")
    new = home.repository("store")
    foreign(home, str(old), str(new))
    assert bound(home) == {"ses_shop": (project, str(new), "")}


def test_a_container_that_had_a_folder_at_two_places(home: Home) -> None:
    bind_session(home, "ses_1", "global", "/workspace/a", "workspace/a")
    bind_session(home, "ses_2", "global", "/app", "app")
    foreign(home, "/workspace=/home/me/p", "/app=/home/me/p")
    assert [bound(home)[f"ses_{number}"][1] for number in (1, 2)] == ["/home/me/p/a", "/home/me/p"]


def test_a_whole_root(home: Home) -> None:
    add_opened_project(home, "prj", "/srv/shop")
    bind_session(home, "ses_1", "prj", "/srv/shop", "")
    foreign(home, "/=/mnt/disk")
    assert bound(home)["ses_1"] == ("prj", "/mnt/disk/srv/shop", "")
    assert home.query("SELECT worktree FROM project WHERE id = 'global'") == [("/",)]
    foreign(home, "/mnt/disk=/")
    assert bound(home)["ses_1"] == ("prj", "/srv/shop", "")
