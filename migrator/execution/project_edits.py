"""Project rows that move along: written in one transaction, the run's first, and compare-and-set value by value.

Like a chunk, they aren't noted down as done: after a crash each value says on which side of the commit it is.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from migrator.errors import StalePlan
from migrator.model import DirectoryChange, ProjectChange, ProjectPaths, Row, WorkspaceChange
from migrator.store.project_rows import ProjectRows, project_rows
from migrator.store.reader import DIRECTORIES
from migrator.store.writer import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.store.reader import Store
    from migrator.store.writer import Writer


class _Is(Enum):
    """How a value is, held against an update of it."""

    BEFORE = "before"
    AFTER = "after"
    OTHER = "other"


class _Standing(NamedTuple):
    """Every value that an update changes, and how it is; `now` None: the project was deleted."""

    update: ProjectChange
    now: ProjectRows | None
    columns: dict[str, _Is]
    directories: list[tuple[DirectoryChange, _Is]]
    workspaces: list[tuple[WorkspaceChange, _Is]]

    def named(self, how: _Is) -> list[str]:
        """Name the values that are like this, for people."""
        names = [column for column, is_ in self.columns.items() if is_ is how]
        names += [f"directory {_directory(change)}" for change, is_ in self.directories if is_ is how]
        names += [f"workspace {workspace.id}" for workspace, is_ in self.workspaces if is_ is how]
        return names

    def was_written(self) -> bool:
        """Tell whether the update was written, wholly or not; rows that only went may have gone by themselves."""
        sides = [*self.columns.values(), *(is_ for change, is_ in self.directories if change.after)]
        sides += [is_ for _, is_ in self.workspaces]
        return _Is.AFTER in (sides or [is_ for _, is_ in self.directories])


def changed_projects(store: Store, updates: Sequence[ProjectChange]) -> dict[str, str]:
    """Map each project whose rows are no longer what an update was planned for to what changed, in words."""
    return {
        standing.update.id: _changed(standing)
        for standing in _standings(store, updates)
        if standing.now is None or standing.named(_Is.OTHER) or standing.named(_Is.AFTER)
    }


def blocking_projects(store: Store, updates: Sequence[ProjectChange]) -> dict[str, str]:
    """Return the same for a run that was cut off: what it has written is as it should be, or somebody's business."""
    return {
        standing.update.id: _changed(standing)
        for standing in _standings(store, updates)
        if standing.now is None
        or (standing.named(_Is.OTHER) and (standing.named(_Is.BEFORE) or not standing.was_written()))
    }


def unwritten_updates(store: Store, updates: Sequence[ProjectChange]) -> list[ProjectChange]:
    """Return what is left to write of these updates."""
    return [change for standing in _standings(store, updates) if (change := _limited(standing, _Is.BEFORE))]


def inverted_updates(store: Store, updates: Sequence[ProjectChange]) -> tuple[list[ProjectChange], list[str]]:
    """Return the updates that take these back, and in words what has changed since and so stays as it is.

    opencode keeps the lists of a project's directories up to date on its own, so that one of them has changed is
    nothing unusual.
    """
    back, kept = [], []
    for standing in _standings(store, updates):
        if standing.was_written():
            kept += [f"{name} of project {standing.update.id}" for name in standing.named(_Is.OTHER)]
            if change := _limited(standing, _Is.AFTER):
                back.append(change)
    return back, kept


def write_updates(writer: Writer, updates: Sequence[ProjectChange]) -> None:
    """Write updates, inside a transaction. Raises StalePlan where a row isn't what it has to be."""
    for update in updates:
        edits = list(_edits(update))
        gone = [row for row, _ in update.directories if row]
        come = [row for _, row in update.directories if row]
        done = writer.edit(edits)
        done += sum(writer.remove_row(DIRECTORIES, row) for row in gone)  # all of them first: two may swap
        done += sum(writer.insert_row(DIRECTORIES, row) for row in come)
        if done != len(edits) + len(gone) + len(come):
            raise StalePlan(f"Project {update.id} changed while the run was writing; everything was rolled back.")


