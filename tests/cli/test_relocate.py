"""A folder has been renamed or moved, and what opencode has in it follows: with real git."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.empty_home import bind_session, bound, empty_home, known_directories, project_at_home, projects
from tests.support.git import git, root_commit
from tests.support.refusal import refused, sentence
from tests.support.rows import add_directory, add_opened_project, add_patch, add_project, add_workspace
from tests.support.unprivileged import UnprivilegedHome

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.forked import Finished
    from tests.support.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return empty_home(tmp_path / "home")


def relocate(home: Home, *words: str | Path) -> Finished:
    done = home.run("relocate", *words, "--yes")
    assert done.code == 0, done.stderr
    return done


def test_a_renamed_repository(home: Home) -> None:
    """Sessions, the project's worktree and its known directory follow; a look-alike, and all else, stays."""
    old, project = project_at_home(home, "shop", "sub/deep")
    copy, other = project_at_home(home, "shop-copy")
    before = home.everything()
    new = old.rename(home.src / "store")
    done = relocate(home, old, new)
    assert "Moved 2 sessions." in done.stdout
    assert "Updated 1 project." in done.stdout
    assert bound(home) == {
        "ses_shop": (project, str(new), ""),
        "ses_shop_sub/deep": (project, str(new / "sub/deep"), "sub/deep"),
        "ses_shop-copy": (other, str(copy), ""),
    }
    assert projects(home) == {project: (str(new), []), other: (str(copy), [])}
    assert known_directories(home, project) == [str(new)]
    assert home.run("undo", "--yes").code == 0
    assert home.everything() == before


def test_a_name_that_another_repository_took_over(home: Home) -> None:
    """Only what belongs to the repository that moved follows it; the other's sessions and project row stay."""
    old, project = project_at_home(home, "app", "sub")
    new = old.rename(home.src / "app-v1")
    home.repository("newer", "lib").rename(old)
    other = root_commit(old)
    add_opened_project(home, other, old)
    for name, directory, path in (("ses_new", old, ""), ("ses_new_lib", old / "lib", "lib")):
        bind_session(home, name, other, directory, path)
    refusal = refused(home, "relocate", old, new, "--yes")
    assert f"--from-project {project}" in refusal
    relocate(home, old, new, "--from-project", project)
    assert bound(home) == {
        "ses_new": (other, str(old), ""),
        "ses_new_lib": (other, str(old / "lib"), "lib"),
        "ses_app": (project, str(new), ""),
        "ses_app_sub": (project, str(new / "sub"), "sub"),
    }
    assert projects(home) == {project: (str(new), []), other: (str(old), [])}


def test_said_once_more_there_is_nothing_to_follow(home: Home) -> None:
    old, _ = project_at_home(home, "shop")
    new = old.rename(home.src / "store")
    relocate(home, old, new)
    assert home.run("relocate", old, new, "--yes").code == 3


def test_there_and_back_is_as_before(home: Home) -> None:
    old, _ = project_at_home(home, "shop", "sub")
    before = home.everything()
    new = old.rename(home.src / "store")
    relocate(home, old, new)
    new.rename(old)
    relocate(home, new, old)
    assert home.everything() == before


def test_the_plan_says_before_and_after_of_all_of_it(home: Home) -> None:
    old, project = project_at_home(home, "shop")
    new = old.rename(home.src / "store")
    shown = home.run("relocate", old, new, "--dry-run")
    assert shown.code == 0
    assert "Plan: 1 session to move, 1 project to update.\n" in shown.stdout
    assert f"update project {project[:12]}\n      worktree: ~/src/shop -> ~/src/store\n" in shown.stdout
    assert "      directory: ~/src/shop -> ~/src/store\n" in shown.stdout
    (change,) = home.run("relocate", old, new, "--dry-run", "--json").json["projects"]
    assert (change["action"], change["worktree"]) == ("update", str(new))
    assert change["before"] == {"worktree": str(old), "sandboxes": "[]"}
    assert change["after"] == {"worktree": str(new), "sandboxes": "[]"}
    ((row,),) = [[directory["after"]["directory"] for directory in change["directories"]]]
    assert row == str(new)


