"""`list`: the session history, as rows for programs and as a table for people."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import sqlite3
import subprocess
import unicodedata
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.operations.demo import load
from migrator.store.paging import Cursor, history
from migrator.store.reader import Store
from migrator.text import iso_time, printable
from tests.support import strategies
from tests.support.home import FIXTURES, Home, build_home
from tests.support.rows import add_sessions
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.forked import Finished

KEYS = ["id", "title", "created", "updated", "projectId", "project", "directory", "path", "parentId", "archived"]
SEARCH = "4284baed5f10c280f234f02ab62431a6d8091933"
"""The project of ~/src/shop-search in the fixture."""

NASTY = {
    "newline": "first\nsecond\r\nthird",
    "tab": "a\tb\t\tc",
    "control": "bell \x07 backspace \x08 delete \x7f c1 \x9b31m nul-free",
    "escape": "\x1b[31mred\x1b[0m \x1b]0;your terminal's title\x07",
    "separators": "x\u2028y\u2029z\x85w\x0bv\x0cu",
    "bidi": "evil \u202etxt.exe",
    "quotes": "\"quoted\", 'single'; comma, semicolon",
    "wide": "界" * 50,
    "emoji": "🦊 fox " * 12,
    "joined": "👩‍👩‍👧",
    "combining": "e\u0301" * 60,
    "long": "word " * 60,
    "blank": "   ",
    "empty": "",
}


def ids(listed: Finished) -> list[str]:
    assert listed.code == 0, listed.stderr
    return [row["id"] for row in listed.json]


def opened_in(home: Home, name: str = "shop-search") -> Path:
    """Make the repository that opencode would take for the fixture's project: the id is kept in it."""
    repository = home.repository(name, "sub/deep")
    (repository / ".git" / "opencode").write_text(SEARCH)
    return repository


def many(home: Home, number: int, *, updated: int | None = None, directory: str = "/srv") -> list[str]:
    """Add sessions of SEARCH, newest last unless all are `updated` at once; return their ids."""
    columns = {"project_id": SEARCH, "directory": directory}
    rows = (
        {"id": f"ses_{index:06}", "title": f"Title {index}", "time_updated": updated or index} | columns
        for index in range(number)
    )
    return add_sessions(home, *rows)


# -- rows --------------------------------------------------------------------------------------------------------------


def test_rows_and_keys_exactly(home: Home) -> None:
    rows = home.run("list", "--all", "--no-roots", "--json").json
    projects = {
        id_: {"id": id_, "name": name, "worktree": worktree}
        for id_, name, worktree in home.query("SELECT id, name, worktree FROM project")
    }
    expected = [
        dict(zip(KEYS, (*row[:5], projects[row[4]], *row[5:]), strict=True))
        for row in home.query(
            "SELECT id, title, time_created, time_updated, project_id, directory, path, parent_id, time_archived "
            "FROM session ORDER BY time_updated DESC, id DESC"
        )
    ]
    assert rows == expected
    assert len(rows) == 18
    assert all(list(row) == KEYS for row in rows)


@pytest.mark.parametrize("fixture", ["1.2.1", "1.2.27", "1.14.34"])
def test_the_same_keys_where_the_schema_is_older(tmp_path: Path, fixture: str) -> None:
    home = build_home(tmp_path / "home", fixture)
    rows = home.run("list", "--all", "--no-roots", "--json").json
    assert len(rows) == 7
    assert all(list(row) == KEYS for row in rows)
    if fixture != "1.14.34":  # the column came with it
        assert {row["path"] for row in rows} == {None}


def test_the_directory_is_shown_where_it_is_not_the_current_one(home: Home) -> None:
    repository = opened_in(home)
    assert "~/src/shop-search/sub/deep" in home.run("list", cwd=repository).stdout
    home.execute("UPDATE session SET directory = ?", [str(repository)])
    assert "~/src/shop-search" not in home.run("list", cwd=repository).stdout
    assert "~/src/shop-search" in home.run("list", cwd=repository / "sub").stdout


def test_a_session_whose_project_has_no_row(home: Home) -> None:
    home.execute("UPDATE session SET project_id = 'gone' WHERE title = 'API: paginate orders'")
    (row,) = home.run("list", "--all", "--search", "paginate", "--json").json
    assert row["projectId"] == "gone"
    assert row["project"] is None
    assert "gone (no row)" in home.run("list", "--all", "--search", "paginate").stdout


