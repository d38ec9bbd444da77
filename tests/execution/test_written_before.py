"""Plans and runs that an earlier version wrote are shown, applied, listed, finished and taken back by this one.

fixtures/written-by-*/ hold what each of those versions wrote, and the rows that it left.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.home import Home, checkpoint
from tests.support.recorded import Recorded, build_disk, dump_before, kinds
from tests.support.rows import rows, rows_without_times

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.rows import Rows

pytestmark = pytest.mark.long

LOGGED = {
    "applied": ["applied"],
    "cut-off": ["cut off"],
    "given-up": ["applied"],
    "never-begun": [],
    "rolled-back": ["rolled-back"],
    "rolling-back": ["cut off"],
    "undo-cut-off": ["cut off", "applied"],
    "undone": ["applied", "undone"],
    "undone-but-for-one": ["applied", "applied"],
}
"""What `log` says of the runs of each kind, newest first."""

LEADS_TO = [
    ("applied", "undo", "before"),
    ("cut-off", "resume", "after"),
    ("cut-off", "undo", "before"),
    ("rolling-back", "resume", "before"),
    ("rolling-back", "undo", "before"),
    ("undo-cut-off", "resume", "before"),
    ("undo-cut-off", "undo", "after"),
    ("undone-but-for-one", "undo", "before"),
]
"""To which rows a command leads, of those before the first run and those after it."""

REFUSED = {
    "given-up": "can't be taken back any more",
    "never-begun": "There is no run",
    "rolled-back": "was rolled back when it ran",
    "undone": "was taken back already, by ",
}
"""What `undo RUN` says of the first run of a kind."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    home = Home(tmp_path_factory.mktemp("recorded") / "home")
    build_disk(home)
    return Recorded(home)


def name(path: Path) -> str:
    return "-".join(path.parts[-2:])


def ends(*wanted: str) -> list[Path]:
    return [end for kind in kinds() for end in sorted(kind.iterdir()) if end.is_dir() and end.name in wanted]


def rows_in(recorded: Recorded, *dumps: Path) -> Rows:
    """The rows of a database that was recorded."""
    recorded.restore(*dumps)
    return rows_without_times(recorded.home)


def journals(end: Path) -> list[Path]:
    """The journals of runs that ended in this way, oldest first."""
    return sorted(end.glob("2*.sql"))


def restore(recorded: Recorded, end: Path) -> None:
    """Let everything be as it was left."""
    recorded.restore(dump_before(end.parent), end / "left.sql", runs=journals(end))


def holds(wider: Any, narrower: Any) -> bool:
    """Whether JSON has all that there is in another; it may have more keys."""
    if isinstance(narrower, dict):
        return isinstance(wider, dict) and all(key in wider and holds(wider[key], narrower[key]) for key in narrower)
    if isinstance(narrower, list):
        return len(wider) == len(narrower) and all(map(holds, wider, narrower))
    return bool(wider == narrower)


def test_every_run_that_was_recorded_is_tested() -> None:
    assert {end.name for kind in kinds() for end in kind.iterdir() if end.is_dir()} == LOGGED.keys()
    assert {end for end, *_ in LEADS_TO} | REFUSED.keys() == LOGGED.keys()


@pytest.mark.parametrize("kind", kinds(), ids=name)
def test_a_plan_is_shown_applied_and_taken_back(recorded: Recorded, kind: Path) -> None:
    home, before = recorded.home, dump_before(kind)
    after = rows_in(recorded, before, kind / "after.sql")
    recorded.restore(before)
    start, plan = rows(home), recorded.plan(kind / "plan.json")
    document = json.loads(plan.read_text())
    del document["digest"]
    shown = home.run("show", plan, "--json")
    assert shown.code == 0, shown.stderr
    assert holds(shown.json, document)
    done = home.run("apply", plan, "--yes", "--json")
    assert done.code == 0, done.stderr
    assert (done.json["status"], done.json["sessions"]) == ("applied", document["summary"]["sessions"])
    assert rows_without_times(home) == after
    assert home.run("undo", "--yes").code == 0
    assert rows(home) == start


@pytest.mark.parametrize("end", ends(*LOGGED), ids=name)
def test_a_run_is_listed(recorded: Recorded, end: Path) -> None:
    restore(recorded, end)
    statuses, lines = LOGGED[end.name], recorded.home.run("log").stdout.splitlines()[1:]
    assert len(lines) == len(statuses)
    for line, journal, status in zip(lines, reversed(journals(end)), statuses, strict=bool(lines)):
        assert journal.stem in line
        assert f"  {status}  " in line
        shown = recorded.home.run("log", journal.stem, "--json").json
        assert (shown["run"], len(shown["changes"])) == (journal.stem, shown["sessions"])
        assert bool(shown["from"]) != ("protect" in end.parent.name)


