from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from migrator.store.sql import joined


@pytest.mark.parametrize(("word", "expected"), [("OR", 1), ("AND", 0)])
def test_sqlite_takes_any_number_of_conditions(word: str, expected: int) -> None:
    conditions = [f"{number} = 5" for number in range(3000)]
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute(f"SELECT {joined(conditions, word)}").fetchone() == (expected,)
        with pytest.raises(sqlite3.OperationalError, match="too large"):
            connection.execute(f"SELECT {f' {word} '.join(conditions)}")


def test_no_condition_is_true() -> None:
    assert joined([], "AND") == "TRUE"
