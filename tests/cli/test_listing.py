"""What every command that lists can do: columns, order, number, times, short ids, colour, and a pager."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from migrator.cli.terminal.pager import pager_words
from migrator.paths import forms
from tests.support.home import MOVE, SESSION, Home
from tests.support.refusal import sentence
from tests.support.rows import add_sessions
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

LISTS = ("list", "projects", "orphans", "log", "workspaces")


@pytest.fixture
def home(home: Home) -> Home:
    home.repository("shop", "sub/deep")
    return home


def screen(home: Home, *words: str, columns: int = 80) -> str:
    """Return what a command shows on a terminal."""
    with Terminal(home, *words, columns=columns, color=False) as terminal:
        assert terminal.finish() == 0
        return terminal.text


@pytest.mark.parametrize("command", LISTS)
def test_every_list_has_the_same_options(home: Home, command: str) -> None:
    where = home.src / "shop"
    home.run(*MOVE)
    refused = sentence(home.run(command, "--columns", "nonsense", cwd=where), 2)
    names = refused.partition("There are ")[2].partition(".")[0].split(", ")
    every = ",".join(reversed(names))
    sort = ("--sort", names[-1], "--reverse", "--limit", "1")
    csv = home.run(command, "--columns", every, "--format", "csv", *sort, cwd=where).stdout.splitlines()
    assert (csv[0], len(csv)) == (every, 2)
    headings = re.split(" {2,}", home.run(command, "--limit", "1", *sort[:2], cwd=where).stdout.splitlines()[0].strip())
    assert len(headings) > 2
    for heading in headings:
        by_heading = home.run(command, "--columns", heading.upper(), "--sort", heading, "--reverse", cwd=where)
        assert by_heading.stdout.splitlines()[0].strip() == heading
    table = home.run(command, "--columns", names[0], "--time", "relative", cwd=where).stdout.splitlines()
    assert len(table) > 1
    assert home.run(command, "--columns", names[0], "--json", cwd=where).code == 2


def test_a_misspelt_column(home: Home) -> None:
    assert "Did you mean 'directory'?" in sentence(home.run("list", "--columns", "directry"), 2)
    assert "'title'" in home.run("list", "--sort", "titel").stderr


def test_a_column_in_capitals_and_one_that_is_named_twice(home: Home) -> None:
    csv = home.run("list", "--all", "--columns", "ID,title,id,Title", "--format", "csv", "--limit", "1").stdout
    assert csv.splitlines()[0] == "id,title"


@pytest.mark.parametrize("command", LISTS)
def test_a_limit_larger_than_any_list_is_none(home: Home, command: str) -> None:
    home.run(*MOVE)
    every = home.run(command, "--limit", "0", cwd=home.src / "shop")
    limited = home.run(command, "--limit", "99999999999999999999", cwd=home.src / "shop")
    assert (limited.code, limited.stdout) == (0, every.stdout)


@pytest.mark.parametrize(
    "options", [("--limit", "1"), ("--columns", "run"), ("--sort", "run"), ("--reverse",), ("--format", "csv")]
)
def test_one_thing_is_no_list(home: Home, options: tuple[str, ...]) -> None:
    run = home.run(*MOVE).stdout.split()[-1]
    assert options[0] in sentence(home.run("log", run, *options), 2)
    home.environ["OPENCODE_MIGRATOR_LIMIT"] = "1"
    assert home.run("log", run).code == 0
    del home.environ["OPENCODE_MIGRATOR_LIMIT"]
    of_orphans = [word.replace("run", "id") for word in options]
    assert options[0] in sentence(home.run("orphans", "--explain", SESSION, *of_orphans), 2)


def test_a_session_without_a_title_and_a_project_with_a_long_id_in_a_table(home: Home) -> None:
    project = "0123456789abcdef0123456789abcdef01234567"
    add_sessions(home, {"id": "ses_untitled", "directory": "/srv/none", "title": "", "project_id": project})
    shown = screen(home, "list", "--all", "--columns", "project-id,directory,title", "--from-id", "ses_untitled")
    assert shown.splitlines()[1].split() == [project[:12], "/srv/none", "(gone)", "(no", "title)"]
    row = home.run("list", "--from-id", "ses_untitled", "--json").json[0]
    assert (row["title"], row["projectId"]) == ("", project)
    assert "To see where the sessions belong whose directories are gone:\n  opencode-migrator orphans\n" in shown


def test_sorted_lists_are_cut_after_sorting(home: Home) -> None:
    titles = sorted((row["title"] for row in home.run("list", "--all", "--json").json), key=str.casefold)
    listed = home.run("list", "--all", "--sort", "title", "--limit", "3", "--json")
    assert [row["title"] for row in listed.json] == titles[:3]
    assert "next" not in listed.stderr  # a cursor is a place in another order
    last = home.run("list", "--all", "--sort", "title", "--reverse", "--limit", "1", "--json")
    assert [row["title"] for row in last.json] == titles[-1:]
    sentence(home.run("list", "--all", "--sort", "title", "--cursor", "5:ses_1"), 2)


def test_a_terminal_shows_a_hundred_and_says_how_many_there_are(home: Home) -> None:
    add_sessions(home, *({"id": f"ses_{number:08x}", "directory": "/srv/many"} for number in range(150)))
    shown = screen(home, "list", "--all", "--columns", "id")
    ids = [line for line in shown.splitlines() if line.startswith("ses_")]
    assert len(ids) == 100
    total = len(home.run("list", "--all", "--json").json)
    assert (
        f"100 of {total} sessions shown. To see all of them:\n  opencode-migrator list --all --columns id --limit 0\n"
        in shown
    )
    assert "next: opencode-migrator list --all --columns id --cursor" in shown
    assert len(home.run("list", "--all").stdout.splitlines()) == total + 1, "a pipe gets all"
    assert "gone" in screen(home, "list", "--all", "--limit", "1")


def test_short_ids_and_relative_times_on_a_terminal_only(home: Home) -> None:
    shown = screen(home, "list", "--all")
    (line,) = [line for line in shown.splitlines() if line.startswith("ses_") and SESSION.startswith(line.split()[0])]
    short = line.split()[0]
    assert len(short) < 14
    assert " ago" in line
    piped = home.run("list", "--all").stdout
    assert SESSION in piped
    assert " ago" not in piped
    assert " ago" not in screen(home, "list", "--all", "--time", "absolute")
    assert " ago" in home.run("list", "--all", "--time", "relative").stdout
    for words in (("list", "--from-id", short), ("orphans", "--explain", short), ("migrate", short, "src/shop", "-n")):
        assert home.run(*words, "--json").code == 0
    assert home.run("migrate", short, "src/shop", "-n", "--json").json["changes"][0]["session"] == SESSION


def test_what_several_ids_begin_with_is_refused_naming_them_and_how_many_more_there_are(home: Home) -> None:
    ((sessions,),) = home.query("SELECT count(*) FROM session")
    runs = [home.run(*MOVE, "--json").json["run"], home.run("undo", "-y", "--json").json["run"]]
    for words in (("list", "--from-id"), ("orphans", "--explain"), ("migrate",)):
        refused = sentence(home.run(*words, "ses_"), 1)
        assert "Several sessions" in refused
        assert "ses_df" in refused
        assert refused.endswith(f" and {sessions - 10} more.")
    for words in (("undo", "-y"), ("log",)):
        refused = sentence(home.run(*words, "2"), 1)
        assert "Several runs" in refused
        assert all(run in refused for run in runs)


def test_a_run_is_named_by_the_end_of_its_id(home: Home) -> None:
    run = home.run(*MOVE, "--json").json["run"]
    end = run.rpartition("-")[2]
    _, line, *_ = screen(home, "log").splitlines()
    assert line.split()[0] == end
    assert run in home.run("log").stdout
    assert "(y" not in home.run("undo", end, "-y").stderr
    assert f"(of {end})" in screen(home, "log", columns=120)


def test_projects_by_last_use_with_what_is_lost_and_their_size(home: Home) -> None:
    rows = home.run("projects", "--json").json
    assert [row["updated"] for row in rows] == sorted((row["updated"] for row in rows), reverse=True)
    assert not {"lost", "size"} & rows[0].keys()
    lost = len(home.run("orphans", "--json").json)
    csv = home.run("projects", "--columns", "lost,size", "--format", "csv").stdout.splitlines()[1:]
    assert sum(int(line.split(",")[0]) for line in csv) == lost > 0
    ((size,),) = home.query("SELECT (SELECT sum(length(CAST(data AS BLOB))) FROM part) + "
                            "(SELECT sum(length(CAST(data AS BLOB))) FROM message)")  # fmt: skip
    assert sum(int(line.split(",")[1]) for line in csv) == size


# -- colour ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "options", "coloured"),
    [
        ({}, (), False),
        ({}, ("--color", "always"), True),
        ({"FORCE_COLOR": "1"}, (), True),
        ({"FORCE_COLOR": "0"}, (), False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, (), False),
        ({"FORCE_COLOR": "1"}, ("--color", "never"), False),
        ({"NO_COLOR": "1"}, ("--color", "always"), True),
    ],
)
def test_colour_where_it_is_wanted(
    home: Home, environ: dict[str, str], options: tuple[str, ...], *, coloured: bool
) -> None:
    home.environ |= {"NO_COLOR": ""} | environ
    for words in ((*options, "orphans"), ("orphans", *options)):
        assert ("\x1b[" in home.run(*words).stdout) == coloured


def test_no_colour_on_a_dumb_terminal(home: Home) -> None:
    home.environ["TERM"] = "dumb"
    with Terminal(home, "orphans") as terminal:
        assert terminal.finish() == 0
        assert "\x1b" not in terminal.raw


def test_columns_that_do_not_fit_are_lines_of_a_block_for_each_row(home: Home) -> None:
    names = "id,updated,created,archived,opencode,project,project-id,directory,path,parent,title"
    words = ("list", "--all", "--columns", names, "--limit", "2")
    assert screen(home, *words, columns=200).splitlines()[0].endswith("Title")
    lines = screen(home, *words).splitlines()
    first = lines[: lines.index("")]
    assert [line[:10].rstrip() for line in first] == [
        "Session ID", "Updated", "Created", "Archived", "opencode", "Project", "Project ID", "Directory", "Path",
        "Parent", "Title",
    ]  # fmt: skip
    assert lines[len(first) + 1].startswith("Session ID  ses_")
    assert all(len(line) <= 80 for line in lines[: 2 * len(first) + 1])


# -- the pager ---------------------------------------------------------------------------------------------------------


def paging(home: Home, pager: str) -> Path:
    """Set a pager that keeps what it gets in a file, and return the file; make enough to fill a screen."""
    kept = home.path / "paged"
    home.environ["PAGER"] = f"sh -c 'tee {kept} | {pager}'"
    add_sessions(home, *({"id": f"ses_{number:08x}", "directory": "/srv/many"} for number in range(60)))
    return kept


def test_a_pager_on_windows_may_have_backslashes_and_spaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated, by a file that has such a name on Linux."""
    less = r"C:\Program Files\Git\less.exe"
    (tmp_path / less).write_text("")
    (tmp_path / less).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(forms, "_ON_WINDOWS", True)
    monkeypatch.setenv("TERM", "xterm")
    for named, words in ((less, [less]), (f'"{less}" -R', [less, "-R"]), ("nothing", [])):
        monkeypatch.setenv("PAGER", named)
        assert pager_words() == words