def test_a_saved_plan_is_applied_and_is_stale_once_the_folder_has_gone(home: Home) -> None:
    old, project = project_at_home(home, "shop")
    new = old.rename(home.src / "store")
    assert home.run("plan", "relocate", old, new, "-o", "plan.json").code == 0
    assert home.run("show", "plan.json").code == 0
    before = home.everything()
    new.rename(home.src / "elsewhere")
    stale = home.run("apply", "plan.json", "--yes")
    assert stale.code == 5
    assert f"{new} does not exist" in stale.stderr
    assert home.everything() == before
    (home.src / "elsewhere").rename(new)
    assert home.run("apply", "plan.json", "--yes").code == 0
    assert bound(home)["ses_shop"] == (project, str(new), "")


def test_a_plan_is_stale_when_another_repository_took_the_place(home: Home) -> None:
    old, _ = project_at_home(home, "shop")
    new = old.rename(home.src / "store")
    home.run("plan", "relocate", old, new, "-o", "plan.json")
    new.rename(home.src / "elsewhere")
    home.repository("store")
    assert home.run("apply", "plan.json", "--yes").code == 5


def test_a_plan_is_stale_when_a_repository_was_made_around_the_folder(home: Home) -> None:
    """No project row is in the plan then: what opencode makes of the sessions' directory is asked again."""
    old = home.src / "notes"
    old.mkdir()
    bind_session(home, "ses_1", "global", old, str(old)[1:])
    new = old.rename(home.src / "texts")
    home.run("plan", "relocate", old, new, "-o", "plan.json")
    project = root_commit(home.repository("texts"))
    stale = home.run("apply", "plan.json", "--yes")
    assert stale.code == 5
    assert f"The plan is stale: opencode would resolve {new} to project {project}" in stale.stderr
    assert bound(home)["ses_1"][1] == str(old)


@pytest.mark.parametrize(
    "changed",
    [
        "UPDATE project SET worktree = '/other' WHERE id <> 'global'",
        "UPDATE project SET sandboxes = '[\"/other\"]' WHERE id <> 'global'",
        "UPDATE project_directory SET strategy = 'other'",
        "DELETE FROM project_directory",
        "INSERT INTO project_directory SELECT project_id, :new, type, strategy, 99 FROM project_directory",
    ],
)
def test_a_plan_is_stale_when_a_project_row_has_changed(home: Home, changed: str) -> None:
    old, project = project_at_home(home, "shop")
    add_directory(home, project, home.src / "other")
    home.execute("UPDATE project SET sandboxes = ? WHERE id = ?", [json.dumps([str(old / "wt")]), project])
    new = old.rename(home.src / "store")
    home.run("plan", "relocate", old, new, "-o", "plan.json")
    if ":new" in changed:
        changed = f"{changed.replace(':new', repr(str(new)))} WHERE directory = {str(old)!r}"
    home.execute(changed)
    before = home.everything()
    stale = home.run("apply", "plan.json", "--yes")
    assert stale.code == 5, stale.stderr
    assert project in stale.stderr
    assert home.everything() == before
    skipped = home.run("apply", "plan.json", "--yes", "--on-conflict", "skip")
    assert skipped.code == 0
    assert f"Project {project} is skipped" in skipped.stdout
    assert bound(home)["ses_shop"][1] == str(new)


def test_a_repository_whose_origin_names_the_project(home: Home) -> None:
    project = hashlib.sha1(b"git-remote:example.com/acme/shop").hexdigest()
    old = home.repository("shop")
    git(old, "remote", "add", "origin", "https://example.com/acme/shop.git")
    add_opened_project(home, project, old)
    bind_session(home, "ses_1", project, old, "")
    new = old.rename(home.src / "store")
    relocate(home, old, new)
    assert bound(home)["ses_1"] == (project, str(new), "")
    assert projects(home) == {project: (str(new), [])}


