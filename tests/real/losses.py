"""Ways to lose a session, done with the real opencode, and the readers that don't see it where it belongs any more.

Each builder takes an opencode with an empty home and an empty directory, makes a session, sees that every reader finds
it, and loses it.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tests.real.fake_model import order
from tests.real.migrator_command import answer
from tests.real.opencode import HttpError
from tests.real.sessions import writes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.real.opencode import OpenCode


class Reader(StrEnum):
    """Who looks for a session, as they are told apart by what they ask for."""

    SESSION_LIST = "opencode session list"
    DIRECTORY_FILTER = "GET /session?directory= of the desktop app and the web"
    TERMINAL_UI = "GET /session?path= of the terminal UI"
    ROOTS = "GET /session?roots=true"
    BY_ID = "GET /session/ID"
    PROMPT = "a prompt that works in the directory"


LISTS = frozenset({Reader.SESSION_LIST, Reader.DIRECTORY_FILTER, Reader.TERMINAL_UI})
ALL = LISTS | {Reader.ROOTS, Reader.BY_ID, Reader.PROMPT}
CHILD = frozenset({Reader.DIRECTORY_FILTER, Reader.TERMINAL_UI, Reader.BY_ID, Reader.PROMPT})
"""Who sees a child; lists of roots don't."""


@dataclass(frozen=True)
class Loss:
    """A lost session: the rule that must find it, and who doesn't see it at `home`.

    `home` is where it belongs, `path` the same seen from the top of its checkout. `readers` are all who should see it
    there; `sees` tells whether one does.
    """

    opencode: OpenCode
    session: str
    rule: str
    home: Path
    hidden_from: frozenset[Reader]
    path: str = ""
    readers: frozenset[Reader] = ALL

    def sees(self, reader: Reader) -> bool:
        """Start opencode at the session's home and look."""
        return reader in seen_by(self.opencode, self.session, self.home, self.path, [reader])

    def seen_by(self) -> frozenset[Reader]:
        """Which of `readers` see it at its home now."""
        return seen_by(self.opencode, self.session, self.home, self.path, self.readers)


def seen_by(opencode: OpenCode, session: str, home: Path, path: str, readers: Iterable[Reader]) -> frozenset[Reader]:
    """Start opencode at `home` and return which of `readers` see the session there."""
    asked = frozenset(readers)
    found = {Reader.SESSION_LIST} if Reader.SESSION_LIST in asked and session in opencode.listed(home) else set()
    with opencode.serve(home):
        roots = opencode.call("GET", "/session", directory=home, roots="true")
        looks: dict[Reader, Callable[[], bool]] = {
            Reader.DIRECTORY_FILTER: lambda: session in opencode.listed_in(home),
            Reader.TERMINAL_UI: lambda: session in opencode.listed_under(home, path),
            Reader.ROOTS: lambda: session in {root["id"] for root in roots},
            Reader.BY_ID: lambda: _answers(opencode, session, home),
            Reader.PROMPT: lambda: _works_in(opencode, session, home),
        }
        return frozenset(found | {reader for reader, look in looks.items() if reader in asked and look()})


def found(opencode: OpenCode, cwd: Path) -> dict[str, dict[str, str]]:
    """For each orphan the rules that found it and how sure they are."""
    rows = answer(opencode, "orphans", cwd=cwd)
    return {row["id"]: {reason["rule"]: reason["certainty"] for reason in row["reasons"]} for row in rows}


def _answers(opencode: OpenCode, session: str, home: Path) -> bool:
    try:
        return bool(opencode.call("GET", f"/session/{session}", directory=home)["id"] == session)
    except HttpError:
        return False


def _works_in(opencode: OpenCode, session: str, home: Path) -> bool:
    mark = home / f"works-{session}.txt"
    mark.unlink(missing_ok=True)
    try:
        opencode.prompt(session, order("bash", command=f"pwd > {mark.name}", description="say where"), home)
    except HttpError:
        return False
    works = mark.exists() and mark.read_text() == f"{home}\n"
    mark.unlink(missing_ok=True)
    return works


# -- making sessions ---------------------------------------------------------------------------------------------------


