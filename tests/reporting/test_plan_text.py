"""The plan for people: what it says, that it fits, and that the command it prints does what it shows."""

from __future__ import annotations

import random
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import root_commit
from tests.support.marks import long_round
from tests.support.rows import add_sessions
from tests.support.shell import printed_command, run_in_shell
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

SEARCH = "4284baed5f10c280f234f02ab62431a6d8091933"
MOVE = ("move", "--from-dir", "~/src/shop-*", "--to-dir", "src/shop")
PATH_LINE = re.compile(r" from | {3}to | {3}in ")


@pytest.fixture
def home(home: Home) -> Home:
    home.repository("shop", "sub/deep")
    return home


def plan(home: Home, *words: str | Path, cwd: Path | None = None) -> str:
    """Return what a command shows; the id of the project `shop`, which is made anew each time, replaced."""
    shown = home.run(*words, cwd=cwd).stdout
    return shown.replace(root_commit(home.src / "shop")[:12], "5409aaaaaaaa")


# -- small plans, whole ------------------------------------------------------------------------------------------------


def test_a_mass_move(home: Home) -> None:
    assert (
        plan(home, *MOVE, "--dry-run")
        == """\
Plan: 17 sessions (3 of subagents) to move.

16 sessions of shop-search:
 from ~/src/shop-search
   to ~/src/shop
      14 sessions (3 of subagents); file undo: detached 4, 10 have none
      project_id: 4284baed5f10 -> 5409aaaaaaaa
      "Summarise the README", "Name things better" and 9 more

 from ~/src/shop-checkout
   to ~/src/shop
      1 session; file undo: detached 1
      project_id: 4284baed5f10 -> 5409aaaaaaaa
      "Checkout: one page instead of three"

 from ~/src/shop-search/sub/deep
   to ~/src/shop/sub/deep
      1 session; file undo: detached 1
      project_id: 4284baed5f10 -> 5409aaaaaaaa
      "Fix the flaky index test"

1 session of shop-api:
 from ~/src/shop-api
   to ~/src/shop
      1 session; file undo: detached 1
      project_id: 9458f37cb0bb -> 5409aaaaaaaa
      "API: paginate orders"

register project 5409aaaaaaaa with worktree ~/src/shop
file undo: detached every turn of 7 sessions
           because opencode has no snapshots of ~/src/shop-search
           because opencode has no snapshots of ~/src/shop-api
           because opencode has no snapshots of ~/src/shop-checkout
           detached: an undo of these in opencode changes no file
warning: --from-dir ~/src/shop-* takes sessions of 2 projects: shop-api,
         shop-search.

Nothing was written. To apply:
  opencode-migrator move --from-dir '~/src/shop-*' --to-dir src/shop --yes
"""
    )


def test_a_child_that_brings_its_tree(home: Home) -> None:
    assert (
        plan(home, "migrate", "ses_dfbea8bbd", "src/shop/sub", "--dry-run")
        == """\
Plan: 4 sessions (3 of subagents) to move.

 from ~/src/shop-search
   to ~/src/shop/sub
      4 sessions (3 of subagents); file undo: detached 1, 3 have none
      project_id: 4284baed5f10 -> 5409aaaaaaaa
      path: "" -> sub
      "Rank results by freshness"

register project 5409aaaaaaaa with worktree ~/src/shop
file undo: detached every turn of 1 session
           because opencode has no snapshots of ~/src/shop-search
           detached: an undo of these in opencode changes no file
warning: ses_dfbea8bbdffeoRjJtH8InRDUco is of a subagent:
         ses_dfbea8ed3ffeeEpHJ5KIKZRinX moves too, with all of its subagents.

Nothing was written. To apply:
  opencode-migrator migrate ses_dfbea8bbd src/shop/sub --yes
"""
    )


def test_sessions_that_stay_where_they_are_and_are_put_right(home: Home) -> None:
    assert home.run(*MOVE, "--yes").code == 0
    home.execute(
        "UPDATE session SET path = 'wrong', workspace_id = 'wrk_' || substr(id, 9, 3), revert = NULL "
        "WHERE directory LIKE '%/src/shop'"
    )
    assert (
        plan(home, "move", "--from-dir", "src/shop", "--to-dir", "keep", "--dry-run")
        == """\
Plan: 16 sessions (3 of subagents) to move; 1 session is there already.

   in ~/src/shop
      16 sessions (3 of subagents); file undo: none
      path: wrong -> ""
      workspace_id: wrk_a74 -> NULL and 11 more values
      "Summarise the README", "Name things better" and 11 more

file undo: none

Nothing was written. To apply:
  opencode-migrator move --from-dir src/shop --to-dir keep --yes
"""
    )


