"""After a move each session is what opencode itself would have made there, its file undo is safe, the rest untouched.

The list is that of `fixtures/README.md`'s sessions: roots, children, a grandchild, a fork, one that is archived, one
that is reverted, one in a sub-directory. What is expected is written down here anew, without the code under test.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import root_commit
from tests.support.rows import Row, add_patch, copy_session, directories, patch_files, rows, session_titled

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.forked import Finished
    from tests.support.home import Home

TREE = (
    "Rank results by freshness",
    "Collect sample queries (@general subagent)",
    "Compare ranking formulas",
    "Read about BM25",
)


def move(home: Home, source: str, destination: Path | str, *more: str) -> Finished:
    done = home.run("move", "--from-dir", source, "--to-dir", destination, "--yes", "--json", *more)
    assert done.code == 0, done.stderr
    return done


def moved(row: Row, **columns: Any) -> None:
    """Expect the row to be bound anew, with a revert marker that hides the same messages and touches no file."""
    row |= {"workspace_id": None, **columns}
    if row["revert"] is not None:
        marker = json.loads(row["revert"])
        row["revert"] = json.dumps({"messageID": marker["messageID"]}, separators=(",", ":"))


def emptied(part: Row) -> None:
    """Expect a patch part to name no file any more, and all else in it to be kept."""
    before, after = part["data"].split('"files":[')
    part["data"] = before + '"files":[]' + after.split("]")[1]


def test_every_row_is_as_the_checklist_says_and_no_other_has_changed(home: Home) -> None:
    shop = home.repository("shop", "sub/deep")
    reverted = session_titled(home, "Try a trigram index")
    home.execute("UPDATE session SET workspace_id = 'wrk_1' WHERE title LIKE 'D%'")
    expected = rows(home)
    started = time.time() * 1000
    run = move(home, "~/src/shop-*", shop).json
    for session in expected["session"].values():
        inside = session["directory"].split("/src/")[1]
        if inside.startswith("shop-"):
            sub = inside.partition("/")[2]
            moved(session, project_id=root_commit(shop), directory=str(shop / sub), path=sub)
            for part in expected["part"].values():
                if part["session_id"] == session["id"] and json.loads(part["data"])["type"] == "patch":
                    emptied(part)
    found = rows(home)
    project = found["project"].pop(root_commit(shop))
    assert found == expected
    assert started - 1 <= project["time_created"] == project["time_updated"] <= time.time() * 1000
    assert {k: v for k, v in project.items() if v is not None and "time" not in k} == {
        "id": root_commit(shop),
        "worktree": str(shop),
        "vcs": "git",
        "sandboxes": "[]",
    }
    assert (run["status"], run["sessions"], run["verified"]) == ("applied", 17, 17)
    assert json.loads(found["session"][reverted]["revert"]).keys() == {"messageID"}


@pytest.mark.parametrize("typed", ["~/src/link", "~/src/link/", "~/src/link/../shop//", "src/../src/link"])
def test_the_real_directory_is_stored(home: Home, typed: str) -> None:
    shop = home.repository("shop")
    (home.src / "link").symlink_to(shop)
    move(home, "~/src/notes", typed)
    assert home.query("SELECT directory, path FROM session WHERE title = 'Plan the next release'") == [(str(shop), "")]


def test_outside_any_repository_sessions_belong_to_the_global_project(home: Home) -> None:
    """Its row is made too where there is none, and `path` is the directory without its leading slash."""
    home.execute("DELETE FROM project WHERE id = 'global'")
    (home.src / "plain").mkdir()
    move(home, "~/src/shop-api", home.src / "plain")
    columns = "project_id, directory, path"
    bound = home.query(f"SELECT {columns} FROM session WHERE title = 'API: paginate orders'")
    assert bound == [("global", str(home.src / "plain"), str(home.src / "plain")[1:])]
    assert home.query("SELECT worktree, vcs, name, sandboxes FROM project WHERE id = 'global'") == [
        ("/", None, None, "[]"),
    ]
    assert patch_files(home, session_titled(home, "API: paginate orders")) == []


PATCHES = [
    '{"type":"patch","hash":"ab","files":["/x/é.txt","/x/[a]\\n"]}',
    '{ "files" : ["/x/a"], "hash": "ab", "type" : "patch" }',
    '{"type":"patch","hash":"ab","files":["/x/a"],"metadata":{"files":["/x/b"]}}',
]
NO_PATCHES = [
    '{"type":"text","text":"{\\"type\\":\\"patch\\",\\"files\\":[\\"/x/a\\"]}"}',
    '{"type":"tool","tool":"patch","files":["/x/a"]}',
    '{"type":"patch","hash":"ab","files":[]}',
    '{"type" : "patch","hash":"ab"}',
]


def test_files_of_patch_parts_are_emptied_however_they_are_written(home: Home) -> None:
    shop, session = home.repository("shop"), session_titled(home, "Name things better")
    for number, data in enumerate(PATCHES + NO_PATCHES):
        add_patch(home, session, "/x/a", id_=f"prt_{number}")
        home.execute("UPDATE part SET data = ? WHERE id = ?", [data, f"prt_{number}"])
    move(home, "~/src/shop-search", shop)
    found = [data for (data,) in home.query("SELECT data FROM part WHERE id GLOB 'prt_[0-9]' ORDER BY id")]
    kept = [json.loads(data) for data in found[: len(PATCHES)]]
    assert kept == [json.loads(data) | {"files": []} for data in PATCHES]
    assert found[len(PATCHES) :] == NO_PATCHES


@pytest.mark.parametrize(
    ("marker", "after"),
    [
        ('{"messageID":"msg_1","partID":"prt_1","snapshot":"ab","diff":"d"}', '{"messageID":"msg_1","partID":"prt_1"}'),
        ('{"messageID":"msg_1","diff":""}', '{"messageID":"msg_1"}'),
        ('{ "messageID": "msg_1" }', '{ "messageID": "msg_1" }'),
    ],
)
def test_a_revert_marker_keeps_its_messages_hidden_and_touches_no_file(home: Home, marker: str, after: str) -> None:
    shop = home.repository("shop")
    home.execute("UPDATE session SET revert = ? WHERE title = 'Plan the next release'", [marker])
    move(home, "~/src/notes", shop)
    assert home.query("SELECT revert FROM session WHERE title = 'Plan the next release'") == [(after,)]


@pytest.mark.parametrize("title", TREE)
def test_whoever_is_selected_takes_the_whole_tree_along(home: Home, title: str) -> None:
    shop, before = home.repository("shop"), directories(home)
    done = home.run("move", "--from-id", session_titled(home, title), "--to-dir", shop, "--yes", "--json")
    assert {id_ for id_, where in directories(home).items() if where != before[id_]} == {
        session_titled(home, t) for t in TREE
    }
    warned = [warning["code"] for warning in done.json["warnings"]]
    assert warned == ([] if title == TREE[0] else ["whole-tree"])


@pytest.mark.parametrize(
    ("made", "options", "sub"),
    [
        ("sub/deep", (), "sub/deep"),
        ("sub", (), "sub"),
        ("other", (), ""),
        ("sub/deep", ("--subdirs", "keep"), "sub/deep"),
        ("sub/deep", ("--subdirs", "flatten"), ""),
    ],
)
def test_a_sub_path_is_kept_or_its_nearest_ancestor_taken(
    home: Home, made: str, options: tuple[str, ...], sub: str
) -> None:
    shop = home.repository("shop", made)
    warned = [w["code"] for w in move(home, "~/src/shop-search", shop, *options).json["warnings"]]
    bound = home.query("SELECT directory, path FROM session WHERE title = 'Fix the flaky index test'")
    assert bound == [(str(shop / sub), sub)]
    assert warned == (["nearest-directory"] if not options and sub != "sub/deep" else [])


def test_subdirs_keep_refuses_rather_than_take_another_directory(home: Home) -> None:
    shop, before = home.repository("shop", "sub"), home.everything()
    done = home.run("move", "--from-dir", "~/src/shop-search", "--to-dir", shop, "--subdirs", "keep", "--yes")
    assert done.code == 1
    assert str(shop / "sub/deep") in done.stderr
    assert home.everything() == before


def test_what_is_already_right_is_left_as_it_is(home: Home) -> None:
    """One tree is half there: only the other half is written. Then all of it is there, and nothing is."""
    shop = home.repository("shop")
    move(home, "~/src/notes", shop)
    child = session_titled(home, "Compare ranking formulas")
    home.execute(
        "UPDATE session SET project_id = ?, directory = ?, path = '' WHERE id = ?",
        [root_commit(shop), str(shop), child],
    )
    add_patch(home, child, str(shop / "README.md"))
    before = rows(home)
    run = home.run("move", "--from-id", child, "--to-dir", shop, "--yes", "--json").json
    assert (run["status"], run["sessions"]) == ("applied", len(TREE) - 1)
    after = rows(home)
    assert after["session"][child] == before["session"][child]
    assert after["part"] == before["part"]
    again = home.run("move", "--from-id", child, "--to-dir", shop, "--yes", "--json").json
    assert (again["status"], again["run"], again["sessions"]) == ("unchanged", None, 0)
    assert rows(home) == after


@pytest.mark.parametrize(
    ("column", "wrong", "kept"), [("path", None, True), ("path", "x", True), ("workspace_id", "w", False)]
)
def test_file_undo_is_left_alone_where_only_the_path_is_repaired(
    home: Home, column: str, wrong: str | None, kept: bool
) -> None:
    """Snapshots are kept by project and worktree, and both stay. Not so where a workspace had another directory."""
    shop = home.repository("shop")
    move(home, "~/src/notes", shop)
    session = session_titled(home, "Plan the next release")
    add_patch(home, session, str(shop / "README.md"))
    marker = '{"messageID":"msg_1","snapshot":"ab","diff":"d"}'
    home.execute(f"UPDATE session SET {column} = ?, revert = ? WHERE id = ?", [wrong, marker, session])
    expected = rows(home)
    assert move(home, str(shop), "keep").json["sessions"] == 1
    expected["session"][session] |= {"path": "", "workspace_id": None}
    if not kept:
        moved(expected["session"][session])
        emptied(expected["part"]["prt_added"])
    assert rows(home) == expected


def test_a_child_that_lives_elsewhere_comes_along(home: Home) -> None:
    """Left behind, it would open and run where its root no longer is."""
    shop, root = home.repository("shop", "sub/deep"), session_titled(home, "Rank results by freshness")
    copy_session(home, root, id="ses_elsewhere", parent_id=root, directory=str(home.src / "notes"), path="x")
    home.run("move", "--from-id", root, "--to-dir", shop, "--yes")
    assert home.query("SELECT directory, path FROM session WHERE id = 'ses_elsewhere'") == [(str(shop), "")]


@pytest.mark.parametrize("directory", ["", "rel/ative", r"C:\Users\ada\shop", "/srv//shop/"])
def test_a_broken_row_is_mended_like_any_other(home: Home, directory: str) -> None:
    """What no opencode of today stores as a directory is still a place to move from, by id."""
    shop, session = home.repository("shop"), session_titled(home, "Name things better")
    home.execute("UPDATE session SET directory = ? WHERE id = ?", [directory, session])
    before = home.everything()
    assert home.run("move", "--from-id", session, "--to-dir", shop, "--yes").code == 0
    assert directories(home)[session] == str(shop)
    assert home.run("undo", "--yes").code == 0
    assert home.everything() == before
