"""What the server lists arrives whole, as nouns of the model, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import migrator
from migrator.client import requests
from tests.support.git import root_commit
from tests.support.rows import add_project

if TYPE_CHECKING:
    import pytest

    from migrator.client import Client
    from tests.support.server import Served


def where(served: Served, condition: str) -> list[str]:
    sql = f"SELECT id FROM session WHERE {condition} ORDER BY time_updated DESC, id DESC"
    return [id_ for (id_,) in served.home.query(sql)]


def ids(client: Client, **said: Any) -> list[str]:
    return [listed.session.id for listed in client.session.history(**said)]


def test_sessions_are_those_of_the_database(served: Served, client: Client) -> None:
    served.home.execute("UPDATE session SET workspace_id = 'wrk_1', time_archived = 7 WHERE title = 'Read about BM25'")
    served.home.execute("UPDATE project SET name = 'Search' WHERE worktree LIKE '%/shop-search'")
    served.home.execute("UPDATE session SET project_id = 'nowhere' WHERE title = 'Summarise the README'")
    rows = served.home.query(
        "SELECT id, parent_id, title, project_id, directory, path, workspace_id, time_created, time_updated, "
        "time_archived FROM session ORDER BY time_updated DESC, id DESC"
    )
    listed = list(client.session.history(archived=True))
    assert [row.session for row in listed] == [
        migrator.Session(row[0], row[1], row[2], migrator.Binding(*row[3:7]), *row[7:]) for row in rows
    ]
    projects = {row.session.title: row.project for row in listed}
    assert projects["Summarise the README"] is None
    named = projects["Read about BM25"]
    assert named is not None
    assert (named.name, named.worktree, named.label) == ("Search", str(served.home.src / "shop-search"), "Search")


def test_pages_follow_each_other_and_lose_nobody(
    served: Served, either: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.home.execute("UPDATE session SET time_updated = 1795364980673 WHERE rowid % 3")
    every = where(served, "TRUE")
    for size in (1, 2, 5, 1000):
        monkeypatch.setattr(requests, "MAX_PAGE", size)
        assert ids(either, archived=True) == every
        assert ids(either, archived=True, limit=7) == every[:7]
        assert ids(either, limit=0) == []


def test_a_page_is_asked_for_when_it_is_needed(served: Served, either: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MAX_PAGE", 5)
    rows = either.session.history(archived=True)
    first = [next(rows).session.id for _ in range(5)]
    served.home.execute("DELETE FROM session WHERE id NOT IN (" + ", ".join("?" * 5) + ")", first)
    assert list(rows) == []


def test_filters(served: Served, client: Client) -> None:
    there = served.home.src / "shop-search"
    ((middle,),) = served.home.query("SELECT time_updated FROM session ORDER BY time_updated LIMIT 1 OFFSET 9")
    assert ids(client) == where(served, "time_archived IS NULL") != where(served, "TRUE")
    assert ids(client, archived=True, roots=True) == where(served, "parent_id IS NULL")
    assert ids(client, archived=True, directory=there) == where(served, f"directory = '{there}'") != []
    assert ids(client, archived=True, start=middle) == where(served, f"time_updated >= {middle}")
    assert ids(client, archived=True, search="BM25 & more") == []
    assert ids(client, archived=True, search="bm25") == where(served, "title LIKE '%bm25%'") != []
    assert ids(client, archived=True, workspace="wrk_none") == []


def test_orphans_are_those_of_the_command_line(served: Served, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {row["id"]: row for row in served.home.run("orphans", "--json").json if row["archived"] is None}
    monkeypatch.setattr(requests, "MAX_PAGE", 4)
    found = list(client.session.orphans())
    assert len(found) == len({orphan.session.id for orphan in found}) == len(rows) > 10
    for orphan in found:
        row = rows[orphan.session.id]
        assert [reason._asdict() for reason in orphan.reasons] == row["reasons"]
        assert orphan.rivals == tuple(row["rivals"])
        told = row["suggestion"]
        assert orphan.suggestion == (
            told
            and migrator.Suggestion(
                told["directory"], told["projectId"], migrator.Certainty(told["certainty"]), told["because"]
            )
        )
    assert any(orphan.suggestion for orphan in found) == any(row["suggestion"] for row in rows.values())
    assert list(client.session.orphans("stale-workspace")) == []
    assert len(list(client.session.orphans(archived=True))) > len(found)
    assert len(list(client.session.orphans(limit=6))) == 6


def test_all_pages_of_orphans_are_of_one_look(served: Served, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MAX_PAGE", 4)
    every = [orphan.session.id for orphan in client.session.orphans("missing-directory")]
    rows = client.session.orphans("missing-directory")
    seen = [next(rows).session.id for _ in range(4)]
    (served.home.src / "shop-search").mkdir()
    assert seen + [orphan.session.id for orphan in rows] == every
    assert len(list(client.session.orphans("missing-directory"))) < len(every)


def test_a_suggestion_arrives(served: Served, client: Client) -> None:
    old = served.home.repository("moved")
    project = root_commit(old)
    served.home.execute("DELETE FROM session WHERE title <> 'Read about BM25'")
    add_project(served.home, project, old)
    binding = ["global", str(old)]
    served.home.execute("UPDATE session SET parent_id = NULL, project_id = ?, directory = ?, path = ''", binding)
    (orphan,) = client.session.orphans()
    assert orphan.suggestion is not None
    assert (orphan.suggestion.directory, orphan.suggestion.project_id) == (str(old), project)
    assert orphan.suggestion.certainty is migrator.Certainty.CERTAIN