# -- which rows --------------------------------------------------------------------------------------------------------


def test_without_all_it_is_the_project_of_the_current_directory(home: Home) -> None:
    repository = opened_in(home)
    expected = [
        id_
        for (id_,) in home.query(
            "SELECT id FROM session WHERE project_id = ? AND parent_id IS NULL ORDER BY time_updated DESC", [SEARCH]
        )
    ]
    assert ids(home.run("list", "--json", cwd=repository)) == expected
    assert ids(home.run("list", "--json", cwd=repository / "sub" / "deep")) == expected
    (home.src / "anywhere").mkdir()  # in no repository, opencode lists everything that is in none
    assert [row["title"] for row in home.run("list", "--json", cwd=home.src / "anywhere").json] == [
        "Plan the next release"
    ]


def test_nothing_here_says_where_there_is_something(home: Home) -> None:
    listed = home.run("list", cwd=home.repository("empty"))
    assert (listed.code, listed.stdout) == (0, "")
    assert "list --all" in listed.stderr
    assert home.run("list", "--json", cwd=home.src / "empty").stdout == "[]\n"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("--all --since 2030-01-01", "--since 2030-01-01"),
        ("--from-dir ~/src/shop-api --title zzz", "--title zzz"),
        ("--all --search zzz --until 2000-01-01", "--until 2000-01-01; nor --search zzz"),
        ("--all --workspace wrk_none", "--workspace wrk_none"),
        (
            "--from-dir ~/src/shop-api --since 2020-01-01 --from-project shop-search",
            "--from-dir ~/src/shop-api and --from-project shop-search together",
        ),
        ("--all --title checkout --search search", "--title checkout and --search search together"),
    ],
)
def test_nothing_found_says_what_of_the_request_nothing_matches(home: Home, words: str, named: str) -> None:
    home.execute("UPDATE session SET title = iif(id = (SELECT min(id) FROM session), 'checkout', 'search')")
    said = home.run("list", *words.split())
    assert said.code == 3
    assert said.stderr == f"error: No session matches {named}; `opencode-migrator list --all` shows what there is.\n"


def test_what_only_other_projects_have_is_said_with_the_command(home: Home) -> None:
    shop = home.repository("shop-new")
    here = home.run("list", "--since", "2020-01-01", cwd=shop)
    assert here.code == 3
    assert here.stderr == (
        "error: No session of this project matches --since 2020-01-01.\n"
        "To look in every project:\n  opencode-migrator list --since 2020-01-01 --all\n"
    )
    nowhere = home.run("list", "--since", "2030-01-01", cwd=shop)
    assert nowhere.stderr.startswith("error: No session matches --since 2030-01-01; ")


def test_without_all_at_most_100(home: Home) -> None:
    repository = opened_in(home)
    added = many(home, 120, updated=2_000_000_000_000)
    listed = home.run("list", "--json", cwd=repository)
    assert ids(listed) == sorted(added, reverse=True)[:100]
    command = re.search(r"^next: opencode-migrator (.*--cursor .*)$", listed.stderr, re.MULTILINE)
    assert command
    assert ids(home.run(*shlex.split(command[1]), cwd=repository))[:20] == sorted(added, reverse=True)[100:]
    everything = home.run("list", "--all", "--json")
    assert len(everything.json) == 135
    assert everything.stderr == ""
    assert len(ids(home.run("list", "--json", "--limit", "0", cwd=repository))) == 133


def test_all_takes_every_project(home: Home) -> None:
    rows = home.run("list", "--all", "--json").json
    assert {row["projectId"] for row in rows} == {id_ for (id_,) in home.query("SELECT id FROM project")}
    assert len(rows) == 15
    assert ids(home.run("list", "-a", "--json", cwd=opened_in(home))) == [row["id"] for row in rows]


def test_roots(home: Home) -> None:
    roots = ids(home.run("list", "--all", "--roots", "--json"))
    assert roots == ids(home.run("list", "--all", "--json"))
    everybody = home.run("list", "--all", "--no-roots", "--json").json
    assert [row["id"] for row in everybody if row["parentId"] is None] == roots
    assert len(everybody) == len(roots) + 3
    assert len(ids(home.run("list", "--no-roots", "--json", cwd=opened_in(home)))) == 16


