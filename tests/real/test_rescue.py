"""What the real opencode lost is found by its rule, and back after `rescue`: listed, continued, undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.once import once
from tests.support.opencode.binary import MAIN
from tests.support.opencode.file_changes import NOWHERE, Walk
from tests.support.opencode.losses import LOSSES
from tests.support.opencode.losses.making import MADE
from tests.support.opencode.lost_sessions import Evidence, gather
from tests.support.opencode.readers import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.real.conftest import Install
    from tests.support.opencode.lost_sessions import Rows
    from tests.support.opencode.readers import Spot

pytestmark = pytest.mark.long

BEYOND_HELP = {
    "moved-folder": "in no repository",
    "deleted-worktree": "--likely takes it there",
    "loop-of-links": "nothing is moved for this reason",
    "parent-deleted-by-hand": "moving can't fix this",
    "json-from-before-the-database": "not in the database",
}
"""What `rescue` alone can't bring home, and the words it says so with."""
RESCUED = [name for name in LOSSES if name not in BEYOND_HELP]
LIKELY = {"moved-folder", "deleted-worktree"}
"""Those of them whose home is likely, one only after a search of the disk: they come home when that is said."""
CARRIED = [
    "renamed-repository",
    "gone-along-with-another-copy",
    "origin-added-to-a-repository-without-its-kept-id",
]
"""Whose file undo comes along, if it isn't to be detached."""
IN_NO_REPOSITORY = {"moved-folder", "repository-made-above", "repository-without-a-commit-made-above"}
"""Where opencode takes no snapshots, so that its undo touches no file from the beginning."""

every_loss = pytest.mark.parametrize("name", LOSSES)
every_rescued_one = pytest.mark.parametrize("name", RESCUED)


@pytest.fixture(scope="module")
def evidence(install: Install, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    def make() -> Evidence:
        root = tmp_path_factory.mktemp("lost").resolve()
        return gather(install(root / "home", MAIN), root, beyond_help=BEYOND_HELP, carried=CARRIED)

    return once("lost-world", make, tmp_path_factory)


def session_ids(evidence: Evidence, names: Iterable[str]) -> set[str]:
    return {evidence.lost.losses[name].spot.session for name in names}


def undo_of_its_turns(spot: Spot) -> Walk:
    """An undo takes back the files of its turns and no other, and a redo brings them back."""
    return Walk({str(spot.home / file): None for file in MADE}, {})


@every_loss
def test_before_it_is_lost_every_reader_sees_it(evidence: Evidence, name: str) -> None:
    assert evidence.in_place.seen[name] == evidence.in_place.spots[name].readers


@every_loss
def test_control_before_it_is_lost_undo_touches_the_files_of_its_turns(evidence: Evidence, name: str) -> None:
    """If this fails, the undo after the rescue proves nothing."""
    expected = NOWHERE if name in IN_NO_REPOSITORY else undo_of_its_turns(evidence.in_place.spots[name])
    assert evidence.in_place.walks[name] == expected


@every_loss
def test_its_rule_finds_it_and_still_does_after_opencode_ran(evidence: Evidence, name: str) -> None:
    loss = evidence.lost.losses[name]
    assert loss.rule in evidence.lost.found[loss.spot.session]
    assert loss.rule in evidence.lost.found_still[loss.spot.session]


def test_no_healthy_session_is_found(evidence: Evidence) -> None:
    assert evidence.lost.found.keys() == evidence.lost.found_still.keys() == session_ids(evidence, LOSSES)


@every_loss
def test_opencode_hides_it_from_these_readers_and_no_other(evidence: Evidence, name: str) -> None:
    loss = evidence.lost.losses[name]
    assert loss.hidden_from
    assert evidence.lost.seen[name] == loss.spot.readers - loss.hidden_from


def test_one_rescue_brings_all_home_that_can_be_helped(evidence: Evidence) -> None:
    run = evidence.rescued.run
    assert (run["status"], run["sessions"]) == ("applied", len(RESCUED))
    assert evidence.rescued.found.keys() == session_ids(evidence, BEYOND_HELP)


def test_taken_back_every_row_is_as_it_was(evidence: Evidence) -> None:
    assert evidence.rescued.taken_back == evidence.lost.rows
    assert evidence.rescued.rows != evidence.lost.rows


def test_a_second_rescue_changes_nothing(evidence: Evidence) -> None:
    assert evidence.rescued.second["status"] == "unchanged"
    assert evidence.rescued.rows_after_second == evidence.rescued.rows


@every_rescued_one
def test_at_home_every_reader_sees_it(evidence: Evidence, name: str) -> None:
    assert evidence.home.seen[name] == evidence.lost.losses[name].spot.readers


def test_session_list_prints_what_it_could_not_see(evidence: Evidence) -> None:
    """The command itself, and it agrees with what the server answers to the same question."""
    assert set(evidence.lost.printed.values()) == {False}
    assert evidence.home.printed == {name: name in RESCUED for name in evidence.lost.printed}
    for stage in (evidence.lost, evidence.home):
        assert stage.printed == {name: Reader.SESSION_LIST in stage.seen[name] for name in stage.printed}


def test_opencode_undoes_nothing_of_it(evidence: Evidence) -> None:
    assert evidence.home.found_still.keys() == session_ids(evidence, BEYOND_HELP.keys() - LIKELY)


@every_rescued_one
def test_undo_that_was_detached_touches_no_file(evidence: Evidence, name: str) -> None:
    assert evidence.home.walks[name] == NOWHERE


@pytest.mark.parametrize("name", CARRIED)
def test_undo_that_can_be_carried_takes_back_the_files_of_its_turns_and_no_other(evidence: Evidence, name: str) -> None:
    assert evidence.carried[name] == undo_of_its_turns(evidence.lost.losses[name].spot)


@pytest.mark.parametrize("name", BEYOND_HELP)
def test_what_is_beyond_help_is_left_alone_and_said_so(evidence: Evidence, name: str) -> None:
    session = evidence.lost.losses[name].spot.session
    for run in (evidence.rescued.run, evidence.rescued.second):
        warnings = [warning for warning in run["warnings"] if warning["code"] == "still-lost"]
        still_lost = {warning["session"]: warning["message"] for warning in warnings}
        assert len(warnings) == len(still_lost)
        assert still_lost.keys() == session_ids(evidence, BEYOND_HELP)
        assert BEYOND_HELP[name] in still_lost[session]
    assert rows_of(session, evidence.rescued.rows) == rows_of(session, evidence.lost.rows)


def test_what_is_likely_comes_home_when_that_is_said(evidence: Evidence) -> None:
    """A folder that was moved is found by its name and files; the main worktree stands in for one that was deleted."""
    assert evidence.rescued.search["status"] == "unchanged"
    likely = evidence.rescued.likely_search
    assert (likely["status"], likely["sessions"]) == ("applied", 2)
    for name in LIKELY:
        assert evidence.home.seen[name] == evidence.lost.losses[name].spot.readers


def rows_of(session: str, rows: Rows) -> Rows:
    """The rows that name a session."""
    return {table: [row for row in some if session in row] for table, some in rows.items()}
