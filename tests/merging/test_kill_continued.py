"""Killed at any moment, a merge can be finished or taken back, and so can what takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support.faults import Fault, Interruptible, run
from tests.support.home import checkpoint
from tests.support.merging import copied
from tests.support.rows import Pristine, Rows, add_child, add_message, add_part, rows, rows_without_times
from tests.support.turn_states import put, states

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.faults import Steps
    from tests.support.home import Home

CHUNKS = ("--chunk-size", "7")


class ShopMerge(Interruptible):
    """The real sessions come from a copy of the database, of which two are here already.

    One goes on there: it was copied in the middle of a turn.
    """

    def __init__(self, home: Home) -> None:
        self.other = copied(home, home.path / "backup" / "opencode.db")
        kept = "'ses_dfbea755effe28TdSAn7PWdk2u', 'ses_dfbea73e8ffe6ct072nipe6o7c'"
        for table in ("part", "message", "todo"):
            home.execute(f"DELETE FROM {table} WHERE session_id NOT IN ({kept})")
        home.execute(f"DELETE FROM session WHERE id NOT IN ({kept})")
        for table in ("event", "event_sequence"):
            home.execute(f"DELETE FROM {table} WHERE aggregate_id NOT IN ({kept})")
        turn = states("z")
        put(home, "ses_dfbea755effe28TdSAn7PWdk2u", turn[7])
        put(self.other, "ses_dfbea755effe28TdSAn7PWdk2u", turn[-1])
        add_message(self.other, "ses_dfbea755effe28TdSAn7PWdk2u", "msg_z1", 2**41, role="user")
        add_part(self.other, "ses_dfbea755effe28TdSAn7PWdk2u", "msg_z1", "prt_z1", type="text", text="And then?")
        checkpoint(home)
        checkpoint(self.other)
        super().__init__(home, "merge", self.other.database, "--foreign", "--yes", *CHUNKS)
        self.before = self.now
        assert run(home, *self.words).code == 0
        self.after = self.now
        assert self.before != self.after
        self.pristine.restore()

    @property
    def now(self) -> Rows:
        return rows_without_times(self.home)


@pytest.fixture
def shop_merge(home: Home) -> ShopMerge:
    return ShopMerge(home)


@pytest.mark.long
def test_killed_at_any_step_a_merge_is_finished_or_taken_back(shop_merge: ShopMerge, steps: Steps) -> None:
    for step in steps():
        shop_merge.pristine.restore()
        at = shop_merge.kill(fault=Fault("kill", step))
        if at is None:
            break
        if not shop_merge.cut_off:
            assert shop_merge.now in (shop_merge.before, shop_merge.after), at
            continue
        left = Pristine(shop_merge.home, "left")
        done = run(shop_merge.home, "resume", "--yes")
        assert done.code == 0, (at, done.stderr)
        assert shop_merge.now == shop_merge.after, at
        left.restore()
        done = run(shop_merge.home, "undo", "--yes")
        assert done.code == 0, (at, done.stderr)
        assert shop_merge.now == shop_merge.before, at
        assert not shop_merge.cut_off, at
    assert step > 25


@pytest.mark.long
@pytest.mark.parametrize("verb", ["undo", "redo"])
def test_killed_at_any_step_what_takes_a_merge_back_is_too(shop_merge: ShopMerge, verb: str, steps: Steps) -> None:
    home = shop_merge.home
    assert run(home, *shop_merge.words).code == 0
    if verb == "redo":
        assert run(home, "undo", "--yes").code == 0
    begun = Pristine(home, "begun")
    before, after = (shop_merge.after, shop_merge.before)[:: 1 if verb == "undo" else -1]
    for step in steps():
        begun.restore()
        at = shop_merge.kill(verb, "--yes", *CHUNKS, fault=Fault("kill", step))
        if at is None:
            break
        if shop_merge.cut_off:
            way = ("resume", "undo")[step % 2]
            done = run(home, way, "--yes")
            assert done.code == 0, (at, done.stderr)
            assert shop_merge.now == (after if way == "resume" else before), at
        else:
            assert shop_merge.now in (before, after), at
    assert step > 20


def test_a_merge_is_not_taken_back_while_a_removal_is_cut_off(shop_merge: ShopMerge) -> None:
    """What that has taken out already would be nowhere."""
    home = shop_merge.home
    merged = run(home, *shop_merge.words, "--json").json["run"]
    assert shop_merge.kill("merge", shop_merge.other.database, "--foreign", "--remove-from-other", "--yes", *CHUNKS,
                           fault=Fault("kill", 2, "before intend"))  # fmt: skip
    there = rows_without_times(shop_merge.other)["session"]
    assert 0 < len(there) < 18
    refused = run(home, "undo", merged, "--yes")
    assert (refused.code, shop_merge.now) == (1, shop_merge.after), refused
    (removal,) = [each["run"] for each in run(home, "log", "--json").json if each["status"] == "running"]
    assert f"first `opencode-migrator undo {removal}` puts them back there." in refused.stderr
    assert run(home, "undo", removal, "--yes").code == 0
    assert run(home, "undo", merged, "--yes").code == 0
    assert shop_merge.now == shop_merge.before


PARENT = "ses_dfbea8ed3ffeeEpHJ5KIKZRinX"
"""A real session with subagents."""


@pytest.mark.parametrize(("fault", "code"), [(Fault("terminate", 2), 130), (Fault("fail", 3), 1)])
def test_a_removal_that_fails_leaves_what_was_brought_and_is_no_success(
    shop_merge: ShopMerge, fault: Fault, code: int
) -> None:
    """The second mark of the merge is that it is done; at the third one its removal is."""
    home, there = shop_merge.home, rows(shop_merge.other)
    failed = run(home, *shop_merge.words, "--remove-from-other", fault=fault._replace(point="before mark"))
    assert failed.code == code, failed
    assert "What was brought stays here, but was not taken out of" in failed.stdout
    assert rows(shop_merge.other) == there
    assert rows(home)["session"].keys() == there["session"].keys()
    assert run(home, *shop_merge.words, "--remove-from-other").code == 0
    assert not rows(shop_merge.other)["session"]


def test_a_merge_that_fails_takes_back_what_a_parent_of_sessions_that_stay_was_given(home: Home) -> None:
    other = copied(home, home.path / "backup" / "opencode.db")
    add_message(other, PARENT, "msg_z1", 2**40, role="user")
    add_child(other, PARENT)
    add_message(other, "ses_dfbea755effe28TdSAn7PWdk2u", "msg_z2", 2**40, role="user")
    before = rows_without_times(home)
    words = ("merge", other.database, "--foreign", "--yes", "--chunk-size", "1")
    failed = run(home, *words, fault=Fault("fail", 3, "before intend"))
    assert (failed.code, "Everything was rolled back." in failed.stderr) == (1, True), failed
    assert rows_without_times(home) == before


def test_a_database_that_was_upgraded_after_a_kill_is_not_brought_without_what_is_new(shop_merge: ShopMerge) -> None:
    shop_merge.kill(fault=Fault("kill", 2, "before intend"))
    shop_merge.other.execute("ALTER TABLE message ADD COLUMN heart text")
    refused = run(shop_merge.home, "resume", "--yes")
    assert (refused.code, "its table message has heart" in refused.stderr) == (1, True), refused
    assert run(shop_merge.home, "undo", "--yes").code == 0
    assert shop_merge.now == shop_merge.before


def test_what_was_used_after_a_kill_is_not_lost(shop_merge: ShopMerge) -> None:
    shop_merge.kill(fault=Fault("kill", 2, "before intend"))
    came = next(id_ for id_ in shop_merge.after["session"] if id_ in shop_merge.now["session"].keys() - {
        *shop_merge.before["session"]})  # fmt: skip
    add_message(shop_merge.home, came, "msg_new", role="user")
    refused = run(shop_merge.home, "undo", "--yes")
    assert (refused.code, f"{came} has been used since" in refused.stderr) == (1, True), refused
    finished = run(shop_merge.home, "resume", "--yes")
    assert finished.code == 0, finished.stderr
    assert "msg_new" in shop_merge.now["message"]


@pytest.mark.parametrize("way", ["resume", "undo"])
def test_what_was_used_while_a_merge_is_taken_back_is_not_lost(shop_merge: ShopMerge, way: str) -> None:
    """A rollback that was killed goes on, and leaves here what was said since; the rest goes."""
    home = shop_merge.home
    shop_merge.kill(fault=Fault("kill", 3, "before intend"))
    assert shop_merge.kill("undo", "--yes", fault=Fault("kill", 1, "after mark"))
    brought = [id_ for id_ in shop_merge.now["session"] if id_ not in shop_merge.before["session"]]
    add_message(home, brought[0], "msg_new", role="user")
    done = run(home, way, "--yes")
    assert (done.code, done.stderr) == (0, "")
    assert f"warning: 1 session was used since, and stays here with the whole tree: {brought[0]}." in done.stdout
    assert "never happened" not in done.stdout
    assert "msg_new" in shop_merge.now["message"]
    assert brought[0] in shop_merge.now["session"]
    assert not set(brought[1:]) <= shop_merge.now["session"].keys()
    assert not shop_merge.cut_off


def test_what_went_on_here_after_a_kill_is_not_lost(shop_merge: ShopMerge) -> None:
    """opencode writes the row of a session at each turn, so that row doesn't tell whether a merge had written it."""
    home, root = shop_merge.home, "ses_dfbea755effe28TdSAn7PWdk2u"
    words = ("merge", shop_merge.other.database, "--from-id", root, "--foreign", "--yes")
    shop_merge.other.execute("UPDATE session SET time_updated = time_updated + 1 WHERE id = ?", [root])
    assert shop_merge.kill(*words, fault=Fault("kill", 1, "before mark"))
    add_message(home, root, "msg_zz", 2**42, role="user")
    home.execute("UPDATE session SET time_updated = time_updated + 9 WHERE id = ?", [root])
    refused = run(home, "undo", "--yes")
    assert (refused.code, f"was used since it was cut off ({root}" in refused.stderr) == (1, True), refused
    assert run(home, "resume", "--yes").code == 0
    assert "msg_zz" in shop_merge.now["message"]


