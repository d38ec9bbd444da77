"""`opencode-migrator` with a stop-watch on its transactions: `inside.py RESULT WORDS...` writes RESULT as JSON."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.store.writer import Writer


def main() -> None:
    """Run the command line with `Writer.transaction` and `Writer.close` watched."""
    from migrator import cli
    from migrator.store.writer import Writer

    result = Path(sys.argv.pop(1))
    transaction, close = Writer.transaction, Writer.close
    longest = 0.0

    @contextmanager
    def watched(self: Writer) -> Iterator[None]:
        nonlocal longest
        start = time.perf_counter()
        with transaction(self):
            yield
        longest = max(longest, time.perf_counter() - start)

    def closing(self: Writer) -> None:
        # The log never shrinks as long as it is open, so its size now is the largest it had.
        log = self.path.with_name(self.path.name + "-wal")
        size = log.stat().st_size if log.exists() else 0
        close(self)
        result.write_text(json.dumps({"longest": longest, "log": size / 1e6}))

    Writer.transaction, Writer.close = watched, closing  # type: ignore[method-assign]
    cli.main()


main()