def _standings(store: Store, updates: Sequence[ProjectChange]) -> list[_Standing]:
    rows = project_rows(store, [update.id for update in updates]) if updates else {}
    return [_standing(update, rows.get(update.id)) for update in updates]


def _standing(update: ProjectChange, now: ProjectRows | None) -> _Standing:
    before, after = _sides(update)
    if now is None:
        return _Standing(update, None, {}, [], [])
    columns = {
        column: _how(current, old, new)
        for column, current, old, new in zip(before._fields, now.paths, before, after, strict=True)
        if old != new
    }
    workspaces = dict(now.workspaces)
    return _Standing(
        update,
        now,
        columns,
        [(change, _row_is(change, update, now)) for change in update.directories],
        [(change, _how(workspaces.get(change.id), change.before, change.after)) for change in update.workspaces],
    )


def _how(current: str | None, before: str, after: str) -> _Is:
    return _Is.BEFORE if current == before else _Is.AFTER if current == after else _Is.OTHER


def _row_is(change: DirectoryChange, update: ProjectChange, now: ProjectRows) -> _Is:
    """Hold a row against its change; where two rows swap, each one's place is taken by the other."""
    leaving = {before for before, _ in update.directories}
    coming = {after for _, after in update.directories}
    strangers = {_place(row) for row in now.directories if row not in leaving | coming}

    def changed(old: Row | None, new: Row | None, arriving: set[Row | None]) -> bool:
        """Tell whether `new` has taken the place of `old`."""
        gone = old is None or old not in now.directories or old in arriving
        return gone and (new is None or new in now.directories)

    before, after = change
    if changed(after, before, leaving):
        return _Is.BEFORE if after is None or _place(after) not in strangers else _Is.OTHER
    if changed(before, after, coming):
        return _Is.AFTER if before is None or _place(before) not in strangers else _Is.OTHER
    return _Is.OTHER


def _limited(standing: _Standing, side: _Is) -> ProjectChange | None:
    """Return the update of just those values that are on this side, to the other one; None where there is none."""
    update, now = standing.update, standing.now
    if now is None:
        return None
    target = _sides(update)[0 if side is _Is.AFTER else 1]
    paths = ProjectPaths(
        *(
            new if standing.columns.get(column) is side else current
            for column, current, new in zip(now.paths._fields, now.paths, target, strict=True)
        )
    )
    directories = [change for change, is_ in standing.directories if is_ is side]
    workspaces = [change for change, is_ in standing.workspaces if is_ is side]
    if side is _Is.AFTER:
        directories = [DirectoryChange(after, before) for before, after in directories]
        workspaces = [WorkspaceChange(id_, after, before) for id_, before, after in workspaces]
    if paths == now.paths and not directories and not workspaces:
        return None
    return replace(
        update,
        worktree=paths.worktree,
        before=now.paths,
        after=paths,
        directories=tuple(directories),
        workspaces=tuple(workspaces),
    )


def _changed(standing: _Standing) -> str:
    if standing.now is None:
        return "was deleted"
    return f"has another {' and '.join(standing.named(_Is.OTHER) + standing.named(_Is.AFTER))} now"


def _edits(update: ProjectChange) -> Iterator[Edit]:
    before, after = _sides(update)
    for column, old, new in zip(before._fields, before, after, strict=True):
        if old != new:
            yield Edit("project", column, update.id, update.id, old, new)
    for id_, old, new in update.workspaces:
        yield Edit("workspace", "directory", id_, update.id, old, new)


def _sides(update: ProjectChange) -> tuple[ProjectPaths, ProjectPaths]:
    assert update.before is not None  # noqa: S101 - for the type checker: an update has both sides
    assert update.after is not None  # noqa: S101 - as above
    return update.before, update.after


def _directory(change: DirectoryChange) -> str:
    return _place(change.before or change.after or ())


def _place(row: Row) -> str:
    return str(dict(row).get("directory"))
