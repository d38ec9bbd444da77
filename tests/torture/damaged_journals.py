"""Journals that are damaged or edited: such a run is named and not believed, or taken back or finished whole."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from tests.support.faults import Fault, run
from tests.support.rows import rows_without_times
from tests.torture.home import MOVE, RESUME, UNDO, WORLDS, kept_contract, succeeded, tortured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.torture.frame import Try

_ENDS = (None, *(Fault("kill", number, point) for number in (1, 3) for point in ("before COMMIT", "after COMMIT")))
"""How a run ended: it didn't, or was killed then."""

_NUMBERS = ("x", 1.5, b"\0", -1, 0, 7, 10**6, 2**62, None)
_TEXTS = (b"blob", b"\xff\xfe", None)
_WORDS = ("", "v3", "maybe", "register", "running", "applied", "rolled-back", "/", "../..", "session", "*", "a\0b")
_TABLES = (
    "sqlite_master", "session; DROP TABLE session; --", "main.session", "event", "message", "account", "temp.change",
)  # fmt: skip
_FREE = {
    "run": {"command", "finished", "verified", "relocates", "announces", "partial", "started"},
    "edit": {"before", "after"},
    "restore": {"before", "after"},
    "change": {"title", "root"},
}
"""Columns that may hold anything of their kind, in which nobody can see that a value is another one."""


def tries(random: Random) -> Iterator[Try]:
    """Yield journals, each damaged in one to three ways."""
    while True:
        damages = [random.choice(_DAMAGES) for _ in range(random.choice((1, 1, 1, 2, 3)))]
        yield partial(_damage, random.choice(WORLDS), random.choice(_ENDS), damages, random.randrange(2**32))


def _damage(
    world: str, end: Fault | None, damages: Sequence[Callable[[Path, Random], object]], seed: int, directory: Path
) -> None:
    scene = tortured(directory, world, applied=end is None, killed=end)
    home, random = scene.home, Random(seed)
    (journal,) = home.state.glob("runs/*.db")
    with closing(sqlite3.connect(journal)) as log:  # of what a kill left, one file
        log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        log.execute("PRAGMA journal_mode = DELETE")
    for damage in damages:
        with suppress(sqlite3.Error, OSError):  # there may be nothing of the kind, or no database any more
            damage(journal, random)
    left = rows_without_times(home)
    allowed = [left, scene.before, scene.after]
    further = ("move", "--from-dir", "~/src/notes", "--to-dir", "src/shop", "--dry-run")
    for words in (("log",), ("log", "--json"), ("doctor",), UNDO, RESUME, ("undo", journal.stem, *UNDO[1:]), further):
        before = rows_without_times(home)
        done = kept_contract(run(home, *words))
        now = rows_without_times(home)
        assert now in allowed, f"{words[0]} left rows of no kind (exit code {done.code}): {done.stderr[-300:]}"
        if done.code or words[0] in {"log", "doctor", "move"}:
            assert now == before, f"{words[0]} ended with {done.code}, and rows are changed"
        if now in (scene.before, scene.after):
            allowed = [scene.before, scene.after]
    said = kept_contract(run(home, *MOVE))
    if said.code == 1 and str(journal) in said.stderr:  # there is a way out, which it names
        assert "move it out of that directory" in said.stderr, said.stderr
        os.rename(journal, home.path / "aside")
        succeeded(run(home, "log", "--json"))
        kept_contract(run(home, *MOVE))


def _cell(journal: Path, random: Random, values: tuple[object, ...], kinds: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(journal)) as database, database:
        columns = [
            (table, column, row)
            for table, column, kind in database.execute(
                "SELECT t.name, c.name, c.type FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'"
            ).fetchall()
            if kind in kinds and column not in _FREE.get(table, set())
            for (row,) in database.execute(f'SELECT rowid FROM "{table}"')
        ]
        table, column, row = random.choice(columns)
        value = random.choice(values)
        database.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', [value, row])