def test_opencode_was_in_the_new_place_before(home: Home) -> None:
    """It then has that among the sandboxes, and a row for it: neither is there twice afterwards."""
    old, project = project_at_home(home, "shop")
    new = home.src / "store"
    boxes = json.dumps([str(home.src / "wt"), str(new)])  # with a space, as no opencode writes it
    home.execute("UPDATE project SET sandboxes = ? WHERE id = ?", [boxes, project])
    add_directory(home, project, new, type="main", time_created=9)
    old.rename(new)
    before = home.everything()
    relocate(home, old, new)
    assert projects(home) == {project: (str(new), [str(home.src / "wt")])}
    assert known_directories(home, project) == [str(new)]
    assert home.query("SELECT type, time_created FROM project_directory") == [("main", 9)]
    assert home.run("undo", "--yes").code == 0
    assert home.everything() == before


def test_project_rows_follow_though_no_session_is_there(home: Home) -> None:
    old = home.repository("shop")
    project = root_commit(old)
    add_opened_project(home, project, old)
    before = home.everything()
    new = old.rename(home.src / "store")
    shown = home.run("relocate", old, new, "--dry-run")
    assert "Plan: 1 project to update.\n" in shown.stdout
    done = relocate(home, old, new)
    assert "Updated 1 project." in done.stdout
    assert "session" not in done.stdout
    assert projects(home) == {project: (str(new), [])}
    run = home.run("log", "--json").json[0]
    assert (run["sessions"], run["status"]) == (0, "applied")
    undone = home.run("undo", "--yes", "--json").json
    assert (undone["sessions"], undone["projects"]) == (0, 1)
    assert home.everything() == before


def test_what_opencode_changed_since_stays_when_it_is_taken_back(home: Home) -> None:
    old, project = project_at_home(home, "shop")
    home.execute("UPDATE project SET sandboxes = ? WHERE id = ?", [json.dumps([str(old / "wt")]), project])
    new = old.rename(home.src / "store")
    relocate(home, old, new)
    home.execute("UPDATE project SET sandboxes = '[\"/new\"]' WHERE id = ?", [project])
    done = home.run("undo", "--yes")
    assert done.code == 0
    assert f"The sandboxes of project {project} has changed since and stays as it is." in done.stderr
    assert projects(home) == {project: (str(old), ["/new"])}
    assert bound(home)["ses_shop"][1] == str(old)


def test_a_folder_outside_any_repository(home: Home) -> None:
    old = home.src / "notes"
    (old / "2026").mkdir(parents=True)
    bind_session(home, "ses_1", "global", old, str(old)[1:])
    bind_session(home, "ses_2", "global", old / "2026", str(old / "2026")[1:])
    new = old.rename(home.path / "texts")
    relocate(home, old, new)
    assert bound(home) == {
        "ses_1": ("global", str(new), str(new)[1:]),
        "ses_2": ("global", str(new / "2026"), str(new / "2026")[1:]),
    }
    assert home.query("SELECT worktree FROM project") == [("/",)]


def test_a_folder_outside_any_repository_that_came_into_one(home: Home) -> None:
    old = home.src / "notes"
    (old / "2026").mkdir(parents=True)
    bind_session(home, "ses_1", "global", old / "2026", str(old / "2026")[1:])
    repository = home.repository("shop")
    old.rename(repository / "docs")
    relocate(home, old, repository / "docs")
    project = root_commit(repository)
    assert bound(home) == {"ses_1": (project, str(repository / "docs/2026"), "docs/2026")}
    assert project in projects(home)


