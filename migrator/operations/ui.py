"""`ui`: what its screens ask besides what the other verbs answer; its plans and runs are those of these verbs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.store.conversation import prompt_and_answer

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def count_children(context: CommandContext, sessions: Iterable[str]) -> Counter[str]:
    """Count the children of each of these sessions; those without one are left out."""
    return Counter(context.store.children(sessions).values())


def list_directories(context: CommandContext) -> list[SessionDirectory]:
    """Return every directory that sessions are bound to, by directory; see `SessionDirectory`."""
    return context.store.session_directories()