@pytest.mark.parametrize(
    "words",
    [
        ("list", "--all"),
        ("orphans",),
        ("orphans", "--explain", SESSION, "--search", "."),
        ("move", "--from-dir", "/srv/many", "--to-dir", "src/shop", "-n", "-v"),
    ],
)
def test_what_is_longer_than_the_screen_is_paged(home: Home, words: tuple[str, ...]) -> None:
    kept = paging(home, "cat")
    with Terminal(home, *words) as terminal:
        assert terminal.finish() == 0
        assert terminal.text.count("\n") > 24
    paged = kept.read_text()
    assert "\x1b[" in paged
    assert len(paged.splitlines()) > 24


@pytest.mark.parametrize(
    ("words", "code"), [((), 2), (("--help",), 0), (("list", "--help"), 0), (("help", "plan", "move"), 0)]
)
def test_help_is_paged(home: Home, words: tuple[str, ...], code: int) -> None:
    kept = paging(home, "cat")
    with Terminal(home, *words) as terminal:
        assert terminal.finish() == code
    assert kept.read_text().startswith("Usage: opencode-migrator ")


@pytest.mark.parametrize(
    "words",
    [
        ("projects",),
        ("list", "--all", "--no-pager"),
        ("--no-pager", "list", "--all"),
        ("list", "--help", "--no-pager"),
        ("--no-pager", "list", "--help"),
    ],
)
def test_what_fits_is_not_paged_nor_what_nobody_wants_paged(home: Home, words: tuple[str, ...]) -> None:
    kept = paging(home, "cat")
    with Terminal(home, *words) as terminal:
        assert terminal.finish() == 0
    assert not kept.exists()


