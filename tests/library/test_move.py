"""A program moves sessions as the command line does: the same rows, the same refusals, the same way back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

import migrator
from migrator import library
from tests.support.home import Home
from tests.support.rows import add_sessions

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.arguments import SelectKeywords
    from migrator.operations.demo import DemoHome


@pytest.fixture
def home(stage: DemoHome) -> Home:
    return Home(stage.home)


@pytest.fixture
def store(home: Home) -> migrator.OpenStore:
    return migrator.open_store(home.database)


def moving(store: migrator.OpenStore) -> migrator.Plan:
    return migrator.plan(store, migrator.select(store, from_dir="~/src/shop-*"), to_dir="~/src/shop")


def directories(home: Home) -> dict[str, str]:
    return dict(home.query("SELECT id, directory FROM session"))


def test_the_command_line_knows_and_takes_back_what_a_program_did(home: Home, store: migrator.OpenStore) -> None:
    before = home.everything()
    told: list[tuple[int, int]] = []
    run = migrator.apply(moving(store), progress=lambda *told_now: told.append(told_now), chunk_size=5)
    assert (run.status, run.sessions, run.chunks) == (migrator.RunStatus.APPLIED, 17, 4)
    assert told == [(5, 17), (10, 17), (15, 17), (17, 17)]
    assert sum(directory.startswith(f"{home.src}/shop-") for directory in directories(home).values()) == 0
    (logged,) = home.run("log", "--json").json
    assert (logged["run"], logged["command"]) == (run.id, "migrator.apply()")
    assert home.run("undo", "--yes").code == 0
    assert home.everything() == before
    assert migrator.runs() == store.runs()
    assert [(entry.undoes, entry.undone_by) for entry in store.runs()] == [
        (run.id, None),
        (None, migrator.runs()[0].id),
    ]


def test_undo_takes_a_run_or_its_id_and_can_be_taken_back(home: Home, store: migrator.OpenStore) -> None:
    before = home.everything()
    run = migrator.apply(moving(store))
    moved = home.everything()
    back = migrator.undo(run)
    assert home.everything() == before
    assert back.id is not None
    migrator.undo(back.id)
    assert home.everything() == moved
    with pytest.raises(migrator.BadInput, match="wrote nothing"):
        migrator.undo(migrator.Run(None, migrator.RunStatus.UNCHANGED))


def test_a_list_that_is_read_meanwhile_keeps_nobody_from_writing(
    home: Home, store: migrator.OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "_PAGE", 3)
    reading = store.history(archived=True)
    first = next(reading)
    migrator.apply(moving(store))
    rest = [listed.session.id for listed in reading]
    assert sorted([first.session.id, *rest]) == sorted(directories(home))


def test_pages_lose_nobody_where_times_are_equal(
    home: Home, store: migrator.OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.execute("UPDATE session SET time_updated = 1795364980673")
    every = [listed.session.id for listed in store.history(archived=True)]
    assert sorted(every) == sorted(directories(home))
    monkeypatch.setattr(library, "_PAGE", 2)
    assert [listed.session.id for listed in store.history(archived=True)] == every
    assert [listed.session.id for listed in store.history(archived=True, limit=5)] == every[:5]


def test_a_list_can_be_narrowed(home: Home, store: migrator.OpenStore) -> None:
    def ids(**how: Any) -> set[str]:
        return {listed.session.id for listed in store.history(**how)}

    def those(condition: str) -> set[str]:
        return {id_ for (id_,) in home.query(f"SELECT id FROM session WHERE {condition}")}

    here = home.src / "shop-search"
    ((middle,),) = home.query("SELECT time_updated FROM session ORDER BY time_updated LIMIT 1 OFFSET 9")
    assert ids() == those("time_archived IS NULL") != those("TRUE")
    assert ids(archived=True) == those("TRUE")
    assert ids(archived=True, roots=True) == those("parent_id IS NULL") != those("TRUE")
    assert ids(archived=True, roots=None) == those("TRUE")
    assert ids(archived=True, directory=here) == those(f"directory = '{here}'") != set()
    assert ids(archived=True, start=middle) == those(f"time_updated >= {middle}") != those("TRUE")
    assert ids(archived=True, search="READ") == those("title LIKE '%read%'") != set()
    assert ids(archived=True, workspace="wrk_none") == set()
    assert all(listed.project and listed.project.id == listed.session.project_id for listed in store.history())


def test_a_plan_that_is_no_longer_true_names_the_rows(home: Home, store: migrator.OpenStore) -> None:
    plan = moving(store)
    changed = plan.changes[0].session
    home.execute("UPDATE session SET directory = '/elsewhere' WHERE id = ?", [changed])
    before = home.everything()
    with pytest.raises(migrator.StalePlan) as stale:
        migrator.apply(plan)
    assert stale.value.rows == (changed,)
    assert home.everything() == before
    assert migrator.apply(plan, on_conflict="skip").conflicts == (changed,)


def test_nothing_is_written_while_somebody_has_the_database_open(home: Home, store: migrator.OpenStore) -> None:
    plan = moving(store)
    with closing(sqlite3.connect(home.database)) as other:
        other.execute("SELECT count(*) FROM session").fetchone()
        with pytest.raises(migrator.DatabaseInUse, match="is in use by"):
            migrator.apply(plan)
    assert migrator.runs() == ()


@pytest.mark.parametrize(
    ("said", "error", "sentence"),
    [
        ({"from_dir": "~/nowhere"}, migrator.NothingMatched, "No session matches"),
        ({"title": "read"}, migrator.BadInput, "Say which sessions"),
        ({}, migrator.BadInput, "Say which sessions"),
        ({"from_dir": "["}, migrator.BadInput, "is never closed"),
        ({"from_id": "-"}, migrator.BadInput, "standard input on the command line only"),
        (
            {"form_dir": "~/src"},
            TypeError,
            "form_dir selects nothing; there are archived, containing, containing_in",
        ),
    ],
)
def test_what_selects_nothing_is_refused(
    store: migrator.OpenStore, said: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        migrator.select(store, **said)


def test_a_dash_is_a_text_like_any_other(home: Home, store: migrator.OpenStore) -> None:
    """It is standard input for `--from-id` on a command line only."""
    session = moving(store).changes[0].session
    home.execute("UPDATE session SET title = 'search - again' WHERE id = ?", [session])
    found = migrator.select(store, from_dir="~/src/shop-*", title="-", exclude_dir="-")
    assert [selected.session.id for selected in found.sessions] == [session]


def test_values_that_mean_nothing_are_refused(store: migrator.OpenStore, tmp_path: Path) -> None:
    selection = migrator.select(store, from_dir="~/src/shop-*")
    plan = migrator.plan(store, selection, "~/src/shop")
    with pytest.raises(migrator.BadInput, match="on_conflict is 'ignore'; it can be abort or skip"):
        migrator.apply(plan, on_conflict="ignore")  # type: ignore[arg-type]
    with pytest.raises(migrator.BadInput, match="chunk_size is 0"):
        migrator.apply(plan, chunk_size=0)
    with pytest.raises(migrator.BadInput, match="subdirs is 'deep'"):
        migrator.plan(store, selection, tmp_path, subdirs="deep")  # type: ignore[arg-type]
    with pytest.raises(migrator.NoSuchDirectory):
        migrator.plan(store, selection, tmp_path / "gone")
    assert migrator.runs() == ()


def test_selectors_are_said_as_python_says_them(home: Home, store: migrator.OpenStore) -> None:
    ((middle,),) = home.query("SELECT time_updated FROM session ORDER BY time_updated LIMIT 1 OFFSET 9")
    then = datetime.fromtimestamp(middle / 1000, tz=UTC)
    asked: list[tuple[SelectKeywords, list[str]]] = [
        ({"from_dir": home.src / "shop-search"}, ["--from-dir", f"{home.src}/shop-search"]),
        ({"from_dir": [home.src / "shop-search", "~/src/shop-a*"]}, ["--from-dir", "~/src/shop-{search,a*}"]),
        ({"containing": "read README", "containing_in": "conversation"}, ["--containing", "READ readme"]),
        ({"from_dir": "~/src/**", "since": then}, ["--from-dir", "~/src/**", "--since", then.isoformat()]),
        ({"from_dir": "~/src/**", "until": then.replace(tzinfo=None)}, ["--from-dir", "~/src/**", "--until",
            then.replace(tzinfo=None).isoformat()]),
        ({"from_dir": "~/src/**", "since": date(2020, 1, 1), "archived": True},
            ["--from-dir", "~/src/**", "--archived"]),
        ({"from_dir": "~/src/shop-search", "exact": True, "orphans": False},
            ["--from-dir", "~/src/shop-search", "--exact"]),
        ({"from_dir": "~/src/shop-search", "orphans": ("project-drift", "missing-directory"), "match": "any"},
            ["--orphans=missing-directory", "--from-dir", "~/src/shop-search", "--match", "any"]),
    ]  # fmt: skip
    for said, words in asked:
        shown = home.run("move", *words, "--to-dir", home.src / "shop", "--dry-run", "--json").json
        found = migrator.select(store, **said)
        assert [selected.session.id for selected in found.sessions] == [row["session"] for row in shown["changes"]], (
            said
        )


def test_orphans_are_those_of_the_command_line(home: Home, store: migrator.OpenStore) -> None:
    listed = home.run("orphans", "--rule", "missing-directory", "--json").json
    found = store.orphans("missing-directory")
    assert [orphan.session.id for orphan in found] == [row["id"] for row in listed] != []
    assert [[reason.rule for reason in orphan.reasons] for orphan in found] == [
        [reason["rule"] for reason in row["reasons"]] for row in listed
    ]
    everyone = {selected.session.id for selected in migrator.select(store, orphans=True).sessions}
    assert {orphan.session.id for orphan in found} <= everyone
    with pytest.raises(migrator.BadInput, match="There is no rule"):
        store.orphans("no-such-rule")


def test_more_ids_than_sqlite_takes_conditions_in_a_row(home: Home, store: migrator.OpenStore) -> None:
    many = [f"ses_many_{number:04}" for number in range(1200)]
    add_sessions(home, *({"id": id_, "directory": "/many"} for id_ in many))
    assert [each.session.id for each in migrator.select(store, from_id=many).sessions] == many


def test_a_program_hears_how_far_it_is(store: migrator.OpenStore) -> None:
    class Listener:
        heard: list[migrator.Stage] = []  # noqa: RUF012 - of this test only

        def begin(self, stage: migrator.Stage) -> None:
            self.heard.append(stage)

        def end(self, stage: migrator.Stage) -> None:
            assert stage in self.heard

    with migrator.told_to(Listener()):
        migrator.select(store, containing="search")
    (search,) = [stage for stage in Listener.heard if stage.what == "Reading conversations"]
    assert (search.unit, search.done) == ("B", search.total)
    migrator.select(store, containing="search")
    assert len([stage for stage in Listener.heard if stage.what == search.what]) == 1