def test_a_row_that_opencode_rewrote_after_a_kill_does_not_count_as_brought(shop_merge: ShopMerge) -> None:
    """The summary of a turn is written in the background; this merge was killed before it wrote anything."""
    home, root = shop_merge.home, "ses_dfbea755effe28TdSAn7PWdk2u"
    words = ("merge", shop_merge.other.database, "--from-id", root, "--foreign", "--yes")
    assert shop_merge.kill(*words, fault=Fault("kill", 2, "before COMMIT"))
    home.execute("UPDATE message SET data = json_set(data, '$.summary', 1) WHERE id = 'msg_z_1'")
    left = shop_merge.now
    refused = run(home, "resume", "--yes")
    assert (refused.code, f"{root} was used here" in refused.stderr) == (5, True), refused
    assert run(home, "undo", "--yes").code == 0
    assert shop_merge.now == left
    assert not shop_merge.cut_off


@pytest.mark.parametrize("way", ["resume", "undo"])
def test_a_removal_that_was_cut_off_before_it_wrote_is_found(shop_merge: ShopMerge, way: str) -> None:
    """It has written nothing yet, so the rows of neither database tell which one it is about; its journal does."""
    home = shop_merge.home
    words = ("merge", shop_merge.other.database, "--foreign", "--remove-from-other", "--yes")
    assert shop_merge.kill(*words, fault=Fault("kill", 2, "after begin"))
    there = rows_without_times(shop_merge.other)
    done = run(home, way, "--yes")
    assert done.code == 0, done.stderr
    assert (rows_without_times(shop_merge.other) == there) is (way == "undo")
    assert not shop_merge.cut_off


