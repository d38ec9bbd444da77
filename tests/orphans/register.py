"""A database to which sessions are added as opencode would bind them today, unless a test says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migrator.operations.context import CommandContext
from migrator.orphans.find import find_reasons
from migrator.plugins import orphan_rules

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.model import Reason
    from tests.home import Home


@dataclass
class Register:
    """`home` has no session but those that are added; `at` is where tests make directories.

    In a database of opencode 2 they are added as its own.
    """

    home: Home
    at: Path

    def __post_init__(self) -> None:
        listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('kv', 'migration')"
        for (table,) in self.home.query(listed):
            self.home.execute(f'DELETE FROM "{table}"')
        self.table = "session_v2" if self.columns("session_v2") else "session"

    def columns(self, table: str) -> set[str]:
        return {name for (name,) in self.home.query("SELECT name FROM pragma_table_info(?)", (table,))}

    def add(self, id_: str, where: Path | str, **columns: Any) -> str:
        """Add a session in a directory that is there; `columns` replace what opencode would write."""
        with CommandContext(self.home.database) as context:
            place = context.places.find(str(where))
        has = self.columns(self.table)
        row = {"project_id": place.project_id, "directory": place.directory, "path": place.path} | columns
        self.add_project(place.project_id, place.project_worktree, place.vcs)
        return self.add_row(id_, **{key: value for key, value in row.items() if key in has})

    def add_row(self, id_: str, *, table: str | None = None, **columns: Any) -> str:
        """Add a session with exactly these columns, the unremarkable ones filled in."""
        table = table or self.table
        row = {"id": id_, "title": f"Title of {id_}", "slug": "calm-otter", "version": "1.18.34"} | columns
        number = len(self.home.query(f"SELECT id FROM {table}"))
        row = {"time_created": 1_760_000_000_000 + number, "time_updated": 1_760_000_000_000 + number} | row
        marks = ", ".join("?" * len(row))
        self.home.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
        return id_

    def add_project(self, id_: str, worktree: Path | str, vcs: str | None = None) -> None:
        """Add a project row, unless there is one."""
        self.home.execute(
            "INSERT OR IGNORE INTO project (id, worktree, vcs, time_created, time_updated, sandboxes) "
            "VALUES (?, ?, ?, 1, 1, '[]')",
            (id_, str(worktree), vcs),
        )

    def opened(self, directory: Path) -> None:
        """Leave what opencode 2 leaves at its first start in a directory: it takes nothing over there any more."""
        with CommandContext(self.home.database) as context:
            place = context.places.find(str(directory))
        self.add_project(place.project_id, place.project_worktree, place.vcs)
        self.home.execute(
            "INSERT INTO worktree (project_id, directory, time_created) VALUES (?, ?, 1)",
            (place.project_id, place.worktree),
        )

    def add_workspace(self, id_: str, directory: Path | None) -> None:
        """Add a workspace row, of a project of its own."""
        self.add_project("of the workspace", "/nowhere")
        row: dict[str, Any] = {
            "id": id_,
            "type": "worktree",
            "name": id_,
            "project_id": "of the workspace",
            "time_used": 1,
        }
        row["directory"] = None if directory is None else str(directory)
        has = {name for (name,) in self.home.query("SELECT name FROM pragma_table_info('workspace')")}
        known = {key: value for key, value in row.items() if key in has}
        if "provider" in has:
            known |= {"provider": "somewhere", "created_at": 1, "last_used_at": 1}
        marks = ", ".join("?" * len(known))
        self.home.execute(f"INSERT INTO workspace ({', '.join(known)}) VALUES ({marks})", list(known.values()))

    def found(self) -> dict[str, dict[str, Reason]]:
        """What the rules say of each lost session, by its id and the rule's name."""
        with CommandContext(self.home.database) as context:
            lost = find_reasons(context.rule_context, orphan_rules())
            assert all(len({reason.rule for reason in why}) == len(why) for _, why in lost.values())
            return {id_: {reason.rule: reason for reason in why} for id_, (_, why) in lost.items()}

    def names(self) -> dict[str, list[str]]:
        """The names of the rules that found each lost session, in alphabetical order."""
        return {id_: sorted(why) for id_, why in self.found().items()}

    def acquittals(self, id_: str) -> dict[str, str]:
        """What each rule that doesn't find this session says of it."""
        with CommandContext(self.home.database) as context:
            session = context.rule_context.by_id[id_]
            lost = find_reasons(context.rule_context, orphan_rules()).get(id_)
            guilty = {reason.rule for reason in lost[1]} if lost else set()
            return {
                rule.name: rule.explain_pass(context.rule_context, session)
                for rule in orphan_rules()
                if rule.name not in guilty
            }
