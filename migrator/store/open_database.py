"""An opencode database that is open: it is recognised, rows that are odd are left out, and queries are run."""

from __future__ import annotations

import sqlite3
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from migrator.store import connection, odd_rows, row_json, schema
from migrator.store.sql import IN, array_of
from migrator.text import our_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from migrator.store.odd_rows import OddValue


class OpenDatabase:
    """An opencode database, open for reading until `close`.

    `session` in SQL is every session once, in all dialects, and without odd rows; see `schema.make_views`.
    """

    def __init__(
        self,
        path: Path,
        *,
        write: bool = False,
        busy_seconds: float = connection.BUSY_SECONDS,
        opened: sqlite3.Connection | None = None,
    ) -> None:
        """Open and introspect; raises MigratorError or DatabaseInUse with a sentence for the user.

        `opened` is a connection that somebody else has made, and closes.
        """
        self.path = path
        self._named = path if opened else None
        self._write = write
        self.connection = opened or connection.connect(path, write=write, busy_seconds=busy_seconds)
        with connection.closed_if_unusable(self.connection), self.translate_errors():
            self.schema = schema.recognise(self.connection, str(path))
            odd_rows.add_functions(self.connection)
            self._leave_out_odd_rows(with_text=False)

    @property
    def what_there_is(self) -> str:
        """The end of a sentence: which command lists the sessions, also of one that is read for another's sake."""
        return f"`{our_command('list', '--all', db=self._named)}` shows what there is"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, and with it every lock we hold on it."""
        self.connection.close()

    def translate_errors(self) -> AbstractContextManager[None]:
        """Return a context in which SQLite's errors become ours."""
        return connection.translate_errors(self.path, write=self._write)

    def wait_when_busy(self, seconds: float) -> None:
        """Wait this long where another process has the database locked for a moment."""
        self.connection.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one query."""
        with self.translate_errors():
            try:
                return self.connection.execute(sql, params).fetchall()
            except sqlite3.OperationalError as error:
                self._leave_out_what_is_no_text(error)
            return self.connection.execute(sql, params).fetchall()

    def each_row(self, sql: str, params: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of one query, without keeping them all."""
        seen = 0
        with self.translate_errors():
            try:
                for row in self.connection.execute(sql, params):
                    seen += 1
                    yield row
            except sqlite3.OperationalError as error:
                self._refuse_all_but_odd_text(error)
            else:
                return
            self.connection.text_factory = row_json.OddText.read
            known = Counter(islice(self.connection.execute(sql, params), seen))  # SQLite may choose another order then
            self._leave_out_odd_text()
            for row in self.connection.execute(sql, params):
                if known[row]:
                    known[row] -= 1
                else:
                    yield row

    def columns_of(self, table: str) -> list[str]:
        """Return the names of a table's columns, in its order; none where there is no such table."""
        with self.translate_errors():
            return connection.columns_of(self.connection, table)

    # -- odd rows ------------------------------------------------------------------------------------------------

    def _leave_out_odd_rows(self, *, with_text: bool) -> None:
        self._odd = odd_rows.conditions(self.connection, with_text=with_text)
        self._without_odd_text = with_text
        schema.make_views(self.connection, self.schema, self._odd)

    def _leave_out_what_is_no_text(self, error: sqlite3.OperationalError) -> None:
        """Leave out rows whose text isn't UTF-8 too, if that is why a query failed; else raise its error."""
        self._refuse_all_but_odd_text(error)
        self._leave_out_odd_text()

    def _refuse_all_but_odd_text(self, error: sqlite3.OperationalError) -> None:
        if self._without_odd_text or not connection.met_no_text(error):
            raise error

    def _leave_out_odd_text(self) -> None:
        self.connection.text_factory = row_json.OddText.read  # for what is read of conversations, and of `main`
        self._leave_out_odd_rows(with_text=True)

    def odd_values(self, *, everything: bool = False) -> list[OddValue]:
        """Return what is odd in the rows that are left out and, with `everything`, in conversations and JSON too."""
        with self.translate_errors():
            if everything:
                found = list(odd_rows.every_odd_value(self.connection))
                if any(value.left_out for value in found) and not self._without_odd_text:
                    self._leave_out_odd_text()
                return found
            return list(odd_rows.odd_values(self.connection, self._odd))

    def odd_sessions(self) -> dict[str, OddValue]:
        """Map the id of each session that is left out, as far as it has one, to the first value that is odd."""
        odd = [value for value in self.odd_values() if value.table in {"session", "session_v2"}]
        return {value.session: value for value in reversed(odd) if value.session}

    def parents_of_odd(self, ids: Iterable[str]) -> dict[str, str]:
        """Map each of these sessions to its parent's id, if that is text; they may be left out themselves."""
        found: dict[str, str] = {}
        for table in self.schema.tables:
            sql = f"SELECT id, CAST(parent_id AS BLOB) FROM main.{table} WHERE id {IN} AND typeof(parent_id) = 'text'"
            found |= {id_: parent.decode(errors="replace") for id_, parent in self.rows(sql, [array_of(ids)])}
        return found
