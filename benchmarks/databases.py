"""Databases to measure on: made up, the same every time, kept in a cache until this file or the schema changes.

Sessions are bound to two thousand directories below /home/dev/src, none of which exists. A third are children, some
carry a revert marker or a workspace. With parts, each session has three turns of ten parts: prompts, long tool
outputs, edits whose diffs hold the key "patch", step marks, and one patch part with files (or two).
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = Path(__file__).parents[1] / "fixtures" / "1.18.34.sql"
SOURCES = "/home/dev/src/work-"
SMALL_SOURCE = f"{SOURCES}9999"
SMALL_SOURCE_SESSIONS = 30
SUB_PATHS = ("", "/packages/web")
WORKTREES = 1000
PROJECTS = 40
BORN = 1_760_000_000_000
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
WORDS = "session worktree project rebind orphan snapshot journal chunk plan place store revert workspace".split()  # noqa: SIM905 - reads as the sentence it becomes
BATCH = 500


@dataclass(frozen=True, slots=True)
class Size:
    """How much is in a database."""

    sessions: int
    parts: bool

    def __str__(self) -> str:
        return f"{self.sessions // 1000}k sessions" + (", 30 parts each" if self.parts else "")


class Owner(NamedTuple):
    """What the rows below a session need to know of it."""

    session: str
    directory: str
    time: int


def database(size: Size, cache: Path) -> Path:
    """Return a database of this size, made now if it isn't there; nobody may write to it."""
    recipe = hashlib.sha256(Path(__file__).read_bytes() + SCHEMA.read_bytes()).hexdigest()[:12]
    path = cache / f"{size.sessions}{'-parts' * size.parts}-{recipe}.db"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        with closing(sqlite3.connect(partial, isolation_level=None)) as connection:
            _fill(connection, size)
        partial.rename(path)
    return path


def _fill(connection: sqlite3.Connection, size: Size) -> None:
    connection.executescript(SCHEMA.read_text(encoding="utf-8"))
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA foreign_keys = OFF")
    for table in ("event", "event_sequence", "message", "part", "project_directory", "session", "project"):
        connection.execute(f"DELETE FROM {table}")
    dice = random.Random(20261123)
    projects = [(_hex(dice, 40), f"{SOURCES}{number:04}") for number in range(PROJECTS)]
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO project (id, worktree, vcs, time_created, time_updated, sandboxes) "
        f"VALUES (?, ?, 'git', {BORN}, {BORN}, '[]')",
        projects,
    )
    waiting: list[Owner] = []
    for row in _sessions(dice, size.sessions, [id_ for id_, _ in projects]):
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO session ({', '.join(row)}) VALUES ({marks})", list(row.values()))
        waiting.append(Owner(str(row["id"]), str(row["directory"]), int(row["time_created"])))
        if size.parts and len(waiting) == BATCH:
            _fill_parts(connection, dice, waiting)
            waiting.clear()
    if size.parts:
        _fill_parts(connection, dice, waiting)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _sessions(dice: random.Random, number: int, projects: list[str]) -> Iterator[dict[str, str | int]]:
    """Yield rows of `session`, every third one a child of a root before it, in its directory."""
    root: dict[str, str | int] = {}
    for index in range(number):
        time = BORN + index * 60_000
        small = index < SMALL_SOURCE_SESSIONS
        row: dict[str, str | int] = {
            "id": f"ses_{0xFFFFFFFFFFFF - time:012x}{_letters(dice, 14)}",
            "slug": f"{dice.choice(WORDS)}-{dice.choice(WORDS)}",
            "title": " ".join(dice.choices(WORDS, k=6)),
            "version": "1.18.34",
            "time_created": time,
            "time_updated": time + dice.randrange(3_600_000),
            "agent": "build",
            "model": '{"id":"fake-1","providerID":"fake"}',
            "summary_additions": dice.randrange(400),
            "summary_deletions": dice.randrange(100),
            "summary_files": dice.randrange(9),
        }
        if index % 3 == 2:  # noqa: PLR2004 - every third
            shared = ("project_id", "directory", "path", "workspace_id")
            row |= {"parent_id": root["id"], **{column: root[column] for column in shared if column in root}}
        else:
            worktree = dice.randrange(WORKTREES)
            sub = "" if small else dice.choice(SUB_PATHS)
            row["project_id"] = projects[worktree % PROJECTS]
            row["directory"] = SMALL_SOURCE if small else f"{SOURCES}{worktree:04}{sub}"
            row["path"] = sub.removeprefix("/")
            if dice.random() < 0.03:  # noqa: PLR2004 - a few
                row["workspace_id"] = f"wrk_{_letters(dice, 26)}"
            root = row
        if dice.random() < 0.02:  # noqa: PLR2004 - a few
            row["revert"] = (
                f'{{"messageID":"msg_{_letters(dice, 26)}","snapshot":"{_hex(dice, 40)}",'
                f'"diff":"diff --git a/x b/x\\n--- a/x\\n+++ b/x\\n@@ -1 +1 @@\\n-r2\\n+r1"}}'
            )
        yield row