def test_search(home: Home) -> None:
    def found(text: str) -> list[str]:
        return sorted(row["title"] for row in home.run("list", "--all", "--search", text, "--json").json)

    assert found("SLOW") == ["Profile the slow query", "Why is search slow on Mondays?"]
    home.execute("UPDATE session SET title = '100% sure_about Ärger' WHERE title = 'Profile the slow query'")
    assert found("100%") == found("e_a") == found("ärger") == ["100% sure_about Ärger"]
    # a pattern is never LIKE's
    assert home.run("list", "--all", "--search", "s%w", "--json").json == []
    repository = opened_in(home)
    assert len(home.run("list", "--search", "api", "--json", cwd=repository).json) == 0
    assert len(home.run("list", "--search", "api", "--json", "--all", cwd=repository).json) == 1


def test_archived(home: Home) -> None:
    archived = home.run("list", "--all", "--archived", "--json").json
    assert [row["title"] for row in archived] == ["Old search prototype"]
    assert isinstance(archived[0]["archived"], int)
    rest = home.run("list", "--all", "--no-archived", "--json").json
    assert len(rest) == 14
    assert {row["archived"] for row in rest} == {None}
    assert "Old search prototype (archived)" in home.run("list", "--all").stdout


def test_workspace(home: Home) -> None:
    home.execute("UPDATE session SET workspace_id = 'wrk_1' WHERE title LIKE 'Debounce%'")
    listed = home.run("list", "--all", "--workspace", "wrk_1", "--json")
    assert {row["title"] for row in listed.json} == {"Debounce the search box", "Debounce the search box (fork #1)"}
    assert home.run("list", "--all", "--workspace", "wrk_2", "--json").json == []


def test_workspace_where_the_schema_has_none(tmp_path: Path) -> None:
    home = build_home(tmp_path / "home", "1.2.1")
    assert home.run("list", "--all", "--workspace", "wrk_1", "--json").json == []


def test_every_list_has_roots_and_a_child_that_is_asked_for_without_its_parent(home: Home) -> None:
    """Whichever selector it is, and for a search; so a filter never adds sessions of a tree that is listed already."""
    where = ("list", "--from-dir", "~/src/shop-search", "--json")
    assert len(ids(home.run(*where, cwd=home.src))) == 12
    assert ids(home.run(*where)) == ids(home.run(*where, "--roots"))
    assert len(ids(home.run(*where, "--no-roots"))) == 15
    assert len(ids(home.run(*where, "--exact"))) == 11
    children = [row for row in home.run("list", "--all", "--no-roots", "--json").json if row["parentId"]]
    assert len(children) == 3
    for child in children:
        assert ids(home.run("list", "--from-id", child["id"], "--json")) == [child["id"]]
        both = ("--from-id", child["id"], "--from-id", child["parentId"])
        assert ids(home.run("list", *both, "--json")) == [child["parentId"]]
        for option in ("--title", "--search"):
            assert child["id"] in ids(home.run("list", "--all", option, child["title"], "--json"))
            assert child["id"] not in home.run("list", "--all", option, child["title"], "--roots", "--json").stdout


# -- pages -------------------------------------------------------------------------------------------------------------


def next_cursor(listed: Finished) -> str | None:
    found = re.search(r"--cursor (\S+)", listed.stderr)
    return found[1] if found else None


def test_pages_through_the_command_line(home: Home) -> None:
    home.execute("UPDATE session SET time_updated = 1795364850826")  # all at once
    expected = ids(home.run("list", "--all", "--no-roots", "--json"))
    assert expected == sorted(expected, reverse=True)
    seen: list[str] = []
    cursor: str | None = None
    for option in ("--limit", "--max-count", "-n", "--limit"):
        more = ("--cursor", cursor) if cursor else ()
        page = home.run("list", "--all", "--no-roots", "--json", option, "5", *more)
        seen += ids(page)
        cursor = next_cursor(page)
    assert cursor is None
    assert seen == expected


def test_the_cursor_is_on_standard_error_with_every_format(home: Home) -> None:
    for form in ("table", "json", "ndjson", "csv"):
        page = home.run("list", "--all", "--limit", "2", "--format", form)
        assert next_cursor(page)
        assert "--cursor" not in page.stdout
    assert next_cursor(home.run("list", "--all", "--limit", "15")) is None


