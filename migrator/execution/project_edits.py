"""Write the project rows that change with a move: in the run's first transaction, compare-and-set value by value.

As with a chunk, nothing records that they are done: after a crash each value tells on which side of the commit it is.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from migrator.errors import StalePlan
from migrator.execution.journal_rows import ProjectEdit
from migrator.model import (
    GLOBAL,
    REGISTER_GLOBAL,
    DirectoryChange,
    ProjectAction,
    ProjectChange,
    ProjectPaths,
    Row,
    WorkspaceChange,
)
from migrator.state_dir import now_ms
from migrator.store.sql import DIRECTORIES
from migrator.store.writer import Edit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import Plan
    from migrator.store.project_rows import ProjectRows
    from migrator.store.reader import Store
    from migrator.store.writer import Writer


class Side(Enum):
    """On which side of a commit a value or a chunk is; OTHER if it holds something else than before and after."""

    BEFORE = "before"
    AFTER = "after"
    OTHER = "other"


Value = str | DirectoryChange | WorkspaceChange
"""A value that an update changes: a column of the project row, or a row that belongs to the project."""


class UpdateState(NamedTuple):
    """On which side each value of an update is; `now` is None if the project was deleted."""

    update: ProjectChange
    now: ProjectRows | None
    sides: dict[Value, Side]

    def names_on(self, side: Side) -> list[str]:
        """Name the values on this side, for people."""
        return [_name(value) for value, its_side in self.sides.items() if its_side is side]

    def was_written(self) -> bool:
        """Tell whether at least some of the update was written.

        Deleted rows prove it only if nothing else changes: opencode may have deleted them itself.
        """
        kept = [side for value, side in self.sides.items() if not isinstance(value, DirectoryChange) or value.after]
        return Side.AFTER in (kept or self.sides.values())


def registrations(store: Store, plan: Plan) -> tuple[ProjectEdit, ...]:
    """Return the project rows that a plan needs and that aren't there, as they are registered now."""
    now = now_ms()
    registered = (project for project in plan.projects if project.action is ProjectAction.REGISTER)
    needed = [REGISTER_GLOBAL if project.id == GLOBAL else project for project in registered]
    if plan.dialect == "v1+v2" and not store.values("project", "id", [GLOBAL]):  # for rows of opencode 1
        needed.append(REGISTER_GLOBAL)
    return tuple(ProjectEdit(project, True, now) for project in dict.fromkeys(needed))


def changed_projects(store: Store, updates: Sequence[ProjectChange]) -> dict[str, str]:
    """Map each project whose rows changed since these updates were planned to what changed, in words."""
    return {
        state.update.id: _changed(state)
        for state in _states(store, updates)
        if state.now is None or state.names_on(Side.OTHER) or state.names_on(Side.AFTER)
    }


def blocking_projects(store: Store, updates: Sequence[ProjectChange]) -> dict[str, str]:
    """Describe, by project, the changes that prevent resuming a run.

    Values that the run has written already, or that were changed after that, don't prevent it.
    """
    return {
        state.update.id: _changed(state)
        for state in _states(store, updates)
        if state.now is None
        or (state.names_on(Side.OTHER) and (state.names_on(Side.BEFORE) or not state.was_written()))
    }


def unwritten_updates(store: Store, updates: Sequence[ProjectChange]) -> list[ProjectChange]:
    """Return the part of these updates that isn't written yet."""
    return [change for state in _states(store, updates) if (change := _only_side(state, Side.BEFORE))]


def inverted_updates(store: Store, updates: Sequence[ProjectChange]) -> tuple[list[ProjectChange], list[str]]:
    """Return the updates that take these back, and in words what changed since and so stays as it is.

    That happens: opencode keeps the lists of a project's directories up to date on its own.
    """
    inverted, changed = [], []
    for state in _states(store, updates):
        if state.was_written():
            changed += [f"{name} of project {state.update.id}" for name in state.names_on(Side.OTHER)]
            if update := _only_side(state, Side.AFTER):
                inverted.append(update)
    return inverted, changed


def write_updates(writer: Writer, updates: Sequence[ProjectChange]) -> None:
    """Write updates, inside a transaction. Raises StalePlan if a row isn't what it should be before."""
    for update in updates:
        edits = column_edits(update)
        removed = [row for row, _ in update.directories if row]
        inserted = [row for _, row in update.directories if row]
        written = writer.edit(edits)
        written += sum(writer.remove_row(DIRECTORIES, row) for row in removed)  # all of them first: two may swap
        written += sum(writer.insert_row(DIRECTORIES, row) for row in inserted)
        if written != len(edits) + len(removed) + len(inserted):
            raise StalePlan(f"Project {update.id} changed while the run was writing.")


