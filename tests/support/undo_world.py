"""A database, repositories, and sessions whose turns change files. opencode's part is played by its port."""

from __future__ import annotations

import json
import os
import shutil
import stat
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from migrator.arguments import MoveRequest, RelocateRequest, SelectRequest, WriteRequest
from migrator.model import FolderState
from migrator.operations.apply import apply_plan
from migrator.operations.context import CommandContext
from migrator.operations.move import plan_move
from migrator.operations.relocate import plan_relocate
from migrator.operations.undo import undo_run
from migrator.places import Places, ProjectIdScheme
from migrator.snapshots.repositories.layout import Layout
from migrator.store.reader import Store
from tests.support.git import commit, git, worktree
from tests.support.home import build_home
from tests.support.rows import add_message, add_part, add_project, add_session
from tests.support.snapshot_port import Snapshots, Undo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from migrator.choices import FileUndoPolicy
    from migrator.model import Place, Plan, Run

State = dict[str, tuple[str, bytes]]
"""Every file below a directory, but for git's own: what it is, and its content."""


def state(directory: Path) -> State:
    """What is in a directory now, links and modes included."""
    found: State = {}
    for above, names, files in os.walk(directory):
        links = {name for name in names if Path(above, name).is_symlink()}
        names[:] = [name for name in names if name != ".git" and name not in links]
        for name in {*files, *links} - {".git"}:
            file = Path(above, name)
            path = str(file.relative_to(directory))
            if file.is_symlink():
                found[path] = "link", os.fsencode(file.readlink())
            elif file.is_file():
                kind = "program" if file.stat().st_mode & stat.S_IXUSR else "file"
                found[path] = kind, file.read_bytes()
    return found


def changes(before: State, after: State) -> dict[str, tuple[str, bytes] | None]:
    """What has become of the files that aren't as before: None where one is gone."""
    return {path: after.get(path) for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


class Talk(NamedTuple):
    """A session, and the directory it is in."""

    id: str
    directory: Path


@dataclass
class World:
    """Everything is below `path`."""

    path: Path
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.home = build_home(self.path / "home", "1.18.34")
        self.database = self.home.database
        self.data = self.home.database.parent
        self.repos = self.path / "repos"
        self.repos.mkdir()
        self.home.empty()

    # -- what a person does --------------------------------------------------------------------------------------

    def repository(self, name: str = "source", **files: str) -> Path:
        """A repository with one commit; a double underscore in a file's name is a slash."""
        made = self.repos / name
        made.mkdir(parents=True)
        git(made, "init", "-q")
        for file, content in ({"README.md": f"{name}\n"} | files).items():
            write(made / file.replace("__", "/"), content)
        commit(made, f"start of {name}")
        return made

    def session(self, directory: Path) -> Talk:
        """A new session there."""
        place = self.place(directory)
        add_project(self.home, place.project_id, place.worktree, vcs=place.vcs)
        row = {"title": "turns", "project_id": place.project_id, "directory": place.directory, "path": place.path}
        return Talk(add_session(self.home, f"ses_{next(self._numbers):06}", **row), directory)

    def turn(self, talk: Talk, deed: Callable[..., object], *values: Any) -> str:
        """A prompt, and a step that does something to the files; gives the id of the prompt."""
        snapshots = self.snapshots(talk.directory)
        before = snapshots.track()
        deed(*values)
        after = snapshots.track()
        patch = snapshots.patch(before) if before else None
        prompt = self._message(talk, "user", {"type": "text", "text": "go on"})
        parts: list[dict[str, Any]] = [{"type": "step-start", "snapshot": before}]
        parts += [{"type": "step-finish", "reason": "stop", "snapshot": after}]
        parts += [{"type": "patch", "hash": patch.hash, "files": patch.files}] if patch and patch.files else []
        self._message(talk, "assistant", *parts)
        return prompt

    def _message(self, talk: Talk, role: str, *parts: dict[str, Any]) -> str:
        message = f"msg_{next(self._numbers):06}"
        add_message(self.home, talk.id, message, role=role)
        for part in parts:
            add_part(self.home, talk.id, message, f"prt_{next(self._numbers):06}", **part)
        return message

    # -- what opencode does --------------------------------------------------------------------------------------

    def place(self, directory: Path) -> Place:
        return Places(ProjectIdScheme.ORIGIN_FIRST).find(str(directory))

    def snapshots(self, directory: Path) -> Snapshots:
        return Snapshots.at(self.data, self.place(directory))

    def undo(self, talk: Talk) -> Undo:
        """Undo and redo of a session, wherever it is now."""
        ((directory,),) = self.rows("SELECT directory FROM session WHERE id = ?", talk.id)
        return Undo(self.database, talk.id, self.snapshots(Path(directory)))

    def prune(self, directory: Path, tree: str) -> None:
        """Take a tree out of the snapshots, as `gc` does when it is a week old."""
        objects = self.snapshots(directory).git_dir / "objects"
        (objects / tree[:2] / tree[2:]).unlink()

    # -- what we do ----------------------------------------------------------------------------------------------

    def plan(self, source: Path, target: Path, undo_files: FileUndoPolicy = "auto") -> Plan:
        """Plan the move of everything in and below `source`."""
        with CommandContext(self.database) as context:
            return plan_move(
                context, MoveRequest(SelectRequest({"from_dir": (str(source),)}), str(target), undo_files=undo_files)
            )

    def move(self, source: Path, target: Path, undo_files: FileUndoPolicy = "auto") -> Run:
        """Move everything in and below `source`."""
        return apply_plan(self.plan(source, target, undo_files), self.database, WriteRequest())

    def relocate(self, old: Path, new: Path, state: FolderState = FolderState.MOVED, **more: Any) -> Run:
        """Follow a folder from one place to the other."""
        with CommandContext(self.database) as context:
            plan = plan_relocate(context, RelocateRequest((str(old), str(new)), state=state, **more))
        return apply_plan(plan, self.database, WriteRequest())

    def take_back(self, run: Run) -> Run:
        assert run.id is not None
        return undo_run(self.database, run.id, WriteRequest())

    # -- the database --------------------------------------------------------------------------------------------

    def run(self, sql: str, *values: Any) -> None:
        self.home.execute(sql, values)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.home.query(sql, values)

    def patches(self, talk: Talk) -> list[dict[str, Any]]:
        """The patch parts of a session, oldest first."""
        found = self.rows("SELECT data FROM part WHERE session_id = ? ORDER BY id", talk.id)
        return [part for (data,) in found if (part := json.loads(data))["type"] == "patch"]

    def git_dir(self, directory: Path) -> Path:
        """The snapshot repository of a worktree, whether or not it is there."""
        place = self.place(directory)
        with Store(self.database) as store:
            return Path(Layout.of(store).git_dir(place.project_id, place.worktree))


class Saved:
    """A world as it is now, to be put back as often as one likes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._copy = world.path.with_name(f"saved-{len(list(world.path.parent.iterdir()))}")
        shutil.copytree(world.path, self._copy, symlinks=True)

    def restore(self) -> None:
        shutil.rmtree(self._world.path)
        shutil.copytree(self._copy, self._world.path, symlinks=True)


def write(file: Path, content: str | bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)


def linked(repository: Path, name: str = "target") -> Path:
    """Add a linked worktree of what is committed."""
    return worktree(repository, name, "--detach")