def test_a_page_after_the_last_is_empty(home: Home) -> None:
    page = home.run("list", "--all", "--json", "--cursor", "1:ses_0")
    assert (page.code, page.json) == (0, [])


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, sqlite3.Connection]]:
    """A database of 1.18.34 without sessions, open for us and for somebody who writes."""
    directory = tmp_path_factory.mktemp("bare")
    path = directory / "opencode.db"
    load(FIXTURES / "1.18.34.sql", path, directory)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer, Store(path) as store:
        writer.execute("PRAGMA synchronous = OFF")
        writer.execute("DELETE FROM session")
        yield store, writer


def insert(writer: sqlite3.Connection, rows: list[tuple[str, int]]) -> None:
    writer.executemany(
        "INSERT OR IGNORE INTO session (id, project_id, slug, directory, title, version, time_created, time_updated) "
        "VALUES (?, 'global', 's', '/', 't', '1', 1, ?)",
        rows,
    )


session_ids = st.text(st.sampled_from("ab:_é界"), min_size=1, max_size=3).map(lambda text: f"ses_{text}")
times = st.integers(-1, 2) | strategies.times


@given(
    rows=st.dictionaries(session_ids, times, max_size=14),
    limit=st.integers(1, 4),
    born=st.lists(st.tuples(session_ids, times), max_size=3),
)
def test_walking_all_pages_shows_every_row_once(
    bare: tuple[Store, sqlite3.Connection], rows: dict[str, int], limit: int, born: list[tuple[str, int]]
) -> None:
    """Whatever the times, and whoever is born while somebody reads."""
    store, writer = bare
    writer.execute("DELETE FROM session")
    insert(writer, list(rows.items()))
    seen: list[str] = []
    cursor: Cursor | None = None
    coming = [(id_, updated) for id_, updated in born if id_ not in rows]
    while True:
        page = history(store, [("project_id = ?", ("global",))], cursor, limit)
        seen += [session.id for session in page.sessions]
        if page.next is None:
            break
        assert len(page.sessions) == limit
        assert page.next != cursor  # or this would never end
        cursor = Cursor.parse(str(page.next))
        assert cursor == page.next
        insert(writer, coming[:1])
        coming = coming[1:]
    assert len(seen) == len(set(seen))
    before = [id_ for id_ in seen if id_ in rows]
    assert before == sorted(rows, key=lambda id_: (rows[id_], id_.encode()), reverse=True)


# -- formats -----------------------------------------------------------------------------------------------------------


def with_titles(home: Home) -> list[str]:
    """Give the newest sessions the nasty titles; return all titles, as stored."""
    newest = [id_ for (id_,) in home.query("SELECT id FROM session WHERE parent_id IS NULL ORDER BY time_updated DESC")]
    for id_, title in zip(newest, NASTY.values(), strict=False):
        home.execute("UPDATE session SET title = ? WHERE id = ?", (title, id_))
    rows = home.query("SELECT title FROM session WHERE parent_id IS NULL ORDER BY time_updated DESC, id DESC")
    return [title for (title,) in rows]


