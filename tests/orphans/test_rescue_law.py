"""Rescued sessions are no orphans any more, a second rescue changes nothing, and undo brings every row back."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from migrator.arguments import RescueRequest, WriteRequest
from migrator.operations.apply import apply_plan
from migrator.operations.context import CommandContext
from migrator.operations.rescue import plan_rescue
from migrator.operations.undo import undo_run
from tests.support.git import copy_of, git, repository, sub_directory
from tests.support.history import History
from tests.support.home import build_home
from tests.support.strategies import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from migrator.model import Plan

PLACES = ("shop", "shop/sub", "linked", "linked/sub", "other", "plain", "plain/sub")
"""Directories that sessions are made in: two repositories, a linked worktree of the first, and no repository."""


class Born(NamedTuple):
    """A session: where it is made, and which of those before it is its parent, if any."""

    place: str
    parent: int | None


def open_all(history: History, *names: str) -> None:
    for name in names:
        if (history.src / name).is_dir():
            history.opened(history.src / name)


def rename(history: History, name: str) -> None:
    if (history.src / name).is_dir():
        (history.src / name).rename(history.src / f"new {name}")
        git_repair(history)
        open_all(history, f"new {name}")


def git_repair(history: History) -> None:
    if (history.src / "linked").is_dir():
        for main in ("shop", "new shop"):
            if (history.src / main / ".git").is_dir():
                git(history.src / main, "worktree", "repair", str(history.src / "linked"))


def add_origin(history: History, name: str) -> None:
    for top in (history.src / name, history.src / f"new {name}"):
        if (top / ".git").is_dir() and "origin" not in git(top, "remote"):
            git(top, "remote", "add", "origin", f"https://example.com/acme/{name}.git")


def forget(history: History, name: str) -> None:
    shutil.rmtree(history.src / name / ".git", ignore_errors=True)


def copy(history: History, name: str) -> None:
    if (history.src / name).is_dir() and not (history.src / f"copy of {name}").exists():
        copy_of(history.src / name, history.src / f"copy of {name}")
        open_all(history, f"copy of {name}")


def delete(history: History, name: str) -> None:
    shutil.rmtree(history.src / name, ignore_errors=True)


def spoil(history: History, column: str) -> None:
    history.home.execute(f"UPDATE session SET {column} = 'gone' WHERE rowid % 3 = 1")


def link(history: History, name: str) -> None:
    if (history.src / name).is_dir() and not (history.src / "link").exists():
        (history.src / "link").symlink_to(history.src / name)
        sql = "UPDATE session SET directory = ? WHERE directory = ? AND rowid % 2"
        history.home.execute(sql, [str(history.src / "link"), str(history.src / name)])


EVENTS: dict[Callable[[History, str], None], tuple[str, ...]] = {
    rename: ("shop", "other", "plain", "linked"),
    add_origin: ("shop", "other"),
    forget: ("shop", "other"),
    copy: ("shop", "other"),
    delete: ("shop/sub", "linked", "other", "plain"),
    spoil: ("path", "workspace_id", "project_id", "parent_id"),
    link: ("shop", "plain"),
}
events = st.sampled_from([(event, what) for event, whats in EVENTS.items() for what in whats])
births = st.builds(Born, st.sampled_from(PLACES), st.none() | st.integers(0, 5))


@contextmanager
def lived(born: list[Born], happened: list[tuple[Callable[[History, str], None], str]]) -> Iterator[History]:
    """A history in which these sessions were born, and then this happened."""
    with tempfile.TemporaryDirectory() as directory:
        history = History(build_home(Path(directory) / "home", "1.18.34"))
        sub_directory(repository(history.src / "shop") / "sub")
        sub_directory(history.src / "plain" / "sub")
        git(history.src / "shop", "worktree", "add", "-q", "../linked")
        sub_directory(history.src / "linked" / "sub")
        repository(history.src / "other")
        ids: list[str] = []
        for place, parent in born:
            ids.append(
                history.session(history.src / place, ids[parent] if parent is not None and ids[parent:] else None)
            )
        for event, what in happened:
            event(history, what)
        yield history


def plan(history: History) -> Plan:
    with CommandContext(history.home.database) as context:
        return plan_rescue(context, RescueRequest())


@pytest.fixture(autouse=True, scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Our journals go where nobody has others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        yield


# Each example is a dozen git processes: a failing one is shown as it was found, not the smallest.
@settings(examples(25), phases=(Phase.explicit, Phase.reuse, Phase.generate))
@example([Born("shop", None), Born("shop", 0)], [(link, "shop")])  # only the root is stored through the link
@given(st.lists(births, min_size=1, max_size=6), st.lists(events, max_size=4))
def test_who_is_rescued_is_lost_no_more(
    born: list[Born], happened: list[tuple[Callable[[History, str], None], str]]
) -> None:
    with lived(born, happened) as history:
        before, lost = history.home.everything(), history.lost()
        first = plan(history)
        warned = {warning.session for warning in first.warnings if warning.code == "still-lost"}
        moved = {change.session for change in first.changes}
        assert lost - moved - warned <= set(first.unchanged)  # they wait where their root comes to

        run = apply_plan(first, history.home.database, WriteRequest())
        assert history.lost() == warned
        again = plan(history)
        assert not again.changes
        assert {warning.session for warning in again.warnings} == warned

        if run.id is not None:
            undo_run(history.home.database, run.id, WriteRequest())
        assert history.home.everything() == before
