"""The workspaces that jj's operation log says were made: nothing else knows of those forgotten and deleted since.

`jj workspace add` leaves an operation with the name of the workspace and with the command as it was typed (seen with
jj 0.35, and in the source of 0.44). The log keeps it after `jj workspace forget`, until `jj op abandon`.
"""

from __future__ import annotations

import os
import re
import shlex
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from migrator.places.small_files import read_small, readable_names, real_path
from migrator.text import shell_join
from migrator.workspaces.jj import unquote_name
from migrator.workspaces.protobuf import Malformed, fields, last_value, text_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MOST = 100_000
_OPERATION_LIMIT = 1024 * 1024
_ATTRIBUTES = 6
_DESCRIPTION = re.compile(r"create initial working-copy commit in workspace (.+)", re.DOTALL)


class Addition(NamedTuple):
    """A run of `jj workspace add`.

    `words` are those of the command as typed, one of which is the destination; `at` is when it ran, in milliseconds
    since 1970. The log does not say in which directory.
    """

    name: str
    words: tuple[str, ...]
    at: int

    def destinations(self, tops: Iterable[str]) -> Iterator[str]:
        """Yield the directories that the command may have made, had it run at one of `tops`.

        Without --name, jj named the workspace after the last component of the destination.
        """
        has_name = any(word == "--name" or word.startswith("--name=") for word in self.words)
        for word in self.words[self.words.index("add") + 1 :] if "add" in self.words else ():
            if (
                word.startswith("-")
                or "\0" in word
                or not (has_name or os.path.basename(os.path.normpath(word)) == self.name)
            ):
                continue
            if os.path.isabs(word):
                yield real_path(word)
            elif not has_name or "/" in word:
                yield from (os.path.normpath(os.path.join(top, word)) for top in tops)

    @property
    def command(self) -> str:
        """The command, for people."""
        return shell_join(["jj", *self.words])


def additions(repo: str) -> list[Addition]:
    """Return the runs of `jj workspace add` in the operation log, oldest first, without what can't be read."""
    directory = os.path.join(repo, "op_store", "operations")
    found = []
    for id_ in readable_names(directory, _MOST):
        data = read_small(os.path.join(directory, id_), _OPERATION_LIMIT)
        if data is not None and b"working-copy commit in workspace" in data:
            with suppress(Malformed):
                found.append(_addition(data))
    return sorted(filter(None, found), key=lambda addition: addition.at)


def _addition(operation: bytes) -> Addition | None:
    metadata = last_value(operation, 3)
    if not isinstance(metadata, bytes):
        return None
    description = _DESCRIPTION.fullmatch(text_value(metadata, 3) or "")
    started = last_value(metadata, 1)
    at = last_value(started, 1) if isinstance(started, bytes) else None
    if description is None or not isinstance(at, int):
        return None
    entries = [value for number, value in fields(metadata) if number == _ATTRIBUTES and isinstance(value, bytes)]
    typed = next((text_value(entry, 2) or "" for entry in entries if text_value(entry, 1) == "args"), "")
    try:
        # jj writes what it must quote as '...', with \' for a quote inside it.
        words = shlex.split(typed.replace("\\'", "'\\''"))
    except ValueError:
        return None
    return Addition(unquote_name(description[1]), tuple(words[1:]), at)