def number(journal: Path, random: Random) -> None:
    _cell(journal, random, _NUMBERS, ("INTEGER",))


def text(journal: Path, random: Random) -> None:
    _cell(journal, random, _TEXTS, ("TEXT",))


def word(journal: Path, random: Random) -> None:
    """Let what is one of a few words be another one."""
    table, column = random.choice(
        [("run", "status"), ("run", "dialect"), ("run", "store"), ("run", "id"), ("run", "undoes"), ("change", "undo"),
         ("project", "action"), ("edit", "table"), ("edit", "column"), ("restore", "column"), ("snapshot", "source")]
    )  # fmt: skip
    with closing(sqlite3.connect(journal)) as database, database:
        database.execute(f'UPDATE {table} SET "{column}" = ?', [random.choice(_WORDS)])


def injection(journal: Path, random: Random) -> None:
    with closing(sqlite3.connect(journal)) as database, database:
        column, value = random.choice(("table", "column")), random.choice(_TABLES)
        database.execute(f'UPDATE edit SET "{column}" = ?', [value])


def row_out(journal: Path, random: Random) -> None:
    _row(journal, random, 'DELETE FROM "{0}" WHERE rowid = {1}')


def rows_out(journal: Path, random: Random) -> None:
    _row(journal, random, 'DELETE FROM "{0}" WHERE rowid >= {1}')


def row_twice(journal: Path, random: Random) -> None:
    """Add a row with the columns of another but for its key, if it has one."""
    with closing(sqlite3.connect(journal)) as database, database:
        table = _table(database, random)
        names = [
            name for name, key in database.execute("SELECT name, pk FROM pragma_table_info(?)", [table]) if not key
        ]
        columns = ", ".join(f'"{name}"' for name in names)
        database.execute(f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM "{table}" LIMIT 1')


def table_out(journal: Path, random: Random) -> None:
    with closing(sqlite3.connect(journal)) as database, database:
        database.execute(f'DROP TABLE "{_table(database, random)}"')


def column_out(journal: Path, random: Random) -> None:
    with closing(sqlite3.connect(journal)) as database, database:
        table = _table(database, random)
        columns = database.execute("SELECT name FROM pragma_table_info(?) WHERE NOT pk", [table]).fetchall()
        database.execute(f'ALTER TABLE "{table}" RENAME COLUMN "{random.choice(columns)[0]}" TO other')


def cut_off(journal: Path, random: Random) -> None:
    os.truncate(journal, random.randrange(1, journal.stat().st_size))


def overwritten(journal: Path, random: Random) -> None:
    """Overwrite one page."""
    with journal.open("r+b") as file:
        file.seek(4096 * random.randrange(journal.stat().st_size // 4096))
        file.write(random.choice((b"\0", b"\xff", b"\x05")) * 4096)


def huge(journal: Path, _: Random) -> None:
    os.truncate(journal, 1 << 40)


def something_else(journal: Path, random: Random) -> None:
    """Put what is no file of ours in its place."""
    journal.unlink()
    kinds = (os.mkfifo, os.mkdir, lambda path: os.symlink(path, path), lambda path: path.write_text("text" * 99))
    random.choice(kinds)(journal)


def _row(journal: Path, random: Random, sql: str) -> None:
    with closing(sqlite3.connect(journal)) as database, database:
        table = _table(database, random)
        found = database.execute(f'SELECT rowid FROM "{table}"').fetchall()
        database.execute(sql.format(table, random.choice(found)[0]))


def _table(database: sqlite3.Connection, random: Random) -> str:
    """Choose a table with rows; that of the totals isn't one, since a journal of an older version has none."""
    names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return str(random.choice([name for name in names if database.execute(f'SELECT 1 FROM "{name}"').fetchone()]))


_DAMAGES = (
    number, number, text, word, word, injection, row_out, row_out, rows_out, row_twice, table_out, column_out, cut_off,
    overwritten, overwritten, huge, something_else,
)  # fmt: skip
