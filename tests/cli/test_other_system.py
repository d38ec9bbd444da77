r"""Rows of another system: a database of Windows that WSL reads, or one in a copied home."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from migrator.arguments import RescueRequest
from migrator.documents.schemas import schema
from migrator.operations.context import CommandContext
from migrator.operations.rescue import plan_rescue
from tests.support.empty_home import bind_session, bound, empty_home, projects
from tests.support.git import root_commit
from tests.support.home import build_home
from tests.support.refusal import refused
from tests.support.rows import add_opened_project, add_session
from tests.support.shell import run_in_shell

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from migrator.planning.rescue import Tie
    from tests.support.forked import Finished
    from tests.support.home import Home

SPELLINGS = {
    "ses_backslash": r"C:\Users\Me\src\shop",
    "ses_slash": "C:/Users/Me/src/shop",
    "ses_small": "c:/users/me/src/shop",
    "ses_plain": r"\\?\C:\Users\Me\src\shop",
    "ses_below": r"C:\Users\Me\src\shop\packages\web",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return empty_home(tmp_path / "home")


@pytest.fixture
def spelled(home: Home) -> Home:
    """One checkout in all spellings, and look-alikes of it."""
    add_opened_project(home, "prj", r"C:\Users\Me\src\shop", "C:/Users/Me/src/wt")
    for id_, directory in SPELLINGS.items():
        bind_session(home, id_, "prj", directory, "packages/web" if id_ == "ses_below" else "")
    for id_, directory in {"ses_like": r"C:\Users\Mean", "ses_posix": "/C:/Users/Me/src/shop"}.items():
        bind_session(home, id_, "global", directory, directory[3:].replace("\\", "/"))
    return home


def selected(home: Home, *words: str) -> set[str]:
    done = home.run("list", "--json", "--no-roots", *words)
    return {row["id"] for row in json.loads(done.stdout)} if done.code == 0 else set()


def relocated(home: Home, *words: str | Path) -> Finished:
    done = home.run("relocate", *words, "--yes")
    assert done.code == 0, done.stderr
    return done


@pytest.mark.parametrize(
    "pattern",
    [r"C:\Users\Me", "c:/users/me/", "C:/Users/Me/src/*", r"C:\**\shop", r"\\?\c:\Users\Me", "{C,D}:/Users/Me"],
)
def test_a_pattern_means_a_directory_of_windows_in_every_spelling(spelled: Home, pattern: str) -> None:
    assert selected(spelled, "--from-dir", pattern) == {*SPELLINGS}
    left = selected(spelled, "--from-project", "prj", "--exclude-dir", pattern)
    assert left == set()


def test_a_list_of_exclusions_names_directories_of_windows_too(spelled: Home) -> None:
    (spelled.path / "list").write_text("c:/users/me/src/*/packages\n")
    assert selected(spelled, "--from-project", "prj", "--exclude-from", "list") == {*SPELLINGS} - {"ses_below"}


def test_a_mistyped_path_of_windows_gets_the_nearest(spelled: Home) -> None:
    said = spelled.run("list", "--from-dir", r"C:\Users\Me\src\shpo").stderr
    assert "the nearest is C:/Users/Me/src/shop (5 sessions)" in said


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("C:/p/sinav", {"ses_i"}),
        ("C:/P/S\u0131NAV", {"ses_dotless"}),
        ("C:/p/[r-t]inav", {"ses_i"}),
        ("c:/P/ÖDEV", {"ses_umlaut"}),
        ("C:/p/[ö]dev", {"ses_umlaut"}),
        ("C:/p/STRASSE", set()),
    ],
)
def test_no_letter_is_one_of_ascii_but_itself(home: Home, pattern: str, found: set[str]) -> None:
    """As NTFS has it; `re` takes a dotless i for an i, if case doesn't count."""
    rows = {
        "ses_i": "C:/p/sinav",
        "ses_dotless": "C:/p/s\u0131nav",
        "ses_umlaut": r"C:\p\ödev",
        "ses_sharp": "C:/p/straße",
    }
    for id_, directory in rows.items():
        bind_session(home, id_, "global", directory, None)
    assert selected(home, "--from-dir", pattern) == found
    (home.path / "list").write_text(f"{pattern}\n")
    assert selected(home, "--all", "--exclude-dir", pattern) == {*rows} - found
    assert selected(home, "--all", "--exclude-from", "list") == {*rows} - found


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"\\server\*", {"ses_1", "ses_2"}),
        (r"\\server\{share,x}", {"ses_1", "ses_2"}),
        (r"\\serv*\share", {"ses_1", "ses_2"}),
        (r"\\server\[s]hare", {"ses_1", "ses_2"}),
        (r"\\server\?", set()),
        (r"\\server/share", {"ses_1", "ses_2"}),
        ("//server/*", {"ses_1", "ses_2", "ses_3"}),
    ],
)
def test_a_pattern_of_shares(home: Home, pattern: str, found: set[str]) -> None:
    rows = {"ses_1": r"\\server\share\x", "ses_2": r"\\server/share/x", "ses_3": "/server/share/z"}
    for id_, directory in rows.items():
        bind_session(home, id_, "global", directory, None)
    done = home.run("list", "--json", "--no-roots", "--from-dir", pattern)
    assert done.code == (0 if found else 3), done.stderr
    assert {row["id"] for row in json.loads(done.stdout)} == found