class Removed(NamedTuple):
    """Runs of a merge and of a removal that was put back: the sessions are in both databases."""

    merged: str
    put_back: str


def removed_and_put_back(shop_merge: ShopMerge) -> Removed:
    """All is brought, and one session is taken out there and put back."""
    home, other = shop_merge.home, shop_merge.other.database
    columns = {"session": "id", "event": "aggregate_id", "event_sequence": "aggregate_id"}
    for table in ("part", "message", "todo", "session", "event", "event_sequence"):
        home.execute(f"DELETE FROM {table} WHERE {columns.get(table, 'session_id')} = ?", [REMOVED])
    merged = run(home, *shop_merge.words, "--json").json["run"]
    words = ("merge", other, "--from-id", REMOVED, "--foreign", "--remove-from-other", "--yes", "--json")
    removal = run(home, *words).json["run"]
    return Removed(merged, run(home, "undo", removal, "--yes", "--json").json["run"])


REMOVED = "ses_dfbea73e8ffe6ct072nipe6o7c"
"""A session that a merge brings, and that a removal takes out of the other database."""


def refused_while_cut_off(shop_merge: ShopMerge, *words: str | Path) -> None:
    """Assert that a command is refused since another run was cut off, and leaves both databases as they are."""
    before = shop_merge.now, rows_without_times(shop_merge.other)
    for dry in ((), ("--dry-run",)) if words[0] == "undo" else ((),):
        refused = run(shop_merge.home, *words, *dry)
        assert (refused.code, "first `opencode-migrator" in refused.stderr) == (1, True), refused
    assert (shop_merge.now, rows_without_times(shop_merge.other)) == before


