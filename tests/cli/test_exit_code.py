"""`--exit-code`: 1 where there is something to do, 0 where there is nothing; the same on every command that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.git import root_commit, worktree
from tests.support.home import MOVE, SESSION
from tests.support.refusal import sentence
from tests.support.shell import printed_command, run_in_shell
from tests.support.snapshots import SAFE, three_sessions

if TYPE_CHECKING:
    from tests.support.home import Home

CHANGING = {
    MOVE[:-1]: 3,  # no session is there any more: a directory that was mistyped isn't "nothing to do"
    ("migrate", SESSION, "src/shop"): 0,
    ("relocate", "src/shop-search", "src/shop"): 3,
    ("consolidate", "src/shop"): 0,
}
"""Commands, and the exit code once it is done."""


@pytest.mark.parametrize("words", CHANGING, ids=lambda words: words[0])
def test_a_plan_that_would_change_something(home: Home, words: tuple[str, ...]) -> None:
    shop = home.repository("shop", "sub/deep")
    if words[0] == "consolidate":
        there = [root_commit(shop), str(worktree(shop, "linked")), SESSION]
        home.execute("UPDATE session SET project_id = ?, directory = ?, path = '' WHERE id = ?", there)
    for form in ((), ("--json",)):
        done = home.run(*words, "--dry-run", "--exit-code", *form)
        assert done.code == 1, done.stderr
        assert "error" not in done.stderr
    shown = home.run(*words, "--exit-code", "--dry-run")  # in either order
    assert shown.code == 1
    assert home.run(*words, "--dry-run").code == 0
    assert "--exit-code" not in printed_command(shown.stdout)
    assert "--dry-run" in sentence(home.run(*words, "--yes", "--exit-code"), 2)
    assert home.run(*words, "--yes").code == 0
    assert home.run(*words, "--dry-run", "--exit-code").code == CHANGING[words]


def test_orphans(home: Home) -> None:
    assert home.run("orphans", "--exit-code").code == 1
    assert home.run("orphans").code == 0
    assert home.run("orphans", "--exit-code", "--rule", "stale-workspace").code == 0
    assert home.run("orphans", "--exit-code", "--explain", SESSION).code == 1
    home.empty()
    assert home.run("orphans", "--exit-code").code == 0


def test_doctor_tells_of_what_is_no_fault_too(home: Home) -> None:
    """Without it, doctor exits with 1 only where something is wrong."""
    assert home.run("doctor").code == 0
    assert home.run("doctor", "--exit-code").code == 1  # there are orphans
    home.empty()
    assert home.run("doctor", "--exit-code").code == 0


def test_what_quick_leaves_out_is_no_finding(home: Home) -> None:
    home.empty()
    slow, quick = (home.run("doctor", *words, "--exit-code") for words in ([], ["--quick"]))
    assert (slow.code, quick.code) == (0, 0), slow.stdout
    assert ".. integrity_check is unknown: --quick leaves it out" in quick.stdout


def test_protect(home: Home) -> None:
    three_sessions(home)
    assert home.run("protect", "-n", "--exit-code").code == 1
    assert home.run("protect", "-n", "--exit-code", "--from-id", SAFE).code == 0


@pytest.mark.parametrize(("words", "code"), [("orphans --exit-code", 1), ("orphans", 0)])
def test_a_reader_that_goes_away_does_not_mean_that_nothing_was_found(home: Home, words: str, code: int) -> None:
    done = run_in_shell(home, f"(opencode-migrator {words} --json; echo $? > code) | true; cat code")
    assert done.stdout == f"{code}\n"
