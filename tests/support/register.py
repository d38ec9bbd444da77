"""A database to which sessions are added as opencode would bind them today, unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migrator.operations.context import CommandContext
from migrator.orphans.find import find_reasons
from migrator.plugins import orphan_rules
from tests.support.rows import add_project, add_session, add_workspace, session_table

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.model import Place, Reason
    from tests.support.home import Home


@dataclass
class Register:
    """`home` has no session but those that are added; `at` is where tests make directories.

    In a database of opencode 2 they are added as its own.
    """

    home: Home
    at: Path

    def __post_init__(self) -> None:
        self.home.empty()
        self.table = session_table(self.home)

    def add(self, id_: str, where: Path | str, **columns: Any) -> str:
        """Add a session in a directory that is there; `columns` replace what opencode would write."""
        place = self._place(where)
        has = self.home.columns(self.table)
        row = {"project_id": place.project_id, "directory": place.directory, "path": place.path} | columns
        self.add_project(place.project_id, place.project_worktree, place.vcs)
        return self.add_row(id_, **{key: value for key, value in row.items() if key in has})

    def add_row(self, id_: str, *, table: str | None = None, **columns: Any) -> str:
        """Add a session with exactly these columns, the unremarkable ones filled in."""
        return add_session(self.home, id_, table=table, **({"title": f"Title of {id_}"} | columns))

    def add_project(self, id_: str, worktree: Path | str, vcs: str | None = None) -> None:
        """Add a project row, unless there is one."""
        add_project(self.home, id_, worktree, vcs=vcs)

    def opened(self, directory: Path) -> None:
        """Leave what opencode 2 leaves at its first start in a directory: it takes nothing over there any more.

        Outside any repository it never does, and leaves a project alone.
        """
        place = self._place(directory)
        self.add_project(place.project_id, place.project_worktree, place.vcs)
        for top in dict.fromkeys((place.project_worktree, place.worktree) if place.vcs else ()):
            row = {"project_id": place.project_id, "directory": top, "time_created": 1}
            self.home.insert("worktree", row, unless_there=True)

    def add_workspace(self, id_: str, directory: Path | None) -> None:
        """Add a workspace row, of a project of its own."""
        self.add_project("of the workspace", "/nowhere")
        add_workspace(self.home, id_, directory, "of the workspace")

    def _place(self, directory: Path | str) -> Place:
        with CommandContext(self.home.database) as context:
            return context.places.find(str(directory))

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


MakeRegister = Callable[[str], Register]
"""Makes an empty register with the schema of a fixture."""
