"""The stories: what the disk and the database are like, and what somebody types."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.git import copy_of, git, keep_id, root_commit, sub_directory
from tests.support.history import History
from tests.support.home import build_home

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.home import Home

NOW = 1_795_953_600
"""When all stories happen, in seconds: 2026-11-29 12:00 UTC."""
HOUR = 3_600_000


@dataclass(frozen=True)
class Step:
    """A command, and what is typed once each question has come: pairs of a question and an answer.

    `{run}` in a word is the id of a run, of the only one if there is one.
    """

    words: tuple[str, ...]
    answers: tuple[tuple[str, str], ...] = ()
    cwd: str = "src"


@dataclass(frozen=True)
class Story:
    """`build` makes a home in a directory that isn't there yet."""

    build: Callable[[Path], Home]
    steps: tuple[Step, ...]


def type_(command: str, *answers: tuple[str, str], cwd: str = "src") -> Step:
    """Return a step whose words need no quotes, as they are typed."""
    return Step(tuple(command.split()), answers, cwd)


ASKED = "[y/N"


def _sessions(history: History, directory: Path, *titles: str, hours: int) -> list[str]:
    """Leave sessions that were last used so many hours ago, an hour apart; return their ids."""
    last = NOW * 1000 - hours * HOUR
    return [
        history.session(directory, title=title, created=last - number * HOUR) for number, title in enumerate(titles)
    ]


def _two_renamed(path: Path) -> Home:
    """A library and an app were worked in, and renamed since; notes are where they were."""
    history = History(build_home(path, "1.18.34"))
    shop, api = history.home.repository("shop"), history.home.repository("api-server")
    notes = history.home.repository("notes")
    first, *_ = _sessions(
        history, shop, "Add a basket to the shop", "配送先の住所を検証する", "Why is CI red? 🔥", hours=30
    )
    history.session(shop, first, title="Look for the tests (@explore subagent)", created=NOW * 1000 - 31 * HOUR)
    _sessions(
        history, sub_directory(shop / "web" / "pages"), "Make the checkout page work without JavaScript", hours=60
    )
    _sessions(history, api, "Rate limits per customer", "Migrate to the new auth library", hours=24 * 9)
    _sessions(history, notes, "Plan the week", hours=2)
    for repository_ in (shop, api, notes):
        keep_id(repository_ / ".git", root_commit(repository_))
    shop.rename(history.src / "store")
    api.rename(history.src / "api")
    return history.home


def _cloned_twice(path: Path) -> Home:
    """The folder is gone, and two copies are there, both of which opencode knows."""
    history = History(build_home(path, "1.18.34"))
    shop = history.home.repository("shop")
    _sessions(history, shop, "Add a basket to the shop", "Sort by price", hours=30)
    for name in ("shop-next", "shop-review"):
        history.opened(copy_of(shop, history.src / name))
    shutil.rmtree(shop)
    return history.home


def _real_sessions(path: Path) -> Home:
    """Real sessions of opencode 1.18.34, whose directories are gone but for one repository."""
    home = build_home(path, "real-1.18.34")
    home.repository("shop", "sub/deep")
    return home


def _worktrees(path: Path) -> Home:
    """A repository and two worktrees of it; one was removed."""
    history = History(build_home(path, "1.18.34"))
    shop = history.home.repository("shop")
    _sessions(history, shop, "Add a basket to the shop", hours=30)
    for name, title in (("shop-basket", "Move the basket into its own module"), ("shop-tax", "Taxes in Norway")):
        git(shop, "worktree", "add", "-q", f"../{name}")
        _sessions(history, history.src / name, title, hours=50)
    git(shop, "worktree", "remove", "../shop-tax")
    return history.home


GATHER = ("--from-dir", "~/src/shop-*", "--to-dir", "~/src/shop")

STORIES = {
    "renamed-folders": Story(
        _two_renamed,
        (
            type_("list"),
            type_("list --all"),
            type_("projects"),
            type_("orphans"),
            type_("orphans --explain ses_0001"),
            type_("rescue", (ASKED, "?\n"), (ASKED, "v\n"), (ASKED, "y\n")),
            type_("list", cwd="src/store"),
            type_("log"),
            type_("log {run}"),
            type_("undo", (ASKED, "y\n")),
            type_("log"),
            type_("redo", (ASKED, "y\n")),
            type_("undo --yes"),
            type_("relocate ~/src/shop ~/src/store", (ASKED, "n\n")),
            type_("orphans nowhere"),
        ),
    ),
    "two-candidates": Story(
        _cloned_twice,
        (
            type_("orphans"),
            type_("rescue", ("Choose", "1\n"), (ASKED, "y\n")),
        ),
    ),
    "gather": Story(
        _real_sessions,
        (
            Step(("list", "--from-dir", "~/src/shop-*", "--roots")),
            Step(("move", *GATHER, "--dry-run")),
            Step(("move", *GATHER), ((ASKED, "s\n"), ("File", "plan.json\n"))),
            type_("show plan.json"),
            type_("apply plan.json", (ASKED, "y\n")),
            type_("doctor"),
            type_("doctor --undo"),
            type_("protect"),
            type_("undo --yes"),
            Step(("list", "--containing", "readme", "--limit", "3")),
            type_("list -a -n 2 --columns id,updated,created,archived,project,project-id,directory,path,parent,title"),
        ),
    ),
    "worktrees": Story(
        _worktrees,
        (
            type_("workspaces", cwd="src/shop"),
            type_("consolidate", (ASKED, "y\n"), cwd="src/shop"),
            type_("workspaces", cwd="src/shop"),
        ),
    ),
    "mistakes": Story(
        _real_sessions,
        (
            type_("fix"),
            type_("mvoe"),
            type_("move"),
            type_("move shop store"),
            type_("move --from-dir shp --to-dir shop"),
            type_("move --form-dir shop"),
            type_("list --from-project shp"),
            type_("list --limit many"),
            type_("list --all --since 2030-01-01"),
            type_("list --search nothing", cwd="src"),
            type_("list --from-project shop-api --title readme"),
            type_("orphans --rule missing"),
            type_("migrate ses_nothing"),
            type_("undo"),
            type_("undo 20200101"),
            type_("show nowhere.json"),
            type_("--db nowhere.db list"),
        ),
    ),
    "help": Story(_real_sessions, (Step(()), type_("help move"), type_("undo --help"))),
}
