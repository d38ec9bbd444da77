"""A file that is refused isn't kept open by the error, which would keep its locks too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import pytest

from migrator.errors import MigratorError
from migrator.execution.journal_reader import JournalReader
from migrator.store.reader import Store
from migrator.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("opens", [JournalReader, Store, Writer])
def test_what_is_refused_is_closed(opens: Callable[[Path], object], tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"SQLite format 3\x00" + b"damaged " * 1024)
    with pytest.raises(MigratorError) as refused:
        opens(damaged)
    assert str(damaged) not in {file.path for file in psutil.Process().open_files()}, str(refused.value)
