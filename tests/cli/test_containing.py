"""`--containing`: sessions are found by what was said in them, and the passage is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.refusal import refused
from tests.support.terminal import ESCAPE, Terminal

if TYPE_CHECKING:
    from tests.support.home import Home

PROMPT = ("--containing", "CHILD: read readme")


def test_the_passage_is_below_its_session(home: Home) -> None:
    lines = home.run("list", *PROMPT).stdout.splitlines()
    assert [line.startswith("ses_") for line in lines[1::2]] == [True] * (len(lines) // 2)
    assert all("child: read README" in line for line in lines[2::2])
    assert len(lines) > 2
    for row in home.run("list", *PROMPT, "--json").json:
        assert row["passage"]["hit"] == "child: read README"
    assert not [row for row in home.run("list", "--all", "--json").json if "passage" in row]


def test_on_a_terminal_what_was_looked_for_stands_out_and_each_passage_is_one_line(home: Home) -> None:
    with Terminal(home, "list", *PROMPT) as shown:
        assert shown.finish() == 0
    text = shown.raw.replace("\r\n", "\n")
    assert "\x1b[1mchild: read README\x1b[0m" in text
    assert max(map(len, ESCAPE.sub("", text).splitlines())) <= 80


def test_tools_are_searched_where_that_is_said(home: Home) -> None:
    words = ("list", "--containing", "Wrote file successfully.", "--json")
    by_tools = {row["id"] for row in home.run(*words, "--in", "tools").json}
    said = {row["id"] for row in home.run(*words).json}
    assert by_tools
    assert {row["id"] for row in home.run(*words, "--in", "tools", "--in", "conversation").json} == by_tools | said


def test_a_line_end_beside_what_was_found_is_a_blank(home: Home) -> None:
    home.execute(
        "UPDATE part SET data = json_set(data, '$.text', ?) WHERE json_extract(data, '$.type') = 'text'",
        ["of shop-search\nREADME.md"],
    )
    shown = home.run("list", "--containing", "README").stdout
    assert "    of shop-search README.md\n" in shown


def test_it_chooses_what_moves(home: Home) -> None:
    shown = home.run("move", *PROMPT, "--to-dir", str(home.path), "--dry-run", "--json").json
    assert f"--containing {PROMPT[1]!r}" in str(shown)
    chosen = {row["id"] for row in home.run("list", *PROMPT, "--json").json}
    assert chosen <= {change["session"] for change in shown["changes"]}


def test_bad_input(home: Home) -> None:
    assert refused(home, "list", "--containing", "", code=2).startswith("An empty --containing is in every")
    assert refused(home, "list", "--in", "tools", code=2).startswith("The option --in says where --containing")
    assert "--containing nowhere" in refused(home, "list", "--containing", "nowhere", code=3)