@pytest.mark.parametrize("path", ["//server/share/x", r"\\SERVER\share\x", "//?/UNC/server/share/x/"])
def test_a_project_on_a_share_is_named_as_it_is_listed_and_in_every_spelling(home: Home, path: str) -> None:
    add_opened_project(home, "prj", "//server/share/x")
    bind_session(home, "ses_1", "prj", "//server/share/x", "")
    assert selected(home, "--from-project", path) == {"ses_1"}


def test_what_looks_at_a_directory_says_that_it_is_of_another_system(home: Home) -> None:
    for words in (
        ("workspaces", r"C:\shop"),
        ("consolidate", r"C:\shop"),
        ("list", "--from-workspaces", r"C:\shop"),
        ("relocate", "--will-move", "C:/shop", home.path),
        ("relocate", "--will-move", home.path, "C:/shop"),
        ("relocate", home.path, "C:/shop"),
    ):
        done = home.run(*words)
        said = " ".join(done.stderr.split())
        assert (done.code, said.count(" of another system")) == (1, 1), (words, said)


def test_a_share_is_selected_with_both_kinds_of_slash(home: Home) -> None:
    bind_session(home, "ses_1", "global", r"\\server\share\x", "//server/share/x")
    bind_session(home, "ses_2", "global", "//server/share/y", "//server/share/y")
    bind_session(home, "ses_3", "global", "/server/share/z", "server/share/z")
    assert selected(home, "--from-dir", r"\\SERVER\share") == {"ses_1", "ses_2"}
    assert selected(home, "--from-dir", "//server/share") == {"ses_1", "ses_2", "ses_3"}


def test_a_backslash_in_a_name_of_ours_stays_one(home: Home) -> None:
    bind_session(home, "ses_1", "global", r"/home/me/a\b", r"home/me/a\b")
    bind_session(home, "ses_2", "global", "/home/me/a/b", "home/me/a/b")
    assert selected(home, "--from-dir", r"/home/me/a\\b") == {"ses_1"}
    relocated(home, "--foreign", "/home/me/a", "/srv/a")
    assert [bound(home)[id_][1] for id_ in ("ses_1", "ses_2")] == [r"/home/me/a\b", "/srv/a/b"]


def test_a_merge_names_a_folder_once_and_so_that_its_map_is_read(tmp_path: Path, home: Home) -> None:
    other = empty_home(tmp_path / "other")
    home.repository("shop", "sub")
    rows = {**SPELLINGS, "ses_below": "c:/users/me/src/shop/sub", "ses_equal": "C:/Users/A=B/src/shop"}
    for id_, directory in rows.items():
        bind_session(other, id_, "global", directory, None)
    said = home.run("merge", other.database, "--dry-run")
    (command,) = (line for line in said.stdout.splitlines() if line.endswith("~'"))
    assert command.count("--map") == 2
    assert run_in_shell(home, f"{command} --yes").code == 0
    assert {row[1] for row in bound(home).values()} == {str(home.src / "shop"), str(home.src / "shop/sub")}
    assert bound(home).keys() == rows.keys()


