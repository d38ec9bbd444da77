"""Running git, hg and jj: a program that is silent for too long or prints too much is killed, with what it started.

What lies in a repository can make git wait for ever, as a FIFO in place of HEAD does (2.39.5). Then we can't tell what
we wanted to know. Only silence counts: a program that goes on printing or reading may take as long as it needs.
"""

from __future__ import annotations

import os
import select
import selectors
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import IO, TYPE_CHECKING, NamedTuple, Self

from migrator.errors import BadInput, CantTell
from migrator.text import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

SETTING = "OPENCODE_MIGRATOR_GIT_SECONDS"
"""The environment variable with which a user whose disks are slow makes us wait longer for an answer."""

_AT_ONCE = 1 << 16


class Patience(NamedTuple):
    """How many seconds a program may be silent, and how many bytes of what it prints we keep in memory.

    A program that prints more is stopped: with `is_enough` we use what it has printed, else that is an error.
    """

    seconds: float
    most_bytes: int
    is_enough: bool = False


QUESTION = Patience(60, 1 << 28)
"""For questions that a few files answer. The first commits of a long history take seconds."""
WORK = Patience(6 * 3600, 1 << 32)
"""For what walks, copies or checks all objects of a repository, mostly in silence: hundreds of gigabytes take hours."""


_check: ContextVar[Callable[[], None] | None] = ContextVar("check", default=None)
_CHECK_SECONDS = 0.1


@contextmanager
def stopped_by(check: Callable[[], None]) -> Iterator[None]:
    """Call `check` while a program of this thread runs in this block: whatever it raises stops the program.

    That is for where Ctrl-C raises nothing itself: in other threads, and where it is held off.
    """
    before = _check.set(check)
    try:
        yield
    finally:
        _check.reset(before)


class Command(NamedTuple):
    """A program with its arguments; `what` is what it does, for messages: "git log in /src/shop"."""

    what: str
    words: Sequence[str]
    environ: Mapping[str, str]
    directory: str | None = None


def run(
    command: Command,
    patience: Patience = QUESTION,
    *,
    stdin: bytes | IO[bytes] = b"",
    stdout: IO[bytes] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end and return its exit code, and what it printed on both streams.

    `stdin` is what it reads, or an open file; `stdout` is an open file that it prints into instead. Raises OSError if
    it can't be started, CantTell if it is silent for too long or prints too much.
    """
    typed = stdin if isinstance(stdin, bytes) else b""
    streams = (subprocess.PIPE if isinstance(stdin, bytes) else stdin, stdout or subprocess.PIPE, subprocess.PIPE)
    with _started(command, *streams) as process:
        talk = _Talk(command, process, patience)
        talk.go_on(typed)
        return subprocess.CompletedProcess(command.words, talk.exit_code(), bytes(talk.kept[1]), bytes(talk.kept[2]))


class Batch:
    """A program that answers each line that it is sent, as `git cat-file --batch` does. Use it in a `with` block."""

    def __init__(self, command: Command) -> None:
        """Start it. Raises OSError if that fails."""
        self._command = command
        self._started = _started(command, subprocess.PIPE, subprocess.PIPE, subprocess.DEVNULL)
        self._process = self._started.__enter__()
        self._answered = bytearray()
        self._ready = select.poll()
        if self._process.stdout is not None:
            self._ready.register(self._process.stdout, select.POLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._started.__exit__(None, None, None)

    def send(self, line: str) -> None:
        """Send a line. Raises OSError if the program has ended."""
        assert self._process.stdin is not None  # noqa: S101 - for the type checker
        self._process.stdin.write(f"{line}\n".encode())

    def line(self) -> bytes:
        """Return the next line of its answer, b"" at its end. Raises CantTell if it is silent for too long."""
        while (end := self._answered.find(b"\n") + 1) == 0:
            if not self._more():
                return b""
        return self._take(end)

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer at its end. Raises CantTell if it is silent for too long."""
        while len(self._answered) < size and self._more():
            pass
        return self._take(size)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._answered[:size])
        del self._answered[:size]
        return taken

    def _more(self) -> bool:
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        if not self._ready.poll((seconds := _seconds(QUESTION)) * 1000):
            raise _silent(self._command, seconds)
        chunk = os.read(self._process.stdout.fileno(), _AT_ONCE)
        self._answered += chunk
        return bool(chunk)


