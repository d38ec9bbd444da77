"""Lists of rows: which columns, in which order, how wide, and what CSV says; see tests/cli/test_listing.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.reporting.rows import Column, ColumnKind, View, arranged, field, rows_text
from migrator.reporting.style import cleaned_line
from migrator.text import cells, iso_time, local_time, printable, relative_time, short_ids, wrapped

NOW = 1_795_000_000_000
DAY = 86_400_000
COLUMNS = {
    "id": field("ID", "id", ColumnKind.ID),
    "used": field("Used", "used", ColumnKind.TIME),
    "sessions": field("Sessions", "sessions", ColumnKind.NUMBER),
    "where": field("Where", "where", ColumnKind.PATH),
    "title": field("Title", "title", ColumnKind.TEXT),
    "there": Column("There", lambda row: row["there"], style=lambda row: {} if row["there"] else {"fg": "red"}),
}


def row(id_: str, title: str, used: int | None = NOW, sessions: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": id_, "used": used, "sessions": sessions, "where": "/srv/a", "title": title, "there": True} | more


def lines(rows: list[dict[str, Any]], view: View, *shown: str) -> list[str]:
    return [*rows_text(arranged(rows, view, COLUMNS), view, COLUMNS, shown)]


def plain(rows: list[dict[str, Any]], view: View, *shown: str) -> list[str]:
    return [cleaned_line(line).replace("\x1b[1m", "").replace("\x1b[0m", "") for line in lines(rows, view, *shown)]


def test_columns_stay_in_line_whatever_is_written_in_them() -> None:
    titles = ["plain", "漢字の題名", "🦊 fox", "e\u0301te\u0301", "👩‍👩‍👧 family", "한국어"]
    shown = plain([row("a", title, sessions=5000) for title in titles], View(), "title", "sessions", "id")
    assert shown[0] == "Title       Sessions  ID"
    assert {cells(line.rpartition("5,000")[0]) for line in shown[1:]} == {cells("Title       Ses")}


@given(st.lists(st.text(st.characters() | st.sampled_from("漢字🦊\u0301한"), max_size=200), min_size=1, max_size=5))
def test_no_line_is_wider_than_the_terminal(titles: list[str]) -> None:
    rows = [row(f"id{number}", title, where=f"/{title}") for number, title in enumerate(titles)]
    assert all(cells(line) <= 80 for line in plain(rows, View(width=80, now=NOW), "id", "used", "where", "title"))


ROWS = [row("a", "beta", NOW, 2), row("b", "Alpha", NOW - DAY, 30), row("c", "gamma", None, 5)]


@pytest.mark.parametrize(
    ("view", "ids"),
    [
        (View(), "abc"),
        (View(reverse=True), "cba"),
        (View(sort="title"), "bac"),
        (View(sort="title", reverse=True), "cab"),
        (View(sort="sessions"), "bca"),
        (View(sort="used"), "abc"),  # the latest first, what has no time last
        (View(sort="used", reverse=True), "bac"),
        (View(sort="sessions", limit=1), "b"),
        (View(reverse=True, limit=2), "cb"),
        (View(limit=0), "abc"),
    ],
)
def test_order_and_number(view: View, ids: str) -> None:
    assert "".join(each["id"] for each in arranged(ROWS, view, COLUMNS)) == ids


def test_chosen_columns_in_their_order() -> None:
    assert plain(ROWS[:1], View(columns=("title", "id")), "used") == ["Title  ID", "beta   a"]


def test_short_ids_and_relative_times_for_people_only() -> None:
    view = View(now=NOW + 2 * DAY, short={"abcdef": "abc"})
    rows = [row("abcdef", "one")]
    assert plain(rows, view, "id", "used") == ["ID   Used", "abc  2 days ago"]
    assert plain(rows, View(), "id", "used") == ["ID      Used", f"abcdef  {local_time(NOW)}"]
    assert lines(rows, replace(view, form="csv", columns=("id", "used"))) == ["id,used", f"abcdef,{iso_time(NOW)}"]


def test_colour_stresses_what_is_written() -> None:
    (_, shown) = lines([row("a", "x", there=False)], View(), "there", "id")
    assert cleaned_line(shown) == "\x1b[31mfalse\x1b[0m  a"


def test_csv_has_no_word_of_python_and_no_column_twice() -> None:
    rows = [
        {"id": "s", "projectId": "p", "project": {"id": "p", "name": None}, "there": False, "used": NOW}
        | {"reasons": [{"rule": "ü"}], "rivals": ("/ä", "/b")}
    ]
    assert lines(rows, View(form="csv")) == [
        "id,projectId,project.name,there,used,reasons,rivals",
        f'''s,p,,false,{iso_time(NOW)},"[{{""rule"": ""ü""}}]","[""/ä"", ""/b""]"''',
    ]


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (0, "just now"), (59_999, "just now"), (60_000, "1 min ago"), (3_599_999, "59 min ago"),
        (3_600_000, "1 hour ago"), (DAY - 1, "23 hours ago"), (2 * DAY, "2 days ago"), (13 * DAY, "1 week ago"),
        (65 * DAY, "2 months ago"), (800 * DAY, "2 years ago"),
    ],
)  # fmt: skip
def test_relative_times(before: int, words: str) -> None:
    assert relative_time(NOW - before, NOW) == words


def test_what_is_no_time_of_the_past_is_not_said_relatively() -> None:
    assert relative_time(NOW + DAY, NOW) == local_time(NOW + DAY)
    assert relative_time(-5, NOW) == local_time(-5)
    assert relative_time("x", NOW) == "x"  # type: ignore[arg-type]


IDS = st.lists(st.text("abc", min_size=1, max_size=6), min_size=1, max_size=30, unique=True)


@given(IDS)
def test_a_short_id_means_one_id(ids: list[str]) -> None:
    for whole, short in short_ids(ids, ids, 2).items():
        assert whole.startswith(short)
        assert len(short) >= min(2, len(whole))
        found = [other for other in ids if other.startswith(short)]
        assert found == [whole] or short == whole  # what is whole is itself, whatever begins with it
        assert short == whole or len(short) == 2 or len([o for o in ids if o.startswith(short[:-1])]) > 1


def test_ids_of_opencode_are_short() -> None:
    """Their first 9 digits are the time in milliseconds: these two sessions began 12 ms apart."""
    ids = ["ses_ddcb259f0ffefV2reab5229ioK", "ses_ddcb259fbffe7wR9jJdeHUMD2e", "ses_ddcc30589ffeDpG3Vr7otI6VAz"]
    assert [*short_ids(ids, ids).values()] == ["ses_ddcb259f0", "ses_ddcb259fb", "ses_ddcc3058"]


@given(st.text(st.characters() | st.sampled_from(" 漢字🦊\u0301한"), max_size=300), st.integers(20, 100))
def test_text_is_wrapped_by_columns_and_none_is_lost(text: str, width: int) -> None:
    found = wrapped(text, width, "  ")
    assert "".join("".join(found).split()) == "".join(printable(text).split())
    longest = max((cells(word) for word in printable(text).split()), default=0)
    assert all(cells(line) <= max(width, longest + 2) for line in found)


def test_writing_without_spaces_is_wrapped_too_but_no_path() -> None:
    assert [cells(line) for line in wrapped("漢字" * 30, 50)] == [50, 50, 20]
    assert wrapped(f"see /{'a' * 60}", 50) == ["see", f"/{'a' * 60}"]
