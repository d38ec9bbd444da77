"""Plan, apply, undo and migrate through the server do what the command line does, and tell how far they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import migrator.client
from migrator.client import Client
from migrator.documents.plan import read_plan_text
from migrator.errors import BadInput
from tests.library.docstrings import code_of
from tests.support.git import root_commit
from tests.support.server import serving
from tests.support.snapshots import snapshot, three_sessions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from migrator.arguments import MoveKeywords, RescueKeywords
    from tests.support.home import Home
    from tests.support.server import Served

SEARCH = "4284baed5f10c280f234f02ab62431a6d8091933"
"""The project of the sessions in src/shop-search."""


def test_a_plan_is_the_one_of_the_command_line(served: Served, client: Client) -> None:
    there = served.home.src / "shop"
    words = ("--from-dir", "~/src/shop-*", "--no-archived", "--since", "2020-01-01", "--to-dir", there)
    shown = served.home.run("move", *words, "--dry-run", "--json")
    plan = client.plan(from_dir="~/src/shop-*", archived=False, since="2020-01-01", to_dir=there)
    assert plan == read_plan_text(shown.stdout, "what was printed")
    assert plan.changes
    assert plan.store == str(served.home.database)


def test_a_file_of_exclusions_is_one_of_ours(served: Served, client: Client, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("shop-api\n!shop-api\nshop-api/\n")
    (tmp_path / "other").write_text("shop-search\n")
    files, there = [tmp_path / "list", tmp_path / "other"], served.home.src / "shop"
    plan = client.plan(from_dir="~/src/shop-*", exclude_from=files, to_dir=there)
    words = [word for file in files for word in ("--exclude-from", file)]
    shown = served.home.run("move", "--from-dir", "~/src/shop-*", *words, "--to-dir", there, "--dry-run", "--json")
    assert plan.changes == read_plan_text(shown.stdout, "what was printed").changes
    with pytest.raises(BadInput, match=r"^exclude_from nowhere can't be read: No such file or directory$"):
        client.plan(exclude_from="nowhere")


def test_a_run_that_moved_nothing_says_so(home: Home) -> None:
    three_sessions(home)
    shown = home.run("protect", "--dry-run", "--json")
    with serving(home) as served, Client(served.url, served.token) as client:
        run = client.apply(read_plan_text(shown.stdout, "what was printed"))
    assert (run.sessions, run.moved) == (2, False)


def test_there_and_back_with_progress(served: Served, either: Client) -> None:
    before = served.home.everything()
    told: list[tuple[int, int]] = []
    tell: Callable[[int, int], None] = lambda done, total: told.append((done, total))  # noqa: E731 - what users write
    plan = either.plan(from_dir=["~/src/shop-search", "~/src/shop-*"], to_dir=served.home.src / "shop")
    run = either.apply(plan, progress=tell, chunk_size=5)
    assert (run.status, run.sessions, run.chunks, run.verified) == (migrator.RunStatus.APPLIED, 17, 4, 17)
    assert [pair for pair in told if pair[0]] == [(5, 17), (10, 17), (15, 17), (17, 17)]
    assert {warning.code for warning in run.warnings} >= {"crosses-projects"}
    assert served.home.everything() != before
    (logged,) = either.runs()
    assert (logged.id, logged.sessions, logged.status, logged.undone_by) == (run.id, 17, run.status, None)
    told.clear()
    back = either.undo(logged, progress=tell)
    assert told[-1] == (17, 17)
    assert (back.status, back.undoes) == (migrator.RunStatus.APPLIED, run.id)
    assert served.home.everything() == before
    assert [(entry.id, entry.undoes, entry.undone_by) for entry in either.runs()] == [
        (back.id, run.id, None),
        (run.id, None, back.id),
    ]


def test_without_progress_and_what_changes_nothing(served: Served, client: Client) -> None:
    said: MoveKeywords = {"from_dir": "~/src/shop*", "to_dir": served.home.src / "shop"}
    run = client.apply(client.plan(**said))
    assert run.status is migrator.RunStatus.APPLIED
    again = client.plan(**said)
    assert (again.changes, len(again.unchanged)) == ((), 17)
    assert client.apply(again) == migrator.Run(None, migrator.RunStatus.UNCHANGED)
    assert run.id is not None
    assert client.undo(run.id, wait=1.5).sessions == 17


def test_one_session_moves_with_its_tree(served: Served, either: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ((parent, child),) = served.home.query(
        "SELECT parent_id, id FROM session WHERE parent_id IN (SELECT id FROM session WHERE parent_id IS NULL) LIMIT 1"
    )
    monkeypatch.chdir(served.home.src / "shop")
    moved = either.session.migrate(parent)
    place = (str(served.home.src / "shop"), root_commit(served.home.src / "shop"))
    assert (moved.id, moved.directory, moved.project_id) == (parent, *place)
    assert served.home.query("SELECT directory, project_id FROM session WHERE id = ?", [child]) == [place]
    either.undo(either.runs()[0])
    monkeypatch.chdir(served.home.src)
    assert either.session.migrate(parent, "shop", project=place[1]).directory == place[0]
    assert either.session.migrate(parent, project=place[1]).directory == place[0]


def test_orphans_can_be_moved_by_reason(served: Served, client: Client) -> None:
    lost = {orphan.session.id for orphan in client.session.orphans("missing-directory", archived=True)}
    everyone = client.plan(orphans=True, to_dir=served.home.src / "shop")
    some = client.plan(orphans="missing-directory", to_dir=served.home.src / "shop")
    assert lost <= {change.session for change in some.changes} <= {change.session for change in everyone.changes}
    assert {why for change in some.changes for why in change.selected_by} >= {"--orphans=missing-directory"}


def test_a_rescue_is_the_one_of_the_command_line(
    served: Served, either: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop_search = served.home.repository("shop-search", "sub/deep")  # with another id than its sessions have
    (shop_search / "sub" / "deep" / "file.txt").write_text("x\n")
    snapshot(served.home, shop_search, SEARCH)
    monkeypatch.chdir(served.home.path)
    cases: tuple[tuple[RescueKeywords, str], ...] = (
        ({"from_dir": "~/src/shop-*", "rule": "project-drift"}, "--from-dir ~/src/shop-* --rule project-drift"),
        ({"search": "src", "search_depth": 2, "likely": True}, "--search src --search-depth 2 --likely"),
    )
    for keywords, words in cases:
        shown = served.home.run("rescue", *words.split(), "--dry-run", "--json").stdout
        plan = either.plan_rescue(**keywords)
        assert plan == read_plan_text(shown, "what was printed")
    assert [warning.lost for warning in plan.warnings if warning.lost]
    run = either.apply(plan)
    assert (run.sessions, run.warnings) == (len(plan.changes), plan.warnings)


def test_the_example_of_the_package_runs(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(served.home.path))
    assert migrator.client.__doc__ is not None
    exec(code_of(migrator.client.__doc__).replace("Client()", f"Client({served.url!r})"), {})
    assert capsys.readouterr().out.splitlines() == ["Fix the flaky index test", "0 17", "17 17"]
    with Client(served.url) as client:
        assert [run.undoes is not None for run in client.runs()] == [True, False]
