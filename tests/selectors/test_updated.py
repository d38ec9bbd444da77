from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.errors import BadInput
from migrator.text import relative_time
from migrator_selectors.updated import UpdatedPlugin, milliseconds
from tests.support.selector_context import FixedSelectorContext, selected_ids, session

if TYPE_CHECKING:
    from collections.abc import Iterator

PLUGIN = UpdatedPlugin()
NOON = 1_767_265_200_000  # 2026-01-01T12:00 in Berlin
HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A place with daylight saving, at noon; spelt out, as not every machine knows Europe/Berlin."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    monkeypatch.setattr(time, "time", lambda: NOON / 1000)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01", NOON - 12 * HOUR),
        ("2026-01-01T12:00", NOON),
        ("2026-01-01 12:00", NOON),
        ("2026-01-01T12:00:00.007", NOON + 7),
        ("2026-01-01T11:00Z", NOON),
        ("2026-01-01T16:30+05:30", NOON),
        ("1767265200123", NOON + 123),
        ("0h", NOON),
        ("12h", NOON - 12 * HOUR),
        ("30d", NOON - 30 * DAY),
        ("2w", NOON - 14 * DAY),
        ("today", NOON - 12 * HOUR),
        ("Yesterday", NOON - 36 * HOUR),
        ("3 days ago", NOON - 3 * DAY),
        ("1 week", NOON - 7 * DAY),
        ("an hour ago", NOON - HOUR),
        ("90 minutes ago", NOON - 90 * HOUR // 60),
        ("2 Months ago", NOON - 60 * DAY),
        ("1year", NOON - 365 * DAY),
        ("1969-12-31", -DAY - HOUR),
        ("now", NOON),
        ("5 min ago", NOON - 5 * HOUR // 60),
        ("last week", NOON - 7 * DAY),
        ("Last Month", NOON - 30 * DAY),
        ("last year", NOON - 365 * DAY),
        ("last 3 days", NOON - 3 * DAY),
        ("2.weeks.ago", NOON - 14 * DAY),
        ("thursday", NOON - 12 * HOUR),
        ("last thursday", NOON - 12 * HOUR - 7 * DAY),
        ("Wed", NOON - 36 * HOUR),
        ("last wednesday", NOON - 36 * HOUR),
        ("friday", NOON - 12 * HOUR - 6 * DAY),
    ],
)
def test_times_are_local_milliseconds(text: str, expected: int) -> None:
    assert milliseconds(text) == expected


def test_the_end_of_a_date_is_its_last_millisecond_however_long_the_day() -> None:
    assert milliseconds("2026-01-01", end=True) == NOON + 12 * HOUR - 1
    for day, hours in (("2026-03-29", 23), ("2026-10-25", 25)):
        assert milliseconds(day, end=True) - milliseconds(day) == hours * HOUR - 1
    assert milliseconds("2026-01-01T12:00", end=True) == NOON
    assert milliseconds("yesterday", end=True) == NOON - 12 * HOUR - 1


@pytest.mark.parametrize(
    "text",
    ["", "soon", "30", "30m", "-1d", "3 fortnights", "days ago", "yesterday ago", "last", "last today",
     "next week", "week", "mond",
     "2026-02-30", "2026-13-01", "12:00", "99999999999999d", "9999-12-31",
     "12345678901234", "\u0661d"],
)  # fmt: skip
def test_no_time_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"--since .*: it is no time; write") as refusal:
        milliseconds(text, "--since", end=True)
    assert refusal.value.exit_code == 2


def test_both_bounds_are_included() -> None:
    facts = FixedSelectorContext([session(str(at), updated=NOON + at) for at in (-2, -1, 0, 1, 2)])
    since, until = str(NOON - 1), str(NOON + 1)
    assert selected_ids(PLUGIN, facts, since=since) == ["-1", "0", "1", "2"]
    assert selected_ids(PLUGIN, facts, until=until) == ["-2", "-1", "0", "1"]
    assert selected_ids(PLUGIN, facts, since=since, until=until) == ["-1", "0", "1"]


def test_a_whole_day() -> None:
    times = [NOON - 12 * HOUR - 1, NOON - 12 * HOUR, NOON + 12 * HOUR - 1, NOON + 12 * HOUR]
    facts = FixedSelectorContext([session(str(at), updated=at) for at in times])
    assert selected_ids(PLUGIN, facts, since="2026-01-01", until="2026-01-01") == [str(at) for at in times[1:3]]


def test_a_time_that_never_comes_is_refused() -> None:
    with pytest.raises(BadInput, match="--since 1d --until 2d ends before it begins"):
        PLUGIN.build({"since": "1d", "until": "2d"}, FixedSelectorContext())


def test_it_narrows_and_says_what_was_typed() -> None:
    assert PLUGIN.narrows
    assert [selector.as_typed for selector in PLUGIN.build({"until": "2026-01-01 12:00"}, FixedSelectorContext())] == [
        "--until '2026-01-01 12:00'",
    ]
    assert not PLUGIN.build({"since": None, "until": None}, FixedSelectorContext())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10 * 365 * DAY))
def test_what_a_list_says_of_a_time_is_understood(before: int) -> None:
    said = relative_time(NOON - before, NOON)
    assert 0 <= milliseconds(said) - (NOON - before) < max(before, 60_000)
