"""The data set: repositories on disk, and sessions that the real opencode made in them.

repos/A       a repository without a remote, with most of the sessions
repos/A-wt    its linked worktree
repos/B       another repository, with an origin
repos/C       a repository that opencode never saw
repos/plain   a directory outside any repository
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.git import commit, git
from tests.support.opencode.fake_model import order

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.opencode.opencode_1 import OpenCode

IN_A = ("main", "fork", "parent", "task child", "child", "grandchild", "archived", "deep", "reverted")
"""Sessions in A and below it: what `--from-dir A` means."""
ROOTS_IN_A = tuple(name for name in IN_A if name not in {"task child", "child", "grandchild"})


@dataclass(frozen=True)
class Lab:
    """An opencode with its sessions (name -> id) and the directories they were made in."""

    opencode: OpenCode
    repos: Path
    sessions: dict[str, str]

    @property
    def a(self) -> Path:
        return self.repos / "A"

    @property
    def worktree(self) -> Path:
        return self.repos / "A-wt"

    @property
    def b(self) -> Path:
        return self.repos / "B"

    @property
    def c(self) -> Path:
        return self.repos / "C"

    @property
    def plain(self) -> Path:
        return self.repos / "plain"

    def ids(self, *names: str) -> set[str]:
        return {self.sessions[name] for name in names}

    def count(self, sql: str, *params: str) -> int:
        """The one number that a query finds in the database."""
        with closing(sqlite3.connect(self.opencode.database)) as database:
            (number,) = database.execute(sql, params).fetchone()
        return int(number)

    def files(self) -> dict[str, bytes]:
        """Every file of every directory with its content, but for git's own."""
        return {
            str(file.relative_to(self.repos)): file.read_bytes()
            for file in self.repos.rglob("*")
            if ".git" not in file.relative_to(self.repos).parts and file.is_file()
        }


def make_lab(opencode: OpenCode, root: Path, keep: Callable[[], None]) -> Lab:
    """Make the data set; see Template."""
    make_repositories(root / "repos")
    lab = Lab(opencode, root / "repos", {})
    make_sessions(lab)
    keep()
    return lab


def make_repositories(repos: Path) -> None:
    """`file0.txt` is in all of them: a file of the same name must not be mistaken for the same file."""
    for name, deepest in (("A", "sub/deep"), ("B", "sub/deep"), ("C", "sub")):
        repo = repos / name
        (repo / deepest).mkdir(parents=True)
        (repo / deepest / "x.txt").write_text(f"deep in {name}\n")
        (repo / "file0.txt").write_text(f"{name} as committed\n")
        git(repo, "init", "--quiet")
        commit(repo, f"start of {name}")
    git(repos / "A", "worktree", "add", "--quiet", "../A-wt")
    git(repos / "B", "remote", "add", "origin", "https://example.com/acme/b.git")
    (repos / "plain").mkdir()
    (repos / "plain" / "file0.txt").write_text("plain as it was\n")


def make_sessions(lab: Lab) -> None:
    """Fill `lab.sessions`. Each turn that writes a file must leave a `patch` part, else an undo would prove nothing."""
    opencode, sessions, a = lab.opencode, lab.sessions, lab.a
    with opencode.serve(a):

        def session(name: str, directory: Path, *prompts: str, **fields: str) -> str:
            sessions[name] = opencode.new_session(name, directory, **fields)
            for prompt in prompts:
                opencode.prompt(sessions[name], prompt, directory)
            return sessions[name]

        main = session(
            "main",
            a,
            writes("new.txt", "v1\n"),
            order("edit", filePath="@CWD@/new.txt", oldString="v1", newString="v2")
            + order("read", filePath="@CWD@/file0.txt")
            + writes("file0.txt", "changed by main\n"),
            order("bash", command="pwd > where.txt", description="say where"),
        )
        sessions["fork"] = opencode.call("POST", f"/session/{main}/fork", {}, a)["id"]
        job = writes("task.txt", "by the sub-agent\n")
        task = order("task", description="sub job", prompt=job, subagent_type="general")
        parent = session("parent", a, task)
        (sessions["task child"],) = opencode.children(parent)
        child = session("child", a, writes("child.txt", "c\n"), parentID=parent)
        session("grandchild", a, writes("grandchild.txt", "g\n"), parentID=child)
        archived = session("archived", a, writes("archived.txt", "old\n"))
        opencode.call("PATCH", f"/session/{archived}", {"time": {"archived": int(time.time() * 1000)}}, a)
        session("deep", a / "sub/deep", writes("y.txt", "y\n"))
        reverted = session("reverted", a, writes("rev.txt", "r1\n"), writes("rev2.txt", "r2\n"))
        opencode.revert(reverted, opencode.turns(reverted)[1], a)
        session("in worktree", lab.worktree, writes("wt.txt", "w\n"))
        session("in b", lab.b, writes("b.txt", "b\n"))
        session("in plain", lab.plain, writes("p.txt", "p\n"))
        opencode.prompt(parent, "Thanks.", a)  # an older session is the one used last
        assert {Path(file).name for file in patched_files(opencode, main)} == {"new.txt", "file0.txt", "where.txt"}
        for name in (*IN_A, "in worktree", "in b"):
            assert patched_files(opencode, sessions[name]), f"opencode took no snapshot in session {name!r}"


def writes(file: str, content: str) -> str:
    """A prompt after which `file` in the session's directory holds `content`."""
    return order("write", filePath=f"@CWD@/{file}", content=content)


def patched_files(opencode: OpenCode, session: str) -> list[str]:
    """The files that an undo of the session's turns would touch."""
    parts = [part for message in opencode.conversation(session) for part in message["parts"]]
    return [file for part in parts if part["type"] == "patch" for file in part["files"]]