def _fill_parts(connection: sqlite3.Connection, dice: random.Random, owners: list[Owner]) -> None:
    connection.executemany(
        "INSERT INTO message VALUES (?, ?, ?, ?, ?)", [row for owner in owners for row in _messages(owner)]
    )
    connection.executemany(
        "INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)", (row for owner in owners for row in _parts(dice, owner))
    )


TURNS, MESSAGES = 3, 3


def _message_id(owner: Owner, turn: int, message: int) -> str:
    return f"msg_{owner.session[4:]}{turn}{message}"


def _messages(owner: Owner) -> Iterator[tuple[str, str, int, int, str]]:
    """Yield a prompt and two answers for each turn."""
    for turn in range(TURNS):
        for message in range(MESSAGES):
            who = '"assistant","path":{"cwd":"%s","root":"%s"}' % ((owner.directory,) * 2) if message else '"user"'
            data = f'{{"role":{who},"time":{{"created":{owner.time}}},"agent":"build","cost":0}}'
            yield _message_id(owner, turn, message), owner.session, owner.time, owner.time, data


def _parts(dice: random.Random, owner: Owner) -> Iterator[tuple[str, str, str, int, int, str]]:
    """Yield ten parts for each turn, about 2 kB at the mean, most of it tool output and diffs."""
    for turn in range(TURNS):
        before, after = _hex(dice, 40), _hex(dice, 40)
        file = f"{owner.directory}/src/{dice.choice(WORDS)}.ts"
        edit = _text(dice, 36)
        second = _patch(after, [file]) if dice.random() < 0.3 else f'{{"type":"text","text":"{_text(dice, 10)}"}}'  # noqa: PLR2004 - now and then
        texts = (
            (0, f'{{"type":"text","text":"{_text(dice, 8)}"}}'),
            (1, f'{{"snapshot":"{before}","type":"step-start"}}'),
            (1, f'{{"type":"reasoning","text":"{_text(dice, 20)}","time":{{"start":{owner.time}}}}}'),
            (1, _tool("read", f'"filePath":"{file}"', _text(dice, 105), '"truncated":false', owner)),
            (1, _tool("edit", f'"filePath":"{file}","oldString":"{_text(dice, 5)}"', "Edit applied successfully.",
                      f'"diff":"{edit}","filediff":{{"file":"{file}","patch":"{edit}"}}', owner)),
            (1, f'{{"reason":"tool-calls","snapshot":"{after}","type":"step-finish","cost":0}}'),
            (1, _patch(before, [file, f"{owner.directory}/README.md"][: dice.randrange(1, 3)])),
            (2, f'{{"snapshot":"{after}","type":"step-start"}}'),
            (2, second),
            (2, f'{{"reason":"stop","snapshot":"{after}","type":"step-finish","cost":0}}'),
        )  # fmt: skip
        for number, (message, data) in enumerate(texts):
            part = f"prt_{owner.session[4:]}{turn}{number}"
            yield part, _message_id(owner, turn, message), owner.session, owner.time, owner.time, data


def _patch(tree: str, files: list[str]) -> str:
    named = ",".join(f'"{file}"' for file in files)
    return f'{{"type":"patch","hash":"{tree}","files":[{named}]}}'


def _tool(name: str, given: str, output: str, metadata: str, owner: Owner) -> str:
    return (
        f'{{"type":"tool","tool":"{name}","callID":"call_{owner.time}","state":{{"status":"completed",'
        f'"input":{{{given}}},"output":"{output}","metadata":{{{metadata}}},"title":"{name}",'
        f'"time":{{"start":{owner.time},"end":{owner.time}}}}}}}'
    )


def _line(dice: random.Random) -> str:
    text = " ".join(dice.choices(WORDS, k=dice.randrange(4, 10)))
    return dice.choice((f"+    const {text} = 1;", f'-  return \\"{text}\\";', f"    // {text} → ünï", f"\\t{text}("))


_POOL = [_line(random.Random(number)) for number in range(4000)]


def _text(dice: random.Random, lines: int) -> str:
    """Return about so many lines, escaped as in a JSON string."""
    start = dice.randrange(len(_POOL) - 2 * lines)
    return "\\n".join(_POOL[start : start + dice.randrange(lines // 2, lines * 3 // 2)])


def _hex(dice: random.Random, digits: int) -> str:
    return f"{dice.getrandbits(digits * 4):0{digits}x}"


def _letters(dice: random.Random, number: int) -> str:
    return "".join(dice.choices(DIGITS, k=number))
