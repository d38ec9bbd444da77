"""A title that isn't UTF-8 makes SQLite refuse a query midway: the rest is read again, each row once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.store.reader import Store

if TYPE_CHECKING:
    from tests.support.home import Home


def test_every_other_session_is_read_once(home: Home) -> None:
    """Without the odd rows SQLite reads them by another index, so in another order."""
    ids = sorted(id_ for (id_,) in home.query("SELECT id FROM session"))
    for odd in ids:
        home.execute("UPDATE session SET title = CAST(x'FFFE' AS TEXT) WHERE id = ?", [odd])
        with Store(home.database) as store:
            found = sorted(session.id for session in store.sessions_where("TRUE"))
        assert found == [id_ for id_ in ids if id_ != odd]
        home.execute("UPDATE session SET title = 'even' WHERE id = ?", [odd])
