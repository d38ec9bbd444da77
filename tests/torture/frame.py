"""What a round is: a stream of tries without end, which a seed determines."""

from __future__ import annotations

import importlib
import pkgutil
import shutil
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

from tests.support.required import NotAvailable

Try = Callable[[Path], str | None]
"""Is given an empty directory, does one hostile thing there, and returns a complaint, or None if all was well.

What it raises is a complaint too, so checks may be plain assertions.
"""

SLICE = 2
"""How many tries of a round `make test` makes, unless its module has a SLICE of its own."""


@dataclass(frozen=True)
class Round:
    """One module: `tries(random)` yields its tries.

    All that is random in a try is drawn before it is yielded, so that any try can be made without the ones before it.
    """

    name: str
    tries: Callable[[Random], Iterator[Try]]
    slice: int = SLICE

    def numbered(self, seed: int, first: int = 1) -> Iterator[tuple[int, Try]]:
        """Yield the tries of a seed, counted from 1."""
        yield from enumerate(islice(self.tries(Random(seed)), first - 1, None), first)

    def repeat(self, seed: int, number: int) -> str:
        """Return the command that makes one try again."""
        return f".venv/bin/python -m tests.torture {self.name} --only {seed}:{number}"


def rounds() -> list[Round]:
    """Return every round that there is, in the order of their names."""
    here = Path(__file__).parent
    names = sorted(found.name for found in pkgutil.iter_modules([str(here)]))
    modules = [(name, importlib.import_module(f"tests.torture.{name}")) for name in names if _may_be_round(name)]
    return [
        Round(name, module.tries, getattr(module, "SLICE", SLICE))
        for name, module in modules
        if hasattr(module, "tries")
    ]


def _may_be_round(name: str) -> bool:
    return name != "__main__" and not name.startswith("test_")


def complaint(attempt: Try, directory: Path) -> str | None:
    """Make a try in an empty directory, which is always the same one; return what is wrong. Raises NotAvailable."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    try:
        return attempt(directory)
    except NotAvailable:
        raise
    except AssertionError as error:
        return str(error) or _last_line(error)
    except Exception as error:  # noqa: BLE001 - a try that can't be judged must not end the round
        return f"{type(error).__name__}: {error} ({_last_line(error)})"


def _last_line(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}: {last.line}"