def test_an_undo(home: Home) -> None:
    assert home.run("migrate", "ses_dfbea7dbb", "src/shop", "--yes").code == 0
    assert (
        plan(home, "undo")
        == """\
Plan: 1 session to move back.

 from ~/src/shop
   to ~/src/shop-api
      1 session; file undo: set back 1
      project_id: 5409aaaaaaaa -> 9458f37cb0bb
      "API: paginate orders"

file undo: set back in 1 session
"""
    )


def test_a_plan_in_a_file(home: Home) -> None:
    shown = plan(home, "plan", "migrate", "ses_dfbea7dbb", "src/shop", "-o", "one.json")
    assert (
        shown
        == """\
Plan: 1 session to move.

 from ~/src/shop-api
   to ~/src/shop
      1 session; file undo: detached 1
      project_id: 9458f37cb0bb -> 5409aaaaaaaa
      "API: paginate orders"

register project 5409aaaaaaaa with worktree ~/src/shop
file undo: detached every turn of 1 session
           because opencode has no snapshots of ~/src/shop-api
           detached: an undo of these in opencode changes no file

Saved to one.json; nothing was moved. To apply:
  opencode-migrator apply one.json
"""
    )


def test_nothing_to_do(home: Home) -> None:
    assert home.run(*MOVE, "--yes").code == 0
    words = ("move", "--from-dir", "src/shop", "--to-dir", "src/shop")
    for more in ("--dry-run", "--yes", "--verbose"):
        assert plan(home, *words, more) == (
            "Nothing to do: 17 sessions are there already.\n"
            "To see which sessions there are:\n  opencode-migrator list --all\n"
        )


def test_a_sub_directory_that_is_missing(home: Home) -> None:
    (home.src / "shop" / "sub" / "deep" / "kept.txt").unlink()
    (home.src / "shop" / "sub" / "deep").rmdir()
    shown = plan(home, *MOVE, "--dry-run")
    said = " ".join(shown.split())
    wanted = "~/src/shop/sub"
    assert f"warning: {wanted}/deep does not exist; its sessions go to {wanted}." in said
    assert "      path: sub/deep -> sub\n" in shown
    assert "   to ~/src/shop/sub\n" in shown


# -- large plans -------------------------------------------------------------------------------------------------------


@pytest.fixture
def crowded(home: Home) -> Home:
    """3,000 sessions more in 150 directories, of several projects, with long titles and some paths that are long."""
    dice = random.Random(3000)
    long = "/".join(["a-directory-with-a-long-name"] * 4)
    rows = []
    for number in range(3000):
        directory = f"{home.src}/shop-{min(dice.randrange(150), dice.randrange(150))}"
        rows.append(
            {
                "id": f"ses_{number:06}",
                "project_id": dice.choice([SEARCH, "global", *(f"{index:040x}" for index in range(6))]),
                "directory": directory if number % 500 else f"{directory}/{long}",
                "path": dice.choice([None, "", "some/where"]),
                "title": f"Title {number} " + "and so on " * dice.randrange(12),
                "time_updated": number,
                "workspace_id": dice.choice([None, None, f"wrk_{number % 7}"]),
            }
        )
    add_sessions(home, *rows)
    return home


