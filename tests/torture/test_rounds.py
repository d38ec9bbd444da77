"""The first tries of each round. `make torture` makes many more: see docs/torture.md."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest

from tests.support.required import or_skipped
from tests.torture.frame import Round, complaint, rounds

if TYPE_CHECKING:
    from pathlib import Path

SEED = 15


def make_tries(round_: Round, count: int, directory: Path) -> None:
    with or_skipped(round_.name):
        for number, attempt in islice(round_.numbered(SEED), count):
            wrong = complaint(attempt, directory / "try")
            assert wrong is None, f"{wrong}\nRepeat it: {round_.repeat(SEED, number)}"


@pytest.mark.parametrize("round_", rounds(), ids=lambda round_: round_.name)
def test_the_first_tries_find_nothing(round_: Round, tmp_path: Path) -> None:
    make_tries(round_, round_.slice, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("round_", rounds(), ids=lambda round_: round_.name)
def test_more_tries_find_nothing(round_: Round, tmp_path: Path) -> None:
    make_tries(round_, 30 * round_.slice, tmp_path)
