"""What was measured, as a table, and whether it is within its limit."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from tabulate import tabulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from benchmarks.processes import Measured


@dataclass(frozen=True, slots=True)
class Line:
    """One requirement: `values` has a number for every paired run; the median of them must be within `limit`."""

    what: str
    ours: float
    theirs: float | None
    unit: str
    values: Sequence[float]
    sign: str
    limit: float | None

    @property
    def passed(self) -> bool:
        """Whether the median is within the limit."""
        return self.limit is None or median(self.values) <= self.limit


def ratio(what: str, ours: Sequence[Measured], theirs: Sequence[Measured], limit: float | None) -> Line:
    """Hold the time of a run against the time of the other run of its pair."""
    values = [a.seconds / b.seconds for a, b in zip(ours, theirs, strict=True)]
    return Line(what, _middle(ours, seconds), _middle(theirs, seconds), "s", values, "x", limit)


def processor_ratio(what: str, ours: Sequence[Measured], theirs: Sequence[Measured]) -> Line:
    """Do the same with processor time, which other processes on the machine disturb less; no limit is on it."""
    values = [a.processor / b.processor for a, b in zip(ours, theirs, strict=True)]
    return Line(what, _middle(ours, processor), _middle(theirs, processor), "s", values, "x", None)


def more(what: str, ours: Sequence[Measured], theirs: Sequence[Measured], limit: float | None) -> Line:
    """Take the time of the other run of the pair off."""
    values = [a.seconds - b.seconds for a, b in zip(ours, theirs, strict=True)]
    return Line(what, _middle(ours, seconds), _middle(theirs, seconds), "s", values, "+", limit)


def more_processor(what: str, ours: Sequence[Measured], theirs: Sequence[Measured]) -> Line:
    """Do the same with processor time; no limit is on it."""
    values = [a.processor - b.processor for a, b in zip(ours, theirs, strict=True)]
    return Line(what, _middle(ours, processor), _middle(theirs, processor), "s", values, "+", None)


def memory(what: str, ours: Sequence[Measured], limit: float | None) -> Line:
    """Show the largest resident size."""
    values = [measured.megabytes for measured in ours]
    return Line(what, median(values), None, "MB", values, "", limit)


def seconds(measured: Measured) -> float:
    """Return the wall time."""
    return measured.seconds


def processor(measured: Measured) -> float:
    """Return the processor time."""
    return measured.processor


def table(lines: Iterable[Line]) -> str:
    """Return the lines as a plain table."""
    rows = [
        (
            line.what,
            f"{line.ours:.2f} {line.unit}" if line.unit == "s" else f"{line.ours:.0f} {line.unit}",
            f"{line.theirs:.2f} {line.unit}" if line.theirs is not None else "",
            *(_shown(line, value) for value in (min(line.values), median(line.values), max(line.values))),
            _shown(line, line.limit) if line.limit is not None else "",
            "" if line.limit is None else "pass" if line.passed else "FAIL",
        )
        for line in lines
    ]
    headings = ("", "ours", "against", "min", "median", "max", "limit", "")
    return tabulate(rows, headings, tablefmt="plain", disable_numparse=True)


def _shown(line: Line, value: float) -> str:
    return f"{line.sign}{value:.2f}" if line.unit == "s" else f"{value:.0f} {line.unit}".rstrip()


def _middle(runs: Sequence[Measured], part: Callable[[Measured], float]) -> float:
    return median(part(run) for run in runs)
