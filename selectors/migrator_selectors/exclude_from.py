"""`--exclude-from FILE`: leaves out the directories that a file in gitignore syntax lists."""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migrator.errors import BadInput
from migrator.selection import Selector, SelectorPlugin
from migrator_selectors._text import not_among, option_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    from migrator.model import Session
    from migrator.selection import Clause, SelectorContext


@dataclass(frozen=True)
class ExcludeFrom(Selector):
    """The sessions in directories that the list doesn't ignore; it is read as a .gitignore in `/` would be."""

    as_typed: str
    spec: GitIgnoreSpec
    context: SelectorContext
    _ignored: dict[str, bool] = field(default_factory=dict, compare=False)

    def clause(self) -> Clause:
        """Return which of the stored directories are left out: each is matched once."""
        return not_among("directory", filter(self._ignores, self.context.directories()))

    def match(self, session: Session) -> bool:
        """Match the stored directory, whether or not it still exists."""
        return not self._ignores(session.directory)

    def _ignores(self, directory: str) -> bool:
        if directory not in self._ignored:
            # `build/` means directories only, and pathspec knows one by its slash. Its `.` stops at a newline, so a
            # NUL stands in for it: no directory holds one, and no line of the list holds either.
            path = directory.replace("\n", "\0").rstrip("/") + "/"
            self._ignored[directory] = self.spec.match_file(path, separators=())
        return self._ignored[directory]


class ExcludeFromPlugin(SelectorPlugin):
    """`--exclude-from`."""

    kind = "exclude-from"
    narrows = True

    def options(self) -> Sequence[click.Option]:
        """Return the option; its values arrive as `exclude_from`."""
        return [
            click.Option(
                ["--exclude-from", "exclude_from"],
                multiple=True,
                metavar="FILE",
                help="Leave out the directories that FILE lists, in gitignore syntax, seen from /.",
            ),
        ]

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Return a selector per file: a directory that one file re-includes by `!` stays out if another leaves it out.

        Raises BadInput for an unreadable file or a malformed line.
        """
        return [
            ExcludeFrom(option_text("--exclude-from", name), _spec(name, context), context)
            for name in values.get("exclude_from") or ()
        ]


def _spec(name: str, context: SelectorContext) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    # "simple" is always there; other backends come and go with what else is installed, and differ in small things
    return GitIgnoreSpec(list(_patterns(name, context)), backend="simple")


def _patterns(name: str, context: SelectorContext) -> Iterator[GitIgnoreSpecPattern]:
    """Yield the pattern of each line of the file. Raises BadInput with the number of a malformed line."""
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    for number, line in enumerate(_lines(name, context), start=1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # re about `[[a]`, which is well-formed here
                pattern = GitIgnoreSpecPattern(line)
        except (ValueError, re.error):
            raise _malformed(name, number, line) from None
        if pattern.include is not None:
            yield pattern
        elif "[" in line and not line.startswith("#"):
            # git silently ignores a line with an unclosed [; here the sessions that it should keep out would be moved
            raise _malformed(name, number, line)


def _malformed(name: str, number: int, line: str) -> BadInput:
    return BadInput(
        f"{name}, line {number}: {line.strip()} is no gitignore pattern; write \\[ or \\\\ for the characters"
    )


def _lines(name: str, context: SelectorContext) -> list[str]:
    """Return the lines of the file; its name is relative to the current directory, and `~/` is the home."""
    path = os.path.join(context.home, name[2:]) if name.startswith("~/") else name
    if not path.startswith("/"):
        path = os.path.join(context.cwd, path)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is no UTF-8 text"
        raise BadInput(f"--exclude-from {name}: {reason}") from None
    return [line.removesuffix("\r") for line in text.split("\n")]
