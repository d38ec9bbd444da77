"""How the face that is used spells an option, and what the commands that it prints have to say again.

What is refused below names `--trust-locks` to the command line and the terminal UI, `trustLocks` over HTTP and
`trust_locks=True` in Python.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TRUST_LOCKS = "--trust-locks"
WRITING = frozenset({
    "apply", "consolidate", "gc", "merge", "migrate", "move", "protect", "redo", "relocate", "rescue", "resume", "ui",
    "undo",
})  # fmt: skip
"""The commands that take it."""


class Face(NamedTuple):
    """How a face spells options: `spell` takes an option of the command line and its value, or "".

    `trusts_locks`: the user has said that nobody else has the database open.
    """

    spell: Callable[[str, str], str]
    trusts_locks: bool = False


def _in_python(option: str, value: str) -> str:
    return f"{option.removeprefix('--').replace('-', '_')}={value or True}"


def _over_http(option: str, _value: str) -> str:
    first, *others = option.removeprefix("--").split("-")
    return f"`{first}{''.join(map(str.capitalize, others))}`"


COMMAND_LINE = Face(lambda option, value: f"{option} {value}".rstrip())
PYTHON = Face(_in_python)
HTTP = Face(_over_http)
_face: ContextVar[Face] = ContextVar("face", default=COMMAND_LINE)


@contextmanager
def facing(face: Face, *, trusts_locks: bool = False) -> Iterator[None]:
    """Speak as this face in this block; a thread that is begun in it does so if it is given the context."""
    before = _face.set(face._replace(trusts_locks=trusts_locks))
    try:
        yield
    finally:
        _face.reset(before)


def spelt(option: str, value: str = "") -> str:
    """Return how an option is given where this is read, as part of a sentence."""
    return _face.get().spell(option, value)


def told_again(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of one of our commands, with --trust-locks if what prints it was given that, and it takes it."""
    if not _face.get().trusts_locks or words[0] not in WRITING or TRUST_LOCKS in words:
        return words
    end = words.index("--") if "--" in words else len(words)
    return (*words[:end], TRUST_LOCKS, *words[end:])


def who_else_may_write() -> str:
    """Return what lets a run write where locks don't hold, or what it relies on if it was told so, for a sentence."""
    if _face.get().trusts_locks:
        return f"{spelt(TRUST_LOCKS)} says that every opencode that uses it is closed, on whatever machine"
    return f"close every opencode that uses it, on whatever machine, then say so with {spelt(TRUST_LOCKS)}"
