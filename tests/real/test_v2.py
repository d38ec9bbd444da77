"""The guarantees of a move, by the judgement of a real opencode 2.

opencode's own packages on npm have none: asked on 2026-11-29, nothing was newer than a preview of July 2026
(@opencode-ai/cli-linux-x64-baseline 0.0.0-next-16350), which is not 2.0 yet: it keeps its sessions in `session`, in a
database of its own. Name a program in $OPENCODE_MIGRATOR_V2_BINARY, and this runs; docs/tested-versions.md says with
which it was run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from migrator.errors import MigratorError
from migrator.places import Places, ProjectIdScheme
from tests.support.git import repository, sub_directory
from tests.support.opencode.database import all_rows
from tests.support.opencode.fake_model import order
from tests.support.opencode.migrator_command import answer, move, run_migrator, undo
from tests.support.opencode.opencode_2 import OpenCode2, needs_program
from tests.support.repository_kinds import KINDS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.long, needs_program]


def said(message: dict[str, Any]) -> dict[str, Any]:
    """A message without the files that its undo would restore: a move takes those out."""
    if "snapshot" not in message:
        return message
    return message | {"snapshot": {key: value for key, value in message["snapshot"].items() if key != "files"}}


def test_opencode_makes_the_same_of_every_kind_of_directory(opencode_2: OpenCode2, tmp_path: Path) -> None:
    different = {}
    with opencode_2.service(tmp_path):
        for kind, build in KINDS.items():
            directory = build(sub_directory(tmp_path / "kinds" / kind))
            real = opencode_2.location(directory)["project"]
            try:
                place = Places(ProjectIdScheme.V2).find(str(directory))
            except MigratorError as refusal:
                different[kind] = (str(refusal), real)
                continue
            if (place.project_id, place.worktree) != (real["id"], real["directory"]):
                different[kind] = (f"{place.project_id} {place.worktree}", real)
    assert different == {}


@pytest.mark.parametrize("destination", ["b", "plain"])
def test_moved_sessions_are_listed_opened_and_continued_where_they_are(
    opencode_2: OpenCode2, tmp_path: Path, destination: str
) -> None:
    installed = opencode_2.installed
    a = repository(tmp_path / "repos" / "a")
    deep = sub_directory(a / "src")
    repository(tmp_path / "repos" / "b", "https://example.com/acme/b.git")
    there = sub_directory(tmp_path / "repos" / destination)
    (there / "src").mkdir()
    with opencode_2.service(a) as pid:
        root = opencode_2.new_session("root", a)
        child = opencode_2.new_session("child", a, parent=root)
        below = opencode_2.new_session("below", deep)
        at_home = opencode_2.new_session("at home", there)
        for session in (root, child, below, at_home):
            opencode_2.prompt(session, order("shell", command="pwd > before.txt", description="say where"))
        conversations = {session: opencode_2.messages(session) for session in (root, child, below)}
        refused = run_migrator(installed, "move", "--from-dir", a, "--to-dir", there, "--yes", cwd=a)
        assert refused.returncode == 4, refused.stderr
        assert str(pid) in refused.stderr
    assert answer(installed, "orphans", cwd=a) == []
    before = all_rows(installed.database)
    undo(installed, move(installed, a, there), cwd=a)
    assert all_rows(installed.database) == before

    move(installed, a, there)

    place, place_below = (Places(ProjectIdScheme.V2).find(str(directory)) for directory in (there, there / "src"))
    with opencode_2.service(there):
        assert opencode_2.listed(there) == {root, at_home} | ({below} if place.vcs else set())
        assert opencode_2.listed_by(project=place.project_id, subpath="") == {root, child, at_home}
        assert below in opencode_2.listed_by(project=place_below.project_id, subpath=place_below.path)
        assert opencode_2.listed_by(directory=str(there)) == {root, child, at_home}
        assert opencode_2.listed_by(directory=str(a)) == set()
        for session, conversation in conversations.items():
            now = opencode_2.messages(session)
            assert [said(message) for message in now[: len(conversation)]] == [
                said(message) for message in conversation
            ]
            assert [message["type"] for message in now[len(conversation) :]] == ["location-switched"]
        opencode_2.prompt(root, order("shell", command="pwd > after.txt", description="say where"))
        assert (there / "after.txt").read_text() == f"{there}\n"
    assert answer(installed, "orphans", cwd=there) == []


def test_it_finds_the_skill_that_we_install(opencode_2: OpenCode2, tmp_path: Path) -> None:
    here = repository(tmp_path / "here")
    assert run_migrator(opencode_2.installed, "install-skill", cwd=here).returncode == 0
    with opencode_2.service(here):
        session = opencode_2.new_session("lost", here)
        opencode_2.prompt(session, order("skill", id="move-sessions"))
        assert "# Move opencode sessions" in str(opencode_2.messages(session))
