"""A program brings lost sessions home as the command line does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import migrator
from migrator.documents.plan import plan_document
from tests.support.history import History, one_with_two_homes, two_with_a_home
from tests.support.home import build_home

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> History:
    """Two sessions with a certain home, and one that may belong to either of two directories."""
    history = History(build_home(tmp_path / "home", "1.18.34"))
    two_with_a_home(history)
    one_with_two_homes(history)
    monkeypatch.setenv("HOME", str(history.home.path))
    return history


def test_it_plans_what_the_command_line_plans(history: History) -> None:
    store = migrator.open_store()
    every = migrator.plan_rescue(store)
    assert plan_document(every) == history.home.run("plan", "rescue", "--json").json
    one = migrator.plan_rescue(store, from_dir="~/src/one", rule="project-drift", undo_files="detach")
    said = ("--from-dir", "~/src/one", "--rule", "project-drift", "--undo-files", "detach")
    assert plan_document(one) == history.home.run("plan", "rescue", *said, "--json").json
    assert migrator.apply(one).sessions == 1
    found = migrator.plan_rescue(store, search=history.src, search_depth=1, likely=True)
    words = ("--search", str(history.src), "--search-depth", "1", "--likely")
    assert plan_document(found) == history.home.run("plan", "rescue", *words, "--json").json


def test_why_a_session_stays_lost_comes_in_parts(history: History) -> None:
    (warning,) = migrator.plan_rescue(migrator.open_store()).warnings
    lost = warning.lost
    assert isinstance(lost, migrator.StillLost)
    assert (lost.rule, lost.directory, lost.likely_home) == ("missing-directory", str(history.src / "shop"), None)
    assert lost.commands == tuple(
        f"opencode-migrator relocate {history.src}/shop {history.src}/{name}" for name in ("shop-review", "store")
    )
    named = migrator.open_store(history.home.database)
    (orphan,) = [orphan for orphan in named.orphans() if orphan.rivals]
    (tie,) = migrator.plan_rescue(named).warnings
    assert tie.lost is not None
    assert tie.lost.commands == orphan.commands
    assert orphan.commands == tuple(f"{command} --db {history.home.database}" for command in lost.commands)


def test_what_makes_no_sense_is_refused(history: History) -> None:
    store = migrator.open_store(history.home.database)
    with pytest.raises(migrator.NothingMatched):
        migrator.plan_rescue(store, from_dir="~/nowhere")
    with pytest.raises(migrator.BadInput, match="There is no rule 'misspelt'"):
        migrator.plan_rescue(store, rule="misspelt")
    with pytest.raises(migrator.BadInput, match="nowhere does not exist"):
        migrator.plan_rescue(store, search="nowhere")
    with pytest.raises(migrator.BadInput, match="nowhere does not exist"):
        store.orphans(search=["nowhere"])
    with pytest.raises(migrator.BadInput, match="undo_files is 'maybe'"):
        migrator.plan_rescue(store, undo_files="maybe")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="to_dir selects nothing"):
        migrator.plan_rescue(store, to_dir="/tmp")  # type: ignore[call-arg]
