"""A program that doesn't answer is ended, with all that it started; one that does may take as long as it needs."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from migrator.disk.status import is_there
from migrator.errors import BadInput, CantTell
from migrator.places import programs
from migrator.places.programs import QUESTION, SETTING, WORK, Batch, Command, run

if TYPE_CHECKING:
    from pathlib import Path


def shell(line: str) -> Command:
    return Command("the shell", ("/bin/sh", "-c", line), os.environ)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, "1")


def test_input_and_output_may_be_larger_than_a_pipe() -> None:
    text = os.urandom(3_000_000)
    done = run(shell("cat; cat /dev/null >&2; exit 3"), stdin=text)
    assert (done.returncode, done.stdout, done.stderr) == (3, text, b"")


def test_one_that_does_not_want_its_input() -> None:
    done = run(shell("exec <&-; echo said; echo complained >&2"), stdin=bytes(1_000_000))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"said\n", b"complained\n")


def test_silence_ends_it_with_all_that_it_started(tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(CantTell, match=rf"^the shell gave no answer for 1 second; .* wait longer with {SETTING}=10$"):
        run(shell(f"sleep 60 & echo $! > {tmp_path}/pid; wait"))
    assert time.monotonic() - start < 30
    pid = (tmp_path / "pid").read_text().strip()
    while is_there(f"/proc/{pid}") and "Z" not in (tmp_path / "/proc" / pid / "stat").read_text().split()[2]:
        assert time.monotonic() - start < 30, "what it started goes on"
        time.sleep(0.01)


def test_no_more_seconds_are_offered_than_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "WORK", shortest := WORK._replace(seconds=0.2))
    with pytest.raises(CantTell, match=r"^the shell gave no answer for 0 seconds; find out what it waits for there$"):
        run(shell("sleep 60"), shortest)


@pytest.mark.long
def test_one_that_goes_on_answering_is_not_cut_off() -> None:
    assert run(shell("for each in 1 2 3 4; do sleep 0.4; echo $each; done")).stdout == b"1\n2\n3\n4\n"


def test_what_it_leaves_running_is_not_waited_for() -> None:
    assert run(shell("sleep 60 & echo done")).stdout == b"done\n"


def test_more_output_than_fits_is_an_error_unless_the_beginning_is_enough() -> None:
    some = QUESTION._replace(most_bytes=1 << 20)
    with pytest.raises(CantTell, match="prints more than 1 MB"):
        run(shell("yes"), some)
    assert run(shell("yes"), some._replace(is_enough=True)).stdout.startswith(b"y\ny\n")


def test_a_batch_that_stops_answering() -> None:
    with Batch(shell("read line; echo $line; printf 12345; read line; sleep 60")) as batch:
        batch.send("first")
        assert (batch.line(), batch.read(3), batch.read(2)) == (b"first\n", b"123", b"45")
        with pytest.raises(CantTell, match="gave no answer for 1 second"):
            batch.line()


def test_a_batch_that_has_ended() -> None:
    with Batch(shell("echo only")) as batch:
        assert (batch.line(), batch.line(), batch.read(1)) == (b"only\n", b"", b"")


@pytest.mark.parametrize("text", ["0", "-1", "soon", "1.5", "9" * 30])
def test_a_setting_that_is_no_number_of_seconds(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, text)
    with pytest.raises(BadInput, match=f"^The variable {SETTING} is '{text}'; it must be a whole number of seconds"):
        run(shell("true"))
