"""Which project a person means by an id, a name or a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import BadInput, MigratorError, NothingMatched
from migrator.paths import comparable, expand_home, in_full, is_windows, same_name
from migrator.text import did_you_mean, first_few, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import Project
    from migrator.selection.contract import SelectorContext

_NAMED = 10
"""How many projects an error names that one text may mean."""


def find_project(text: str, context: SelectorContext, option: str) -> Project:
    """Return the project that `text` means: an exact id, else the beginning of one or a name, else a path.

    Raises NothingMatched if no project fits, MigratorError if several do, BadInput for "", naming `option`.
    """
    if not text:
        raise BadInput(f"An empty {option} names no project; give the id, the name or the path of one.")
    projects = context.projects()
    fitting = [project for project in projects if project.id == text]
    fitting = fitting or [
        project
        for project in projects
        if project.id.startswith(text) or same_name(text, project.name or "") or same_name(text, project.label)
    ]
    if not fitting and is_path(text):
        fitting = _at_path(text, projects, context)
    if len(fitting) > 1:
        named = first_few([f"{each.id} ({each.label}, {each.worktree})" for each in fitting], _NAMED)
        raise MigratorError(f"Several projects fit {option} {text}, give the id of one: {named}.")
    if not fitting:
        known = {name: project for project in projects for name in (project.id, project.name, project.label) if name}
        near = {project.id: project.label for project in (known[name] for name in nearest(text, known))}
        raise NothingMatched(
            f"No project has the id, name or path {text} ({option}).{did_you_mean([*near.values()])} "
            "`opencode-migrator projects` lists them all."
        )
    return fitting[0]


def is_path(text: str) -> bool:
    """Tell whether a text that means a project is a path: it contains a slash, or starts with `.` or `~`."""
    return "/" in text or is_windows(text) or text.startswith((".", "~"))


def _at_path(text: str, projects: Sequence[Project], context: SelectorContext) -> list[Project]:
    """Return the projects that have this path, or else the one that opencode would open there."""
    from migrator.places.small_files import real_path

    path = expand_home(text, context.home)
    written = in_full(path, context.cwd)
    real = real_path(written)
    meanings = (written, real, in_full(path, context.cwd, shares=True))
    for form in (str, comparable):  # of two directories with one name in two forms, the one that was typed
        meant = {*map(form, meanings)}
        fitting = [p for p in projects if meant & {form(path) for path in (p.worktree, *p.sandboxes)}]
        if fitting:
            return fitting
    if not (place := context.place(real)):
        return []
    return [project for project in projects if project.id == place.project_id]
