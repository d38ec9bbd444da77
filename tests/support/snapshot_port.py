"""What opencode 1.18.34 does to files: its snapshots and its undo, ported call by call from the code in its binary.

It reads the rows that are in the database now, as opencode does. `tests/real/test_port.py` holds it against the real
one. Left out: what only makes diffs to look at, and asking whether snapshots are switched off.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import sha1
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from migrator.paths import backslashed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.model import Place

LARGEST = 2 * 1024 * 1024
BATCH = 100
_CORE = ("-c", "core.longpaths=true", "-c", "core.symlinks=true")
_CFG = ("-c", "core.autocrlf=false", *_CORE)
_QUOTE = (*_CFG, "-c", "core.quotepath=false")
_SETTINGS = (
    ("core.autocrlf", "false"),
    ("core.longpaths", "true"),
    ("core.symlinks", "true"),
    ("core.fsmonitor", "false"),
    ("feature.manyFiles", "true"),
    ("index.version", "4"),
    ("index.threads", "true"),
    ("core.untrackedCache", "true"),
)


class Patch(NamedTuple):
    """A tree, and the files that changed since, as absolute paths."""

    hash: str
    files: Sequence[str]


class Answer(NamedTuple):
    code: int
    text: str


@dataclass
class Snapshots:
    """The snapshots of one instance of opencode: of a directory, in a worktree, of a project."""

    data: Path
    project_id: str
    worktree: str
    directory: str
    vcs: str | None = "git"

    @classmethod
    def at(cls, data: Path, place: Place) -> Snapshots:
        worktree, directory = (backslashed(path) for path in (place.worktree, place.directory))
        return cls(data, place.project_id, worktree, directory, place.vcs)

    @property
    def git_dir(self) -> Path:
        return self.data / "snapshot" / self.project_id / sha1(self.worktree.encode()).hexdigest()

    def track(self) -> str | None:
        """Take a snapshot; gives the tree."""
        if self.vcs != "git":
            return None
        if not self.git_dir.exists():
            self.create()
        self._add()
        return self._git(*self._here("write-tree"), cwd=self.directory).text.strip()

    def patch(self, tree: str) -> Patch:
        """Say which files changed since a tree."""
        self._add()
        words = self._here("diff", "--cached", "--no-ext-diff", "--name-only", tree, "--", ".")
        listed = self._git(*_QUOTE, *words, cwd=self.directory)
        if listed.code:
            return Patch(tree, [])
        names = [name for line in listed.text.strip().split("\n") if (name := line.strip())]
        ignored = self._ignored(names)
        return Patch(tree, [f"{self.worktree}/{n}".replace("\\", "/") for n in names if n not in ignored])

    def restore(self, tree: str) -> None:
        """Write a whole tree over the worktree."""
        if self._git(*_CORE, *self._here("read-tree", tree), cwd=self.worktree).code == 0:
            self._git(*_CORE, *self._here("checkout-index", "-a", "-f"), cwd=self.worktree)

    def revert(self, patches: Iterable[Patch]) -> None:
        """Take each file out of the first tree that names it; what can't be had is deleted."""
        first = {file: patch.hash for patch in reversed(list(patches)) for file in reversed(patch.files)}
        order = dict.fromkeys(file for patch in patches for file in patch.files)
        wanted = [(first[file], file, os.path.relpath(file, self.worktree)) for file in order]
        while wanted:
            tree = wanted[0][0]
            batch = [wanted.pop(0)]
            while wanted and len(batch) < BATCH and wanted[0][0] == tree:
                if any(_overlap(rel, wanted[0][2]) for _, _, rel in batch):
                    break
                batch.append(wanted.pop(0))
            self._revert_batch(tree, batch)

    def _revert_batch(self, tree: str, batch: Sequence[tuple[str, str, str]]) -> None:
        if len(batch) > 1:
            words = self._here("ls-tree", "--name-only", tree, "--", *(rel for *_, rel in batch))
            listed = self._git(*_CORE, *words, cwd=self.worktree)
            if listed.code == 0:
                there = {line.strip() for line in listed.text.strip().split("\n")}
                found = [file for _, file, rel in batch if rel in there]
                words = self._here("checkout", tree, "--", *found)
                if not found or self._git(*_CORE, *words, cwd=self.worktree).code == 0:
                    for _, file, rel in batch:
                        if rel not in there:
                            _remove(file)
                    return
        for one in batch:
            self._revert_one(*one)

    def _revert_one(self, tree: str, file: str, rel: str) -> None:
        if self._git(*_CORE, *self._here("checkout", tree, "--", file), cwd=self.worktree).code == 0:
            return
        listed = self._git(*_CORE, *self._here("ls-tree", tree, "--", rel), cwd=self.worktree)
        if listed.code or not listed.text.strip():
            _remove(file)

    def look(self) -> None:
        """What `diff`, which comes after each revert, does beside making a diff."""
        self._add()

    def create(self) -> None:
        """Make the repository."""
        self.git_dir.mkdir(parents=True)
        self._git("init", env={"GIT_DIR": str(self.git_dir), "GIT_WORK_TREE": self.worktree})
        for name, value in _SETTINGS:
            self._git("--git-dir", str(self.git_dir), "config", name, value)
        asked = self._git("rev-parse", "--path-format=absolute", "--git-common-dir", cwd=self.worktree)
        common = Path(asked.text.strip())
        objects = common / "objects"
        lines = [str(objects), *_read(objects / "info" / "alternates").split("\n")]
        found = [line for line in map(str.strip, lines) if line and Path(line).exists()]
        (self.git_dir / "objects/info").mkdir(exist_ok=True)
        (self.git_dir / "objects/info/alternates").write_text("\n".join(found) + "\n", newline="\n")
        if (common / "index").exists():
            (self.git_dir / "index").write_bytes((common / "index").read_bytes())

    def _add(self) -> None:
        self._sync()
        changed = self._git(*_QUOTE, *self._here("diff-files", "--name-only", "-z", "--", "."), cwd=self.directory)
        words = self._here("ls-files", "--full-name", "--others", "--exclude-standard", "-z", "--", ".")
        others = self._git(*_QUOTE, *words, cwd=self.directory)
        if changed.code or others.code:
            return
        untracked = [name for name in others.text.split("\0") if name]
        every = list(dict.fromkeys(name for name in chain(changed.text.split("\0"), untracked) if name))
        ignored = self._ignored(every)
        self._with_pathspecs(["rm", "--cached", "-f", "--ignore-unmatch"], [n for n in every if n in ignored])
        kept = [name for name in every if name not in ignored]
        if not kept:
            return
        large = {name for name in untracked if name in kept and _size(Path(self.worktree, name)) > LARGEST}
        self._sync(sorted(large))
        self._with_pathspecs(["add", "--all", "--sparse"], [name for name in kept if name not in large])

    def _with_pathspecs(self, words: list[str], names: Sequence[str]) -> None:
        if names:
            stdin = "".join(f":(top,literal){name}\0" for name in names)
            words = self._here(*words, "--pathspec-from-file=-", "--pathspec-file-nul")
            self._git(*_CFG, *words, cwd=self.worktree, stdin=stdin)

    def _sync(self, large: Sequence[str] = ()) -> None:
        words = ("rev-parse", "--path-format=absolute", "--git-path", "info/exclude")
        theirs = self._git(*words, cwd=self.worktree).text.strip()
        lines = [_read(Path(theirs)).rstrip() if theirs else "", *(f"/{name}" for name in large)]
        text = "\n".join(line for line in lines if line)
        (self.git_dir / "info").mkdir(exist_ok=True)
        (self.git_dir / "info/exclude").write_text(f"{text}\n" if text else "", newline="\n")

    def _ignored(self, names: Sequence[str]) -> set[str]:
        if not names:
            return set()
        asked = "".join(f"./{name}\0" if name.startswith(":") else f"{name}\0" for name in names)
        where = ("--git-dir", f"{self.worktree}/.git", "--work-tree", self.worktree)
        words = (*_QUOTE, *where, "check-ignore", "--no-index", "--stdin", "-z")
        told = self._git(*words, cwd=self.worktree, stdin=asked)
        return {name.removeprefix("./") for name in told.text.split("\0") if name} if told.code in {0, 1} else set()

    def _here(self, *words: str) -> list[str]:
        return ["--git-dir", str(self.git_dir), "--work-tree", self.worktree, *words]

    def _git(self, *words: str, cwd: str | None = None, stdin: str = "", env: dict[str, str] | None = None) -> Answer:
        done = subprocess.run(
            ["git", *words],
            cwd=cwd,
            env=os.environ | (env or {}),
            input=stdin.encode(errors="surrogateescape"),
            capture_output=True,
            check=False,
        )
        return Answer(done.returncode, done.stdout.decode(errors="replace"))


