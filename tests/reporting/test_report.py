"""Reports: what their pages and their Markdown say, that nothing in them is obeyed, and that they stay small."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from tests.support.git import copy_of, keep_id, repository, root_commit
from tests.support.history import History
from tests.support.home import MOVE, build_home
from tests.support.hostile_text import EVIL as EVIL_NAMES
from tests.support.hostile_text import hostile_home
from tests.support.pages import Page, pictures, read_page
from tests.support.printed import acting
from tests.support.refusal import sentence
from tests.support.shell import run_in_shell
from tests.support.snapshots import LOST, MIXED, SAFE, three_sessions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

SHOWN = (*MOVE[:-1], "--dry-run")
EVIL = (
    "<script>alert(1)</script> <img src=x onerror=alert(2)> ]]> --> `x` **b** [l](http://x.y) @you #1 | "
    "\u202egnp\n## no"
)
BAD_PATH = "/gone/<b>bold</b>/'\"&amp;/\u2066x`y|z@me"


@pytest.fixture
def shop(home: Home) -> Path:
    return home.repository("shop", "sub/deep")


def report(home: Home, *words: str | Path, code: int = 0) -> Page:
    """Return the page that a command writes."""
    done = home.run(*words, "--html", "report.html")
    assert done.code == code, done.stderr
    assert done.stderr.endswith("Wrote the report to report.html: open it in a browser.\n")
    return read_page(home.path / "report.html")


# -- of a plan ---------------------------------------------------------------------------------------------------------


def test_the_page_of_a_plan_says_what_a_person_asks_first(home: Home, shop: Path) -> None:
    before = home.everything()
    page = report(home, *SHOWN)
    assert page.words("h1") == ["Plan: 17 sessions (3 of subagents) to move"]
    assert (
        "17 sessions from ~/src/shop-search and 3 more directories to ~/src/shop and 1 more directory." in page.visible
    )
    assert "No session and no file is lost. File undo of 7 sessions is detached" in page.visible
    assert page.words("h2")[:4] == [
        "Where the sessions go",
        "What to know first",
        "What to do",
        "16 sessions of shop-search",
    ]
    first, *_ = page.words("summary")[1:]
    assert (
        first == "~/src/shop-search \u2192 ~/src/shop 14 sessions (3 of subagents) no file undo 10 file undo detached 4"
    )
    assert ["directory", "~/src/shop-search", "~/src/shop", "14"] in page.rows("Before and after")
    project = root_commit(shop)
    assert [f"project {project[:12]}", "no row", "registered with worktree ~/src/shop"] in page.rows("Project rows")
    assert len(page.rows("Sessions")) == 17
    assert ["~/src/shop-search", "~/src/shop", "4", "file undo detached"] in page.rows("Where the sessions go")
    assert home.everything() == before


def test_the_picture_is_as_wide_as_there_are_sessions(home: Home, shop: Path) -> None:
    page = report(home, *SHOWN)
    assert shop.exists()
    sessions = sorted(int(row[2]) for row in page.rows("Where the sessions go"))
    assert sessions == [1, 1, 1, 4, 10]
    for size, bands in pictures(page):
        assert sorted(bands) == pytest.approx([320 / 17 * number for number in sessions], abs=0.1), size
    assert [size for size, _ in pictures(page)] == ["wide", "narrow"]


@pytest.mark.long
def test_its_command_does_what_it_shows(home: Home, shop: Path) -> None:
    page = report(home, *SHOWN, "--json")
    apply, whole = page.commands
    move = f"cd {home.path} && opencode-migrator move --from-dir '~/src/shop-*' --to-dir src/shop"
    assert apply == f"{move} --yes --db {home.database}"
    assert whole == f"{move} --dry-run --json --db {home.database}"
    home.environ["OPENCODE_DB"] = "another.db"  # where the page is read
    assert len(run_in_shell(home, f"cd / && {whole}").json["changes"]) == 17
    done = run_in_shell(home, f"cd / && {apply}")
    assert "Moved 17 sessions" in done.stdout, done.stderr
    assert len(home.query("SELECT id FROM session WHERE directory = ?", [str(shop)])) == 16


@pytest.mark.long
def test_its_command_does_the_same_whatever_variables_are_set_where_it_is_read(home: Home, shop: Path) -> None:
    data, state = home.path / "data", home.path / "my state"
    (data / "opencode").mkdir(parents=True)
    home.database.rename(data / "opencode" / "mine.db")
    made_with = {
        "XDG_DATA_HOME": str(data),
        "XDG_STATE_HOME": str(state),
        "OPENCODE_DB": "mine.db",
        "OPENCODE_MIGRATOR_MOVE_TO_DIR": "shop",
    }
    home.environ.update(made_with)
    done = home.run("move", "--from-dir", "~/src/shop-*", "-n", "--format", "markdown", cwd=home.src)
    command = done.stdout.partition("```sh\n")[2].partition("\n```")[0]
    for name in made_with:
        del home.environ[name]
    done = run_in_shell(home, command)
    assert "Moved 17 sessions" in done.stdout, done.stderr
    assert len([*state.rglob("*.db")]) == 1
    assert shop.exists()


def test_every_command_that_shows_a_plan_has_one(home: Home, shop: Path) -> None:
    saved = report(home, "plan", *MOVE[1:-1], "-o", "plan.json")
    apply = f"opencode-migrator apply {home.path}/plan.json"
    assert saved.commands[0] == apply
    shown = report(home, "show", "plan.json")
    assert shown.commands == [apply, f"cd {home.path} && opencode-migrator show plan.json --json"]
    for words in (
        ["migrate", "ses_dfbea8bbd", "src/shop/sub", "-n"],
        ["relocate", home.src / "shop-search", shop, "-n"],
        ["rescue", "-n"],
        ["protect", "-n"],
    ):
        page = report(home, *words)
        assert page.words("h1")[0].startswith("Plan: "), words
        assert page.commands[-1].endswith(f" -n --json --db {home.database}"), words
        assert "--html" not in " ".join(page.commands)


@pytest.mark.long
def test_what_apply_undo_and_redo_show_has_one_too(home: Home, shop: Path) -> None:
    assert home.run("plan", *MOVE[1:-1], "-o", "plan.json").code == 0
    page = report(home, "apply", "plan.json", "--yes")
    assert page.commands[-1] == f"opencode-migrator show {home.path}/plan.json --json"
    (run,) = [row["run"] for row in home.run("log", "--json").json]
    for words, outcome in (("undo", "back"), ("redo", "again")):
        assert home.run(words, "--html", "report.html").code == 1, "nobody can be asked"
        page = read_page(home.path / "report.html")
        assert page.words("h1") == [f"Plan: 17 sessions (3 of subagents) to move {outcome}"]
        apply, whole = page.commands
        assert home.run(*whole.split()[1:]).json["run"] == run, "the whole of it is printed, and nothing is written"
        done = run_in_shell(home, f"cd / && {apply}")
        assert "Moved 17 sessions" in done.stdout, done.stderr
        ((run, *_),) = [(row["run"],) for row in home.run("log", "--json", "-n", "1").json]
    assert shop.exists()


def test_protect_says_that_the_others_are_left_as_they_are(home: Home) -> None:
    assert "left as they are" in report(home, "protect", "-n").visible
    assert home.run("plan", "protect", "-o", "plan.json").code == 0
    page = report(home, "show", "plan.json")
    assert "sessions left as they are" in page.visible
    assert "already" not in page.visible


@pytest.mark.long
def test_many_warnings_of_one_kind_are_folded_behind_the_first(history: History) -> None:
    home = history.home
    repository(history.src / "shop")
    for number in range(40):
        history.session(f"/gone/part-{number}")
    page = report(home, "move", "--from-dir", "/gone", "--to-dir", "src/shop", "--subdirs", "nearest", "-n")
    notes, (_, folded, *_) = page.section("notes"), page.all("details")
    assert "~/src/shop/part-0 does not exist; its sessions go to ~/src/shop. And 39 more like it" in notes
    assert notes.count("does not exist") == 40
    assert folded[0].text == "And 39 more like it"
    assert folded.get("open") is None
    printed = home.run(
        "show",
        "-",
        "--format",
        "markdown",
        stdin=home.run(
            "move", "--from-dir", "/gone", "--to-dir", "src/shop", "--subdirs", "nearest", "-n", "--json"
        ).stdout,
    )
    assert printed.stdout.count("does not exist") == 1
    assert "39 more like it" in printed.stdout


def test_nothing_to_do_is_said_too(home: Home, shop: Path) -> None:
    assert home.run(*MOVE).code == 0
    page = report(home, "consolidate", shop, "-n")
    assert page.words("h1") == ["Plan: nothing to do"]
    assert "Nothing changes." in page.visible


def test_with_json_it_is_one_document_and_the_page(home: Home, shop: Path) -> None:
    assert shop.exists()
    plain = home.run(*SHOWN, "--json")
    for words in (("--json", "--html", "report.html"), ("--format", "json"), ("--json", "--format", "text")):
        assert home.run(*SHOWN, *words).json == plain.json


def test_it_is_written_before_anybody_is_asked(home: Home, shop: Path) -> None:
    assert shop.exists()
    refused = home.run(*MOVE[:-1], "--html", "report.html")
    assert refused.code == 1
    (home.path / "report.html").stat()
    assert report(home, *MOVE).words("h1") == ["Plan: 17 sessions (3 of subagents) to move"]
    assert len(home.run("log", "--json").json) == 1


def test_it_replaces_a_report_and_nothing_else(home: Home, shop: Path) -> None:
    report(home, *SHOWN)
    report(home, "orphans")
    assert home.run("plan", *MOVE[1:-1], "-o", "plan.json").code == 0
    (home.path / "mine.html").write_text('<!doctype html>\n<html lang="en">\n<title>opencode-migrator report</title>')
    for name in ("plan.json", "mine.html"):
        before = (home.path / name).read_bytes()
        assert "is not a report" in sentence(home.run("orphans", "--html", name), 1)
        assert (home.path / name).read_bytes() == before
    assert "reads" in sentence(home.run("show", "plan.json", "--html", "plan.json", "--force"), 1)
    assert shop.exists()


# -- of lost sessions, of undo -----------------------------------------------------------------------------------------


def test_a_map_of_lost_sessions_and_their_homes(tmp_path: Path) -> None:
    history = History(build_home(tmp_path / "home", "1.18.34"))
    home, certain, tied = history.home, repository(history.src / "shop"), repository(history.src / "torn")
    keep_id(certain / ".git", root_commit(certain))
    for _ in range(3):
        history.session(certain)
    history.session(tied)
    history.session("/nowhere/at/all", project_id="global")
    certain.rename(history.src / "store")
    for copy in ("one", "two"):
        copy_of(tied, history.src / copy)
    shutil.rmtree(tied)
    for copy in ("one", "two"):
        history.opened(history.src / copy)
    page = report(home, "orphans")
    assert page.words("h1") == ["5 lost sessions"]
    assert "rescue brings 3 of 5 to a certain home" in page.visible
    assert sorted(page.rows("Where lost sessions belong")) == [
        ["/nowhere/at/all", "home not known", "1", "home not known"],
        ["~/src/shop", "~/src/store", "3", "home certain"],
        ["~/src/torn", "one of 2 directories", "1", "one of several homes"],
    ]
    named = f"--db {home.database}"
    relocate = [f"opencode-migrator relocate {tied} {history.src / copy} {named}" for copy in ("one", "two")]
    assert page.commands == [
        f"opencode-migrator rescue {named}",
        *relocate,
        f"opencode-migrator orphans --json {named}",
    ]
    plan = report(home, "rescue", "-n")
    assert "1 session stays" not in plan.visible
    assert "2 sessions stay lost: see below." in plan.visible
    assert plan.visible.count("Still lost: 1 session.") == 2
    assert plan.commands[0] == relocate[0]
    markdown = home.run("orphans", "--format", "markdown").stdout
    assert "**`~/src/shop` \u2192 `~/src/store`**: 3 sessions; home certain 3" in markdown
    assert all(f"- `{command}`" in markdown for command in relocate)
    assert home.run("rescue", "--yes").code == 0
    assert report(home, "orphans").words("h1") == ["2 lost sessions"]
    assert "--explain" in sentence(home.run("orphans", "--explain", "ses_0001", "--html", "report.html"), 2)


def test_none_lost(home: Home) -> None:
    home.empty()
    page = report(home, "orphans")
    assert page.words("h1") == ["No lost session"]
    assert not page.all("svg")


def test_a_run_and_its_undo(home: Home, shop: Path) -> None:
    assert home.run(*MOVE).code == 0
    (run,) = [row["run"] for row in home.run("log", "--json").json]
    page = report(home, "show", run)
    assert page.words("h1") == [f"Run {run}: applied"]
    assert "17 sessions (3 of subagents) moved; verified 17." in page.visible
    assert "Verified: opencode lists 17 of 17 where they belong." in page.visible
    assert "No session and no file is lost." in page.visible
    assert page.commands == [f"opencode-migrator undo {run}", f"opencode-migrator show {run} --json"]
    assert ["~/src/shop-search", "~/src/shop", "4", "file undo detached"] in page.rows("Where the sessions go")
    turns = [row[-1] for row in page.rows("Sessions") if "detached" in row[-1]]
    assert len(turns) == 7
    assert home.run("undo", "--yes").code == 0
    again = report(home, "log", run)
    assert "Verified: opencode listed 17 of 17 where they went." in again.visible
    assert "took it back" in again.visible
    (undo, _) = [row["run"] for row in home.run("log", "--json").json]
    back = report(home, "log", undo[:-1])
    assert back.words("h1") == [f"Run {undo}: applied, an undo of {run}"]
    assert "file undo set back 4" in " ".join(back.words("summary"))
    markdown = home.run("show", undo, "--format", "markdown").stdout
    assert f"## Run {undo}: applied, an undo of {run}" in markdown
    assert "log RUN" in sentence(home.run("log", "--html", "report.html"), 2)
    assert shop.exists()


def test_what_an_undo_would_do(home: Home) -> None:
    shop = three_sessions(home)
    page = report(home, "doctor", "--undo", code=1)
    assert "Files would be lost." in page.visible
    assert page.words("h2")[1] == "What to do"
    ids = {row[0].split()[-1]: row[1] for row in page.rows("Sessions") if len(row) > 1}
    assert "would delete ~/src/shop/two" in ids[MIXED].replace(str(shop), "~/src/shop")
    assert "README.md" in ids[LOST]
    assert "would delete" not in ids[SAFE]
    assert page.commands[0] == f"opencode-migrator protect --db {home.database}"
    assert "--undo" in sentence(home.run("doctor", "--html", "report.html"), 2)
    assert "--undo" in sentence(home.run("doctor", "--format", "markdown"), 2)


# -- of a chat ---------------------------------------------------------------------------------------------------------


def test_markdown(home: Home, shop: Path) -> None:
    shown = home.run("migrate", "ses_dfbea8bbd", "src/shop/sub", "-n", "--format", "markdown")
    assert shown.stderr == ""
    project = root_commit(shop)
    expected = MARKDOWN.replace("opencode-migrator migrate", f"cd {home.path} && opencode-migrator migrate")
    expected = expected.replace("\n```\n", f" --db {home.database}\n```\n")
    assert shown.stdout.replace(project, "5409" + "a" * 36).replace(project[:12], "5409aaaaaaaa") == expected


MARKDOWN = """\
## Plan: 4 sessions (3 of subagents) to move