@pytest.mark.parametrize(
    ("end", "command", "state"),
    [
        pytest.param(end, command, state, id=f"{name(end)}-{command}")
        for how, command, state in LEADS_TO
        for end in ends(how)
    ],
)
def test_a_run_is_finished_or_taken_back(recorded: Recorded, end: Path, command: str, state: str) -> None:
    after = [end.parent / "after.sql"] if state == "after" else []
    expected = rows_in(recorded, dump_before(end.parent), *after)
    restore(recorded, end)
    left = rows(recorded.home)
    done = recorded.home.run(command, "--yes", "--json")
    assert done.code == 0, done.stderr
    assert rows_without_times(recorded.home) == expected
    if end.name == "applied":
        assert recorded.home.run("undo", done.json["run"], "--yes").code == 0
        assert rows(recorded.home) == left


@pytest.mark.parametrize(
    ("end", "command", "state"),
    [
        pytest.param(end, command, state, id=f"{name(end)}-{command}")
        for how, command, state in LEADS_TO
        for end in ends(how)
        # The snapshots that these have carried weren't recorded, and without them no run is finished elsewhere.
        if command != "resume" or end.parent.name not in {"v1-carry", "v1-protect", "v1-relocate"}
    ],
)
def test_a_run_in_a_home_that_was_renamed_since(recorded: Recorded, end: Path, command: str, state: str) -> None:
    """Those versions recorded only the path of the database, as this one does; its rows tell which it is."""
    after = [end.parent / "after.sql"] if state == "after" else []
    expected = rows_in(recorded, dump_before(end.parent), *after)
    restore(recorded, end)
    renamed = Home(recorded.home.path.rename(recorded.home.path.with_name("renamed")))
    try:
        assert {row["database"] for row in renamed.run("log", "--json").json} == {str(renamed.database)}
        done = renamed.run(command, "--yes", "--json")
        assert done.code == 0, done.stderr
        assert rows_without_times(renamed) == expected
    finally:
        renamed.path.rename(recorded.home.path)


@pytest.mark.parametrize("kind", kinds(), ids=name)
def test_a_plan_for_a_database_that_was_moved_since(recorded: Recorded, kind: Path) -> None:
    home, before = recorded.home, dump_before(kind)
    after = rows_in(recorded, before, kind / "after.sql")
    recorded.restore(before)
    start, plan = rows(home), recorded.plan(kind / "plan.json")
    checkpoint(home)
    of_channel = home.database.rename(home.database.with_name("opencode-dev.db"))
    done = home.run("apply", plan, "--yes", "--json", "--channel", "dev")
    assert done.code == 0, done.stderr
    of_channel.rename(home.database)
    assert rows_without_times(home) == after
    assert home.run("undo", "--yes").code == 0
    assert rows(home) == start


@pytest.mark.parametrize("end", ends(*REFUSED), ids=name)
def test_a_run_that_can_not_be_taken_back_says_why(recorded: Recorded, end: Path) -> None:
    restore(recorded, end)
    left = rows(recorded.home)
    refused = recorded.home.run("undo", journals(end)[0].stem, "--yes")
    assert refused.code == 1
    assert REFUSED[end.name] in " ".join(refused.stderr.split())
    assert rows(recorded.home) == left


@pytest.mark.parametrize("end", ends("undone"), ids=name)
def test_a_run_that_was_taken_back_is_brought_about_again(recorded: Recorded, end: Path) -> None:
    after = rows_in(recorded, dump_before(end.parent), end.parent / "after.sql")
    restore(recorded, end)
    assert recorded.home.run("undo", journals(end)[-1].stem, "--yes").code == 0
    assert rows_without_times(recorded.home) == after


@pytest.mark.parametrize("end", [end for end in ends("applied") if end.parent.name == "v1-relocate"], ids=name)
def test_the_snapshots_that_a_run_left_behind_are_found(recorded: Recorded, end: Path) -> None:
    restore(recorded, end)
    (run,) = journals(end)
    found = " ".join(recorded.home.run("gc", "--dry-run").stdout.split())
    assert "src/market" in found
    assert f"`opencode-migrator undo {run.stem}` would need it" in found
