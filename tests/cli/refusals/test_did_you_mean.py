"""A name that is nearly right is answered with the names that may be meant."""

from __future__ import annotations

import pytest

from tests.support.home import SESSION, Home
from tests.support.refusal import refused


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("move --frm x", "'--from-dir'"),
        ("move --from x", "'--from-dir', '--from-id', '--from-project' or '--from-workspaces'"),
        ("move --to x", "'--to-dir' or '--to-project'"),
        ("move --dir x", "'--from-dir', '--to-dir' or '--exclude-dir'"),
        ("move --project x", "'--from-project' or '--to-project'"),
        ("list --id x", "'--from-id'"),
        ("move --force-yes", "'--yes'"),
        ("move --preview", "'--dry-run'"),
        ("move --target x", "'--to-dir'"),
        ("orphans --explian x", "'--explain'"),
        ("rescue --certian", "'--certain'"),
        ("rescue --likly", "'--likely'"),
        ("plan relocate --wil-move a b", "'--will-move'"),
        ("serve --prot 1", "'--port'"),
        ("workspcaes", "'workspaces'"),
        ("orphans --rule missing-dir", "'missing-directory'"),
        ("list --orphans=drift", "'project-drift'"),
    ],
)
def test_the_options_commands_and_rules_that_may_be_meant(home: Home, words: str, meant: str) -> None:
    said = refused(home, *words.split(), code=2)
    _, _, answer = said.partition("Did you mean ")
    names, _, _ = answer.partition("?")
    assert all(name in names for name in meant.replace(" or ", ", ").split(", ")), said


@pytest.mark.parametrize(
    ("word", "what_does"),
    [
        ("version", "`opencode-migrator --version` prints it."),
        ("info", "Did you mean 'doctor' or 'show'?"),
        ("export", "`opencode export ID` prints a session as JSON."),
        ("backup", "with --backup FILE, whatever writes copies the database first."),
        ("delete", "nothing is deleted here, on purpose; `opencode session delete ID` deletes a session."),
    ],
)
def test_what_no_command_does_is_said_to_be_elsewhere(home: Home, word: str, what_does: str) -> None:
    assert what_does in refused(home, word, code=2)


@pytest.mark.parametrize("words", [("show",), ("log",), ("undo", "-y"), ("resume", "-y")])
def test_a_session_where_a_run_is_wanted(home: Home, words: tuple[str, ...]) -> None:
    look = f"`opencode-migrator list --from-id {SESSION}` shows the session."
    assert look in home.run(*words, SESSION).stderr


def test_an_option_of_a_command_before_its_name(home: Home) -> None:
    said = refused(home, "--from-dir", "x", "move", code=2)
    assert "behind its name: `opencode-migrator COMMAND --from-dir`." in said


def test_nothing_is_guessed_for_what_is_like_no_option(home: Home) -> None:
    assert refused(home, "log", "--xyzzy", code=2) == "No such option '--xyzzy'. See `opencode-migrator log --help`."


@pytest.mark.parametrize("command", ["list", "move"])
def test_a_project(home: Home, command: str) -> None:
    said = refused(home, command, "--from-project", "shop-serach", code=3)
    assert "Did you mean 'shop-search'" in said


def test_the_directories_with_sessions_that_are_like_one_without(home: Home) -> None:
    said = refused(home, "list", "--from-dir", "~/src/shop-serach", code=3)
    assert "No session matches --from-dir ~/src/shop-serach" in said
    assert "the nearest are ~/src/shop-search (15 sessions) and ~/src/shop-api (1)" in said
    assert "~/src/shop-search (15 sessions)" in refused(home, "list", "--from-dir", "~/src/shop-serach/*", code=3)
    assert "~/src/shop-search (15 sessions)" in refused(home, "list", "--from-dir", "~/elsewhere/shop-search", code=3)
    home.repository("shop")
    assert "~/src/shop-search (15 sessions)" in refused(home, "relocate", "src/shop-serach", "src/shop", code=3)


def test_a_directory_like_none(home: Home) -> None:
    assert "nearest" not in refused(home, "list", "--from-dir", "/xyzzy", code=3)


@pytest.mark.parametrize("words", [("list", "--from-id"), ("migrate",), ("orphans", "--explain")])
@pytest.mark.parametrize("typed", [SESSION[:-3] + "zzz", SESSION.removeprefix("ses_")])
def test_a_session(home: Home, words: tuple[str, ...], typed: str) -> None:
    assert f"the nearest is {SESSION}" in refused(home, *words, typed, code=3)
