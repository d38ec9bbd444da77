"""Repositories on a real disk, and the rows that opencode leaves when it works in them."""

from __future__ import annotations

import json
import shutil
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.arguments import SearchRequest
from migrator.operations.context import CommandContext
from migrator.operations.orphans import find_homes
from migrator.orphans.find import find_reasons
from migrator.places import Places, ProjectIdScheme
from migrator.plugins import orphan_rules
from tests.support.git import copy_of, git, repository
from tests.support.rows import add_directory, add_project, add_session, session_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import Place
    from migrator.orphans.home import Home as Found
    from tests.support.home import Home


class History:
    """`session` and `opened` leave what opencode would at that moment; what is done to the disk comes after.

    Every moment is later than the one before.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self.src = home.src
        self._identity = ProjectIdScheme.ORIGIN_FIRST if session_table(home) == "session" else ProjectIdScheme.V2
        self._numbers = count(1)
        self._now = count(1)
        home.empty()

    def opened(self, directory: Path) -> Place:
        """Leave what opening a directory leaves: the project's row, or one more sandbox of it, and its checkout."""
        place = Places(self._identity).find(str(directory))
        add_project(self.home, place.project_id, place.project_worktree, vcs=place.vcs)
        if place.worktree != "/":
            self._checkout(place.project_id, place.worktree)
        if place.vcs == "git" and place.project_id != "global" and self._identity is ProjectIdScheme.ORIGIN_FIRST:
            common = git(Path(place.worktree), "rev-parse", "--path-format=absolute", "--git-common-dir")
            Path(common, "opencode").write_text(place.project_id)
        return place

    def _checkout(self, project: str, worktree: str) -> None:
        ((first, sandboxes),) = self.home.query("SELECT worktree, sandboxes FROM project WHERE id = ?", [project])
        if worktree != first:
            boxes = [box for box in sorted({*json.loads(sandboxes), worktree}) if Path(box).is_dir()]
            self.home.execute("UPDATE project SET sandboxes = ? WHERE id = ?", [json.dumps(boxes), project])
        if self.home.columns("project_directory"):
            add_directory(self.home, project, worktree, time_created=next(self._now))

    def session(
        self, directory: Path | str, parent: str | None = None, *, created: int | None = None, **columns: Any
    ) -> str:
        """Leave a session made in a directory, which is there unless it is a string; return its id.

        `columns` replace what opencode would write.
        """
        binding = self.opened(directory).binding._asdict() if not isinstance(directory, str) else {}
        now = next(self._now) if created is None else created
        row = {"directory": str(directory), "parent_id": parent, "time_created": now, "time_updated": now}
        return add_session(self.home, f"ses_{next(self._numbers):04}", **(row | binding | columns))

    def binding(self, session: str) -> tuple[str, str, str, str | None]:
        """Project, directory, path and workspace of a session, as stored."""
        columns = "project_id, directory, path, workspace_id"
        ((*bound,),) = self.home.query(f"SELECT {columns} FROM session WHERE id = ?", [session])
        return bound[0], bound[1], bound[2], bound[3]

    def lost(self) -> set[str]:
        """The sessions that any rule finds."""
        with CommandContext(self.home.database) as context:
            return set(find_reasons(context.rule_context, orphan_rules()))

    def found(self, session: str, search: Sequence[Path] = (), depth: int | None = None) -> Found:
        """Where a session belongs that is lost for whatever reason."""
        with CommandContext(self.home.database) as context:
            lost = find_reasons(context.rule_context, orphan_rules())
            assert session in lost, "it isn't lost"
            row, why = lost[session]
            return find_homes(context, SearchRequest([str(top) for top in search], depth)).home(row, why)


def directory_of(found: Found) -> str | None:
    """The directory that a session belongs to, None where nobody knows."""
    return found.place.directory if found.place else None


def two_with_a_home(history: History) -> None:
    """Two sessions that are certain to belong where they are, to a project with another id than theirs."""
    for name in ("one", "two"):
        history.session(repository(history.src / name))
        git(history.src / name, "remote", "add", "origin", f"https://example.com/acme/{name}.git")


def one_with_two_homes(history: History) -> None:
    """A session of src/shop, which is gone: it may belong to src/store or to src/shop-review."""
    shop = repository(history.src / "shop")
    history.session(shop)
    for name in ("store", "shop-review"):
        history.opened(copy_of(shop, history.src / name))
    shutil.rmtree(shop)
