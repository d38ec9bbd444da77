"""`--exclude-from FILE`: leaves out the directories that a file in gitignore syntax lists."""

from __future__ import annotations

import os
import re
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migrator.errors import BadInput
from migrator.selection import SelectorPlugin
from migrator_selectors._directory_selector import DirectorySelector
from migrator_selectors._text import option_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    from migrator.selection import Selector, SelectorContext


class ExcludeFromPlugin(SelectorPlugin):
    """`--exclude-from`."""

    kind = "exclude-from"
    narrows = True

    def options(self) -> Sequence[click.Option]:
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
            DirectorySelector(option_text("--exclude-from", name), _ignores(name, context), context, excludes=True)
            for name in values.get("exclude_from") or ()
        ]


def _ignores(name: str, context: SelectorContext) -> Callable[[str], bool]:
    """Return what tells whether the file ignores a directory: it is read as a .gitignore in `/` would be."""
    from pathspec import GitIgnoreSpec

    # "simple" is always there; other backends come and go with what else is installed, and differ in small things
    spec = GitIgnoreSpec(list(_patterns(name, context)), backend="simple")

    @cache
    def ignores(directory: str) -> bool:
        # `build/` means directories only, and pathspec knows one by its slash. Its `.` stops at a newline, so a NUL
        # stands in for it: no directory holds one, and no line of the list holds either.
        return bool(spec.match_file(directory.replace("\n", "\0").rstrip("/") + "/", separators=()))

    return ignores


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
