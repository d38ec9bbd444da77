"""How big should a chunk be? Total time, the longest transaction, the write-ahead log and memory for some sizes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tabulate import tabulate

from benchmarks.databases import Size, database
from benchmarks.processes import measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.arena import Arena

CHUNKS = (None, 100, 250, 500, 1000, 2000, 5000)  # None: as a run does it that isn't told
SIZES = (Size(10_000, parts=True), Size(100_000, parts=False))


def chunk_table(arena: Arena, cache: Path, rounds: int) -> str:
    """Measure every chunk size `rounds` times, one after the other in each round."""
    headings = ("", "chunk", "total", "processor", "longest transaction", "log", "memory")
    rows = [row for size in SIZES for row in _rows(arena, size, cache, rounds)]
    return tabulate(rows, headings, tablefmt="plain", disable_numparse=True)


def _rows(arena: Arena, size: Size, cache: Path, rounds: int) -> Iterator[tuple[str, ...]]:
    original = database(size, cache)
    runs: dict[int | None, list[tuple[float, ...]]] = {chunk: [] for chunk in CHUNKS}
    for _ in range(rounds):
        for chunk, found in runs.items():
            found.append(_one(arena, original, chunk))
    for chunk, found in runs.items():
        total, processor, longest, log, memory = (median(values) for values in zip(*found, strict=True))
        yield (
            str(size), str(chunk or "default"), f"{total:.2f} s", f"{processor:.2f} s", f"{longest:.3f} s",
            f"{log:.0f} MB", f"{memory:.0f} MB",
        )  # fmt: skip


def _one(arena: Arena, original: Path, chunk: int | None) -> tuple[float, ...]:
    result = arena.path / "inside.json"
    _, *words = arena.move_everything(arena.copy(original, "chunks.db"))
    watched: list[str | Path] = [sys.executable, Path(__file__).with_name("inside.py"), result]
    said = ("--chunk-size", str(chunk)) if chunk else ()
    measured = measure([*watched, *words, *said], arena.environ)
    inside = json.loads(result.read_text())
    return measured.seconds, measured.processor, inside["longest"], inside["log"], measured.megabytes