@dataclass
class Undo:
    """Undo and redo of one session, by the rows of a database; `snapshots` are those of the session's directory."""

    database: Path
    session: str
    snapshots: Snapshots

    def revert(self, message: str) -> None:
        """Back to before `message`."""
        marker = self._marker()
        patches: list[Patch] | None = None
        for id_, parts in self.everything():
            for part in parts:
                if patches is None:
                    patches = [] if id_ == message else None
                elif part["type"] == "patch":
                    patches.append(Patch(part["hash"], part["files"]))
        if patches is None:
            return
        snapshot = marker.get("snapshot") or self.snapshots.track()
        if marker.get("snapshot"):
            self.snapshots.restore(marker["snapshot"])
        self.snapshots.revert(patches)
        if snapshot:
            self.snapshots.look()
        self._mark({"messageID": message, "snapshot": snapshot, "diff": "..."})

    def unrevert(self) -> None:
        """Back to how it was before the undo."""
        marker = self._marker()
        if marker.get("snapshot"):
            self.snapshots.restore(marker["snapshot"])
        self._mark(None)

    def messages(self) -> list[str]:
        """Ids of the user's messages, oldest first."""
        sql = "SELECT id FROM message WHERE session_id = ? AND json_extract(data, '$.role') = 'user' ORDER BY id"
        return [id_ for (id_,) in self._rows(sql)]

    def everything(self) -> Iterable[tuple[str, list[dict[str, Any]]]]:
        """Each message with its parts, oldest first."""
        for (message,) in self._rows("SELECT id FROM message WHERE session_id = ? ORDER BY id"):
            rows = self._rows("SELECT message_id, data FROM part WHERE session_id = ? ORDER BY id")
            yield message, [json.loads(data) for owner, data in rows if owner == message]

    def _marker(self) -> dict[str, Any]:
        ((marker,),) = self._rows("SELECT revert FROM session WHERE id = ?")
        found: dict[str, Any] = json.loads(marker or "{}")
        return found

    def _mark(self, marker: dict[str, Any] | None) -> None:
        value = None if marker is None else json.dumps(marker, separators=(",", ":"))
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("UPDATE session SET revert = ? WHERE id = ?", [value, self.session])

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(sql, [self.session]).fetchall()


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def _remove(file: str) -> None:
    with suppress(OSError):
        Path(file).unlink()


def _read(file: Path) -> str:
    with suppress(OSError):
        return file.read_text()
    return ""


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size if file.is_file() else 0
    return 0