def git(opencode: OpenCode, directory: Path, *arguments: str) -> str:
    command = ["git", "-c", "init.defaultBranch=main", *arguments]
    environment = opencode.environment(directory)
    done = subprocess.run(command, cwd=directory, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(opencode: OpenCode, directory: Path, *below: str) -> Path:
    directory.mkdir(parents=True)
    (directory / "README.md").write_text(f"{directory}\n")
    for name in below:
        (directory / name).mkdir(parents=True)
        (directory / name / "kept.txt").write_text("kept\n")
    git(opencode, directory, "init", "--quiet")
    git(opencode, directory, "add", "--all")
    git(opencode, directory, "commit", "--quiet", "--message", f"first in {directory}")
    return directory


def session_in(opencode: OpenCode, directory: Path, path: str = "") -> str:
    """A session that every reader sees, with turns that wrote files: in a repository their undo would touch them."""
    with opencode.serve(directory):
        session = opencode.new_session("lost and found", directory)
        opencode.prompt(session, writes("made.txt", "v1\n"), directory)
        opencode.prompt(session, writes("made.txt", "v2\n") + writes("also made.txt", "v1\n"), directory)
    assert seen_by(opencode, session, directory, path, ALL) == ALL
    return session


def change(opencode: OpenCode, sql: str, *values: str) -> None:
    """Change the database by hand, foreign keys off, as people do."""
    with closing(sqlite3.connect(opencode.database)) as database, database:
        assert database.execute(sql, values).rowcount


# -- directories -------------------------------------------------------------------------------------------------------


def renamed_repository(opencode: OpenCode, at: Path) -> Loss:
    old = repository(opencode, at / "old")
    session = session_in(opencode, old)
    old.rename(at / "new")
    hidden = frozenset({Reader.DIRECTORY_FILTER, Reader.PROMPT})  # the lists by project still have it
    return Loss(opencode, session, "missing-directory", at / "new", hidden | {Reader.ROOTS})


def renamed_folder(opencode: OpenCode, at: Path) -> Loss:
    (at / "old").mkdir()
    session = session_in(opencode, at / "old", str(at / "old")[1:])
    (at / "old").rename(at / "new")
    hidden = frozenset({Reader.DIRECTORY_FILTER, Reader.TERMINAL_UI, Reader.PROMPT, Reader.ROOTS})
    return Loss(opencode, session, "missing-directory", at / "new", hidden, str(at / "new")[1:])


def deleted_worktree(opencode: OpenCode, at: Path) -> Loss:
    main = repository(opencode, at / "main")
    git(opencode, main, "worktree", "add", "--quiet", "../linked")
    session = session_in(opencode, at / "linked")
    git(opencode, main, "worktree", "remove", "--force", "../linked")
    hidden = frozenset({Reader.DIRECTORY_FILTER, Reader.PROMPT, Reader.ROOTS})
    return Loss(opencode, session, "missing-directory", main, hidden)


def file_in_its_place(opencode: OpenCode, at: Path) -> Loss:
    old = repository(opencode, at / "old")
    session = session_in(opencode, old)
    old.rename(at / "new")
    old.write_text("")
    hidden = frozenset({Reader.DIRECTORY_FILTER, Reader.PROMPT, Reader.ROOTS, Reader.BY_ID})
    return Loss(opencode, session, "not-a-directory", at / "new", hidden)


def loop_of_links(opencode: OpenCode, at: Path) -> Loss:
    old = repository(opencode, at / "old")
    session = session_in(opencode, old)
    old.rename(at / "new")
    old.symlink_to(old.name)
    hidden = frozenset({Reader.DIRECTORY_FILTER, Reader.PROMPT, Reader.ROOTS, Reader.BY_ID})
    return Loss(opencode, session, "unreadable", at / "new", hidden)


# -- projects ----------------------------------------------------------------------------------------------------------


def origin_added_to_a_repository_without_its_kept_id(opencode: OpenCode, at: Path) -> Loss:
    shop = repository(opencode, at / "shop")
    session = session_in(opencode, shop)
    (shop / ".git" / "opencode").unlink()
    git(opencode, shop, "remote", "add", "origin", "https://example.com/acme/shop.git")
    return Loss(opencode, session, "project-drift", shop, LISTS | {Reader.ROOTS})


def gone_along_with_another_copy(opencode: OpenCode, at: Path) -> Loss:
    """An origin was added to one copy; opencode took the sessions of all copies along when it was started there."""
    shop = repository(opencode, at / "shop")
    session_in(opencode, shop)
    shutil.copytree(shop, at / "copy")
    session = session_in(opencode, at / "copy")
    git(opencode, shop, "remote", "add", "origin", "https://example.com/acme/shop.git")
    opencode.listed(shop)
    return Loss(opencode, session, "project-drift", at / "copy", LISTS | {Reader.ROOTS})


def history_rewritten_and_kept_id_lost(opencode: OpenCode, at: Path) -> Loss:
    shop = repository(opencode, at / "shop", "src")
    session = session_in(opencode, shop / "src", "src")
    git(opencode, shop, "commit", "--quiet", "--amend", "--message", "rewritten")
    (shop / ".git" / "opencode").unlink()
    return Loss(opencode, session, "project-drift", shop / "src", LISTS | {Reader.ROOTS}, "src")


def git_directory_deleted(opencode: OpenCode, at: Path) -> Loss:
    shop = repository(opencode, at / "shop")
    session = session_in(opencode, shop)
    shutil.rmtree(shop / ".git")
    return Loss(opencode, session, "project-drift", shop, LISTS | {Reader.ROOTS}, str(shop)[1:])


def repository_made_above(opencode: OpenCode, at: Path) -> Loss:
    """`git init` in a folder: the sessions in its sub-directories stay behind."""
    below = at / "notes" / "2026"
    below.mkdir(parents=True)
    session = session_in(opencode, below, str(below)[1:])
    git(opencode, at / "notes", "init", "--quiet")
    git(opencode, at / "notes", "commit", "--quiet", "--allow-empty", "--message", "first")
    return Loss(opencode, session, "global-claimed", below, LISTS | {Reader.ROOTS}, "2026")


def half_under_another_id(opencode: OpenCode, at: Path) -> Loss:
    """As the rewritten history, and work went on: one worktree, two projects."""
    loss = history_rewritten_and_kept_id_lost(opencode, at)
    session_in(opencode, at / "shop")
    return Loss(opencode, loss.session, "split-project", loss.home, loss.hidden_from, loss.path)


def project_row_gone(opencode: OpenCode, at: Path) -> Loss:
    shop = repository(opencode, at / "shop")
    session = session_in(opencode, shop)
    change(opencode, "UPDATE session SET project_id = 'feedface' WHERE id = ?", session)
    return Loss(opencode, session, "unknown-project", shop, LISTS | {Reader.ROOTS, Reader.PROMPT})


# -- the other columns -------------------------------------------------------------------------------------------------


def repository_without_a_commit_made_above(opencode: OpenCode, at: Path) -> Loss:
    """Its project stays global, and the path is seen from the new top."""
    below = at / "notes" / "2026"
    below.mkdir(parents=True)
    session = session_in(opencode, below, str(below)[1:])
    git(opencode, at / "notes", "init", "--quiet")
    return Loss(opencode, session, "stale-path", below, frozenset({Reader.TERMINAL_UI}), "2026")


def path_written_by_hand(opencode: OpenCode, at: Path) -> Loss:
    deep = repository(opencode, at / "shop", "src/deep") / "src" / "deep"
    session = session_in(opencode, deep, "src/deep")
    change(opencode, "UPDATE session SET path = '' WHERE id = ?", session)
    return Loss(opencode, session, "stale-path", deep, frozenset({Reader.TERMINAL_UI}), "src/deep")


def workspace_gone(opencode: OpenCode, at: Path) -> Loss:
    shop = repository(opencode, at / "shop")
    session = session_in(opencode, shop)
    change(opencode, "UPDATE session SET workspace_id = 'wrk_gone' WHERE id = ?", session)
    return Loss(opencode, session, "stale-workspace", shop, frozenset({Reader.BY_ID, Reader.PROMPT}))


def stored_through_a_link(opencode: OpenCode, at: Path) -> Loss:
    shop = repository(opencode, at / "shop")
    session = session_in(opencode, shop)
    (at / "link").symlink_to(shop)
    change(opencode, "UPDATE session SET directory = ? WHERE id = ?", str(at / "link"), session)
    return Loss(opencode, session, "symlinked-directory", shop, frozenset({Reader.DIRECTORY_FILTER, Reader.ROOTS}))


def stored_with_a_slash(opencode: OpenCode, at: Path) -> Loss:
    shop = repository(opencode, at / "shop")
    session = session_in(opencode, shop)
    change(opencode, "UPDATE session SET directory = ? WHERE id = ?", f"{shop}/", session)
    return Loss(opencode, session, "symlinked-directory", shop, frozenset({Reader.DIRECTORY_FILTER, Reader.ROOTS}))


# -- trees -------------------------------------------------------------------------------------------------------------


def left_behind_by_the_move_of_its_root(opencode: OpenCode, at: Path) -> Loss:
    """opencode's own move of a session takes no child along."""
    shop = repository(opencode, at / "shop")
    git(opencode, shop, "worktree", "add", "--quiet", "../linked")
    root = session_in(opencode, shop)
    with opencode.serve(shop):
        child = opencode.new_session("child", shop, parentID=root)
        body = {"sessionID": root, "destination": {"directory": str(at / "linked")}, "moveChanges": False}
        opencode.call("POST", "/experimental/control-plane/move-session", body, shop)
    hidden = frozenset({Reader.DIRECTORY_FILTER, Reader.PROMPT})
    return Loss(opencode, child, "broken-tree", at / "linked", hidden, readers=CHILD)


def parent_deleted_by_hand(opencode: OpenCode, at: Path) -> Loss:
    shop = repository(opencode, at / "shop")
    root = session_in(opencode, shop)
    with opencode.serve(shop):
        child = opencode.new_session("child", shop, parentID=root)
    change(opencode, "DELETE FROM session WHERE id = ?", root)
    return Loss(opencode, child, "broken-tree", shop, frozenset({Reader.SESSION_LIST, Reader.ROOTS}))


# -- JSON storage ------------------------------------------------------------------------------------------------------


def json_from_before_the_database(opencode: OpenCode, at: Path) -> Loss:
    """As 1.1.65 wrote it; the database was there first, so nobody imports it."""
    shop = repository(opencode, at / "shop")
    session_in(opencode, shop)
    project = git(opencode, shop, "rev-list", "--max-parents=0", "HEAD")
    storage = opencode.data / "storage"
    session = "ses_4a0000000ffeAAAAAAAAAAAAAA"
    time = {"created": 1_764_000_000_000, "updated": 1_764_000_000_000}
    documents = {
        f"project/{project}.json": {"id": project, "worktree": str(shop), "vcs": "git", "sandboxes": [], "time": time},
        f"session/{project}/{session}.json": {
            "id": session,
            "slug": "calm-otter",
            "version": "1.1.65",
            "projectID": project,
            "directory": str(shop),
            "title": "from long ago",
            "time": time,
        },
    }
    for name, document in documents.items():
        (storage / name).parent.mkdir(parents=True, exist_ok=True)
        (storage / name).write_text(json.dumps(document))
    return Loss(opencode, session, "left-behind-json", shop, ALL)


LOSSES: dict[str, Callable[[OpenCode, Path], Loss]] = {
    build.__name__.replace("_", "-"): build
    for build in (
        renamed_repository,
        renamed_folder,
        deleted_worktree,
        file_in_its_place,
        loop_of_links,
        origin_added_to_a_repository_without_its_kept_id,
        gone_along_with_another_copy,
        history_rewritten_and_kept_id_lost,
        git_directory_deleted,
        repository_made_above,
        half_under_another_id,
        project_row_gone,
        repository_without_a_commit_made_above,
        path_written_by_hand,
        workspace_gone,
        stored_through_a_link,
        stored_with_a_slash,
        left_behind_by_the_move_of_its_root,
        parent_deleted_by_hand,
        json_from_before_the_database,
    )
}