@pytest.mark.parametrize("old", ["C:/Users/Me", r"c:\users\me"])
def test_a_folder_of_windows_is_followed_with_everything_below_it(spelled: Home, old: str) -> None:
    relocated(spelled, "--foreign", old, "/mnt/c/Users/Me")
    assert {id_: row for id_, row in bound(spelled).items() if id_ in SPELLINGS} == {
        **dict.fromkeys(SPELLINGS, ("prj", "/mnt/c/Users/Me/src/shop", "")),
        "ses_below": ("prj", "/mnt/c/Users/Me/src/shop/packages/web", "packages/web"),
    }
    assert bound(spelled)["ses_like"][1] == r"C:\Users\Mean"
    assert projects(spelled) == {"prj": ("/mnt/c/Users/Me/src/shop", ["/mnt/c/Users/Me/src/wt"])}


@pytest.mark.parametrize("root", ["C:/", "//server/share/", "//?/C:/"])
def test_there_and_back_leaves_every_row_as_it_was(home: Home, root: str) -> None:
    """1.18.34 stores slashes, so a backslash that was typed becomes one."""
    outside = f"{root.removeprefix('//?/')[3:]}Me/notes" if ":" in root else f"{root}Me/notes"
    add_opened_project(home, "prj", f"{root}Me/shop", f"{root}Me/wt", "D:/elsewhere")
    bind_session(home, "ses_top", "prj", f"{root}Me/shop", "")
    bind_session(home, "ses_sub", "prj", f"{root}Me/shop/sub", "sub")
    bind_session(home, "ses_notes", "global", f"{root}Me/notes", outside.removeprefix("//server/share/"))
    before = home.everything()
    relocated(home, "--foreign", f"{root}Me".replace("/", "\\"), "/home/me")
    assert bound(home)["ses_notes"] == ("global", "/home/me/notes", "home/me/notes")
    relocated(home, "--foreign", "/home/me", f"{root}Me".replace("/", "\\"))
    assert home.everything() == before


def test_an_older_opencode_gets_the_slashes_that_were_typed(tmp_path: Path) -> None:
    home = build_home(tmp_path, "1.15.13")
    home.empty()
    add_session(home, "ses_1", directory=r"C:\Users\Me\shop", path="")
    before = home.everything()
    relocated(home, "--foreign", "C:/Users/Me", "/home/me")
    relocated(home, "--foreign", "/home/me", r"C:\Users\Me")
    assert home.everything()["session"] == before["session"]


def test_two_spellings_become_two_directories_and_the_plan_says_how_to_make_them_one(home: Home) -> None:
    bind_session(home, "ses_1", "prj", "C:/Users/Me/Shop", "")
    bind_session(home, "ses_2", "prj", r"c:\users\me\shop", "")
    plan = json.loads(home.run("relocate", "--foreign", "C:/Users/Me", "/home/me", "--dry-run", "--json").stdout)
    (said,) = (warning["message"] for warning in plan["warnings"] if warning["code"] == "two-spellings")
    assert said.startswith("Windows takes C:/Users/Me/Shop and c:/users/me/shop for one directory")
    command = said.split("`")[1]
    relocated(home, *command.split()[2:])
    assert {row[1] for row in bound(home).values()} == {"/home/me/Shop"}


def test_a_folder_above_two_sessions_in_two_spellings_would_be_two_as_well(home: Home) -> None:
    bind_session(home, "ses_1", "prj", "C:/Users/Me/Shop", "")
    bind_session(home, "ses_2", "prj", "c:/users/me/shop/SUB/a", "SUB/a")
    bind_session(home, "ses_3", "prj", "c:/users/me/shop/sub/b", "sub/b")
    plan = json.loads(home.run("relocate", "--foreign", "C:/Users", "/home", "--dry-run", "--json").stdout)
    said = [warning["message"] for warning in plan["warnings"] if warning["code"] == "two-spellings"]
    assert [sentence.partition(" for one")[0] for sentence in said] == [
        "Windows takes C:/Users/Me and c:/users/me",
        "Windows takes C:/Users/Me/Shop and c:/users/me/shop",
        "Windows takes c:/users/me/shop/SUB and c:/users/me/shop/sub",
    ]
    (command,) = {sentence.split("`")[1] for sentence in said}
    assert "for one directory" not in relocated(home, *command.split()[2:]).stdout
    assert sorted(row[1] for row in bound(home).values()) == [
        "/home/Me/Shop", "/home/Me/Shop/SUB/a", "/home/Me/Shop/SUB/b",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["é" * 150, f"{200 * 'x'}/" * 25 + "shop"], ids=["name", "path"])