4 sessions from `~/src/shop-search` to `~/src/shop/sub`.

⚠️ **No session and no file is lost.** File undo of 1 session is detached: undoing its earlier \
turns in opencode takes back the conversation and touches no file. `opencode-migrator undo` takes all of it back.

- Sessions: **4** (3 of subagents)
- From: **`~/src/shop-search`**
- To: **`~/src/shop/sub`**
- File undo: **detached 1** (detached every turn of 1 session)
- Projects: **1 registered**

To apply this plan:

```sh
opencode-migrator migrate ses_dfbea8bbd src/shop/sub --yes
```

### What to know first

- **Warning.** ses\\_dfbea8bbdffeoRjJtH8InRDUco is of a subagent: \
ses\\_dfbea8ed3ffeeEpHJ5KIKZRinX moves too, with all of its subagents.

### What else changes

| field | before | after |
| --- | --- | --- |
| project 5409aaaaaaaa | `no row` | `registered with worktree ~/src/shop` |

### 4 sessions

**`~/src/shop-search` → `~/src/shop/sub`**: 4 sessions (3 of subagents); no file undo 3; file undo detached 1

- file undo is not carried because: opencode has no snapshots of \\~/src/shop-search

| field | before | after |
| --- | --- | --- |
| directory | `~/src/shop-search` | `~/src/shop/sub` |
| path | `""` | `sub` |
| project\\_id | `4284baed5f10c280f234f02ab62431a6d8091933` | `5409aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` |

