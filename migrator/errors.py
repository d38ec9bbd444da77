"""What can go wrong, as one root with few children that carry data.

Each class knows the exit code of the contract, and the `code` that it has over HTTP; only a face turns one into words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

UNEXPECTED_EXIT = 70
"""The exit code of any error that is none of these: a bug of ours."""


class MigratorError(Exception):
    """Refused or failed: the message says what is wrong and what to do. Nothing is half done.

    `command` is a whole command that may follow, where a face knows one, and `what_next` says what it is for.
    """

    exit_code = 1
    code = "refused"
    what_next = ""
    command = ""


class WrongDatabase(MigratorError):
    """A file isn't what should be opened: `what` says why, and `right` what to name instead, as "the right file"."""

    def __init__(self, what: str, right: str = "the right file") -> None:
        super().__init__(f"{what}; name {right} with --db PATH.")
        self.what, self.right = what, right


class Declined(MigratorError):
    """Somebody was asked and said no; it is told like a result, not like an error."""

    what_next = "To apply it after all:"

    def __init__(self, command: str = "") -> None:
        super().__init__("Nothing was written.")
        self.command = command


class NobodyToAsk(MigratorError):
    """There is a question, and nobody who could answer it; `command` needs no answer."""

    def __init__(self, message: str, command: str, what_next: str = "To apply:") -> None:
        super().__init__(message)
        self.command = command
        self.what_next = what_next


class BadInput(MigratorError):
    """What the user typed can't be meant: a malformed pattern, an impossible date."""

    exit_code = 2
    code = "bad-input"


class NothingMatched(MigratorError):
    """No session fits what was asked for."""

    exit_code = 3
    code = "nothing-matched"


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has the database open."""

    pid: int
    name: str


class DatabaseInUse(MigratorError):
    """Another process has the database open; `holders` is empty where the system doesn't tell.

    `can_wait` tells whether --wait would wait for it.
    """

    exit_code = 4
    code = "in-use"
    what_next = "To wait a minute for it:"

    def __init__(self, message: str, holders: Sequence[Holder] = (), *, can_wait: bool = False) -> None:
        super().__init__(message)
        self.holders = tuple(holders)
        self.can_wait = can_wait


class StalePlan(MigratorError):
    """Rows changed since the plan was made; `rows` names them. Nothing was written."""

    exit_code = 5
    code = "stale-plan"

    def __init__(self, message: str, rows: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.rows = tuple(rows)

    @classmethod
    def since(cls, why: object, rows: Sequence[str] = ()) -> StalePlan:
        """Return the refusal of a plan for this reason, a sentence or another error, before anything is written."""
        return cls(f"The plan is stale: {str(why).rstrip('.')}. Nothing was written; plan again.", rows)


class Interrupted(MigratorError):
    """Ctrl-C, SIGTERM or SIGHUP; the run was rolled back, or the message says how to go on."""

    exit_code = 130
    code = "interrupted"


INTERRUPTED_EARLY = "Interrupted; nothing was written."
"""What people are told where Ctrl-C, SIGTERM or SIGHUP came before the first write."""


class NoSuchDirectory(MigratorError):
    """A directory that must exist doesn't, is a file, or can't be read."""

    code = "no-such-directory"


class CantTell(MigratorError):
    """Nobody can tell from here what is at a path: the message says where, and why.

    `closed` is what we may not enter or read on the way there, None if it is no question of permission; `remedy` is
    what to do then.
    """

    def __init__(self, message: str, closed: str | None = None, remedy: str = "check the disk that it is on") -> None:
        super().__init__(message)
        self.closed = closed
        self.remedy = remedy


class UnreadableDirectory(NoSuchDirectory, CantTell):
    """A directory that can't be read, so nobody can tell what is there."""


class PluginFailed(MigratorError):
    """A plug-in fails or breaks the contract; `who` names it, `what` says what it fails to do."""

    def __init__(self, who: str, what: str, why: str) -> None:
        super().__init__(f"{who} {what}: {why}; repair or uninstall the package that brings it.")


class NoSuchRun(MigratorError):
    """No run has this id, and none has an id that starts so."""

    code = "no-such-run"


class Unusable(MigratorError):
    """The database can't be opened at all, whatever is asked of it; said by a server, which outlives such a state."""

    code = "unusable"
