"""Sessions of opencode 2 whose turns change files, and opencode 2's undo of them, after what its source does.

(packages/core/src/session/revert.ts, snapshot.ts and git.ts, read in October 2026; an undo after a move within one
checkout, and after one to a clone, did the same in V2 code that was run.)
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.places import Places, ProjectIdScheme
from tests.support.git import git
from tests.support.opencode_2_database import add_row, next_number, tables_of_2
from tests.support.rows import add_project, add_session
from tests.support.snapshot_port import Snapshots
from tests.support.undo_world import Talk, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.model import Place


class UndoFailed(Exception):
    """What opencode 2 answers with HTTP 500."""


@dataclass
class Opencode2:
    """opencode 2 in a world whose database has this dialect."""

    world: World
    dialect: str

    def place(self, directory: Path) -> Place:
        return Places(ProjectIdScheme.V2).find(str(directory))

    def snapshots(self, directory: Path) -> Snapshots:
        return Snapshots.at(self.world.data, self.place(directory))

    def session(self, directory: Path) -> Talk:
        """A new session there, in every table of sessions."""
        place, home = self.place(directory), self.world.home
        add_project(home, place.project_id, place.worktree, vcs=place.vcs)
        id_ = f"ses_{next(self.world._numbers):06}"  # noqa: SLF001 - the ids of one world
        for table in tables_of_2(self.dialect):
            row = {"project_id": place.project_id, "directory": place.directory, "path": place.path}
            add_session(home, id_, table=table, **row)
        return Talk(id_, directory)

    def turn(self, talk: Talk, deed: Callable[..., object], *values: Any) -> str:
        """A prompt, and an answer that does something to the files; gives the id of the prompt."""
        snapshots = self.snapshots(talk.directory)
        before = snapshots.track()
        deed(*values)
        after = snapshots.track()
        files = git(snapshots.git_dir, "diff", "--name-only", "-z", str(before), str(after)).split("\0")
        return self.answer(talk, str(before), str(after), *filter(None, files))

    def answer(self, talk: Talk, start: str, end: str, *files: str) -> str:
        """A prompt, and an answer that changed these files between these trees; gives the id of the prompt."""
        prompt = self.message(talk, "user", text="go on")
        snapshot = {"start": start, "end": end, "files": files}
        self.message(talk, "assistant", agent="build", content=[], snapshot=snapshot)
        return prompt

    def message(self, talk: Talk, kind: str, **data: Any) -> str:
        seq = next_number(self.world.home, talk.id)
        id_ = f"msg_{seq:04}_{talk.id}"
        content = json.dumps({"time": {"created": seq}} | data, separators=(",", ":"))
        row = {"id": id_, "session_id": talk.id, "type": kind, "seq": seq, "data": content}
        add_row(self.world.home, "session_message", **row, time_created=seq, time_updated=seq)
        return id_

    def move(self, talk: Talk, directory: Path) -> Talk:
        """Move a session as opencode 2 itself does."""
        before, after = self.place(talk.directory), self.place(directory)
        add_project(self.world.home, after.project_id, after.worktree, vcs=after.vcs)
        self.message(talk, "location-switched", **_location(after), previous=_location(before))
        self.world.run(
            "UPDATE session_v2 SET project_id = ?, directory = ?, path = ? WHERE id = ?",
            after.project_id, after.directory, after.path, talk.id,
        )  # fmt: skip
        return Talk(talk.id, directory)

    def undo(self, talk: Talk, prompt: str) -> None:
        """Take back all that came after a prompt, in the files; raises UndoFailed as opencode 2 does."""
        ((directory,),) = self.world.rows("SELECT directory FROM session_v2 WHERE id = ?", talk.id)
        ((seq,),) = self.world.rows("SELECT seq FROM session_message WHERE id = ?", prompt)
        snapshots = self.snapshots(Path(directory))
        snapshots.track()
        trees: dict[str, str] = {}
        answers = self.world.rows(
            "SELECT data FROM session_message WHERE session_id = ? AND type = 'assistant' AND seq > ? ORDER BY seq",
            talk.id, seq,
        )  # fmt: skip
        for (data,) in answers:
            snapshot = json.loads(data).get("snapshot") or {}
            for file in snapshot.get("files") or []:
                trees.setdefault(file, snapshot["start"])
        top = Path(snapshots.worktree)
        if not all((top / file).is_relative_to(top) for file in trees):
            raise UndoFailed("outside")
        for file, tree in trees.items():
            if self._git(snapshots, "ls-tree", "-z", tree, "--", file):
                self._git(snapshots, "checkout", tree, "--", file)
            else:
                _remove(Path(f"{top}/{file}"))

    def _git(self, snapshots: Snapshots, *words: str) -> str:
        where = ("git", "--git-dir", str(snapshots.git_dir), "--work-tree", snapshots.worktree)
        done = subprocess.run([*where, *words], cwd=snapshots.worktree, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UndoFailed(done.stderr)
        return done.stdout


def _location(place: Place) -> dict[str, Any]:
    return {"location": {"directory": place.directory}, "projectID": place.project_id, "subpath": place.path}


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        try:
            path.unlink(missing_ok=True)
        except NotADirectoryError as error:  # as in Bun, `force` forgives only that nothing is there
            raise UndoFailed("ENOTDIR") from error