def test_3000_sessions_fit_the_page(crowded: Home) -> None:
    shown = crowded.run(*MOVE, "--dry-run")
    assert shown.code == 0
    text, _, _ = shown.stdout.partition("\nNothing was written")
    lines = text.splitlines()
    assert lines[0] == "Plan: 3,017 sessions (3 of subagents) to move."
    # a line is too long only where a path is, which nobody wants to see broken
    assert not [
        line for line in lines if len(line) > 80 and not PATH_LINE.match(line) and max(map(len, line.split())) < 71
    ]
    assert len(lines) < 200
    # groups first, in each project the largest first, and every session is counted
    of_project = re.split(r"^([\d,]+) sessions? of \S+:$", text, flags=re.MULTILINE)
    totals = [int(total.replace(",", "")) for total in of_project[1::2]]
    assert totals == sorted(totals, reverse=True)
    sizes = []
    for groups in of_project[2::2]:
        some = [int(size.replace(",", "")) for size in re.findall(r"^ {6}([\d,]+) sessions?[ ;]", groups, re.MULTILINE)]
        assert some == sorted(some, reverse=True)
        sizes += some
    assert len(sizes) == 20
    (rest,) = re.findall(r"^and (\d+) more groups with ([\d,]+) sessions; --verbose shows all\.$", text, re.MULTILINE)
    assert sum(sizes) + int(rest[1].replace(",", "")) == 3017
    assert lines[3].startswith(" from ")
    # of every field that changes, before and after
    first = text.split("\n\n")[1]
    assert re.search(r"^ {6}project_id: \S+ -> \S+$", first, re.MULTILINE)
    for field in ("path", "workspace_id"):
        assert re.search(rf"^ {{6}}{field}: \S+ -> \S+ and \d+ more values?$", first, re.MULTILINE), field


def test_counts_are_wrapped_where_they_do_not_fit(home: Home) -> None:
    with Terminal(home, *MOVE, "--dry-run", columns=60) as terminal:
        assert terminal.finish() == 0
    lines = terminal.text.splitlines()
    at = lines.index("      14 sessions (3 of subagents); file undo: detached 4,")
    assert lines[at + 1] == "        10 have none"


def test_verbose_has_every_row_with_before_and_after_of_every_field(crowded: Home) -> None:
    document = crowded.run(*MOVE, "--dry-run", "--json").json
    text = crowded.run(*MOVE, "--dry-run", "--verbose").stdout
    blocks = dict(re.findall(r"^ {6}(ses_\w+) (\".*\n(?: {7,}.*\n)*)", text, re.MULTILINE))
    assert set(blocks) == {change["session"] for change in document["changes"]}
    assert len(blocks) == 3017
    for change in document["changes"]:
        block = re.sub(r"\n {10}(?=\S)", " ", blocks[change["session"]]).replace("~/", f"{crowded.path}/")
        said = re.findall(r"^ {8}(directory|project_id|path|workspace_id): (.*) -> (.*)$", block, re.MULTILINE)
        assert {field: (before, after) for field, before, after in said} == differences(change)
        assert f"selected by {', '.join(change['selected_by'])}".replace("~/", f"{crowded.path}/") in block
        undo = {"carry": "carried", "detach": "detached", "none": "none"}[change["undo"]]
        assert f"file undo: {undo}\n" in block
        assert (f"(of a subagent, below {change['root']})" in block) == (change["root"] != change["session"])


def differences(change: dict[str, Any]) -> dict[str, tuple[str, str]]:
    def shown(value: str | None) -> str:
        return "NULL" if value is None else value or '""'

    return {
        field: (shown(change["before"][field]), shown(change["after"][field]))
        for field in change["before"]
        if change["before"][field] != change["after"][field]
    }


def test_many_warnings_of_one_kind_are_folded(crowded: Home) -> None:
    home = crowded
    with closing(sqlite3.connect(home.database)) as connection, connection:
        connection.execute(
            "UPDATE session SET directory = directory || '/gone-' || (rowid % 40) WHERE id LIKE 'ses_00%'"
        )
    shown = home.run(*MOVE, "--dry-run").stdout
    said = re.findall(r"^warning: ", shown, re.MULTILINE)
    more = re.findall(r"^         and ([\d,]+) more like it; --verbose shows all\.$", shown, re.MULTILINE)
    assert len(said) < 5
    assert len(more) == 1
    whole = home.run(*MOVE, "--dry-run", "--verbose").stdout
    assert len(re.findall(r"^warning: ", whole, re.MULTILINE)) == len(said) + int(more[0].replace(",", ""))
    assert str(home.path) not in "".join(re.findall(r"^warning: .*", whole, re.MULTILINE))


# -- titles and directories that anybody may have typed ----------------------------------------------------------------