def test_a_directory_inside_a_repository(home: Home) -> None:
    repository, project = project_at_home(home, "shop", "sub")
    (repository / "sub").rename(repository / "part")
    relocate(home, repository / "sub", repository / "part")
    assert bound(home)["ses_shop_sub"] == (project, str(repository / "part"), "part")
    assert bound(home)["ses_shop"] == (project, str(repository), "")
    assert projects(home) == {project: (str(repository), [])}


@pytest.mark.long
def test_a_folder_with_twenty_repositories_in_it(home: Home) -> None:
    ids = dict(project_at_home(home, f"old/r{number}", "sub") for number in range(20))
    bind_session(home, "ses_top", "global", home.src / "old", str(home.src / "old")[1:])
    before = home.everything()
    new = (home.src / "old").rename(home.path / "new")
    done = relocate(home, home.src / "old", new)
    assert "Moved 41 sessions" in done.stdout
    assert "Updated 20 projects." in done.stdout
    assert projects(home) == {project: (str(new / old.name), []) for old, project in ids.items()}
    for old, project in ids.items():
        assert bound(home)[f"ses_old/{old.name}_sub"] == (project, str(new / old.name / "sub"), "sub")
    assert home.run("undo", "--yes").code == 0
    assert home.everything() == before


def test_a_sub_directory_that_is_gone_keeps_its_path(home: Home) -> None:
    """Said once, however many there are. It is where it would be, had nobody deleted it."""
    old, project = project_at_home(home, "shop", "sub/deep", "other")
    subprocess.run(["rm", "-r", str(old / "sub"), str(old / "other")], check=True)
    new = old.rename(home.src / "store")
    done = relocate(home, old, new)
    assert done.stderr.count("warning:") == 1
    assert f"{home.shown(new / 'other')} and {home.shown(new / 'sub/deep')} do not exist" in done.stderr
    assert bound(home)["ses_shop_sub/deep"] == (project, str(new / "sub/deep"), "sub/deep")


def test_a_repository_that_is_gone_stays_the_project_that_it_was(home: Home) -> None:
    """Its id is what brings its sessions home when it is cloned again."""
    project_at_home(home, "old/shop")
    dead = home.src / "old/dead"
    add_opened_project(home, "dead", dead)
    bind_session(home, "ses_dead", "dead", dead / "sub", "sub")
    new = (home.src / "old").rename(home.src / "new")
    relocate(home, home.src / "old", new)
    assert bound(home)["ses_dead"] == ("dead", str(new / "dead/sub"), "sub")
    assert projects(home)["dead"] == (str(new / "dead"), [])


def test_a_project_row_stays_where_the_new_place_is_another_project(home: Home) -> None:
    old, project = project_at_home(home, "shop")
    subprocess.run(["rm", "-rf", str(old)], check=True)
    new = home.repository("store")
    done = relocate(home, old, new)
    assert f"Project {project} keeps its worktree {home.shown(old)}" in done.stderr
    assert projects(home)[project] == (str(old), [])
    assert bound(home)["ses_shop"] == (root_commit(new), str(new), "")


def test_sessions_that_were_stored_through_a_link(home: Home) -> None:
    """Early versions stored the path that was typed; the link is dangling now, and tells all the same."""
    real, project = project_at_home(home, "shop", "sub")
    link = home.path / "link"
    link.symlink_to(real)
    bind_session(home, "ses_link", project, link / "sub", "sub")
    bind_session(home, "ses_slash", project, f"{real}/", "")
    new = real.rename(home.src / "store")
    relocate(home, real, new)
    assert {directory for _, directory, _ in bound(home).values()} == {str(new), str(new / "sub")}


def test_a_folder_that_is_named_by_a_link_to_it(home: Home) -> None:
    real, project = project_at_home(home, "shop")
    link = home.path / "link"
    link.symlink_to(real)
    bind_session(home, "ses_link", project, link, "")
    new = real.rename(home.src / "store")
    relocate(home, link, new)
    assert bound(home) == {"ses_shop": (project, str(new), ""), "ses_link": (project, str(new), "")}


