"""Every result ends with what can be done next: a whole command on a line of its own, which works as it stands."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from tests.support.home import MOVE, SESSION
from tests.support.rows import add_sessions
from tests.support.shell import run_in_shell
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from tests.support.home import Home


def next_commands(text: str) -> list[str]:
    """Return the commands with which a result ends, each below a line that says what it is for."""
    lines = text.replace("\r", "").rstrip("\n").split("\n")
    found: list[str] = []
    while len(lines) > 1 and lines[-1].startswith("  ") and lines[-2].endswith(":"):
        found = [lines[-1].strip(), *found]
        lines = lines[:-2]
    return found


@pytest.fixture
def shop(home: Home) -> Home:
    home.repository("shop", "sub/deep")
    return home


@pytest.mark.parametrize(
    ("words", "following"),
    [
        (
            "move --from-dir ~/src/shop-api --to-dir src/shop -n",
            "move --from-dir '~/src/shop-api' --to-dir src/shop --yes",
        ),
        ("plan --from-dir ~/src/shop-api --to-dir src/shop -o p", "apply p"),
        ("move --from-dir ~/src/shop-api --to-dir keep -y --undo-files auto", "list --all"),
        ("protect -y", "doctor --undo"),
        ("orphans", "orphans --explain "),
        ("doctor", "orphans"),
        ("gc", "log"),
        ("rescue -n", "orphans --explain "),
    ],
)
def test_each_command_names_the_next(shop: Home, words: str, following: str) -> None:
    if "keep" in words:
        shop.repository("shop-api")
        shop.execute("UPDATE session SET project_id = 'global' WHERE directory GLOB '*/shop-api'")
        shop.run("move", "--from-dir", "~/src/shop-api", "--to-dir", "keep", "--yes")
    *_, last = next_commands(shop.run(*words.split()).stdout)
    assert last.startswith(f"opencode-migrator {following}")


@pytest.mark.parametrize(
    ("words", "following"),
    [
        (
            "--from-dir ~/src/shop-search --search flaky",
            "move --from-dir '~/src/shop-search' --title flaky --to-dir .",
        ),
        ("--all --since 2020-01-01", None),
        ("--from-dir ~/src/shop-search --workspace wrk_1", None),
    ],
)
def test_what_is_listed_can_be_moved_by_what_is_printed(shop: Home, words: str, following: str | None) -> None:
    shop.execute("UPDATE session SET workspace_id = 'wrk_1'")
    with Terminal(shop, "list", *words.split(), columns=200) as terminal:
        assert terminal.finish() == 0
    moving = [line for line in next_commands(terminal.text) if line.startswith("opencode-migrator move")]
    assert moving == ([f"opencode-migrator {following}"] if following else [])


def test_a_move_is_taken_back_and_brought_about_again_by_what_is_printed(shop: Home) -> None:
    moved = shop.run(*MOVE)
    (undo,) = next_commands(moved.stdout)
    (redo,) = next_commands(run_in_shell(shop, f"{undo} --yes").stdout)
    assert redo == "opencode-migrator redo"
    (again,) = next_commands(run_in_shell(shop, f"{redo} --yes").stdout)
    assert again.startswith("opencode-migrator undo ")


def test_one_session_is_opened_where_it_is_now(shop: Home) -> None:
    opening, _ = next_commands(shop.run("migrate", SESSION, "src/shop", "--yes").stdout)
    assert opening == f"cd {shop.src}/shop && opencode -s {SESSION}"


def test_a_session_of_a_database_that_opencode_would_not_open_is_opened_in_that(shop: Home) -> None:
    copy = shop.path / "a copy.db"
    shop.database.rename(copy)
    opens = f"cd {shop.src}/shop && OPENCODE_DB='{copy}' opencode -s {SESSION}"
    moved = shop.run("migrate", SESSION, "src/shop", "--yes", "--db", "a copy.db")
    assert next_commands(moved.stdout)[0] == opens
    assert opens in shop.run("orphans", "--explain", SESSION, "--db", copy).stdout
    with Terminal(shop, "list", "--all", "--db", copy) as terminal:
        assert terminal.finish() == 0
    assert opens in next_commands(terminal.text)
    shop.environ["OPENCODE_DB"] = str(copy)
    assert f"cd {shop.src}/shop && opencode -s {SESSION}" in shop.run("orphans", "--explain", SESSION).stdout


def test_the_words_for_the_next_command_are_no_part_of_json(shop: Home) -> None:
    assert shop.run("migrate", SESSION, "src/shop", "--yes", "--json").json["sessions"] == 1


@pytest.mark.parametrize(
    ("words", "following"),
    [
        ("list --all", f"cd {{}}/shop && opencode -s {SESSION}"),
        (f"list --from-id {SESSION}", f"opencode-migrator move --from-id {SESSION} --to-dir ."),
        ("projects", "opencode-migrator list --from-project "),
        ("workspaces src/shop", "opencode-migrator orphans"),
        ("log", "opencode-migrator log "),
    ],
)
def test_rows_are_followed_by_it_on_a_terminal_only(shop: Home, words: str, following: str) -> None:
    shop.run("migrate", SESSION, "src/shop", "--yes")
    piped = shop.run(*words.split())
    assert not next_commands(piped.stdout + piped.stderr)
    with Terminal(shop, "--no-pager", *words.split(), columns=200) as terminal:
        terminal.finish()
        assert any(command.startswith(following.format(shop.src)) for command in next_commands(terminal.text))


def test_a_no_names_the_command_all_the_same(shop: Home) -> None:
    with Terminal(shop, *MOVE[:-1], columns=200) as terminal:
        terminal.wait_for("?]")
        terminal.type("n\n")
        assert terminal.finish() == 1
        assert "To apply it after all:\n  opencode-migrator move --from-dir" in terminal.text


def test_a_database_in_use_names_the_command_that_waits(shop: Home) -> None:
    neighbour = sqlite3.connect(shop.database)
    try:
        neighbour.execute("SELECT count(*) FROM session").fetchall()
        refused = shop.run(*MOVE)
    finally:
        neighbour.close()
    assert refused.code == 4
    (waiting,) = next_commands(refused.stderr)
    assert waiting == "opencode-migrator move --from-dir '~/src/shop-*' --to-dir src/shop --yes --wait 60"


def test_the_session_to_go_on_with_is_the_first_that_is_shown_and_can_be_opened(shop: Home) -> None:
    rows = [
        {"id": f"ses_{name}", "directory": str(shop.src / "shop"), "title": name.title()} for name in ("zeal", "aim")
    ]
    add_sessions(shop, *rows)
    for options, title in (([], "Aim"), (["--reverse"], "Zeal")):
        words = ["list", "--from-id", "ses_zeal", "--from-id", "ses_aim", "--sort", "title", *options]
        with Terminal(shop, *words, columns=200) as terminal:
            terminal.finish()
            assert (
                f'To go on with "{title}":\n  cd {shop.src}/shop && opencode -s ses_{title.lower()}\n' in terminal.text
            )


def test_the_lost_session_to_explain_is_the_first_that_is_shown(shop: Home) -> None:
    for options in ([], ["--sort", "title"], ["--reverse"]):
        shown = shop.run("orphans", *options).stdout
        first = next(word for word in shown.split() if word.startswith("ses_"))
        assert f"  opencode-migrator orphans --explain {first}\n" in shown