def test_nothing_in_a_plan_acts_on_the_terminal(home: Home) -> None:
    evil = "evil\x1b[2J\x1b]0;title\x07\nregister project\ttab\u202e\u2028line"
    home.execute("UPDATE session SET title = ?, directory = directory || ?", (evil, f"/{evil}"))
    for words in ((*MOVE, "--dry-run"), (*MOVE, "--dry-run", "--verbose"), (*MOVE, "--yes")):
        finished = home.run(*words)
        assert finished.code == 0
        assert "17 sessions" in finished.stdout
        assert ("evil" in finished.stdout) == ("--dry-run" in words)
        for char in "\x1b\x07\t\u202e\u2028":
            assert char not in finished.stdout + finished.stderr
        assert not re.search(r"^register project(?! [0-9a-f]{12} )", finished.stdout, re.MULTILINE)


# -- the command that applies it ---------------------------------------------------------------------------------------

SELECTIONS: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("--dry-run",), MOVE[1:]),
    ((), MOVE[1:]),
    (("-n",), ("--from-dir", "~/src/{shop-search,shop api}", "--to-dir", "src/my shop", "--verbose")),
    (("-nv",), ("--from-project", "shop-search", "--to-dir=src/shop", "--subdirs", "flatten")),
    (("-vn",), ("--from-id", "ses_dfbea7db", "--title", "-n", "--to-dir", "src/shop")),
    ((), ("--from-dir", "/**", "--title", "it's $HOME & `co`", "--to-dir", "src/shop", "-v")),
]


@pytest.mark.parametrize(("how", "selection"), SELECTIONS)
def test_the_printed_command_does_what_is_shown(home: Home, how: tuple[str, ...], selection: tuple[str, ...]) -> None:
    home.repository("my shop")
    home.execute("UPDATE session SET title = 'a -n b it''s $HOME & `co`' WHERE title IN ('API: paginate orders')")
    planned = home.run("move", *selection, "--dry-run", "--json").json
    shown = home.run("move", *how, *selection)
    command = printed_command(shown.stdout if how else shown.stderr)
    applied = run_in_shell(home, f"{command} --json")  # from the same directory
    assert applied.code == 0, applied.stderr
    assert applied.json["sessions"] == len(planned["changes"]) > 0
    after = {
        id_: [project, directory, path]
        for id_, project, directory, path in home.query("SELECT id, project_id, directory, path FROM session")
    }
    for change in planned["changes"]:
        assert after[change["session"]] == [change["after"][key] for key in ("project_id", "directory", "path")]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("other one.db", ("--db", ".local/share/opencode/other one.db", *MOVE, "-n")),
        long_round("other one.db", (*MOVE, "-n", "--db=.local/share/opencode/other one.db")),
        long_round("opencode-x.db", (*MOVE, "--channel", "x", "-n")),
    ],
)
def test_the_printed_command_names_the_same_database(home: Home, name: str, words: tuple[str, ...]) -> None:
    home.database.rename(home.database.with_name(name))
    assert run_in_shell(home, printed_command(home.run(*words).stdout)).code == 0


@pytest.mark.parametrize(
    "words", [("migrate", "ses_dfbea7db", "src/shop", "-n"), ("migrate", "-vn", "--", "ses_dfbea7db", "src/shop")]
)
def test_the_printed_command_of_migrate(home: Home, words: tuple[str, ...]) -> None:
    command = printed_command(home.run(*words).stdout)
    assert run_in_shell(home, command).code == 0
    assert home.query("SELECT directory FROM session WHERE id LIKE 'ses_dfbea7db%'") == [(str(home.src / "shop"),)]


def test_the_printed_command_of_migrate_without_a_directory(home: Home) -> None:
    shop = home.src / "shop"
    command = printed_command(home.run("migrate", "ses_dfbea7db", "-n", cwd=shop).stdout)
    assert run_in_shell(home, command, cwd=shop).code == 0
    assert home.query("SELECT directory FROM session WHERE id LIKE 'ses_dfbea7db%'") == [(str(shop),)]


@pytest.mark.long
def test_ids_from_standard_input(home: Home) -> None:
    ids = "\n".join(id_ for (id_,) in home.query("SELECT id FROM session WHERE directory LIKE '%/shop-api'"))
    shown = home.run("move", "--from-id", "-", "--to-dir", "src/shop", "--dry-run", stdin=ids)
    applied = run_in_shell(home, printed_command(shown.stdout), stdin=ids)
    assert "Moved 1 session." in applied.stdout