def test_a_link_that_was_left_at_the_old_place(home: Home) -> None:
    old, project = project_at_home(home, "shop")
    new = old.rename(home.src / "store")
    old.symlink_to(new)
    relocate(home, old, new)
    assert bound(home) == {"ses_shop": (project, str(new), "")}


def test_a_new_place_that_is_named_by_a_link(home: Home) -> None:
    old, project = project_at_home(home, "shop")
    new = old.rename(home.src / "store")
    (home.path / "link").symlink_to(home.src)
    relocate(home, old, home.path / "link" / "store")
    assert bound(home) == {"ses_shop": (project, str(new), "")}


def test_a_member_of_a_tree_that_is_in_another_folder_stays(home: Home) -> None:
    old, project = project_at_home(home, "shop", "sub")
    bind_session(home, "ses_child", project, old, "", parent_id="ses_shop")
    bind_session(home, "ses_torn", "global", "/elsewhere", "elsewhere", parent_id="ses_shop")
    new = old.rename(home.src / "store")
    done = relocate(home, old, new)
    assert (
        "ses_torn in /elsewhere is outside the folder, though with a parent or a child in it, and stays there"
        in done.stderr
    )
    assert bound(home)["ses_torn"] == ("global", "/elsewhere", "elsewhere")
    assert bound(home)["ses_child"][1] == str(new)


def test_a_child_moves_without_its_root(home: Home) -> None:
    old, project = project_at_home(home, "shop")
    bind_session(home, "ses_root", "global", "/elsewhere", "elsewhere")
    bind_session(home, "ses_child", project, old, "", parent_id="ses_root")
    new = old.rename(home.src / "store")
    relocate(home, old, new)
    assert bound(home)["ses_child"][1] == str(new)
    assert bound(home)["ses_root"][1] == "/elsewhere"


def test_a_workspace_of_opencode_follows_with_its_sessions(home: Home) -> None:
    old, project = project_at_home(home, "shop")
    add_workspace(home, "wrk_1", old, project)
    home.execute("UPDATE session SET workspace_id = 'wrk_1' WHERE id = 'ses_shop'")
    bind_session(home, "ses_gone", project, old, "", workspace_id="wrk_gone")
    before = home.everything()
    new = old.rename(home.src / "store")
    relocate(home, old, new)
    assert home.query("SELECT directory FROM workspace") == [(str(new),)]
    sql = "SELECT id, workspace_id FROM session WHERE id LIKE 'ses_%o%' ORDER BY id"
    assert home.query(sql) == [("ses_gone", None), ("ses_shop", "wrk_1")]
    assert home.run("undo", "--yes").code == 0
    assert home.everything() == before


def test_file_undo_is_detached(home: Home) -> None:
    old, _ = project_at_home(home, "shop")
    add_patch(home, "ses_shop", str(old / "README.md"))
    new = old.rename(home.src / "store")
    plan = home.run("relocate", old, new, "--dry-run", "--json").json
    assert plan["summary"]["undo_detached"] == 1
    relocate(home, old, new)
    ((data,),) = home.query("SELECT data FROM part WHERE id = 'prt_added'")
    assert json.loads(data)["files"] == []


def test_several_folders_at_once_and_from_a_file(home: Home) -> None:
    ids = dict(project_at_home(home, name) for name in ("a", "b", "c"))
    a, b, c = ids
    a.rename(home.src / "x")
    b.rename(home.src / "y=1")
    c.rename(home.src / "z")
    (home.path / "moved").write_text("# in the evening\n\n~/src/b=~/src/y\\=1\n")
    relocate(home, f"{a}={home.src / 'x'}", "src/c=src/z", "--map", "moved")
    assert [bound(home)[f"ses_{name}"][1] for name in "abc"] == [str(home.src / name) for name in ("x", "y=1", "z")]
    done = home.run("relocate", "--map", "-", "--yes", stdin=f"{home.src / 'nothing'}={home.src / 'x'}\n")
    assert done.code == 3


