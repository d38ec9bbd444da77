"""Who looks for a session in opencode, and whether they see it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tests.support.opencode.fake_model import order
from tests.support.opencode.opencode_1 import HttpError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.opencode.opencode_1 import OpenCode


class Reader(StrEnum):
    """Who looks for a session, as they are told apart by what they ask for.

    `opencode session list` asks for the roots of the project, as `scope=project` does over HTTP: it is the same
    function with the same arguments (read in 1.18.34), and `Evidence.printed` holds the two against each other.
    """

    SESSION_LIST = "GET /session?scope=project&roots=true, as opencode session list"
    DIRECTORY_FILTER = "GET /session?directory= of the desktop app and the web"
    TERMINAL_UI = "GET /session?path= of the terminal UI"
    ROOTS = "GET /session?roots=true"
    BY_ID = "GET /session/ID"
    PROMPT = "a prompt that works in the directory"


LISTS = frozenset({Reader.SESSION_LIST, Reader.DIRECTORY_FILTER, Reader.TERMINAL_UI})
ALL = LISTS | {Reader.ROOTS, Reader.BY_ID, Reader.PROMPT}
CHILD = frozenset({Reader.DIRECTORY_FILTER, Reader.TERMINAL_UI, Reader.BY_ID, Reader.PROMPT})
"""Who sees a child; lists of roots don't."""


@dataclass(frozen=True)
class Spot:
    """A session, the directory that it is looked for in, and all who should see it there.

    `path` is the directory seen from the top of its checkout; outside any, it is the directory without its first `/`.
    """

    session: str
    home: Path
    path: str = ""
    readers: frozenset[Reader] = ALL


def seen_by(opencode: OpenCode, spot: Spot) -> frozenset[Reader]:
    """Return which of its readers see a session; opencode must be running."""
    session, home = spot.session, spot.home
    looks: dict[Reader, Callable[[], bool]] = {
        Reader.SESSION_LIST: lambda: session in _roots(opencode, home, scope="project"),
        Reader.DIRECTORY_FILTER: lambda: session in opencode.listed_in(home),
        Reader.TERMINAL_UI: lambda: session in opencode.listed_under(home, spot.path),
        Reader.ROOTS: lambda: session in _roots(opencode, home),
        Reader.BY_ID: lambda: _answers(opencode, session, home),
        Reader.PROMPT: lambda: _works_in(opencode, session, home),
    }
    return frozenset(reader for reader, look in looks.items() if reader in spot.readers and look())


def _roots(opencode: OpenCode, home: Path, **query: str) -> set[str]:
    return {root["id"] for root in opencode.call("GET", "/session", directory=home, roots="true", **query)}


def _answers(opencode: OpenCode, session: str, home: Path) -> bool:
    try:
        return bool(opencode.call("GET", f"/session/{session}", directory=home)["id"] == session)
    except HttpError:
        return False


def _works_in(opencode: OpenCode, session: str, home: Path) -> bool:
    mark = home / f"works-{session}.txt"
    mark.unlink(missing_ok=True)
    try:
        opencode.prompt(session, order("bash", command=f"pwd > {mark.name}", description="say where"), home)
    except HttpError:
        return False
    works = mark.exists() and mark.read_text() == f"{home}\n"
    mark.unlink(missing_ok=True)
    return works
