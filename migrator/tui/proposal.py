"""What a person may want done: how its plan is made, and how it is carried out once the plan was shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.arguments import ConsolidateRequest, MoveRequest, SelectRequest
from migrator.operations.apply import apply_plan
from migrator.operations.consolidate import plan_consolidate
from migrator.operations.move import plan_move
from migrator.operations.rescue import plan_rescue
from migrator.operations.undo import plan_undo, undo_run
from migrator.text import our_command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from migrator.arguments import RescueRequest, WriteRequest
    from migrator.choices import Subdirs
    from migrator.model import Plan, Run
    from migrator.operations.context import CommandContext
    from migrator.planning.rescue import Settle

NAMED = 3
"""Up to so many sessions, the command that does the same names each; else it reads their ids."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """`verb` is what it does, for a question; `command` the command line that does the same, for the journal.

    `can_save`: whether its plan may be saved for later. `other` proposes to keep the sub-paths of sessions, if this
    doesn't, or not to keep them; None where there are none.
    """

    verb: str
    command: str
    make: Callable[[CommandContext], Plan]
    carry_out: Callable[[Plan, WriteRequest], Run] = lambda plan, write: apply_plan(plan, Path(plan.store), write)
    can_save: bool = True
    other: Callable[[], Proposal] | None = None


def move(select: SelectRequest, to_dir: str, subdirs: Subdirs = "nearest") -> Proposal:
    """Propose to move the sessions that `select_marked` selects, with their trees, to a directory."""
    projects = select.options.get("from_project", ())
    of_projects = [word for project in projects for word in ("--from-project", project)]
    flat = ["--subdirs", subdirs] if subdirs == "flatten" else []
    other = partial(move, select, to_dir, "nearest" if flat else "flatten") if projects else None
    return Proposal(
        "Move",
        our_command("move", *_words(select.options["from_id"]), *of_projects, "--to-dir", to_dir, *flat),
        partial(plan_move, request=MoveRequest(select, to_dir, subdirs=subdirs)),
        other=other,
    )


def _words(ids: Sequence[str]) -> list[str]:
    return [word for id_ in ids for word in ("--from-id", id_)] if len(ids) <= NAMED else ["--from-id", "-"]


def undo(run: str, path: Path) -> Proposal:
    """Propose to take a run back."""
    return Proposal(
        "Take back",
        our_command("undo", run),
        lambda _: plan_undo(path, run),
        lambda _, write: undo_run(path, run, write),
        can_save=False,
    )


def rescue(request: RescueRequest, settle: Settle) -> Proposal:
    """Propose to bring lost sessions home; `settle` is asked about ties, in the thread that plans."""
    ids = request.select.options.get("from_id", ())
    words = _words(ids)
    searched = [word for directory in request.search.directories for word in ("--search", directory)]
    command = our_command("rescue", *words, *searched, *(["--likely"] if request.likely else []))
    return Proposal("Rescue", command, lambda context: plan_rescue(context, request, settle=settle))


def consolidate(repository: str, to_dir: str | None) -> Proposal:
    """Propose to gather the sessions of a repository's workspaces in one of them, None for the main working copy."""
    request = ConsolidateRequest(repository, to_dir)
    command = our_command("consolidate", repository, *(["--to-dir", to_dir] if to_dir else []))
    return Proposal("Move", command, lambda context: plan_consolidate(context, request)[0])