def column_edits(update: ProjectChange) -> list[Edit]:
    """Return the edits of single values that an update makes: all but the rows of the project's directories."""
    edits = [Edit("project", name, update.id, update.id, old, new) for name, old, new in _changed_columns(update)]
    return edits + [Edit("workspace", "directory", id_, update.id, old, new) for id_, old, new in update.workspaces]


def _states(store: Store, updates: Sequence[ProjectChange]) -> list[UpdateState]:
    rows = store.project_rows([update.id for update in updates]) if updates else {}
    return [_state(update, rows.get(update.id)) for update in updates]


def _state(update: ProjectChange, now: ProjectRows | None) -> UpdateState:
    sides: dict[Value, Side] = {}
    if now is not None:
        for column, old, new in _changed_columns(update):
            sides[column] = _side_of(getattr(now.paths, column), old, new)
        for row in update.directories:
            sides[row] = _side_of_row(row, update, now)
        workspaces = dict(now.workspaces)
        for workspace in update.workspaces:
            sides[workspace] = _side_of(workspaces.get(workspace.id), workspace.before, workspace.after)
    return UpdateState(update, now, sides)


def _side_of(current: str | None, before: str, after: str) -> Side:
    return Side.BEFORE if current == before else Side.AFTER if current == after else Side.OTHER


def _side_of_row(change: DirectoryChange, update: ProjectChange, now: ProjectRows) -> Side:
    """Tell on which side a row is. If two rows swap directories, each one's place is taken by the other."""
    removed = {before for before, _ in update.directories}
    inserted = {after for _, after in update.directories}
    taken_by_others = {_directory(row) for row in now.directories if row not in removed | inserted}

    def replaced(old: Row | None, new: Row | None, written: set[Row | None]) -> bool:
        """Tell whether `new` is there instead of `old`, whose directory no other row has taken."""
        is_gone = old is None or old not in now.directories or old in written
        is_free = old is None or _directory(old) not in taken_by_others
        return is_gone and is_free and (new is None or new in now.directories)

    if replaced(change.after, change.before, removed):
        return Side.BEFORE
    return Side.AFTER if replaced(change.before, change.after, inserted) else Side.OTHER


def _only_side(state: UpdateState, side: Side) -> ProjectChange | None:
    """Return the update that brings the values on this side to the other one; None if there are none."""
    update, now = state.update, state.now
    if now is None:
        return None
    columns = [(column, old, new) for column, old, new in _changed_columns(update) if state.sides[column] is side]
    directories = [change for change in update.directories if state.sides[change] is side]
    workspaces = [change for change in update.workspaces if state.sides[change] is side]
    if side is Side.AFTER:
        columns = [(column, after, before) for column, before, after in columns]
        directories = [DirectoryChange(after, before) for before, after in directories]
        workspaces = [WorkspaceChange(id_, after, before) for id_, before, after in workspaces]
    if not (columns or directories or workspaces):
        return None
    paths = now.paths._replace(**{column: new for column, _, new in columns})
    return replace(
        update,
        worktree=paths.worktree,
        before=now.paths,
        after=paths,
        directories=tuple(directories),
        workspaces=tuple(workspaces),
    )


def _changed(state: UpdateState) -> str:
    if state.now is None:
        return "was deleted"
    return f"has another {' and '.join(state.names_on(Side.OTHER) + state.names_on(Side.AFTER))} now"


def _changed_columns(update: ProjectChange) -> list[tuple[str, str, str]]:
    """Return (column, before, after) of the columns of the project row that change."""
    assert update.before is not None  # noqa: S101 - for the type checker: an update has both sides
    assert update.after is not None  # noqa: S101 - as above
    columns = zip(ProjectPaths._fields, update.before, update.after, strict=True)
    return [(column, old, new) for column, old, new in columns if old != new]


def _name(value: Value) -> str:
    if isinstance(value, DirectoryChange):
        return f"directory {_directory(value.before or value.after or ())}"
    return f"workspace {value.id}" if isinstance(value, WorkspaceChange) else value


def _directory(row: Row) -> str:
    return str(dict(row).get("directory"))
