"""relocate there and back is the identity, over every row of session, project, project_directory and workspace."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from migrator.arguments import RelocateRequest, WriteRequest
from migrator.errors import NothingMatched
from migrator.model import FolderState
from migrator.operations.apply import apply_plan
from migrator.operations.context import CommandContext
from migrator.operations.relocate import plan_relocate
from migrator.paths import is_within
from tests.support.empty_home import bind_session, empty_home
from tests.support.rows import add_directory, add_opened_project, add_workspace, rows
from tests.support.strategies import directories, examples, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.home import Home

PROJECTS = ("global", "prj_a", "prj_b")


@st.composite
def stored(draw: st.DrawFn, old: str) -> str:
    """A directory as the database may hold it, often below the old folder, or almost."""
    below = st.lists(names, max_size=3).map(lambda rest: "/".join([old.rstrip("/"), *rest]) or "/")
    return draw(st.one_of(below, directories, st.just(old + "-copy"), st.just(old)))


def put(home: Home, data: st.DataObject, old: str, new: str) -> None:
    """Fill the database: sessions in every kind of place, projects that name places again and again."""

    def place() -> str:
        directory = data.draw(stored(old))
        assume(not is_within(directory, new))
        return directory

    for project in PROJECTS[1:]:
        worktree, *boxes = (place() for _ in range(data.draw(st.integers(1, 3))))
        # opencode has a directory once, and never the worktree among the others
        add_opened_project(home, project, worktree, *sorted({*boxes} - {worktree}))
        directory = place()
        add_directory(home, project, directory, strategy="git_worktree")
        add_workspace(home, f"wrk_{project}", place(), project, "x")
    for number in range(data.draw(st.integers(0, 5))):
        project, directory = data.draw(st.sampled_from(PROJECTS)), place()
        path = data.draw(st.sampled_from([None, "", "sub", directory[1:]]))
        workspace = data.draw(st.sampled_from([None, "wrk_prj_a"]))
        bind_session(home, f"ses_{number}", project, directory, path, workspace_id=workspace)


def relocate(home: Home, old: str, new: str) -> bool:
    words = [f"{escaped(old)}={escaped(new)}"]
    with CommandContext(home.database) as context:
        try:
            plan = plan_relocate(context, RelocateRequest(words, state=FolderState.FOREIGN))
        except NothingMatched:
            return False
    return apply_plan(plan, home.database, WriteRequest()).id is not None


@contextmanager
def in_state(directory: Path) -> Iterator[None]:
    """Keep our journals in a directory of the example's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(directory / "state"))
        yield


def escaped(path: str) -> str:
    return path.replace("\\", "\\\\").replace("=", "\\=")


@given(data=st.data(), old=directories, new=directories)
@examples(60)
def test_there_and_back_is_the_identity(data: st.DataObject, old: str, new: str) -> None:
    """As long as nothing was at the new place: what was there would go back with the others."""
    assume(not is_within(old, new))
    assume(not any(path != path.strip() for path in (old, new)))  # spaces at an end aren't part of OLD=NEW
    with TemporaryDirectory() as directory, in_state(Path(directory)):
        home = empty_home(Path(directory).resolve() / "home")
        put(home, data, old, new)
        before = rows(home)
        went = relocate(home, old, new)
        assert went == (rows(home) != before)
        assert relocate(home, new, old) == went
        assert rows(home) == before