`Rank results by freshness`, `Compare ranking formulas`, `Collect sample queries (@general subagent)`, `Read about BM25`

Every session and every value, as JSON:

```sh
opencode-migrator migrate ses_dfbea8bbd src/shop/sub -n --json
```
"""


def test_markdown_is_of_what_is_only_shown(home: Home, shop: Path) -> None:
    assert shop.exists()
    assert "--dry-run" in sentence(home.run(*MOVE, "--format", "markdown"), 2)
    assert home.run("log", "--json").json == []


# -- with names of others ----------------------------------------------------------------------------------------------


@pytest.fixture
def hostile(home: Home, shop: Path) -> Home:
    """A home in which titles and paths are markup, control the direction of writing, break lines or are endless."""
    assert shop.exists()
    for number, (title, directory) in enumerate(
        [(EVIL, BAD_PATH), ("A" * 10_000, f"/gone{'/p' * 2_000}"), ("```\n</pre></table>```", "/gone/``` ")]
    ):
        home.execute(
            "UPDATE session SET title = ?, directory = ? WHERE id = (SELECT id FROM session LIMIT 1 OFFSET ?)",
            [title, directory, number],
        )
    return home


@pytest.mark.parametrize("words", [("move", "--from-dir", "/gone", "--to-dir", "src/shop", "-n"), ("orphans",)])
def test_names_of_others_are_no_markup(hostile: Home, words: tuple[str, ...]) -> None:
    page = report(hostile, *words)  # reading it looks at every element
    assert "<script>alert(1)</script> <img src=x onerror=alert(2)>" in page.visible
    assert r"\u202egnp ## no" in page.visible
    assert len(page.text) < 60_000
    printed = hostile.run(*words, "--format", "markdown").stdout
    assert not acting(printed)
    assert not re.search("A{300}|(/p){300}", printed)
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(printed):
        for inner in [token, *(token.children or ())]:
            assert inner.type not in {"html_block", "html_inline", "link_open", "image"}, inner.content
            if inner.type == "text":
                assert not re.search(r"@\w|#\d|https?://", inner.content), inner.content
    assert len(re.findall(r"^#+ ", printed, re.MULTILINE)) == printed.count("\n### ") + 1


def test_a_name_in_a_warning_keeps_its_backticks_and_a_long_one_is_cut(history: History) -> None:
    home = history.home
    repository(history.src / "shop")
    history.session("/gone/`x` y`git z`/`opencode-migrator`")
    history.session(f"/gone/{'p/' * 2_000}end`")
    move = ["move", "--from-dir", "/gone", "--to-dir", "src/shop", "--subdirs", "nearest", "-n"]
    page = report(home, *move)
    notes = page.section("notes")
    assert "~/src/shop/`x` y`git z`/`opencode-migrator` does not exist" in notes
    assert re.search(r"\u2026[p/]{100,200}end` does not exist", notes)
    assert len(notes) < 1_000
    printed = home.run(*move, "--format", "markdown").stdout
    html = MarkdownIt("gfm-like", {"linkify": False}).render(printed)
    assert "shop/`x` y`git z`/`opencode-migrator` does not exist" in html.replace("<code>", "").replace("</code>", "")


def test_every_hostile_name_at_once(tmp_path: Path) -> None:
    home = hostile_home(tmp_path / "home", "".join(EVIL_NAMES))
    here, gone = (str(home.src / f"{name}{''.join(EVIL_NAMES)}") for name in ("here", "gone"))
    move = ["move", "--from-dir", gone, "--to-dir", here]
    for words in (["orphans"], [*move, "-n"], ["rescue", "-n", "--likely"], [*move, "--yes"], ["doctor", "--undo"]):
        code = int(words[0] == "doctor" and home.run(*words).code)
        page = report(home, *words, code=code)
        assert words[0] == "doctor" or r"\u202egnp.exe" in page.visible, words
        form = words if "--yes" not in words else ["show", "2"]
        assert not acting(home.run(*form, "--format", "markdown").stdout), words
    shown = run_in_shell(home, report(home, "show", "2").commands[0] + " --yes", shell="bash")
    assert "Moved 2 sessions back" in shown.stdout, shown.stderr
