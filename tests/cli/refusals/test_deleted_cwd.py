"""In a current directory that was deleted, which is why people come here, all works that doesn't need it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.marks import long_round
from tests.support.refusal import sentence
from tests.support.shell import run_in_shell

if TYPE_CHECKING:
    from tests.support.home import Home

GONE = "mkdir -p ~/src/shop-api && cd ~/src/shop-api && rmdir ~/src/shop-api && opencode-migrator "


@pytest.mark.parametrize(
    "words",
    [
        "list --all",
        "projects",
        "doctor",
        "log",
        "move --from-dir '~/src/shop-*' --to-dir ~/src/shop --dry-run",
        "migrate ses_dfbea7db ~/src/shop --dry-run",
    ],
)
def test_what_needs_no_current_directory_works_without_one(home: Home, words: str) -> None:
    finished = run_in_shell(home, GONE + words)
    assert finished.code == 0, finished.stderr


@pytest.mark.parametrize(
    "words",
    [
        "list",
        "list --all --db opencode.db",
        "migrate ses_dfbea7db",
        "move --from-dir '~/src/shop-*'",
        "move --from-dir '~/src/shop-*' --to-dir shop",
        "plan --from-dir '~/src/shop-*' --to-dir ~/src/shop -o moving.json",
    ],
)
def test_what_needs_one_says_that_there_is_none(home: Home, words: str) -> None:
    said = sentence(run_in_shell(home, GONE + words), 1)
    assert re.search(r"does not exist|[Nn]o such file|no opencode database", said)


@pytest.mark.parametrize("pwd", ["$PWD", *map(long_round, ("", "/", "$HOME", "."))])
def test_cwd_is_the_directory_that_was_deleted_whatever_the_environment_says(home: Home, pwd: str) -> None:
    words = GONE.replace("opencode-migrator", f'PWD="{pwd}" opencode-migrator')
    moved = run_in_shell(home, words + "move --from-dir cwd --to-dir ~/src/shop --yes")
    assert "Moved 1 session.\n" in moved.stdout, moved.stderr
    assert home.query("SELECT directory FROM session WHERE title = 'API: paginate orders'") == [(f"{home.src}/shop",)]


def test_cwd_is_not_what_took_the_place_of_a_deleted_directory(home: Home) -> None:
    """A directory that was cloned anew under a shell that is still in the old one has the same name."""
    words = GONE.replace("opencode-migrator", "mkdir ~/src/shop-api && opencode-migrator")
    assert "shop-api" in run_in_shell(home, words + "move --from-dir cwd --to-dir ~/src/shop --dry-run").stdout
    sentence(run_in_shell(home, words + "migrate ses_dfbea7db"), 1)