@contextmanager
def _started(command: Command, *streams: IO[bytes] | int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program without a terminal; what still runs at the end of the block is killed, with what it started."""
    stdin, stdout, stderr = streams
    process = subprocess.Popen(
        command.words,
        cwd=command.directory,
        env=command.environ,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        bufsize=0,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        process.wait()


class _Talk:
    """A program that we write to and read from; `kept` is what it has printed, by the number of the stream."""

    def __init__(self, command: Command, process: subprocess.Popen[bytes], patience: Patience) -> None:
        self._command = command
        self._process = process
        self._patience = patience
        self._seconds = _seconds(patience)
        self._left = memoryview(b"")
        self._is_cut = False
        self.kept = {1: bytearray(), 2: bytearray()}

    def go_on(self, stdin: bytes) -> None:
        """Let the program read `stdin` while it prints, until both are done or what it has printed is enough."""
        self._left = memoryview(stdin)
        with selectors.DefaultSelector() as selector:
            for number, pipe in enumerate((self._process.stdin, self._process.stdout, self._process.stderr)):
                if pipe is not None:
                    os.set_blocking(pipe.fileno(), False)
                    event = selectors.EVENT_READ if number else selectors.EVENT_WRITE
                    selector.register(pipe, event, (number, pipe))
            while selector.get_map() and not self._is_cut:
                ready = self._wait(selector)
                if not ready and self._process.poll() is None:
                    raise _silent(self._command, self._seconds)
                if not ready:  # something that it left behind still has its streams
                    return
                for number, pipe in (key.data for key, _ in ready):
                    if not (self._receive(number, pipe) if number else self._send(pipe)):
                        selector.unregister(pipe)
                        pipe.close()

    def _wait(self, selector: selectors.BaseSelector) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what has become ready; nothing once the program was silent for too long."""
        if (check := _check.get()) is None:
            return selector.select(self._seconds)
        deadline = time.monotonic() + self._seconds
        while not (ready := selector.select(_CHECK_SECONDS)) and time.monotonic() < deadline:
            check()
        return ready

    def _send(self, pipe: IO[bytes]) -> bool:
        """Write as much as there is room for; tell whether anything is left."""
        self._left = self._left[_write(pipe, self._left[:_AT_ONCE]) :]
        return bool(self._left)

    def _receive(self, number: int, pipe: IO[bytes]) -> bool:
        """Read what is there; tell whether there may be more."""
        chunk = os.read(pipe.fileno(), _AT_ONCE)
        self.kept[number] += chunk
        if len(self.kept[number]) > self._patience.most_bytes:
            if not self._patience.is_enough:
                raise CantTell(f"{self._command.what} prints more than {self._patience.most_bytes >> 20} MB")
            self._is_cut = True
        return bool(chunk)

    def exit_code(self) -> int:
        """Wait for the end; 0 if that isn't needed."""
        try:
            return 0 if self._is_cut else self._process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            raise _silent(self._command, self._seconds) from None


def _write(pipe: IO[bytes], chunk: memoryview) -> int:
    """Write into a pipe that has room; return how many bytes are done with: all of them if nobody reads any more."""
    try:
        return pipe.write(chunk) or 0
    except BrokenPipeError:
        return len(chunk)


def check_setting() -> None:
    """Raise BadInput if the user's setting is no number of seconds."""
    _seconds(QUESTION)


def _seconds(patience: Patience) -> float:
    """Return how many seconds a program may be silent; the user may set another number for questions."""
    text = os.environ.get(SETTING)
    if not text or patience is WORK:
        return patience.seconds
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) <= WORK.seconds:
        raise BadInput(
            f"The variable {SETTING} is {text!r}; it must be a whole number of seconds from 1 to {WORK.seconds}."
        )
    return int(text)


def _silent(command: Command, seconds: float) -> CantTell:
    silence, longer = count(round(seconds), "second"), min(seconds * 10, WORK.seconds)
    hint = f", or wait longer with {SETTING}={longer:.0f}" if longer > seconds else ""
    return CantTell(f"{command.what} gave no answer for {silence}; find out what it waits for there{hint}")
