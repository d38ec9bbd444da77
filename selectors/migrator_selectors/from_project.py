"""`--from-project ID|NAME|PATH`: the sessions of a project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from migrator.errors import MigratorError
from migrator.model import GLOBAL
from migrator.paths import checkout_root
from migrator.selection import Clause, Selector, SelectorPlugin, completes
from migrator.selection.projects import find_project, is_path
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
        return Clause("project_id = ?", (self.project.id,))

    def match(self, session: Session) -> bool:
        return session.project_id == self.project.id

    def base(self, session: Session) -> str | None:
        """Return the root of the checkout that the session was in: a project may have several.

        Directories of "global" have no root in common.
        """
        if self.project.id == GLOBAL or not self.match(session):
            return None
        on_record = (self.project.worktree, *self.project.sandboxes)
        return checkout_root(session.directory, session.binding.path, on_record)


class FromProjectPlugin(SelectorPlugin):
    """`--from-project`."""

    kind = "from-project"

    def options(self) -> Sequence[click.Option]:
        return [
            click.Option(
                ["--from-project", "from_project"],
                multiple=True,
                shell_complete=completes("project"),
                metavar="ID|NAME|PATH",
                help="Sessions of the project with this id (or the beginning of it), with this name, or at this path; "
                "'shop-*' takes every project with such a name.",
            ),
        ]

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Return a selector per value.

        Raises NothingMatched if no project fits, MigratorError if several do, BadInput for "".
        """
        typed: Sequence[str] = values.get("from_project") or ()
        return [
            FromProject(option_text("--from-project", text), project)
            for text in typed
            for project in _find_projects(text, context)
        ]


def _find_projects(text: str, context: SelectorContext) -> Sequence[Project]:
    """Return the project that `text` means, or those with a name that it fits as a glob; first of all it is a name."""
    if not is_path(text) and {*"*?["} & {*text}:
        from wcmatch import fnmatch

        projects = [project for project in context.projects() if project.id != GLOBAL]
        if not any(text in {project.name, project.label} for project in projects):
            flags = fnmatch.BRACE | fnmatch.DOTMATCH | fnmatch.FORCEUNIX | fnmatch.CASE
            named = [project for project in projects if fnmatch.fnmatch(project.label, text, flags=flags)]
            if named:
                return named
    return [_find_project(text, context)]


def _find_project(text: str, context: SelectorContext) -> Project:
    project = find_project(text, context, "--from-project")
    if project.id == GLOBAL and is_path(text):
        # one directory must not select the sessions of all the others
        raise MigratorError(
            f"--from-project {text} names a directory that opencode has in the project {GLOBAL}, with others that it "
            f"has no project of their own for; select this one with --from-dir {text}, or all with "
            f"--from-project {GLOBAL}",
        )
    return project
