"""Running git, hg and jj: a program that is silent for too long or prints too much is killed, with what it started.

What lies in a repository can make git wait for ever, as a FIFO in place of HEAD does (2.39.5). Then we can't tell what
we wanted to know. Only silence counts: a program that goes on printing or reading may take as long as it needs.
"""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from queue import Empty, Full, Queue
from threading import Thread
from typing import IO, TYPE_CHECKING, NamedTuple, Self

from migrator.disk.system import kill_with_all, start_apart
from migrator.errors import BadInput, CantTell
from migrator.text import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

SETTING = "OPENCODE_MIGRATOR_GIT_SECONDS"
"""The environment variable with which a user whose disks are slow makes us wait longer for an answer."""

_AT_ONCE = 1 << 16
_AHEAD = 16
"""How many chunks of what a program prints are read before somebody asks for them."""


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
    given = stdin if not isinstance(stdin, bytes) else subprocess.PIPE if typed else subprocess.DEVNULL
    seconds, kept = _seconds(patience), {1: bytearray(), 2: bytearray()}
    with started(command, given, stdout or subprocess.PIPE, subprocess.PIPE) as process:
        with _Talk(command, process, typed) as talk:
            for number, chunk in talk.until_silent(seconds):
                if number == 0:
                    continue
                kept[number] += chunk
                if len(kept[number]) > patience.most_bytes:
                    if not patience.is_enough:
                        raise CantTell(f"{command.what} prints more than {patience.most_bytes >> 20} MB")
                    return subprocess.CompletedProcess(command.words, 0, bytes(kept[1]), bytes(kept[2]))
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise _silent(command, seconds) from None
        return subprocess.CompletedProcess(command.words, code, bytes(kept[1]), bytes(kept[2]))


class Batch:
    """A program that answers each line that it is sent, as `git cat-file --batch` does. Use it in a `with` block."""

    def __init__(self, command: Command) -> None:
        """Start it. Raises OSError if that fails."""
        seconds = _seconds(QUESTION)
        self._started = started(command, subprocess.PIPE, subprocess.PIPE, subprocess.DEVNULL)
        self._process = self._started.__enter__()
        self._answered = bytearray()
        self._talk = _Talk(command, self._process)
        self._answers = self._talk.until_silent(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._talk.__exit__()
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
        _, chunk = next(self._answers, (1, b""))
        self._answered += chunk
        return bool(chunk)


@contextmanager
def started(command: Command, *streams: IO[bytes] | int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program without a terminal; what still runs at the end of the block is killed, with what it started.

    So is what it has left behind when it ended by itself. Only what made itself leader of a session of its own, as a
    daemon does, goes on.
    """
    stdin, stdout, stderr = streams
    process = start_apart(command.words, command.directory, command.environ, (stdin, stdout, stderr))
    try:
        yield process
    finally:
        kill_with_all(process)
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
        process.wait()


def wait(seconds: float) -> None:
    """Wait for a program that was started; what `stopped_by` calls is called too."""
    time.sleep(seconds)
    if (check := _check.get()) is not None:
        check()


class _Talk:
    """What passes between us and a program, by a thread for each of its streams.

    Windows has no other way to wait for several pipes. Each thread closes its pipe: one that something that the program
    has left behind still holds may be read for ever. At most some chunks are read ahead.
    """

    def __init__(self, command: Command, process: subprocess.Popen[bytes], typed: bytes = b"") -> None:
        self._command = command
        self._process = process
        self._news: Queue[tuple[int, bytes]] = Queue(_AHEAD)
        self._is_over = False
        self._open = set()
        for number, pipe in ((0, process.stdin if typed else None), (1, process.stdout), (2, process.stderr)):
            if pipe is not None:
                self._open.add(number)
                work = (self._send, pipe, typed) if number == 0 else (self._receive, number, pipe)
                Thread(target=work[0], args=work[1:], daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True

    def until_silent(self, seconds: float) -> Iterator[tuple[int, bytes]]:
        """Yield what is printed, with the number of its stream, and (0, ...) for what was read; until all is closed.

        Raises CantTell if nothing passes for so many seconds. If the program has ended, something that it left behind
        has its streams, and nobody waits for that.
        """
        while self._open:
            news = self._next(seconds)
            if news is None:
                if self._process.poll() is None:
                    raise _silent(self._command, seconds)
                return
            if news[1]:
                yield news
            else:
                self._open.remove(news[0])

    def _next(self, seconds: float) -> tuple[int, bytes] | None:
        """Return what has passed; None if nothing does. On Windows, Ctrl-C is heard between two waits only."""
        check, deadline = _check.get(), time.monotonic() + seconds
        while True:
            try:
                return self._news.get(timeout=_CHECK_SECONDS)
            except Empty:
                if check is not None:
                    check()
                if time.monotonic() >= deadline:
                    return None

    def _receive(self, number: int, pipe: IO[bytes]) -> None:
        with pipe:
            while self._tell(number, chunk := pipe.read(_AT_ONCE)) and chunk:
                pass

    def _send(self, pipe: IO[bytes], typed: bytes) -> None:
        left = memoryview(typed)
        with suppress(OSError), pipe:  # nobody reads any more
            while left and self._tell(0, b"sent"):
                left = left[pipe.write(left[:_AT_ONCE]) :]
        self._tell(0, b"")

    def _tell(self, number: int, chunk: bytes) -> bool:
        """Hand on what has passed, once there is room; return whether anybody still listens."""
        while not self._is_over:
            with suppress(Full):
                self._news.put((number, chunk), timeout=_CHECK_SECONDS)
                return True
        return False


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
