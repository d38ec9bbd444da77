"""We make the same of each kind of directory as the real opencode, asked side by side."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import ada_url
import pytest

from migrator.errors import MigratorError
from migrator.model import Place
from migrator.places import Places, ProjectIdScheme
from tests.real.conftest import real_binary
from tests.support.broken_repositories import BROKEN, CLOSED
from tests.support.git import KEPT_ID, root_commit
from tests.support.opencode.binary import MAIN
from tests.support.opencode.unprivileged import unprivileged
from tests.support.repository_kinds import KINDS
from tests.support.unprivileged import NOBODY, only_root_can

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.opencode.opencode_1 import OpenCode

pytestmark = pytest.mark.long


IDENTITIES = {
    MAIN: ProjectIdScheme.ORIGIN_FIRST,
    "1.15.13": ProjectIdScheme.ORIGIN_FIRST,
    "1.14.34": ProjectIdScheme.CACHE_FIRST,
    "1.3.2": ProjectIdScheme.CACHE_FIRST,
}

BESIDE_BARE = {"worktree-of-bare", "worktree-of-dot-bare", "linked-worktree-of-said-to-be-bare"}
"""1.3.2 gives the project the directory that a bare repository is in, 1.14.34 the repository; both say so anew at every
start, so it is no use to tell them apart."""


class Server(NamedTuple):
    """A running opencode."""

    opencode: OpenCode
    version: str

    def rows(self, sql: str, *values: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.opencode.database)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(sql, values)]

    def projects(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self.rows("SELECT * FROM project")}

    def place(self, directory: Path, ours: Place) -> Place:
        """Opens `directory`, makes a session there and gives what was stored; from `ours` where nothing is stored."""
        known = self.projects()
        session_id = self.opencode.new_session("here", directory)
        (session,) = self.rows("SELECT * FROM session WHERE id = ?", session_id)
        project = self.projects()[session["project_id"]]
        current = self.opencode.call("GET", "/project/current", directory=directory)
        assert current["id"] == session["project_id"]
        # The first directory of a project stays its worktree, except for "global", which is whatever was opened last.
        is_first = project["id"] == "global" or project["id"] not in known
        return Place(
            directory=session["directory"],
            project_id=session["project_id"],
            worktree=self.opencode.call("GET", "/path", directory=directory)["worktree"],
            path=session.get("path", ours.path),
            vcs=project["vcs"],
            project_worktree=project["worktree"] if is_first else ours.project_worktree,
        )


@pytest.fixture(scope="module", params=IDENTITIES)
def server(
    request: pytest.FixtureRequest,
    install: Callable[[Path, str], OpenCode],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    opencode = install(tmp_path_factory.mktemp("home"), request.param)
    with opencode.serve(tmp_path_factory.mktemp("elsewhere")):
        yield Server(opencode, request.param)


@pytest.mark.parametrize("kind", KINDS)
def test_opencode_makes_the_same_of_it(kind: str, server: Server, tmp_path: Path) -> None:
    directory = KINDS[kind](tmp_path)
    identity = IDENTITIES[server.version]

    before = Places(identity).find(str(directory))
    real = server.place(directory, before)
    after = Places(identity).find(str(directory))  # opencode has left the id in the repository meanwhile

    if server.version == "1.3.2" and kind in BESIDE_BARE:
        assert real.project_worktree == str(Path(before.project_worktree).parent)
        real = replace(real, project_worktree=before.project_worktree)
    assert before == real
    assert after == real


@only_root_can
def test_opencode_sees_no_project_where_git_refuses(server: Server, tmp_path: Path) -> None:
    """That is why we refuse: its sessions would be lost from sight as soon as the user trusts the repository."""
    directory = KINDS["top"](tmp_path)
    for owned in (directory, directory / ".git"):
        os.chown(owned, NOBODY, NOBODY)
    identity = IDENTITIES[server.version]

    with pytest.raises(MigratorError, match="another user owns it") as refusal:
        Places(identity).find(str(directory))

    unknown = Place(str(directory), "global", "/", str(directory)[1:], None, "/")
    assert server.place(directory, unknown).project_id == "global"
    assert "opencode would see no project there" in str(refusal.value)


@pytest.mark.parametrize("kind", BROKEN)
def test_opencode_doesnt_see_its_project_where_git_says_no(kind: str, server: Server, tmp_path: Path) -> None:
    """So once the repository is mended, a session that was made or moved there meanwhile is in no list of its own.

    git answers with the repository around, or not at all; only before 1.15.13 opencode went by the id that it kept.
    """
    build, _ = BROKEN[kind]
    directory = build(tmp_path)

    with pytest.raises(MigratorError, match=r"opencode would not see its project there|repair it first"):
        Places(IDENTITIES[server.version]).find(str(directory))

    seen = server.place(directory, Place(str(directory), "", "", "", None, "")).project_id
    if kind.endswith("in-a-repository"):
        assert seen == root_commit(tmp_path / "repo")
    elif kind == "emptied-head-with-kept-id" and IDENTITIES[server.version] is ProjectIdScheme.CACHE_FIRST:
        assert seen == KEPT_ID
    else:
        assert seen == "global"


@pytest.mark.parametrize("kind", CLOSED)
def test_opencode_doesnt_see_its_project_where_it_may_not_look(
    kind: str, install: Callable[[Path, str], OpenCode], tmp_path: Path
) -> None:
    build, _ = CLOSED[kind]
    directory = build(tmp_path)
    opencode = unprivileged(install(tmp_path / "home", MAIN), tmp_path)

    with opencode.serve(tmp_path):
        assert opencode.call("GET", "/project/current", directory=directory)["id"] == "global"


def test_opencode_sees_no_project_without_git(
    install: Callable[[Path, str], OpenCode], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = KINDS["with-origin"](tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    opencode = install(tmp_path / "home", MAIN)

    with pytest.raises(MigratorError, match="git is not on PATH"):
        Places(ProjectIdScheme.ORIGIN_FIRST).find(str(directory))
    with opencode.serve(directory):
        assert opencode.call("GET", "/project/current", directory=directory)["id"] == "global"


def test_our_url_parser_is_the_one_of_opencodes_runtime(tmp_path: Path) -> None:
    """Thousands of URLs, good and odd, through `new URL()` of the runtime inside the real binary."""
    schemes = ("https", "http", "ssh", "git", "git+ssh", "ftp", "file", "HTTPS", "x", "")
    users = ("", "git@", "u:tok@", "u%40x:p@", "a b@", "git@@", "Üser@", ":@")
    hosts = (
        "GitHub.com",
        "10.0.0.1",
        "127.1",
        "[::1]",
        "my_host",
        "münchen.de",
        "a b",
        "ho%41st",
        "host.",
        "",
        "ho^st",
    )
    ports = ("", ":22", ":443", ":", ":abc", ":99999")
    paths = (
        "/Acme/Widget.git",
        "//A/W",
        "/a b",
        "/ü",
        "/a/../b",
        "",
        "/?x=1",
        "/~u/r#f",
        "Acme/W",
        ":Acme/W",
        "/a\\b",
        "/|^`{}",
    )
    separators = ("://", ":", "::", "")
    urls = ["".join(parts) for parts in product(schemes, separators, users, hosts, ports, paths)]
    (tmp_path / "urls.json").write_text(json.dumps(urls))
    (tmp_path / "parse.js").write_text(_PARSE)

    command = [str(real_binary(MAIN)), "run", "parse.js", "urls.json"]
    runtime = os.environ | {"BUN_BE_BUN": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=runtime, capture_output=True, check=True, timeout=120)

    theirs = json.loads(done.stdout)
    different = [(url, ours, real) for url, real in zip(urls, theirs, strict=True) if (ours := _parsed(url)) != real]
    assert different == []


_PARSE = """
const parsed = (url) => {
  try { const { protocol, hostname, pathname } = new URL(url); return [protocol, hostname, pathname] }
  catch { return null }
}
console.log(JSON.stringify(JSON.parse(require("fs").readFileSync(process.argv[2], "utf8")).map(parsed)))
"""


def _parsed(url: str) -> list[str] | None:
    try:
        parsed = ada_url.URL(url)
    except ValueError:
        return None
    return [parsed.protocol, parsed.hostname, parsed.pathname]
