"""A program that doesn't answer is ended, with all that it started; one that does may take as long as it needs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from migrator.errors import BadInput, CantTell
from migrator.places import programs
from migrator.places.programs import QUESTION, SETTING, WORK, Batch, Command, run
from tests.support.ended import wait_until_ended

if TYPE_CHECKING:
    from pathlib import Path


def shell(line: str) -> Command:
    return Command("the shell", ("/bin/sh", "-c", line), os.environ)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, "1")


def test_input_and_output_may_be_larger_than_a_pipe() -> None:
    text = os.urandom(3_000_000)
    done = run(shell("cat; cat /dev/null >&2; exit 3"), stdin=text)
    assert (done.returncode, done.stdout, done.stderr) == (3, text, b"")


def test_one_that_does_not_want_its_input() -> None:
    done = run(shell("exec <&-; echo said; echo complained >&2"), stdin=bytes(1_000_000))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"said\n", b"complained\n")


@pytest.mark.usefixtures("impatient")
def test_silence_ends_it_with_all_that_it_started(tmp_path: Path) -> None:
    (pid := tmp_path / "pid").touch()
    while not pid.read_text():  # on a busy machine, a second may be over before it has begun
        with pytest.raises(
            CantTell, match=rf"^the shell gave no answer for 1 second; .* wait longer with {SETTING}=10$"
        ):
            run(shell(f"sleep 600 & echo $! > {pid}; wait"))
    wait_until_ended(int(pid.read_text()))


def test_no_more_seconds_are_offered_than_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "WORK", shortest := WORK._replace(seconds=0.2))
    with pytest.raises(CantTell, match=r"^the shell gave no answer for 0 seconds; find out what it waits for there$"):
        run(shell("sleep 600"), shortest)


@pytest.mark.long
def test_one_that_goes_on_answering_is_not_cut_off() -> None:
    answering = shell("for each in 1 2 3 4 5 6; do sleep 1; echo $each; done")
    assert run(answering, QUESTION._replace(seconds=5)).stdout == b"1\n2\n3\n4\n5\n6\n"


@pytest.mark.usefixtures("impatient")
def test_what_it_leaves_running_is_not_waited_for() -> None:
    assert run(shell("sleep 60 & echo done")).stdout == b"done\n"


def test_more_output_than_fits_is_an_error_unless_the_beginning_is_enough() -> None:
    some = QUESTION._replace(most_bytes=1 << 20)
    with pytest.raises(CantTell, match="prints more than 1 MB"):
        run(shell("yes"), some)
    assert run(shell("yes"), some._replace(is_enough=True)).stdout.startswith(b"y\ny\n")


@pytest.mark.usefixtures("impatient")
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