def test_output_to_a_file_is_not_paged(home: Home) -> None:
    kept = paging(home, "cat")
    with Terminal(home, "list", "--all", stdout=home.path / "list") as terminal:
        assert terminal.finish() == 0
    assert not kept.exists()
    assert len((home.path / "list").read_text().splitlines()) > 60


def test_a_pager_that_is_left_ends_the_output_but_not_the_command(home: Home) -> None:
    """The exit code is that of the command: here something is lost."""
    paging(home, "true")
    with Terminal(home, "orphans", "--verbose", "--exit-code") as terminal:
        assert terminal.finish() == 1
    assert "Traceback" not in terminal.text


def test_less_can_be_left_with_q(home: Home) -> None:
    paging(home, "cat")
    home.environ["PAGER"] = "less"
    with Terminal(home, "list", "--all") as terminal:
        terminal.wait_for("\n:")
        terminal.type("q")
        assert terminal.finish() == 0
    assert "rror" not in terminal.text


def test_ctrl_c_is_for_the_pager(home: Home) -> None:
    """Here the pager itself sends it to us."""
    paging(home, "cat")
    home.environ["PAGER"] = "sh -c 'cat; kill -INT $PPID; sleep 0.1; echo still here'"
    with Terminal(home, "list", "--all") as terminal:
        assert terminal.finish() == 0
    assert terminal.text.endswith("still here\n")


def test_a_plan_is_paged_and_stays_on_the_screen_for_the_question(home: Home) -> None:
    kept = paging(home, "cat")
    with Terminal(home, "move", "--from-dir", "/srv/many", "--to-dir", "src/shop", "-v") as terminal:
        terminal.wait_for("[y/N")
        assert kept.exists()
        assert "Move 60 sessions" in terminal.text
        terminal.type("n\n")
        terminal.finish()