def test_a_path_that_is_too_long_for_this_system_is_gone_and_stands_in_nobodys_way(home: Home, name: str) -> None:
    """A Mac and Windows count the letters of a name, Linux its bytes."""
    shop = home.repository("shop")
    bind_session(home, "ses_1", "global", f"/Users/me/{name}", None)
    bind_session(home, "ses_2", "global", f"/Users/me/{name}", None)
    for words in (("orphans",), ("rescue", "-n"), ("doctor", "--undo"), ("protect", "-n"), ("gc", "-n"), ("projects",)):
        done = home.run(*words)
        assert (done.code, done.stderr) == (0, ""), words
    moved = home.run("move", "--from-id", "ses_1", "--to-dir", shop, "--yes")
    assert "Verified: opencode lists 1 of 1" in moved.stdout, moved.stderr
    relocated(home, "--foreign", "/Users/me", "C:/Users/Me")
    relocated(home, "--foreign", "C:/Users/Me", "/Users/me")
    assert bound(home)["ses_2"][1] == f"/Users/me/{name}"
    below = home.run("move", "--from-dir", "/Users/me", "--to-dir", shop, "--yes")
    assert (below.code, bound(home)["ses_2"][1]) == (0, str(shop)), below.stderr


def test_a_plan_to_follow_a_folder_of_windows_is_saved_shown_and_applied(spelled: Home) -> None:
    plan = spelled.run("relocate", "--foreign", r"C:\Users\Me", "/home/me", "--dry-run", "--json")
    (spelled.path / "plan.json").write_text(plan.stdout)
    assert list(Draft202012Validator(schema("plan")).iter_errors(json.loads(plan.stdout))) == []
    for words in (("show", "plan.json"), ("apply", "plan.json", "--yes")):
        done = spelled.run(*words)
        assert done.code == 0, done.stderr
    assert bound(spelled)["ses_below"][1] == "/home/me/src/shop/packages/web"


def test_a_folder_that_is_here_is_followed_as_it_is_spelled_on_the_disk(home: Home) -> None:
    shop = home.repository("Shop", "sub")
    bind_session(home, "ses_1", "global", r"C:\Users\Me\src\shop\SUB", None)
    relocated(home, r"C:\Users\Me\src", home.src)
    assert bound(home)["ses_1"][1:] == (str(shop / "sub"), "sub")


def test_a_file_of_the_desktop_app_that_names_the_folder_is_named(home: Home) -> None:
    """It is JSON, in which each backslash is two."""
    home.repository("shop")
    bind_session(home, "ses_1", "global", "C:/Users/Me/src/shop", None)
    file = home.path / ".config" / "ai.opencode.desktop" / "opencode.global.dat"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"open": [r"C:\Users\Me\src\shop"]}))
    done = home.run("relocate", "C:/Users/Me/src", home.src, "--dry-run", "--json")
    (said,) = (each["message"] for each in json.loads(done.stdout)["warnings"] if each["code"] == "named-elsewhere")
    assert said.startswith(f"{file} names the old folder")


@pytest.mark.parametrize(
    "words",
    [
        ("C:\\=/mnt/c",),
        ("C:\\Users\\Me\\=/mnt/c/Users/Me",),
        ("C:\\=/mnt/c", r"\\server\share\=/srv"),
        ("--map", "map"),
    ],
)
def test_a_path_of_windows_may_end_in_a_backslash_before_the_equals_sign(home: Home, words: tuple[str, ...]) -> None:
    bind_session(home, "ses_1", "global", "C:/Users/Me/x", None)
    bind_session(home, "ses_2", "global", "//server/share/x", None)
    (home.path / "map").write_text("C:\\=/mnt/c\n")
    relocated(home, "--foreign", *words)
    assert bound(home)["ses_1"][1] == "/mnt/c/Users/Me/x"
    assert bound(home)["ses_2"][1] == ("/srv/x" if words[1:] and words[0] != "--map" else "//server/share/x")


