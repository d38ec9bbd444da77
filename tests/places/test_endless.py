"""Whatever lies in a git directory, git answers soon, or we say which file it would wait for."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from migrator.errors import CantTell
from migrator.places import Places, ProjectIdScheme
from migrator.places.programs import SETTING
from tests.support.git import git, repository

if TYPE_CHECKING:
    from pathlib import Path

WAITED_FOR = (
    "HEAD", "config", "commondir", "packed-refs", "objects/info/alternates", "objects/info/commit-graph", "shallow",
    "info/grafts", "index", "refs/heads/main",
)  # fmt: skip
"""What git 2.39.5 waits for, if one of the questions that we ask it makes it read that."""


@pytest.mark.parametrize("kind", ["fifo", "zeros"])
@pytest.mark.parametrize("name", WAITED_FOR)
def test_what_git_would_wait_for_is_named(name: str, kind: str, tmp_path: Path) -> None:
    directory = repository(tmp_path / "repo")
    branch = git(directory, "symbolic-ref", "HEAD").strip()
    file = directory / ".git" / (branch if name.startswith("refs/") else name)
    file.unlink(missing_ok=True)
    if kind == "fifo":
        os.mkfifo(file)
    else:
        file.symlink_to("/dev/zero")

    with pytest.raises(CantTell, match=f"{file} can't be looked at: it is a (FIFO|device), not a file") as refusal:
        Places(ProjectIdScheme.ORIGIN_FIRST).find(str(directory))

    assert "move it away and try again" in str(refusal.value)


def test_an_object_that_is_a_fifo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of thousands git will read, we can't know: so its time is limited."""
    monkeypatch.setenv(SETTING, "1")
    directory = repository(tmp_path / "repo")
    commit = git(directory, "rev-parse", "HEAD").strip()
    file = directory / ".git" / "objects" / commit[:2] / commit[2:]
    file.unlink()
    os.mkfifo(file)
    start = time.monotonic()

    with pytest.raises(CantTell, match=f"git rev-list in {directory} gave no answer for 1 second"):
        Places(ProjectIdScheme.ORIGIN_FIRST).find(str(directory))

    assert time.monotonic() - start < 30
