"""A view of sessions of opencode 1 as the user's own opencode 2 imports them."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.importing.program import check_program, run_import
from migrator.store.connection import file_uri
from migrator.store.file_signature import FileSignature
from migrator.store.import_copy import finish, take_over, write_copy
from migrator.store.merging import conversation_bytes
from migrator.store.untouched import IMMUTABLE, UntouchedView, private_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from migrator.store.reader import Store

_TIMES = 7
"""How much more space is needed than the sessions take: the copy, what opencode 2 makes of it, its log, and ours."""


@contextmanager
def view_of_imported(
    theirs: Store, sessions: Collection[str], program: str, upgraded: str | None
) -> Iterator[UntouchedView]:
    """Yield a view of these sessions of `theirs` as opencode 2 imports them; it has no others.

    What is at the path of `theirs` is only read: the program gets a copy in a private folder, which is removed in the
    end. `upgraded` is the date of the newest schema upgrade in the receiving database. Raises MigratorError, a whole
    sentence.
    """
    with private_folder(_TIMES * conversation_bytes(theirs, sessions), "of what opencode 2 is to import") as ours:
        made = ours / "opencode.db"
        with private_folder(0, "of what opencode 2 is to import") as folder:
            check_program(program, folder)
            copy = folder / "opencode.db"
            write_copy(theirs, sessions, copy)
            run_import(program, folder, copy, len(sessions))
            try:
                take_over(copy, made)
                if why := finish(made, sessions, upgraded):
                    raise MigratorError(f"{program} {why}. Nothing was written.")
            except sqlite3.Error as error:
                raise MigratorError(f'What {program} made can\'t be read: SQLite says "{error}".') from error
            except OSError as error:
                raise MigratorError(f"What {program} made can't be read: {error.strerror or error}.") from error
        uri = file_uri(made, IMMUTABLE)
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            yield UntouchedView(theirs.path, connection, uri, FileSignature.of(theirs.path), in_place=False)