def test_an_equals_sign_that_is_escaped_belongs_to_a_path_of_windows(home: Home) -> None:
    bind_session(home, "ses_1", "global", "C:/a=b/x", None)
    relocated(home, "--foreign", r"C:\a\=b=/mnt/a")
    assert bound(home)["ses_1"][1] == "/mnt/a/x"


def test_pairs_and_lists_of_them_hold_paths_of_windows(home: Home) -> None:
    bind_session(home, "ses_1", "global", "C:/a/x", "a/x")
    bind_session(home, "ses_2", "global", r"\\server\share\x", None)
    (home.path / "map").write_text("C:\\a=/srv/a\n\\\\server\\share=/srv/share\n")
    relocated(home, "--foreign", "--map", home.path / "map")
    assert [bound(home)[id_][1] for id_ in ("ses_1", "ses_2")] == ["/srv/a/x", "/srv/share/x"]


def test_no_session_is_moved_to_a_directory_of_another_system(spelled: Home) -> None:
    assert "of another system" in refused(spelled, "move", "--from-dir", "C:/", "--to-dir", r"C:\new", "--yes")
    assert "--foreign" in refused(spelled, "relocate", "C:/Users", "D:/Users", "--yes")


def test_a_project_is_named_by_the_end_of_its_path_or_all_of_it(spelled: Home) -> None:
    for name in ("shop", "c:/users/me/src/shop", r"C:\Users\Me\src\wt"):
        assert selected(spelled, "--from-project", name) == {*SPELLINGS}


def test_sub_paths_are_kept(spelled: Home) -> None:
    shop = spelled.repository("shop", "packages/web")
    done = spelled.run("move", "--from-dir", "C:/Users/Me/src/shop", "--to-dir", shop, "--yes")
    assert done.code == 0, done.stderr
    assert bound(spelled)["ses_below"][1:] == (str(shop / "packages" / "web"), "packages/web")


def test_consolidate_takes_all_spellings_of_a_checkout_of_the_same_project(spelled: Home) -> None:
    shop = spelled.repository("shop", "packages/web")
    project = root_commit(shop)
    spelled.execute("UPDATE session SET project_id = ? WHERE project_id = 'prj'", [project])
    listed = json.loads(spelled.run("workspaces", shop, "--json").stdout)
    assert [(row["state"], row["sessions"]) for row in listed] == [("alive", 0), ("unreadable", len(SPELLINGS))]
    done = spelled.run("consolidate", shop, "--yes")
    assert done.code == 0, done.stderr
    assert bound(spelled)["ses_small"] == (project, str(shop), "")
    assert bound(spelled)["ses_below"] == (project, str(shop / "packages" / "web"), "packages/web")


def test_a_database_of_windows_is_merged_with_its_folders_mapped(spelled: Home, tmp_path: Path) -> None:
    ours = empty_home(tmp_path / "ours")
    shop = ours.repository("shop", "packages/web")
    done = ours.run("merge", spelled.database, "--map", rf"c:\users\me={ours.path}", "--yes")
    assert done.code == 0, done.stderr
    assert {id_: row[1] for id_, row in bound(ours).items()} == {
        **dict.fromkeys(SPELLINGS, str(shop)),
        "ses_below": str(shop / "packages" / "web"),
    }


def test_a_session_of_no_repository_is_merged_with_the_path_that_opencode_gives_it(home: Home, tmp_path: Path) -> None:
    bind_session(home, "ses_1", "global", "C:/Users/Me/notes", "Users/Me/notes")
    ours = empty_home(tmp_path / "ours")
    done = ours.run("merge", home.database, "--foreign", "--map", "C:/Users/Me=/home/me", "--yes")
    assert done.code == 0, done.stderr
    assert bound(ours)["ses_1"] == ("global", "/home/me/notes", "home/me/notes")


# --------------------------------------------------------------------------------------------------------- orphans


def test_a_home_that_was_copied_is_recognised_and_the_command_said(spelled: Home) -> None:
    spelled.repository("shop")
    command = f"opencode-migrator relocate --foreign C:/Users/Me {spelled.path}"
    found = {row["id"]: row for row in json.loads(spelled.run("orphans", "--json").stdout)}
    for id_ in SPELLINGS:
        row = found[id_]
        assert (row["rivals"], row["commands"], row["suggestion"]) == ([str(spelled.src / "shop")], [command], None)
    assert found["ses_like"]["commands"] == []
    said = spelled.run("orphans").stdout
    assert f"5 sessions of another system may be here under another path. If so:\n  {command}\n" in said
    relocated(spelled, *command.split()[2:])
    assert bound(spelled)["ses_below"][1] == str(spelled.src / "shop" / "packages" / "web")


