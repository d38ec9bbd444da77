"""`ui`: what its screens ask besides what the other verbs answer; its plans and runs are those of these verbs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.arguments import SelectRequest
from migrator.store.conversation import prompt_and_answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.model import SessionDirectory
    from migrator.operations.context import CommandContext


@dataclass(frozen=True, slots=True)
class Conversation:
    """`prompt` is the first one, `answer` the last one, "" where there is none; `files` are absolute paths, by name."""

    prompt: str
    answer: str
    files: tuple[str, ...]


def read_conversation(context: CommandContext, session: str) -> Conversation:
    """Return what the session with this id was about."""
    prompt, answer = prompt_and_answer(context.store, session)
    return Conversation(prompt, answer, tuple(sorted(context.store.files_worked_on([session]))))


def select_marked(context: CommandContext, ids: Sequence[str]) -> SelectRequest:
    """Return the selection of these sessions; those of several directories keep their sub-paths below their checkouts.

    They don't where the project of one has no row, as `--from-project` can't select it.
    """
    sessions = context.store.sessions(ids)
    projects = sorted({session.project_id for session in sessions})
    known = {project.id for project in context.selector_context.projects()}
    one_place = len({session.directory for session in sessions}) == 1
    by_project = not one_place and all(id_ in known and id_.isalnum() for id_ in projects)
    return SelectRequest({"from_id": tuple(ids), **({"from_project": tuple(projects)} if by_project else {})})


def count_children(context: CommandContext, sessions: Iterable[str]) -> Counter[str]:
    """Count the children of each of these sessions; those without one are left out."""
    return Counter(context.store.children(sessions).values())


def list_directories(context: CommandContext) -> list[SessionDirectory]:
    """Return every directory that sessions are bound to, by directory; see `SessionDirectory`."""
    return context.store.session_directories()
