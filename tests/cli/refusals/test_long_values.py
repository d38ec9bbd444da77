"""What was typed is repeated in errors as far as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.places.programs import SETTING
from tests.support.refusal import sentence

if TYPE_CHECKING:
    from tests.support.home import Home

LONG = "x" * 100_000


@pytest.mark.parametrize(
    "words", [("move", "--from-id", LONG), ("list", "--limit", LONG), ("list", "--since", f"{LONG} {LONG}"), (LONG,)]
)
def test_an_argument_of_100_kb_is_cut(home: Home, words: tuple[str, ...]) -> None:
    finished = home.run(*words)
    assert finished.code in {1, 2, 3}
    assert len(sentence(finished, finished.code)) < 1000


@pytest.mark.parametrize("words", [("doctor",), ("orphans",), ("move", "-n"), ("rescue", "-n"), ("list",)])
def test_a_bad_setting_of_how_long_git_may_take(home: Home, words: tuple[str, ...]) -> None:
    home.environ |= {SETTING: "abc"}
    assert f"{SETTING} is 'abc'; it must be a whole number of seconds" in sentence(home.run(*words), 2)
