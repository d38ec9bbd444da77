"""What a person sees is what somebody has looked at: see the package's docstring."""

from __future__ import annotations

import pytest

from tests.screens.recorder import recorded, told
from tests.screens.stories import STORIES
from tests.support.marks import long_round

DAILY = ("renamed-folders",)


@pytest.mark.parametrize("columns", [80, long_round(120)])
@pytest.mark.parametrize("name", [*DAILY, *(long_round(name) for name in STORIES if name not in DAILY)])
def test_each_story_looks_as_it_was_recorded(name: str, columns: int) -> None:
    assert told(STORIES[name], columns) == recorded(name, columns).read_text(encoding="utf-8")
