"""A dry run of what is planned already, by `apply`, `undo` or `redo`, compares the rows: it says what the run says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.execution.test_conflicts import BM25, CHANGES, TREE, plan
from tests.support.faults import Fault, run
from tests.support.home import MOVE
from tests.support.refusal import refused_as_planned
from tests.support.rows import add_child, session_titled
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

__all__ = ["plan"]


@pytest.mark.parametrize("change", ["", *CHANGES.values()], ids=["a child was born", *CHANGES])
def test_a_stale_plan_is_refused(home: Home, plan: Path, change: str) -> None:
    session = session_titled(home, BM25)
    if change:
        home.execute(change, [session])
    else:
        add_child(home, session)
    assert session in refused_as_planned(home, "apply", plan, code=5)


def test_a_destination_that_is_gone_is_named(home: Home, plan: Path) -> None:
    (home.src / "shop").rename(home.src / "shop-as-it-was")
    assert "The plan is stale" in refused_as_planned(home, "apply", plan, code=5)


def test_a_plan_that_was_applied_is_not_applied_again(home: Home, plan: Path) -> None:
    assert home.run("apply", plan, "--dry-run", "--exit-code").code == 1
    assert home.run("apply", plan, "--yes").code == 0
    assert "moved already" in refused_as_planned(home, "apply", plan, code=5)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_would_be_skipped_is_named_and_not_counted(home: Home, plan: Path, change: str) -> None:
    session = session_titled(home, BM25)
    home.execute(change, [session])
    words = ("apply", plan, "--on-conflict", "skip")
    shown = home.run(*words, "--dry-run", "--json").json
    assert [each["session"] for each in shown["warnings"] if each["code"] == "skipped"] == [session]
    done = home.run(*words, "--yes", "--json").json
    assert shown["summary"]["sessions"] == done["sessions"] == 15 - len(TREE)


def test_nobody_is_asked_about_what_would_be_refused(home: Home, plan: Path) -> None:
    home.execute("UPDATE session SET path = path || 'x'")
    with Terminal(home, "apply", plan) as terminal:
        assert terminal.finish() == 5
    assert "[y/N" not in terminal.text
    assert "now has path" in terminal.text


def test_an_undo_and_a_redo_are_refused(home: Home) -> None:
    home.repository("shop", "sub/deep")
    moved = home.run(*MOVE, "--json").json["run"]
    session = session_titled(home, BM25)
    home.execute("UPDATE session SET directory = '/elsewhere' WHERE id = ?", [session])
    assert session in refused_as_planned(home, "undo", moved, code=5)
    skipping = ("undo", moved, "--on-conflict", "skip")
    assert session not in {change["session"] for change in home.run(*skipping, "--dry-run", "--json").json["changes"]}
    done = home.run(*skipping, "--yes")
    assert (done.stdout + done.stderr).count(f"{session} is skipped") == 1
    assert home.run("redo", "--yes").code == 0
    home.execute("UPDATE session SET directory = ? WHERE id = ?", [str(home.src / "shop"), session])
    assert home.run("undo", moved, "--yes").code == 0
    home.execute("DELETE FROM session WHERE id = ?", [session])
    assert f"{session} was deleted" in refused_as_planned(home, "redo", code=5)


def test_a_run_that_was_cut_off_comes_first(home: Home, plan: Path) -> None:
    cut_off = run(home, "apply", plan, "--yes", "--chunk-size", "5", fault=Fault("kill", 2, "before COMMIT"))
    assert cut_off.code < 0
    assert "was cut off" in refused_as_planned(home, "apply", plan, code=1)


def test_a_new_plan_says_that_a_run_was_cut_off(home: Home, plan: Path) -> None:
    """It is shown in a dry run, and nobody is asked about it."""
    run(home, "apply", plan, "--yes", "--chunk-size", "5", fault=Fault("kill", 2, "before COMMIT"))
    done = home.run(*MOVE, "--dry-run")
    assert done.code == 0
    said = " ".join(done.stdout.split())
    assert "This can't be applied yet. Run " in said
    assert "was cut off; first `opencode-migrator resume" in said
    assert "To apply" not in said
    assert home.run(*MOVE, "--dry-run", "--json").json["warnings"][0]["code"] == "cut-off"
    with Terminal(home, *MOVE[:-1]) as terminal:
        assert terminal.finish() == 1
    assert "was cut off" in terminal.text
    assert "[y/N" not in terminal.text