def test_two_folders_that_changed_places(home: Home) -> None:
    (a, first), (b, second) = project_at_home(home, "a"), project_at_home(home, "b")
    before = home.everything()
    a.rename(home.src / "c")
    b.rename(a)
    (home.src / "c").rename(b)
    relocate(home, f"{a}={b}", f"{b}={a}")
    assert bound(home) == {"ses_a": (first, str(b), ""), "ses_b": (second, str(a), "")}
    assert projects(home) == {first: (str(b), []), second: (str(a), [])}
    assert home.run("undo", "--yes").code == 0
    assert home.everything() == before


def test_of_several_folders_those_are_named_that_nothing_is_bound_to(home: Home) -> None:
    old, _ = project_at_home(home, "shop")
    new = old.rename(home.src / "store")
    done = relocate(home, f"{old}={new}", f"{home.src / 'typo'}={new}")
    assert "No session and no project is bound to ~/src/typo or below it." in done.stderr


def test_what_is_at_the_new_place_already_stays(home: Home) -> None:
    old, project = project_at_home(home, "old", "sub")
    old.rename(home.src / "passing")
    old.mkdir()
    new = (home.src / "passing").rename(old / "new")
    bind_session(home, "ses_new", project, new, "")
    done = relocate(home, old, new)
    assert f"Sessions in {home.shown(new)} stay" in done.stderr
    assert bound(home)["ses_new"][1] == bound(home)["ses_old"][1] == str(new)
    assert bound(home)["ses_old_sub"][1] == str(new / "sub")
    assert home.run("relocate", old, new, "--yes").code == 3


# ------------------------------------------------------------------------------------------------- linked worktrees


def linked(home: Home) -> tuple[Path, Path, str]:
    """A repository in ~/src/all/main with a linked worktree beside it, and a session in each."""
    main, project = project_at_home(home, "all/main")
    git(main, "worktree", "add", "-q", "../wt")
    worktree = main.parent / "wt"
    home.execute("UPDATE project SET sandboxes = ? WHERE id = ?", [json.dumps([str(worktree)]), project])
    add_directory(home, project, worktree, strategy="git_worktree", time_created=2)
    bind_session(home, "ses_wt", project, worktree, "")
    return main, worktree, project


def repaired(home: Home, done: Finished) -> str:
    """Run the command that a warning gives; what git says of the worktrees then."""
    said = " ".join(done.stderr.split())
    command = said.partition("let git repair them: `")[2].partition("`. warning:")[0].removesuffix("`.")
    assert command.startswith("git -C "), done.stderr
    subprocess.run(command, shell=True, env=dict(home.env()), cwd=home.path, check=True, capture_output=True)
    return command


def test_a_linked_worktree_that_moved(home: Home) -> None:
    main, worktree, project = linked(home)
    new = worktree.rename(home.src / "tree")
    done = relocate(home, worktree, new)
    assert bound(home)["ses_wt"] == (project, str(new), "")
    assert projects(home) == {project: (str(main), [str(new)])}
    assert repaired(home, done) == f"git -C {main} worktree repair {new}"
    listed = git(main, "worktree", "list", "--porcelain")
    assert f"worktree {new}\n" in listed
    assert "prunable" not in listed


def test_a_repository_that_moved_away_from_its_linked_worktree(home: Home) -> None:
    main, worktree, project = linked(home)
    new = main.rename(home.src / "new")
    done = relocate(home, main, new)
    assert bound(home) == {"ses_all/main": (project, str(new), ""), "ses_wt": (project, str(worktree), "")}
    assert projects(home) == {project: (str(new), [str(worktree)])}
    assert repaired(home, done) == f"git -C {new} worktree repair {worktree}"
    assert git(worktree, "rev-parse", "--git-common-dir").strip() == str(new / ".git")


