"""Sessions that can't be found or told apart are named, and what is typed wrongly is wrong usage."""

from __future__ import annotations

import pytest

from tests.support.home import MOVE, SESSION, Home
from tests.support.refusal import refused, sentence
from tests.support.shell import run_in_shell


@pytest.mark.parametrize("command", ["move", "plan", "list"])
def test_a_glob_that_matches_nothing(home: Home, command: str) -> None:
    said = refused(home, command, "--from-dir", "~/src/nothing*", code=3)
    assert "list --all" in said


def test_a_glob_that_matches_nothing_as_json(home: Home) -> None:
    listed = home.run("list", "--from-dir", "~/src/nothing*", "--json")
    assert listed.json == []
    assert "list --all" in sentence(listed, 3)


@pytest.mark.parametrize("pattern", ["~/src/[shop", "~/src/{shop,cart", "", "~/src/shop\\"])
def test_a_malformed_glob(home: Home, pattern: str) -> None:
    said = refused(home, "move", "--from-dir", pattern, code=2)
    assert pattern in said


@pytest.mark.parametrize("command", [("move", "--from-id"), ("list", "--from-id"), ("migrate",), ("plan", "migrate")])
def test_an_unknown_id(home: Home, command: tuple[str, ...]) -> None:
    said = refused(home, *command, "ses_nobody", code=3)
    assert "ses_nobody" in said
    assert "--from-id" in command or "--from-id" not in said  # which `migrate` doesn't have


def test_an_unknown_id_on_standard_input(home: Home) -> None:
    said = refused(home, "move", "--from-id", "-", stdin=f"{SESSION}\nses_nobody\n", code=3)
    assert "ses_nobody" in said
    assert SESSION not in said
    assert "standard input" in refused(home, "move", "--from-id", "-", stdin="\n", code=3)


@pytest.mark.parametrize("command", [("move", "--from-id"), ("migrate",)])
def test_an_ambiguous_id_prefix(home: Home, command: tuple[str, ...]) -> None:
    said = refused(home, *command, "ses_dfbea7", code=1)
    fitting = [id_ for (id_,) in home.query("SELECT id FROM session WHERE id GLOB 'ses_dfbea7*'")]
    assert len(fitting) > 3
    assert all(id_ in said for id_ in fitting)
    assert "give more of it" in said


@pytest.mark.parametrize("option", ["--from-project", "--to-project"])
def test_an_ambiguous_project_name(home: Home, option: str) -> None:
    home.execute("UPDATE project SET name = 'shop' WHERE id != 'global'")
    words = ("--from-dir", "/**") if option == "--to-project" else ()
    said = refused(home, "move", *words, option, "shop", code=1)
    assert all(id_ in said for (id_,) in home.query("SELECT id FROM project WHERE name = 'shop'"))
    assert option in said


@pytest.mark.parametrize("command", ["move", "list", "plan", "plan move"])
def test_a_pattern_that_the_shell_has_written_out(home: Home, command: str) -> None:
    home.repository("shop-search")
    home.repository("shop-api")
    said = sentence(run_in_shell(home, f"opencode-migrator {command} --from-dir ~/src/shop-*"), 2)
    assert "must be quoted" in said
    assert "must be quoted" not in refused(home, "projects", "extra", code=2)


def test_an_unknown_project(home: Home) -> None:
    said = refused(home, "move", "--from-project", "nowhere", code=3)
    assert "nowhere" in said
    assert "projects" in said


@pytest.mark.parametrize("command", ["move", "plan"])
def test_no_selector_at_all(home: Home, command: str) -> None:
    said = refused(home, command, "--to-dir", "src/shop", code=2)
    assert "--from-dir" in said
    only_narrowed = refused(home, command, "--title", "search", "--to-dir", "src/shop", code=2)
    assert "--from-dir" in only_narrowed


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--since", "tomorrow"),
        ("--until", "2026-02-30"),
        ("--since", "12 q"),
        ("--until", ""),
        ("--since", "99999999999999999d"),
    ],
)
def test_a_bad_date(home: Home, option: str, text: str) -> None:
    said = refused(home, "list", "--all", option, text, code=2)
    assert f"{option} {text}" in said
    assert "2026-01-31" in said


@pytest.mark.parametrize("cursor", ["yes", "12", "12:", ":ses_1", "²:ses_1", f"{10**30}:ses_1"])
def test_a_bad_cursor(home: Home, cursor: str) -> None:
    said = refused(home, "list", "--all", "--cursor", cursor, code=2)
    assert cursor in said
    assert "standard error" in said


@pytest.mark.parametrize(
    "words",
    [
        ("list", "--format", "xml"),
        ("move", "--frob"),
        ("frobnicate",),
        ("migrate",),
        (*MOVE, "--chunk-size", "0"),
        (*MOVE, "--wait", "nan"),
        (*MOVE, "--subdirs", "lose"),
    ],
    ids=" ".join,
)
def test_wrong_usage(home: Home, words: tuple[str, ...]) -> None:
    said = refused(home, *words, code=2)
    assert words[-1] in said or "SESSION_ID" in said


def test_a_number_that_is_too_large_means_no_limit(home: Home) -> None:
    assert len(home.run("list", "--all", "--limit", str(10**30), "--json").json) == 15
    assert len(home.run("projects", "--limit", str(10**30), "--json").json) == len(home.run("projects", "--json").json)
    assert home.run(*MOVE, "--chunk-size", str(10**30), "--json").json["chunks"] == 1