@pytest.mark.parametrize("root", [r"\\wsl.localhost\Ubuntu", "//wsl.localhost/Ubuntu"])
def test_a_path_by_which_windows_names_a_directory_of_wsl_is_that(home: Home, root: str) -> None:
    """1.16 and later store it with slashes, as a directory of this system may be spelled."""
    shop = home.repository("shop")
    bind_session(home, "ses_1", "global", root + str(shop).replace("/", root[0]), None)
    bind_session(home, "ses_2", "global", "//server/share/x", None)
    bind_session(home, "ses_3", "global", f"/{shop}", None)
    found = {row["id"]: row for row in json.loads(home.run("orphans", "--json").stdout)}
    (command,) = found["ses_1"]["commands"]
    assert command == "opencode-migrator relocate --foreign //wsl.localhost/Ubuntu /"
    evidence = [found[id_]["reasons"][0]["evidence"] for id_ in ("ses_1", "ses_2")]
    assert all(said.endswith("is a path of another system (Windows)") for said in evidence)
    assert "another system" not in str(found.get("ses_3"))
    relocated(home, *command.split()[2:])
    assert [bound(home)[id_][1] for id_ in ("ses_1", "ses_2")] == [str(shop), "//server/share/x"]


def test_rescue_leaves_it_to_the_user(spelled: Home) -> None:
    spelled.repository("shop")
    said = " ".join(spelled.run("rescue", "--likely", "--dry-run").stdout.split())
    assert "it is of another system, and may be ~/src/shop here; nothing here proves it. To say so:" in said
    assert {row[1] for id_, row in bound(spelled).items() if id_ in SPELLINGS} == {*SPELLINGS.values()}


def test_rescue_asks_once_for_all_spellings_of_a_checkout(spelled: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """And takes each session where it is below the directory that was named."""
    monkeypatch.setenv("HOME", str(spelled.path))
    shop = spelled.repository("shop", "packages/web")
    asked: list[Mapping[Tie, int]] = []

    def settle(ties: Mapping[Tie, int]) -> Mapping[Tie, str]:
        asked.append(ties)
        return {tie: tie.rivals[0] for tie in ties}

    with CommandContext(spelled.database) as context:
        plan = plan_rescue(context, RescueRequest(), settle)
    ((tie, sessions),) = asked[0].items()
    assert (tie.rivals, sessions) == ((str(shop),), len(SPELLINGS))
    goes = {change.session: change.after.directory for change in plan.changes}
    assert goes == {**dict.fromkeys(SPELLINGS, str(shop)), "ses_below": str(shop / "packages" / "web")}


def test_where_nothing_tells_what_it_is_here_the_user_says_it(spelled: Home) -> None:
    said = spelled.run("orphans").stderr
    command = "`opencode-migrator relocate --foreign C:/Users/Me NEW`"
    assert f"6 sessions of another system, 5 of them in C:/Users/Me: {command} follows that folder" in said
    spelled.execute("DELETE FROM session WHERE id = 'ses_like'")
    said = spelled.run("orphans").stderr
    assert f"5 sessions of another system: {command} follows the folder C:/Users/Me to what it is here, NEW." in said


# ------------------------------------------------------------------------------------------------------ completion


def test_directories_of_windows_are_completed_with_the_slash_that_is_typed(home: Home) -> None:
    bind_session(home, "ses_1", "global", "C:/Users/Me/shop", None)
    bind_session(home, "ses_2", "global", r"C:\Users\Me\notes", None)
    for typed, offered in {
        "C:/Users/M": {"C:/Users/Me/shop", "C:/Users/Me/notes"},
        r"C:\Users\M": {r"C:\Users\Me\shop", r"C:\Users\Me\notes"},
        "c:": {"c:/Users/Me/shop", "c:/Users/Me/notes"},
    }.items():
        home.environ["_OPENCODE_MIGRATOR_COMPLETE"] = "fish"
        done = home.run(f"ocmig list --from-dir '{typed}")
        assert {line.partition("\t")[0] for line in done.stdout.splitlines()} == offered
