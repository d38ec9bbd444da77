"""`--from-project ID|NAME|PATH`: the sessions of a project."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from migrator.errors import BadInput, MigratorError, NothingMatched
from migrator.places.checkout import GLOBAL
from migrator.selection import Clause, Selector, SelectorPlugin
from migrator_selectors._text import option_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import Project, Session
    from migrator.selection import SelectorContext


@dataclass(frozen=True)
class FromProject(Selector):
    """The sessions bound to `project`."""

    as_typed: str
    project: Project

    def clause(self) -> Clause:
        """Return the id."""
        return Clause("project_id = ?", (self.project.id,))

    def match(self, session: Session) -> bool:
        """Match the id."""
        return session.project_id == self.project.id

    def base(self, session: Session) -> str | None:
        """Return the root of the checkout that the session was in: a project may have several.

        The row's own `path` says how far below the root it was. Older rows have none; then it is the worktree or
        sandbox of the project that the directory is in. Directories of "global" have no root in common.
        """
        if self.project.id == GLOBAL or not self.match(session):
            return None
        directory, path = session.directory, session.binding.path
        if path == "":
            return directory
        if path is not None and directory.endswith("/" + path):
            return directory[: -len(path) - 1] or "/"
        roots = (root.rstrip("/") for root in (self.project.worktree, *self.project.sandboxes))
        return max((root or "/" for root in roots if (directory + "/").startswith(root + "/")), key=len, default=None)


class FromProjectPlugin(SelectorPlugin):
    """`--from-project`."""

    kind = "from-project"

    def options(self) -> Sequence[click.Option]:
        """Return the option; its values arrive as `from_project`."""
        return [
            click.Option(
                ["--from-project", "from_project"],
                multiple=True,
                metavar="ID|NAME|PATH",
                help="Sessions of the project with this id (or the beginning of it), with this name, or at this path.",
            ),
        ]

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Return a selector per value.

        Raises NothingMatched where no project fits, MigratorError where several do, BadInput for "".
        """
        typed: Sequence[str] = values.get("from_project") or ()
        return [FromProject(option_text("--from-project", text), _chosen(text, context)) for text in typed]


def _chosen(text: str, context: SelectorContext) -> Project:
    project = find_project(text, context, "--from-project")
    if project.id == GLOBAL and _is_path(text):
        # who names one directory must not get the sessions of all that have nothing but this in common
        raise MigratorError(
            f"--from-project {text}: this is in no repository, and opencode keeps all such directories in one project; "
            f"select this one with --from-dir {text}, or all of them with --from-project {GLOBAL}",
        )
    return project


def find_project(text: str, context: SelectorContext, option: str) -> Project:
    """Return the project that `text` means: an exact id, else the beginning of one or a name, else a path.

    A path contains a slash or starts with `.` or `~`. Raises as FromProjectPlugin.build does, naming `option`.
    """
    if not text:
        raise BadInput(f"{option} is empty; give the id, the name or the path of a project")
    projects = context.projects()
    fitting = [project for project in projects if project.id == text]
    fitting = fitting or [
        project for project in projects if project.id.startswith(text) or text in {project.name, project.label}
    ]
    if not fitting and _is_path(text):
        fitting = _at_path(text, projects, context)
    if len(fitting) > 1:
        names = "; ".join(f"{project.id} ({project.label}, {project.worktree})" for project in fitting)
        raise MigratorError(f"{option} {text}: several projects fit, give the id of one: {names}")
    if not fitting:
        raise NothingMatched(
            f"{option} {text}: no project has this id, name or path; `opencode-migrator projects` lists them"
        )
    return fitting[0]


def _is_path(text: str) -> bool:
    return "/" in text or text.startswith((".", "~"))


def _at_path(text: str, projects: Sequence[Project], context: SelectorContext) -> list[Project]:
    """Return the projects that live at this path; where none does, the one that opencode would open there."""
    beginning, slash, rest = text.partition("/")
    path = context.home + slash + rest if beginning == "~" else text
    written = os.path.normpath(path if path.startswith("/") else f"{context.cwd}/{path}")
    real = os.path.realpath(written)
    fitting = [project for project in projects if {written, real} & {project.worktree, *project.sandboxes}]
    if fitting or not (place := context.place(real)):
        return fitting
    return [project for project in projects if project.id == place.project_id]
