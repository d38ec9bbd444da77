"""What every way to lose a session is made of: repositories, sessions with turns, and what it comes to in the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.support.git import commit, git
from tests.support.opencode.lab import writes
from tests.support.opencode.readers import Reader, Spot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.opencode.opencode_1 import OpenCode


@dataclass(frozen=True)
class Loss:
    """A lost session: where it belongs, the rule that must find it, and who doesn't see it there."""

    spot: Spot
    rule: str
    hidden_from: frozenset[Reader]


Losing = Generator[Spot | None, None, Loss]
"""A way to lose a session, in steps, so that all of them share one opencode that is started once for each step.

It begins with opencode running, yields a session that is in its place, goes on with opencode stopped, and returns the
loss. Who needs opencode after that yields once more, and goes on with opencode running, as it was started anew.
"""


def repository(directory: Path, *below: str) -> Path:
    """A repository with one commit, which no other repository has: the commit is the id of its project."""
    directory.mkdir(parents=True)
    (directory / "README.md").write_text(f"{directory}\n")
    for name in below:
        (directory / name).mkdir(parents=True)
        (directory / name / "kept.txt").write_text("kept\n")
    git(directory, "init", "--quiet")
    commit(directory, f"first in {directory}")
    return directory


MADE = ("made.txt", "also made.txt")
"""The files that the turn of a `session` makes, in its directory."""


def session(opencode: OpenCode, directory: Path, **fields: str) -> str:
    """A session with a turn that wrote files, step by step: in a repository its undo takes them away."""
    made, also_made = MADE
    session_id = opencode.new_session("lost and found", directory, **fields)
    opencode.prompt(session_id, writes(made, "v1\n") + writes(made, "v2\n") + writes(also_made, "v1\n"), directory)
    return session_id


def in_repository(opencode: OpenCode, directory: Path) -> Generator[Spot, None, Spot]:
    """A session at the top of a new repository."""
    spot = Spot(session(opencode, repository(directory)), directory)
    yield spot
    return spot


def in_notes(opencode: OpenCode, at: Path) -> Generator[Spot, None, Spot]:
    """A session in `notes/2026`, in no repository; gives where it belongs once there is one in `notes`."""
    below = at / "notes" / "2026"
    below.mkdir(parents=True)
    spot = Spot(session(opencode, below), below, str(below)[1:])
    yield spot
    return replace(spot, path="2026")


def change(opencode: OpenCode, sql: str, *values: str) -> None:
    """Change the database by hand, foreign keys off, as people do."""
    with closing(sqlite3.connect(opencode.database)) as database, database:
        assert database.execute(sql, values).rowcount