def output(home: Home, *words: str) -> str:
    """Return what a command prints, without Python making all kinds of line ends one."""
    done = subprocess.run(
        home.command(*words),
        cwd=home.path,
        env=dict(home.env()),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


def test_every_format_holds_every_title(home: Home) -> None:
    titles = with_titles(home)
    assert set(NASTY.values()) < set(titles)
    rows = json.loads(output(home, "list", "--all", "--json"))
    assert [row["title"] for row in rows] == titles
    assert json.loads(output(home, "list", "--all", "--format", "json")) == rows
    lines = output(home, "list", "--all", "--format", "ndjson").removesuffix("\n").split("\n")
    assert [json.loads(line) for line in lines] == rows
    table = list(csv.reader(io.StringIO(output(home, "list", "--all", "--format", "csv"), newline="")))
    flat = [flattened(row) for row in rows]
    assert table[0] == list(flat[0])
    assert table[1:] == [["" if value is None else printable(str(value)) for value in row.values()] for row in flat]


def test_no_spreadsheet_runs_a_cell_of_csv(home: Home) -> None:
    """OWASP, "CSV injection": an apostrophe before what would be a formula; numbers are numbers."""
    titles = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\r=1", "\uff1d1", '"=1', "1=1"]
    for number, title in enumerate(titles):
        home.execute(
            "UPDATE session SET title = ?, time_created = -5 WHERE id = "
            "(SELECT id FROM session WHERE parent_id IS NULL ORDER BY id LIMIT 1 OFFSET ?)",
            (title, number),
        )
    text = output(home, "list", "--all", "--format", "csv")
    rows = {row["title"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert {"'=1+1", "'+1", "'-1", "'@SUM(A1)", r"\t=1", r"\r\r=1", "'\uff1d1", '"=1', "1=1"} < set(rows)
    assert rows["'=1+1"]["created"] == iso_time(-5)
    assert {row["title"] for row in home.run("list", "--all", "--json").json} > set(titles)


def flattened(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as CSV has it: no column twice, and times in ISO 8601."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        flat |= {f"{key}.{inner}": item for inner, item in value.items()} if isinstance(value, dict) else {key: value}
    del flat["project.id"]  # which is the projectId
    times = {name: iso_time(flat[name]) for name in ("created", "updated", "archived") if flat[name] is not None}
    return flat | times


def test_csv_has_the_same_columns_whatever_the_rows(home: Home) -> None:
    whole = output(home, "list", "--all", "--format", "csv").partition("\n")[0]
    assert whole.startswith("id,title,")
    home.execute("UPDATE session SET project_id = 'gone' WHERE title = 'API: paginate orders'")
    assert output(home, "list", "--all", "--format", "csv").partition("\n")[0] == whole


def test_formats_without_rows(home: Home) -> None:
    home.execute("DELETE FROM session")
    assert home.run("list", "--all", "--json").stdout == "[]\n"
    for form in ("ndjson", "csv", "table"):
        assert home.run("list", "--all", "--format", form).stdout == ""


def cells(text: str) -> int:
    """Count the columns that a line takes on a terminal."""
    return sum(
        0 if unicodedata.combining(char) or unicodedata.category(char) == "Cf"
        else 2 if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in text
    )  # fmt: skip


def controls(text: str) -> set[str]:
    """Return the characters that would do something to a terminal instead of being shown."""
    bidi = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    return {char for char in text if unicodedata.category(char) in {"Cc", "Zl", "Zp"} or char in bidi} - {"\n"}


def test_a_table_has_one_line_for_each_session_whatever_its_title(home: Home) -> None:
    with_titles(home)
    table = output(home, "list", "--all")
    assert not controls(table)
    lines = table.removesuffix("\n").split("\n")
    listed = [row["id"] for row in json.loads(output(home, "list", "--all", "--json"))]
    assert [line.split()[0] for line in lines[1:]] == listed
    assert lines[0].split()[:2] == ["Session", "ID"]
    assert any("first second third" in line for line in lines)


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_a_table_fits_the_terminal(home: Home, columns: int) -> None:
    with_titles(home)
    home.execute("UPDATE session SET directory = ? WHERE title = 'Name things better'", (f"/srv/{'deep/' * 12}end",))
    listed = ids(home.run("list", "--all", "--json"))
    with Terminal(home, "list", "--all", columns=columns, color=False) as terminal:
        assert terminal.finish() == 0
        lines = terminal.text.partition("\n\n")[0].split("\n")
    assert not controls(terminal.text)
    shown = [line.split()[0] for line in lines[1:]]
    assert all(whole.startswith(short) for whole, short in zip(listed, shown, strict=True))
    assert [len([id_ for id_ in listed if id_.startswith(short)]) for short in shown] == [1] * len(listed)
    assert max(map(len, shown)) < 20 < len(listed[0])
    assert max(map(cells, lines)) <= columns
    assert any("Debounce the" in line for line in lines)


def test_headings_stand_above_their_columns(home: Home) -> None:
    lines = home.run("list", "--all").stdout.splitlines()
    for heading in ("Session ID", "Updated", "Project", "Directory", "Title"):
        column = lines[0].index(heading)
        assert column == 0 or all(line[column - 1] == " " and line[column] != " " for line in lines[1:]), heading


def test_a_time_beyond_the_calendar_is_still_listed(home: Home) -> None:
    home.execute("UPDATE session SET time_updated = 9007199254740992 WHERE title = 'API: paginate orders'")
    home.execute("UPDATE session SET time_updated = -1 WHERE title = 'Plan the next release'")
    listed = home.run("list", "--all")
    assert listed.code == 0, listed.stderr
    assert len(listed.stdout.splitlines()) == 16
