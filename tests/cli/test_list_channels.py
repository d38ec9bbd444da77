"""`list --channel '*'`: the sessions of several databases beside each other, none of which changes."""

from __future__ import annotations

import csv
import io
import json
import shutil
from typing import TYPE_CHECKING

import pytest

import migrator
from migrator.client import Client
from migrator.errors import MigratorError
from tests.support.home import Home, build_home
from tests.support.merging import built
from tests.support.refusal import refused
from tests.support.rows import add_project, add_session
from tests.support.server import serving
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.forked import Finished

ALL = ("list", "--all", "--channel", "*")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Three databases: one of opencode 1 with two sessions, `prod` of a left channel with one, `next` of opencode 2."""
    home = build_home(tmp_path / "home", "1.18.34")
    home.empty()
    for name, fixture in (("opencode-prod.db", "1.2.27"), ("opencode-next.db", "v2-run-fresh")):
        other = built(home, fixture, home.database.with_name(name))
        other.empty()
        add_project(other, "shop", home.src / "shop")
        label = name[9:13]
        add_session(
            other, f"ses_{label}", directory="/srv/shop", title=f"In {label}", project_id="shop", time_updated=5
        )
    add_project(home, "global", "/")
    for number in (9, 4):
        add_session(home, f"ses_{number}", directory="/srv/shop", title=f"Here {number}", time_updated=number)
    return home


def listed(found: Finished) -> list[tuple[str, str]]:
    """The sessions with what their databases are called."""
    assert found.code == 0, found.stderr
    return [(row["id"], row["database"]["channel"]) for row in found.json]


EVERY = [("ses_9", "latest"), ("ses_prod", "prod"), ("ses_next", "next"), ("ses_4", "latest")]


def test_all_of_them_in_the_order_of_their_last_use(home: Home) -> None:
    found = home.run(*ALL, "--json")
    assert listed(found) == EVERY
    assert found.json[1]["database"] == {"channel": "prod", "path": str(home.database.with_name("opencode-prod.db"))}
    assert found.json[1]["project"] == {"id": "shop", "name": None, "worktree": str(home.src / "shop")}
    assert listed(home.run(*ALL, "--json", "--sort", "title")) == [EVERY[3], EVERY[0], EVERY[2], EVERY[1]]
    assert listed(home.run(*ALL, "--json", "--sort", "database", "--limit", "2")) == [EVERY[0], EVERY[3]]


def test_some_by_name_and_by_pattern(home: Home) -> None:
    """`prod` is the channel of `opencode.db` today: the file that is left of it is found by a pattern."""
    assert listed(home.run("list", "--all", "--channel", "next", "--channel", "prod", "--json")) == [
        EVERY[0], EVERY[2], EVERY[3],
    ]  # fmt: skip
    assert listed(home.run("--channel", "p*", "list", "--all", "--json")) == [EVERY[1]]
    home.environ["OPENCODE_MIGRATOR_LIST_CHANNEL"] = "next\np*"
    assert listed(home.run("list", "--all", "--json")) == [EVERY[1], EVERY[2]]


def test_as_a_table_and_as_csv(home: Home) -> None:
    table = home.run(*ALL).stdout.splitlines()
    assert table[0].split() == ["Session", "ID", "Updated", "Database", "Project", "Directory", "Title"]
    assert [line.split()[3] for line in table[1:]] == ["latest", "opencode-prod.db", "next", "latest"]
    rows = [*csv.DictReader(io.StringIO(home.run(*ALL, "--format", "csv").stdout))]
    assert [(row["id"], row["database.channel"]) for row in rows] == EVERY
    chosen = home.run(*ALL, "--format", "csv", "--columns", "database,id").stdout.splitlines()
    assert chosen == ["database,id", "latest,ses_9", "opencode-prod.db,ses_prod", "next,ses_next", "latest,ses_4"]


def test_one_database_has_no_such_column(home: Home) -> None:
    assert "database" not in home.run("list", "--all", "--json").stdout
    assert "Database" not in home.run("list", "--all", "--channel", "next").stdout


def test_page_by_page_nothing_is_skipped_or_shown_twice(home: Home) -> None:
    """A copy has the same sessions at the same times."""
    shutil.copy(home.database, home.database.with_name("opencode-copy.db"))
    every = listed(home.run(*ALL, "--json"))
    assert len(every) == 6
    for limit in ("1", "2", "4"):
        seen: list[tuple[str, str]] = []
        words = [*ALL, "--json", "--limit", limit]
        while True:
            page = home.run(*words)
            seen += listed(page)
            if "next: " not in page.stderr:
                break
            words = [*ALL, "--json", "--limit", limit, "--cursor", page.stderr.split()[-1]]
        assert seen == every
    assert "no cursor" in refused(home, *ALL, "--cursor", "5:ses_4@nightly", code=2)


def test_selectors_choose_in_each_of_them(home: Home) -> None:
    assert listed(home.run(*ALL, "--json", "--from-project", "shop")) == [EVERY[1], EVERY[2]]
    assert listed(home.run(*ALL, "--json", "--search", "in NEXT")) == [EVERY[2]]
    assert listed(home.run(*ALL, "--json", "--from-id", "ses_9")) == [EVERY[0]]
    assert listed(home.run(*ALL, "--json", "--from-id", "-", stdin="ses_pr\nses_4\n")) == [EVERY[1], EVERY[3]]
    assert listed(home.run(*ALL, "--json", "--from-project", "shop", "--from-project", "global")) == EVERY
    either = ("--from-project", "shop", "--from-id", "ses_4", "--match", "any")
    assert listed(home.run(*ALL, "--json", *either)) == EVERY[1:]
    assert "nowhere" in refused(home, *ALL, "--from-project", "shop", "--from-project", "nowhere", code=3)
    assert "ses_nowhere" in refused(home, *ALL, "--from-id", "ses_4", "--from-id", "ses_nowhere", code=3)
    assert "--from-dir /nowhere" in refused(home, *ALL, "--from-dir", "/nowhere", code=3)
    partly = home.run(*ALL, "--json", "--from-id", "ses_prod", "--from-id", "ses_next")
    assert listed(partly) == [EVERY[1], EVERY[2]]
    assert partly.stderr == ""


def test_without_all_what_belongs_here(home: Home) -> None:
    shop = home.repository("shop")
    assert home.run("list", "--channel", "*", "--json", cwd=shop).json == []
    said = home.run("list", "--channel", "*", cwd=shop).stderr
    assert "`opencode-migrator list --channel '*' --all` shows every project's" in said


def test_one_that_cannot_be_read_is_named_and_one_without_sessions_is_not(home: Home) -> None:
    home.database.with_name("opencode-bad.db").write_bytes(b"no database")
    home.database.with_name("opencode-empty.db").touch()
    found = home.run(*ALL, "--json")
    assert listed(found) == EVERY
    (line,) = found.stderr.splitlines()
    assert line.startswith("note: opencode-bad.db can't be listed, so nobody can tell what it has: SQLite says")
    said = refused(home, "list", "--all", "--channel", "b*", code=1)
    assert "file is not a database" in said


def test_a_pattern_that_none_has_and_a_command_that_takes_none(home: Home) -> None:
    said = refused(home, "list", "--channel", "night*", code=1)
    assert said.endswith("is called night*; there are latest, next, opencode-prod.db.")
    assert "pattern" in refused(home, "projects", "--channel", "*", code=2)


def test_nothing_of_them_changes(home: Home) -> None:
    def files() -> dict[str, tuple[bytes, int]]:
        return {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in home.database.parent.iterdir()}

    before = files()
    home.run(*ALL)
    home.run(*ALL, "--orphans")
    home.run(*ALL, "--containing", "shop")
    assert files() == before


def test_the_next_command_brings_them_here(home: Home) -> None:
    with Terminal(home, *ALL, color=False) as terminal:
        assert terminal.finish() == 0
        said = " ".join(terminal.text.split())
    assert 'To bring "In prod" here from opencode-prod.db: ' in said
    assert "opencode-migrator merge --from-channel prod --from-id ses_prod" in said
    assert "merge --from-channel next" not in said  # opencode 2 wrote it
    with Terminal(home, *ALL, "--from-dir", "/srv/*", color=False) as terminal:
        assert terminal.finish() == 0
        said = " ".join(terminal.text.split())
    assert "opencode-migrator merge --from-dir '/srv/*' --from-channel prod" in said


def test_from_python_and_over_http(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in home.env().items():
        monkeypatch.setenv(name, value)
    store = migrator.open_store()
    prod = str(home.database.with_name("opencode-prod.db"))

    def seen(found: migrator.Listed) -> tuple[str, str]:
        assert found.database is not None
        return found.session.id, found.database.rpartition("opencode")[2]

    every = [("ses_9", ".db"), ("ses_prod", "-prod.db"), ("ses_next", "-next.db"), ("ses_4", ".db")]
    assert [seen(found) for found in store.history(channel="*")] == every
    (row,) = store.history(channel="p*")
    assert (row.session.title, row.database, row.project and row.project.worktree) == (
        "In prod", prod, str(home.src / "shop"),
    )  # fmt: skip
    assert [found.database for found in store.history(limit=1)] == [None]
    with serving(home) as served:
        with Client(served.url, token=served.token) as client:
            assert [seen(found) for found in client.session.history(channel="*")] == every
        first = served.ask.get("/session/history", params={"channel": "*", "limit": "3"})
        cursor = first.headers["x-next-cursor"]
        rows = served.get("/session/history", channel="*", limit="3", cursor=cursor)
        assert [row["id"] for row in [*first.json(), *rows]] == [id_ for id_, _ in every]
        home.database.with_name("opencode-bad.db").write_bytes(b"no database")
        unread = json.loads(served.ask.get("/session/history", params={"channel": "*"}).headers["x-unread-databases"])
        assert [path.rpartition("/")[2] for path in unread] == ["opencode-bad.db"]
    with pytest.raises(MigratorError, match=r"bad\.db can't be listed"):
        list(store.history(channel="*"))
