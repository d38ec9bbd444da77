"""What opencode 2 makes of a directory, and what its start there does to the database, written down a second time.

Nothing here is taken from the code under test. It follows the source of opencode 2 of October 2026 (Project.resolve and
persist, the projection of worktree.resolved), which was run in part. git is asked in the same way; `hg` is not asked.
"""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
from contextlib import closing
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from tests.support.git import NO_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.home import Home


class Resolved(NamedTuple):
    """`directory` is the top of the checkout, `canonical` the main worktree, `previous` the kept id."""

    id: str
    directory: str
    canonical: str
    vcs: str | None = None
    previous: str | None = None


def resolve(directory: str) -> Resolved:
    """The project that opencode 2 takes a directory for."""
    real = os.path.realpath(directory)
    marker = _nearest_marker(real)
    if marker is not None and marker.name == ".git" and (found := _discover(marker.parent)):
        top, git_directory, common = found
        kept = _kept(common)
        roots = sorted(_git(top, "rev-list", "--max-parents=0", "HEAD").split())
        listed = re.findall(r"^worktree (.*)$", _git(top, "worktree", "list", "--porcelain"), re.MULTILINE)
        canonical = listed[0] if listed and git_directory != common else top
        id_ = _by_origin(_git(top, "remote", "get-url", "origin").strip()) or kept or (roots or ["global"])[0]
        return Resolved(id_, top, canonical, "git", kept)
    if marker is not None and marker.name == ".hg":
        kept = _kept(str(marker))
        return Resolved(kept or "global", str(marker.parent), str(marker.parent), "hg", kept)
    return Resolved(sha1(f"directory:{real}".encode()).hexdigest(), real, real)


def bound(directory: str) -> tuple[str, str, str]:
    """What the row of a session that is made in a directory holds: project, directory, path."""
    project = resolve(directory)
    return project.id, directory, _relative(directory, project.directory)


def start(home: Home, directory: str) -> None:
    """Do to the database what a start of opencode 2 in a directory does."""
    project = resolve(directory)
    with closing(sqlite3.connect(home.database)) as db, db:
        known = db.execute("SELECT worktree, vcs FROM project WHERE id = ?", [project.id]).fetchone()
        if known is None:
            row = [project.id, project.canonical, project.vcs]
            db.execute(
                "INSERT INTO project (id, worktree, vcs, sandboxes, time_created, time_updated) "
                "VALUES (?, ?, ?, '[]', 1, 1)",
                row,
            )
        elif known[1] != project.vcs:
            db.execute("UPDATE project SET vcs = ? WHERE id = ?", [project.vcs, project.id])
        if known is not None and known[0] != project.canonical and not os.path.exists(known[0]):
            db.execute("UPDATE project SET worktree = ? WHERE id = ?", [project.canonical, project.id])
        for top in dict.fromkeys([project.canonical, project.directory] if project.vcs else []):
            key = [project.id, top]
            if not db.execute("SELECT 1 FROM worktree WHERE project_id = ? AND directory = ?", key).fetchone():
                _take_over(db, project, top)
                db.execute("INSERT INTO worktree (project_id, directory, time_created) VALUES (?, ?, 1)", key)


def _take_over(db: sqlite3.Connection, project: Resolved, top: str) -> None:
    plain = {
        id_: worktree
        for id_, worktree in db.execute("SELECT id, worktree FROM project WHERE vcs IS NULL")
        if id_ != project.id and _is_inside(worktree, os.path.realpath(top)) and _is_of(worktree, os.path.realpath(top))
    }
    candidates = {project.previous or "global", "global", *plain} - {project.id}
    rows = db.execute(
        "SELECT id, project_id, directory FROM session_v2 "
        "WHERE workspace_id IS NULL AND project_id IN (SELECT id FROM project)"
    ).fetchall()
    for session, project_id, stored in rows:
        if project_id not in candidates or (project_id not in plain and not stored.startswith(top)):
            continue
        directory = plain.get(project_id, os.path.normpath(stored))
        if _is_inside(directory, top):
            path = _relative(directory, top)
            db.execute("UPDATE session_v2 SET project_id = ?, path = ? WHERE id = ?", [project.id, path, session])


def _is_inside(directory: str, top: str) -> bool:
    way = _relative(directory, top)
    return way != ".." and not way.startswith("../")


def _is_of(directory: str, top: str) -> bool:
    marker = _nearest_marker(directory)
    return marker is not None and os.path.realpath(marker.parent) == top


def _relative(directory: str, top: str) -> str:
    way = os.path.relpath(directory, top)
    return "" if way == "." else way


def _nearest_marker(directory: str) -> Path | None:
    return next((path for path in _markers(Path(directory)) if path.exists()), None)


def _markers(directory: Path) -> Iterator[Path]:
    for above in (directory, *directory.parents):
        yield above / ".git"
        yield above / ".hg"


def _discover(root: Path) -> tuple[str, str, str] | None:
    lines = _git(str(root), "rev-parse", "--git-dir", "--git-common-dir", "--show-toplevel").splitlines()
    if len(lines) < 2:
        return None
    git_directory, common, top = (os.path.realpath(root / line) for line in [*lines, ""][:3])
    return top, git_directory, common


def _git(directory: str, *words: str) -> str:
    """What git prints, also where it fails in the end; opencode reads it so."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", *words], cwd=directory, env=inherited | NO_SETTINGS, capture_output=True, text=True, check=False
    )
    return done.stdout if words[0] == "rev-parse" or not done.returncode else ""


def _kept(store: str) -> str | None:
    file = Path(store, "opencode")
    return (file.read_text().strip() or None) if file.is_file() else None


def _by_origin(url: str) -> str | None:
    if "://" in url:
        parts = urlsplit(url)
        host, name = (parts.hostname or "", parts.path) if parts.scheme != "file" else ("", "")
    else:
        scp = re.fullmatch(r"(?:[^@/:]+@)?([^/:]+):(.+)", url)
        host, name = scp.groups() if scp else ("", "")
    name = re.sub(r"\.git/?$", "", name.lstrip("/")).rstrip("/")
    return sha1(f"git-remote:{host.lower()}/{name}".encode()).hexdigest() if host and name else None
