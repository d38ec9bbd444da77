"""Journals that can't be read are not "no run so far": every face says so, and what to do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import migrator
from tests.support.home import MOVE
from tests.support.marks import long_round
from tests.support.refusal import sentence
from tests.support.server import serving
from tests.support.unprivileged import UnprivilegedHome, give_up_root_powers, without_root_powers

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTES = ("move", "--from-dir", "~/src/notes", "--to-dir", "src/shop", "--yes")
EVERY = [("log",), ("log", "--json"), ("undo", "--yes"), ("undo", "2026", "--yes"), ("resume", "--yes"), NOTES]


@pytest.fixture
def home(unprivileged: UnprivilegedHome) -> Iterator[UnprivilegedHome]:
    """A home with two runs so far."""
    unprivileged.repository("shop", "sub/deep")
    for words in (MOVE, ("undo", "--yes")):
        assert unprivileged.run(*words).code == 0
    yield unprivileged
    for path in (unprivileged.state.parent, unprivileged.state, unprivileged.state / "runs"):
        path.chmod(0o700)


@pytest.mark.parametrize("words", EVERY)
@pytest.mark.parametrize("closed", ["runs", *map(long_round, (".", ".."))], ids=["runs", "ours", "state"])
def test_a_closed_directory_is_said_and_opened_by_the_command_that_is_told(
    home: UnprivilegedHome, words: tuple[str, ...], closed: str
) -> None:
    directory = (home.state / closed).resolve()
    directory.chmod(0)
    before = home.everything()
    done = home.run(*words)
    said = sentence(done, 1)
    assert "belongs to" in said
    target = f"u+rwX {directory}`" if closed == ".." else f"-R u+rwX {home.state}`"
    assert f"`chmod {target}" in said
    assert done.stdout in {"", "Plan: 1 session to move.\n"}
    assert home.everything() == before


def test_doctor_says_so(home: UnprivilegedHome) -> None:
    (home.state / "runs").chmod(0)
    checked = home.run("doctor", "--json")
    assert checked.code == 1
    assert checked.json["unfinishedRuns"] is None
    assert "chmod -R" in checked.json["cantTell"]["unfinishedRuns"]
    assert "no unfinished run" not in home.run("doctor").stdout


def test_a_server_and_python_say_so(home: UnprivilegedHome, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = home.state / "runs"
    with serving(home, "--token-file", home.path / "token", first=give_up_root_powers) as served:
        runs.chmod(0)
        assert "chmod -R" in served.refused("GET", "/runs", 422, "refused")
        assert "chmod -R" in served.refused("POST", "/runs/2026/undo", 422, "refused")
    monkeypatch.setenv("HOME", str(home.path))
    with without_root_powers():
        for ask in (migrator.runs, migrator.open_store().runs, lambda: migrator.undo("2026")):
            with pytest.raises(migrator.MigratorError, match=r"can't be read.*chmod -R"):
                ask()
        runs.chmod(0o700)
        assert len(migrator.runs()) == 2


def test_one_journal_that_can_not_be_read_is_named_beside_the_others(home: UnprivilegedHome) -> None:
    first, second = sorted((home.state / "runs").glob("*.db"), key=os.path.getmtime)
    second.chmod(0)
    listed = home.run("log")
    assert listed.code == 1
    assert first.stem in listed.stdout
    assert "No run so far" not in listed.stderr
    for done in (
        listed,
        home.run("log", "--json"),
        home.run("undo", "--yes"),
        home.run("resume", "--yes"),
        home.run(*NOTES),
    ):
        assert done.code == 1
        assert str(second) in done.stderr
        assert "chmod -R" in done.stderr
    assert [run["run"] for run in home.run("log", "--json").json] == [first.stem]
    assert str(second) in home.run("doctor", "--json").json["cantTell"]["unfinishedRuns"]


def test_no_directory_of_journals_yet_is_no_run(home: UnprivilegedHome) -> None:
    home.environ["XDG_STATE_HOME"] = str(home.path / "new")
    listed = home.run("log")
    assert (listed.code, listed.stdout, listed.stderr) == (0, "", "No run so far.\n")


def test_no_advice_to_take_over_the_home_of_another(home: UnprivilegedHome) -> None:
    """HOME may be left over from somebody else."""
    closed = home.path / "closed"
    closed.mkdir(mode=0)
    home.environ |= {"HOME": str(closed), "OPENCODE_DB": str(home.database)}
    said = sentence(home.run("log"), 1)
    closed.chmod(0o700)
    assert "XDG_STATE_HOME" in said
    assert "chmod" not in said
    assert Path(closed).is_dir()