def test_a_merge_is_not_taken_back_while_a_redo_of_a_removal_is_cut_off(shop_merge: ShopMerge) -> None:
    runs = removed_and_put_back(shop_merge)
    assert shop_merge.kill("undo", runs.put_back, "--yes", fault=Fault("kill", 1, "before BEGIN"))
    refused_while_cut_off(shop_merge, "undo", runs.merged, "--yes")
    assert run(shop_merge.home, "resume", "--yes").code == 0
    assert REMOVED in shop_merge.now["session"]


@pytest.mark.parametrize("how", ["redo", "again"])
@pytest.mark.parametrize("cut_off", ["undo", "merge"])
def test_nothing_is_removed_there_while_it_may_leave_here(shop_merge: ShopMerge, how: str, cut_off: str) -> None:
    """A run that was cut off here takes out what it hasn't taken out yet, or takes back what has come."""
    home, other = shop_merge.home, shop_merge.other.database
    runs = removed_and_put_back(shop_merge)
    if cut_off == "undo":
        assert shop_merge.kill("undo", runs.merged, "--yes", *CHUNKS, fault=Fault("kill", 1, "before BEGIN"))
    else:
        assert run(home, "undo", runs.merged, "--yes").code == 0
        words = ("merge", other, "--from-id", REMOVED, "--foreign", "--yes")
        assert shop_merge.kill(*words, fault=Fault("kill", 1, "before mark"))
        assert REMOVED in shop_merge.now["session"]
    again = ("merge", other, "--from-id", REMOVED, "--foreign", "--remove-from-other", "--yes")
    refused_while_cut_off(shop_merge, *(("undo", runs.put_back, "--yes") if how == "redo" else again))


def test_a_removal_goes_on_only_while_all_is_here(shop_merge: ShopMerge) -> None:
    home, words = shop_merge.home, (*shop_merge.words, "--remove-from-other")
    assert shop_merge.kill(*words, fault=Fault("kill", 2, "after begin"))
    home.execute("DELETE FROM part WHERE session_id = ?", [REMOVED])
    refused = run(home, "resume", "--yes")
    assert (refused.code, f"would be nowhere: {REMOVED}. " in refused.stderr) == (1, True), refused
    assert REMOVED in rows_without_times(shop_merge.other)["session"]
    assert run(home, "undo", "--yes").code == 0
