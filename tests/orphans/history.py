"""A history to lose: repositories on a real disk, and the rows that opencode 1.18.34 leaves when it works in them."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.arguments import SearchRequest
from migrator.operations.context import CommandContext
from migrator.operations.orphans import find_homes
from migrator.orphans.find import find_reasons
from migrator.places import Places, ProjectIdScheme
from migrator.plugins import orphan_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import Place
    from migrator.orphans.home import Home as Found
    from tests.home import Home


class History:
    """`session` and `opened` write rows as opencode would at that moment; what is done to the disk comes after."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.src = home.src
        self._numbers = count(1)
        for table in ("part", "message", "session", "project_directory", "project"):
            home.execute(f"DELETE FROM {table}")

    def opened(self, directory: Path) -> Place:
        """Leave what opening a directory leaves: the project's row, or one more sandbox of it, and its checkout."""
        place = Places(ProjectIdScheme.ORIGIN_FIRST).find(str(directory))
        known = self.home.query("SELECT worktree, sandboxes FROM project WHERE id = ?", [place.project_id])
        if not known:
            self.home.execute(
                "INSERT INTO project (id, worktree, vcs, time_created, time_updated, sandboxes) "
                "VALUES (?, ?, ?, 1, 1, '[]')",
                [place.project_id, place.project_worktree, place.vcs],
            )
        elif place.worktree not in {"/", known[0][0]}:
            boxes = sorted({*json.loads(known[0][1]), place.worktree})
            kept = [box for box in boxes if Path(box).is_dir()]
            self.home.execute("UPDATE project SET sandboxes = ? WHERE id = ?", [json.dumps(kept), place.project_id])
        if place.worktree != "/":
            self.home.execute(
                "INSERT OR IGNORE INTO project_directory (project_id, directory, time_created) VALUES (?, ?, 1)",
                [place.project_id, place.worktree],
            )
        return place

    def session(self, directory: Path | str, parent: str | None = None, *, created: int = 1, **columns: str) -> str:
        """Leave a session made in a directory; `columns` say what else its row holds."""
        binding = self.opened(directory).binding._asdict() if not isinstance(directory, str) else {}
        id_ = f"ses_{next(self._numbers):04}"
        row = {"directory": str(directory), **binding, **columns}
        row |= {"id": id_, "parent_id": parent, "slug": id_, "title": id_, "version": "1.18.34"}
        row |= {"time_created": created, "time_updated": created}
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        self.home.execute(f"INSERT INTO session ({names}) VALUES ({marks})", list(row.values()))
        return id_

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


def belongs(found: Found) -> str | None:
    """The directory that a session belongs to, None where nobody knows."""
    return found.place.directory if found.place else None
