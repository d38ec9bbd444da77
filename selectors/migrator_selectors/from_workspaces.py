"""`--from-workspaces REPOSITORY`: the sessions of all jj workspaces and git worktrees of a repository."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from migrator.errors import BadInput, NothingMatched
from migrator.paths import is_within, upwards
from migrator.selection import Clause, Selector, SelectorPlugin, completes
from migrator_selectors._text import option_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import Session
    from migrator.selection import SelectorContext
    from migrator.workspaces.model import Workspace, WorkspaceRoot

ONLY, EXCEPT = "only_workspaces", "except_workspaces"
"""The names of the values that narrow to some workspaces: `consolidate --only PATTERN --except PATTERN`."""


@dataclass(frozen=True)
class FromWorkspaces(Selector):
    """The sessions that belong to workspaces; `owners` has them by (directory, project id)."""

    as_typed: str
    owners: Mapping[tuple[str, str], WorkspaceRoot]

    def clause(self) -> Clause:
        pairs = "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)"
        return Clause(f"(directory, project_id) IN ({pairs})", (json.dumps(list(self.owners)),))

    def match(self, session: Session) -> bool:
        return (session.directory, session.project_id) in self.owners

    def base(self, session: Session) -> str | None:
        """Return the top of the workspace, where it is or was, in the spelling that the session has for it."""
        owner = self.owners.get((session.directory, session.project_id))
        if owner is None or is_within(session.directory, owner.root):
            return owner and owner.root
        depth = owner.root.count("/")
        return next((above for above in upwards(session.directory) if above.count("/") == depth), owner.root)


class FromWorkspacesPlugin(SelectorPlugin):
    """`--from-workspaces`."""

    kind = "from-workspaces"

    def options(self) -> Sequence[click.Option]:
        return [
            click.Option(
                ["--from-workspaces", "from_workspaces"],
                multiple=True,
                shell_complete=completes("project"),
                metavar="REPOSITORY",
                help="Sessions of all jj workspaces and git worktrees, alive or gone, of the repository that this "
                "directory is in.",
            ),
        ]

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Return a selector per repository.

        Raises MigratorError if it is no repository, and NothingMatched if a pattern fits none of its workspaces.
        """
        typed: Sequence[str] = values.get("from_workspaces") or ()
        selectors: list[Selector] = []
        for text in typed:
            if not text:
                raise BadInput(
                    "An empty --from-workspaces names no repository; give a directory in any workspace of a repository"
                )
            found = context.workspaces(text, "--from-workspaces")
            meant = _narrow(found.repository.workspaces, values.get(ONLY) or (), values.get(EXCEPT) or (), context)
            owners = {key: owner for key, owner in found.owners.items() if owner.workspace in meant}
            selectors.append(FromWorkspaces(option_text("--from-workspaces", text), owners))
        return selectors


def _narrow(
    workspaces: Sequence[Workspace], only: Sequence[str], excluded: Sequence[str], context: SelectorContext
) -> frozenset[Workspace]:
    """Return the workspaces that `only` names (all of them if it is empty), without those that `excluded` names.

    A pattern with a slash, `~` or `cwd` names directories; any other one, and the exact name of a workspace, names
    workspaces. Raises NothingMatched for a pattern that names none.
    """
    kept = [_find(workspaces, text, "--only", context) for text in only] or [frozenset(workspaces)]
    left_out = [_find(workspaces, text, "--except", context) for text in excluded]
    return frozenset().union(*kept).difference(*left_out)


def _find(workspaces: Sequence[Workspace], text: str, option: str, context: SelectorContext) -> frozenset[Workspace]:
    from migrator_selectors._patterns import meant

    is_path = "/" in text or text in {"~", "cwd"}
    if is_path and text in {workspace.name for workspace in workspaces}:
        return frozenset(workspace for workspace in workspaces if workspace.name == text)

    def names_of(workspace: Workspace) -> Sequence[str]:
        return workspace.roots if is_path else (f"/{workspace.name}",)

    every = sorted({name for workspace in workspaces for name in names_of(workspace)})
    root = "" if is_path else "/"
    pattern = meant(text, context, lambda pattern: list(filter(pattern.names, every)), option, root)
    named = frozenset(workspace for workspace in workspaces if any(map(pattern.names, names_of(workspace))))
    if not named:
        known = ", ".join(sorted({workspace.name for workspace in workspaces}))
        advice = pattern.advice and f"{pattern.advice}; "
        raise NothingMatched(f"No workspace has the name or directory {text} ({option}); {advice}there are {known}")
    return named