@pytest.mark.parametrize("order", ["relocate first", "repair first"])
def test_a_repository_that_moved_together_with_its_linked_worktree(home: Home, order: str) -> None:
    """Until git has mended the link, opencode takes it for no repository; its sessions don't become `global`."""
    _, _, project = linked(home)
    new = (home.src / "all").rename(home.src / "every")
    if order == "repair first":
        git(new / "main", "worktree", "repair", str(new / "wt"))
    done = relocate(home, home.src / "all", new)
    assert bound(home)["ses_wt"] == (project, str(new / "wt"), "")
    assert projects(home) == {project: (str(new / "main"), [str(new / "wt")])}
    assert known_directories(home, project) == [str(new / "main"), str(new / "wt")]
    if order == "repair first":
        assert done.stderr == ""
        return
    assert repaired(home, done) == f"git -C {new / 'main'} worktree repair {new / 'wt'}"
    assert home.run("move", "--from-dir", new, "--to-dir", "keep", "--dry-run").stdout.startswith("Nothing to do")


def test_a_fifo_in_the_place_of_a_record_is_not_waited_for(home: Home) -> None:
    main, _, project = linked(home)
    (main / ".git/worktrees/wt/gitdir").unlink()
    os.mkfifo(main / ".git/worktrees/wt/gitdir")
    new = main.rename(home.src / "new")
    relocate(home, main, new)
    assert bound(home)["ses_all/main"] == (project, str(new), "")


# ------------------------------------------------------------------------------------------ what isn't ours to touch


@pytest.mark.parametrize(
    "name", [".config/ai.opencode.desktop/opencode.global.dat", ".local/share/ai.opencode.desktop.beta/x.dat"]
)
def test_the_state_of_the_desktop_app_is_named_and_left_alone(home: Home, name: str) -> None:
    old, _ = project_at_home(home, "shop")
    new = old.rename(home.src / "store")
    file = home.path / name
    file.parent.mkdir(parents=True)
    state = json.dumps({"server": json.dumps({"projects": {"local": [{"worktree": str(old)}]}})})
    file.write_text(state)
    done = relocate(home, old, new)
    assert f"{home.shown(file)} names the old folder" in done.stderr
    assert file.read_text() == state


def test_a_file_that_names_a_look_alike_is_not_named(home: Home) -> None:
    old, _ = project_at_home(home, "shop")
    new = old.rename(home.src / "store")
    file = home.path / ".config/opencode/opencode.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"instructions": [f"{old}-copy/RULES.md"]}))
    assert relocate(home, old, new).stderr == ""


# ------------------------------------------------------------------------------------------------------- refused


def test_the_new_folder_must_be_there(home: Home) -> None:
    old, _ = project_at_home(home, "shop")
    new = home.src / "store"
    said = refused(home, "relocate", old, new, "--yes")
    assert said.startswith(f"The path {new} does not exist: move {old} there first")
    assert "--will-move" in said
    assert "--foreign" in said


@pytest.mark.parametrize("option", [[], ["--will-move"]], ids=["moved", "will move"])
def test_a_folder_that_can_not_be_looked_at_is_not_called_missing(home: Home, option: list[str]) -> None:
    old, _ = project_at_home(home, "shop")
    closed = home.src / "closed"
    closed.mkdir()
    new = old.rename(closed / "shop")
    folders = (new, home.src / "store") if option else (old, new)
    closed.chmod(0)
    unprivileged = UnprivilegedHome(home.path, home.environ)
    said = sentence(unprivileged.run("relocate", *folders, *option, "--yes"), 1)
    closed.chmod(0o755)
    assert "does not exist" not in said
    assert "is no directory" not in said
    assert "can't be looked " in said
    assert str(closed) in said


def test_a_folder_that_is_still_there_is_no_folder_that_has_moved(home: Home) -> None:
    old, _ = project_at_home(home, "shop", "sub")
    new = home.src / "store"
    subprocess.run(["cp", "-r", str(old), str(new)], check=True)
    said = refused(home, "relocate", old, new, "--yes")
    assert said.startswith(f"The path {old} and 1 more directory are still there")
    assert "--copied" in said
    relocate(home, old, new, "--copied")
    assert bound(home)["ses_shop_sub"][1] == str(new / "sub")


