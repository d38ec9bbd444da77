"""A home in which every name that a command may print is hostile: titles, ids, directories, URLs, git's messages."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.support.empty_home import bind_session, empty_home
from tests.support.git import commit, git
from tests.support.printed import acting

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

EVIL = (
    "\x1b[2J\x1b[H", "\x1b]0;owned\x07", "\x1b[31mred", "\x9b2J", "\x9d0;owned\x9c", "\x7f\x08\x08", "a\rb",
    "a\nwarning: all is lost", "\u202egnp.exe", "\u2066x\u2069", "\u061c\u200e\u200f", "a\u200bb", "a\u200db",
    "a\u2028b\u2029c", "\u3164", "\ufeff", "a\u00a0b", "\U000e0041", "\ufdd0", "\t=cmd",
)  # fmt: skip
"""One of each kind of text that acts on a terminal, forges a line, or looks like another."""


def hostile_home(path: Path, evil: str) -> Home:
    """Make a home with sessions in checkouts, lost ones and projects, whose names all end in `evil`.

    `src/gone` was renamed to `src/here`, whose repository keeps a hostile project id; `src/broken` is one that git
    refuses with a message that quotes it.
    """
    home = empty_home(path)
    here, gone = home.src / f"here{evil}", home.src / f"gone{evil}"
    _repository(here, f"kept{evil}", f"https://example.com/{evil}.git")
    broken = home.src / f"broken{evil}"
    _repository(broken, f"other{evil}", "https://example.com/other.git")
    (broken / ".git" / "config").write_text(f"[core]\n\tbare = {evil}\n[{evil}\n")
    for id_ in (f"kept{evil}", f"proj{evil}"):
        home.insert(
            "project",
            id=id_,
            worktree=str(gone),
            vcs="git",
            name=f"name{evil}",
            sandboxes="[]",
            time_created=1,
            time_updated=1,
        )
    for number, directory in enumerate((here, gone, broken, gone / f"sub{evil}")):
        bind_session(home, f"ses_{number}{evil}", f"proj{evil}", directory, f"path{evil}")
    home.execute("UPDATE session SET title = ?", (f"title{evil}",))
    return home


def _repository(directory: Path, kept: str, origin: str) -> None:
    directory.mkdir()
    (directory / "README.md").write_text("here\n")
    git(directory, "init", "-q")
    commit(directory, "Start", 1_700_000_000)
    git(directory, "remote", "add", "origin", origin.replace("\n", "").replace("\r", ""))
    (directory / ".git" / "opencode").write_bytes(os.fsencode(kept))


def commands(home: Home, evil: str) -> list[list[str]]:
    """Return one command of each kind, in the order in which they make sense; some are refused."""
    here, gone = (str(home.src / f"{name}{evil}") for name in ("here", "gone"))
    plan = f"plan{evil}.json"
    move = ["move", "--from-dir", gone, "--to-dir", here]
    broken = str(home.src / f"broken{evil}")
    return [
        ["list", "--all"], ["list", "--all", "--format", "csv"], ["list", "--all", "--json"],
        ["list", "--all", "--format", "ndjson"], ["list", "--all", "--limit", "1"], ["list", "--search", f"no{evil}"],
        ["projects"], ["projects", "--json"], ["projects", "--format", "csv"],
        ["orphans", "--format", "markdown"], ["orphans", "--html", f"x{evil}.html"],
        [*move, "-n", "--format", "markdown"],
        ["orphans"], ["orphans", "--json"], ["orphans", "--format", "csv"], ["orphans", "--explain", f"ses_1{evil}"],
        ["orphans", "--explain", f"ses_0{evil}"], ["orphans", "--rule", evil],
        ["doctor"], ["doctor", "--undo", "--verbose"], ["doctor", "--json"],
        ["workspaces", here], ["workspaces", here, "--json"], ["workspaces", gone], ["consolidate", here, "-n"],
        ["rescue", "-n", "--likely"], ["rescue", "-n", "--verbose"], ["protect", "-n"], ["gc", "-n"],
        [*move, "-n"], move, [*move, "-n", "--verbose"], [*move[:-1], gone, "-n"], [*move[:-1], broken, "-n"],
        ["move", "--from-project", f"proj{evil}", "--to-project", f"no{evil}", "-n"],
        ["plan", "relocate", gone, here, "-o", plan], ["show", plan], ["show", f"no{evil}"],
        ["apply", plan, "--yes"], ["log"], ["log", "--json"], ["log", "--format", "csv"], ["undo", "--yes"],
        ["undo", evil], ["resume", evil], ["migrate", f"ses_0{evil}", broken], ["migrate", evil],
        ["relocate", f"{gone}x{evil}", here, "-n"], ["list", "--db", f"no{evil}.db"], ["list", "--channel", evil],
        [f"no-command{evil}"], ["list", f"--no-option{evil}"], ["list", "--limit", evil], ["list", "--format", evil],
        ["list", "--since", evil], ["list", "--cursor", evil],
    ]  # fmt: skip


def run_clean(home: Home, words: list[str]) -> int:
    """Run a command that may be refused, but must not crash; assert that what it prints is clean; return its code."""
    done = home.run(*words)
    assert done.code in {0, 1, 2, 3}, (words, done.stderr)
    assert "\nwarning: all is lost" not in done.stdout + done.stderr, words
    assert not acting(done.stderr), words
    if {"--json", "ndjson"} & {*words}:
        assert done.stdout.replace("\n", "").isprintable(), words
    else:
        assert not acting(done.stdout), words
    return done.code
