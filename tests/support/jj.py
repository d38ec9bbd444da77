"""jj repositories for tests: one that the real jj 0.35 made, and a builder of others, byte for byte as jj writes them.

The builder writes what jj's source (9d905d54, 0.44) says: the messages of simple_workspace_store.proto,
local_working_copy.proto and simple_op_store.proto, `.jj/repo` and `git_target` without a newline, `type` files with
the names of the default stores. `test_jj_program.py` holds it against the tree of the real jj, and against a jj on PATH
where there is one.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.archives import unpack
from tests.support.git import git

if TYPE_CHECKING:
    from collections.abc import Mapping

REAL = Path(__file__).parents[2] / "fixtures" / "jj-0.35.tar.gz"
_MADE_IN = "/home/dev/src"
_STARTED = 1_700_000_000_000


def real_tree(at: Path) -> Path:
    """Unpack what jj 0.35 made into `at`; pointers to /home/dev/src point into `at` then."""
    at.mkdir(parents=True, exist_ok=True)
    with tarfile.open(REAL) as tree:
        unpack(tree, at)
    for pointer in [*at.glob("*/.jj/repo"), *at.glob("*/*/.jj/repo"), *at.glob("*/.jj/repo/store/git_target")]:
        if pointer.is_file():
            pointer.write_bytes(pointer.read_bytes().replace(_MADE_IN.encode(), os.fsencode(at)))
    return at


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def message(*fields: tuple[int, int | bytes | str]) -> bytes:
    """A protobuf message of these (number, value) pairs."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


@dataclass
class JjRepository:
    """A repository with its main workspace at `root`.

    `style` is how paths are written: "relative" (0.39 and later), "absolute" (0.38), or "none" for a jj without the
    index (up to 0.37). `backing` is where git is: colocated, internal or external.
    """

    root: Path
    style: str = "relative"
    backing: str = "colocated"
    names: dict[str, Path] = field(default_factory=dict)
    clock: int = _STARTED

    @property
    def repo(self) -> Path:
        return self.root / ".jj" / "repo"

    @property
    def index(self) -> Path:
        return self.repo / "workspace_store" / "index"

    def build(self, external: Path | None = None) -> JjRepository:
        """Make it: `jj git init`; with `external` on a git repository that is there."""
        self.root.mkdir(parents=True, exist_ok=True)
        for store, kind in (
            ("store", "git"), ("op_store", "simple_op_store"), ("op_heads", "simple_op_heads_store"),
            ("index", "default"), ("submodule_store", "default"),
        ):  # fmt: skip
            (self.repo / store).mkdir(parents=True)
            (self.repo / store / "type").write_text(kind)
        (self.root / ".jj" / ".gitignore").write_text("/*\n")
        (self.repo / "op_heads" / "heads").mkdir()
        for directory in ("operations", "views"):
            (self.repo / "op_store" / directory).mkdir()
        if self.style != "none":
            self.index.parent.mkdir()
            self.index.write_bytes(b"")
        target = {"colocated": "../../../.git", "internal": "git", "external": str(external)}[self.backing]
        (self.repo / "store" / "git_target").write_text(target)
        if self.backing == "colocated" and not (self.root / ".git").exists():
            git(self.root, "init", "-q")
        if self.backing == "internal":
            git(self.root, "init", "-q", "--bare", str(self.repo / "store" / "git"))
        self._join("default", self.root, "add workspace 'default'", None)
        return self

    def add(self, path: Path, name: str | None = None, typed: str | None = None, at: int | None = None) -> Path:
        """`jj workspace add`: the workspace, its record and its operations. `typed` is the destination as typed."""
        name = name or path.name
        path.mkdir(parents=True)
        typed = typed or os.path.relpath(path, self.root)
        self.clock = at or self.clock + 1000
        self._join(name, path, f"add workspace '{name}'", None)
        given = f" --name {name}" if name != Path(typed).name else ""
        description = f"create initial working-copy commit in workspace {name}"
        self._operation(description, f"jj workspace add {typed}{given}")
        return path

    def forget(self, name: str) -> Path:
        """`jj workspace forget`: the directory stays."""
        path = self.names.pop(name)
        self._write_index()
        self._operation(f"forget workspace {name}", f"jj workspace forget {name}")
        return path

    def remove(self, name: str) -> Path:
        """Forget it, and delete the directory: nothing on the disk remembers it but the operation log."""
        path = self.forget(name)
        shutil.rmtree(path)
        return path

    def _join(self, name: str, path: Path, description: str, typed: str | None) -> None:
        jj = path / ".jj"
        jj.mkdir(exist_ok=True)
        if path != self.root:
            relative = os.path.relpath(self.repo, jj)
            (jj / "repo").write_text(relative if self.style == "relative" else str(self.repo))
            (jj / ".gitignore").write_text("/*\n")
        self.names[name] = path
        operation = self._operation(description, typed)
        working_copy = jj / "working_copy"
        working_copy.mkdir()
        (working_copy / "type").write_text("local")
        (working_copy / "checkout").write_bytes(message((2, bytes.fromhex(operation)), (3, name)))
        self._write_index()

    def _write_index(self) -> None:
        if self.style == "none":
            return
        records = {
            name: os.path.relpath(path, self.repo) if self.style == "relative" else str(path)
            for name, path in self.names.items()
        }
        self.index.write_bytes(index_bytes(records))

    def _operation(self, description: str, typed: str | None) -> str:
        """Write an operation and its view, and make it the head; gives its id."""
        commits = (message((1, name), (2, blake2b(name.encode(), digest_size=20).digest())) for name in self.names)
        view = message(*((8, entry) for entry in commits))
        view_id = blake2b(view).digest()
        when = message((1, self.clock), (2, 60))
        tags = () if typed is None else ((6, message((1, "args"), (2, typed))),)
        metadata = message((1, when), (2, when), (3, description), (4, "home"), (5, "dev"), *tags)
        heads = self.repo / "op_heads" / "heads"
        parents = [head.name for head in heads.iterdir()]
        operation = message((1, view_id), *((2, bytes.fromhex(parent)) for parent in parents), (3, metadata))
        id_ = blake2b(operation).hexdigest()
        (self.repo / "op_store" / "views" / view_id.hex()).write_bytes(view)
        (self.repo / "op_store" / "operations" / id_).write_bytes(operation)
        for parent in parents:
            (heads / parent).unlink()
        (heads / id_).write_bytes(b"")
        return id_


def index_bytes(records: Mapping[str, str | bytes]) -> bytes:
    """The index of these names and paths."""
    return b"".join(message((1, message((1, name), (2, path)))) for name, path in records.items())