def test_what_opencode_makes_anew_in_the_old_place_is_no_obstacle(home: Home) -> None:
    old, _ = project_at_home(home, "shop")
    new = old.rename(home.src / "store")
    (old / ".opencode/node_modules").mkdir(parents=True)
    done = relocate(home, old, new)
    assert "~/src/shop is empty (or holds only .opencode, which opencode creates)" in " ".join(done.stderr.split())


def test_nothing_bound_there(home: Home) -> None:
    project_at_home(home, "shop-copy")
    (home.src / "store").mkdir()
    said = refused(home, "relocate", home.src / "shop", home.src / "store", code=3)
    assert said.startswith(f"No session and no project is bound to {home.src / 'shop'}, or below it")


def test_a_project_that_is_bound_there_and_does_not_follow_is_named(home: Home) -> None:
    shop, project = project_at_home(home, "shop")
    home.execute("DELETE FROM session")
    other = home.repository("other")
    said = refused(home, "relocate", shop, other, code=3)
    assert said.startswith(f"No session is bound to {shop}, or below it; project {project} keeps its worktree {shop}")


def test_where_neither_folder_is_there_nobody_is_told_to_move_one(home: Home) -> None:
    shop, _ = project_at_home(home, "shop")
    shop.rename(home.src / "store")
    said = refused(home, "relocate", shop, home.src / "stroe")
    assert said.startswith(
        f"The path {home.src / 'stroe'} does not exist, and nothing is at {shop} either: say where the folder is now"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Say which folder moved"),
        (("/a",), "Say too where /a is now: relocate OLD NEW"),
        (("/a", "/b", "/c"), "OLD=NEW"),
        (("/a", "/a"), "/a would move to itself"),
        (("/a=/b", "/a=/c"), "/a moves to /b and to /c"),
        (("/a", "/b", "--will-move", "--foreign"), "--will-move and --foreign exclude each other"),
        (("--map", "missing"), "--map missing can't be read: No such file"),
        (("--map", "map"), "In map, line 2: the argument '/b' is not of the form OLD=NEW"),
    ],
)
def test_what_cannot_be_meant(home: Home, words: tuple[str, ...], said: str) -> None:
    (home.path / "map").write_text("/a=/c\n/b\n")
    assert said in refused(home, "relocate", *words, code=2)


def test_a_new_folder_that_cannot_be_read(home: Home) -> None:
    old, _ = project_at_home(home, "shop")
    new = old.rename(home.src / "store")
    new.chmod(0)
    try:
        assert "can't be read" in refused(UnprivilegedHome(home.path), "relocate", old, new, "--yes")
    finally:
        new.chmod(0o700)


@pytest.mark.parametrize("fixture", ["1.2.1", "1.2.27", "1.14.34", "1.15.13", "1.17.0"])
def test_every_schema(tmp_path: Path, fixture: str) -> None:
    home = empty_home(tmp_path / "old", fixture)
    repository = home.repository("shop", "sub")
    project = root_commit(repository)
    add_opened_project(home, project, repository) if fixture != "1.17.0" else _with_type(home, project, repository)
    bind_session(home, "ses_1", project, repository / "sub", "sub")
    before = home.everything()
    new = repository.rename(home.src / "store")
    relocate(home, repository, new)
    assert home.query("SELECT directory FROM session WHERE id = 'ses_1'") == [(str(new / "sub"),)]
    assert projects(home) == {project: (str(new), [])}
    assert home.run("undo", "--yes").code == 0
    assert home.everything() == before


def _with_type(home: Home, project: str, worktree: Path) -> None:
    """1.17.0 alone demands a type."""
    add_project(home, project, worktree)
    add_directory(home, project, worktree, type="main")
