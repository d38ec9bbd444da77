"""`--exclude-from FILE`: leaves out the directories that a file in gitignore syntax lists."""

from __future__ import annotations

import os
import re
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import click

from migrator.errors import BadInput, MigratorError
from migrator.paths import comparable, composed, expand_home, is_windows, plain
from migrator.selection import SelectorPlugin
from migrator_selectors._directory_selector import DirectorySelector
from migrator_selectors._pattern_syntax import upper_but_ascii
from migrator_selectors._text import option_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    from migrator.selection import Selector, SelectorContext


_FILES, TEXTS = "exclude_from", "exclude_lines"
"""The values that name files of lines, and those that are such lines: a server opens no file for its clients."""
_CLASS = re.compile(r"\[[^/\]]*\]")
"""Part of a line that doesn't match itself: `[id]` means `i` and `d`, while `*` and `?` match themselves too."""
_BACKEND: Literal["simple"] = "simple"
"""It is always there; other backends come and go with what else is installed, and differ in small things."""


class ExcludeFromPlugin(SelectorPlugin):
    """`--exclude-from`."""

    kind = "exclude-from"
    narrows = True

    def options(self) -> Sequence[click.Option]:
        return [
            click.Option(
                ["--exclude-from", "exclude_from"],
                multiple=True,
                type=click.Path(),
                metavar="FILE",
                help="Leave out the directories that FILE lists, in gitignore syntax, seen from /.",
            ),
        ]

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Return a selector per list: a directory that one re-includes by `!` stays out if another leaves it out.

        Raises BadInput for an unreadable file or a malformed line, MigratorError for a line that may be meant for a
        directory of exactly that name.
        """
        from migrator.text import lines_of

        advice = "its lines are seen from /, as in a .gitignore there"
        files = values.get(_FILES) or ()
        lists = [(option_text("--exclude-from", name), name, _lines(name, context)) for name in files]
        lists += [("exclude-lines", "exclude-lines", lines_of(text)) for text in values.get(TEXTS) or ()]
        return [
            DirectorySelector(typed, _ignores(name, lines, context), context, excludes=True, advice=advice)
            for typed, name, lines in lists
        ]


def _ignores(name: str, lines: Sequence[str], context: SelectorContext) -> Callable[[str], bool]:
    """Return what tells whether a list of this name ignores a directory: it is read as a .gitignore in `/` would be.

    Raises MigratorError for a line that may be meant for a directory of exactly that name.
    """
    from pathspec import GitIgnoreSpec

    from migrator.disk.spelling import ignores_case
    from migrator_selectors._patterns import fits

    patterns = list(_patterns(name, lines))
    _check_names(name, lines, GitIgnoreSpec(patterns, backend=_BACKEND), context)
    exactly = by_name = _matcher(patterns)
    composed_lines = [*map(composed, lines)]
    if [*lines] != composed_lines:
        patterns = list(_patterns(name, composed_lines))
        by_name = _matcher(patterns)
    at_home = os.path.join(context.home, name)
    without_case = _matcher(_without_case(patterns, re.UNICODE)) if ignores_case(at_home) else by_name
    on_windows = _matcher(_without_case(_patterns(name, [*map(upper_but_ascii, composed_lines)]), re.ASCII))
    spelled = not all(map(str.isascii, lines))

    def ignores(directory: str) -> bool:
        if is_windows(directory):
            return on_windows(comparable(directory))
        return fits(directory, exactly, by_name, without_case, spelled=spelled)

    return ignores


def _without_case(patterns: Iterable[GitIgnoreSpecPattern], letters: re.RegexFlag) -> Iterator[GitIgnoreSpecPattern]:
    """Yield patterns for which the case of these letters doesn't count."""
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # as in `_patterns`
        for each in patterns:
            if each.regex:
                regex = re.compile(each.regex.pattern, each.regex.flags & ~re.UNICODE | letters | re.IGNORECASE)
                yield GitIgnoreSpecPattern(regex, each.include)


def _matcher(patterns: Iterable[GitIgnoreSpecPattern]) -> Callable[[str], bool]:
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec(list(patterns), backend=_BACKEND)
    return cache(lambda directory: bool(spec.match_file(_as_gitignore_path(directory), separators=())))


def _as_gitignore_path(directory: str) -> str:
    """Return a directory as pathspec takes it.

    `build/` means directories only, and pathspec knows one by its slash. One on Windows is `C:/x`, a share
    `/server/x`. Its `.` stops at a newline, so a NUL stands in for it: no directory holds one, and no line of the list
    holds either.
    """
    path = plain(directory)
    return path[path.startswith("//") :].replace("\n", "\0").rstrip("/") + "/"


def _check_names(name: str, lines: Sequence[str], spec: GitIgnoreSpec, context: SelectorContext) -> None:
    """Refuse a line that leaves a stored directory in, though it is exactly the name of it, as `[id]` is.

    A directory about which another line says something, also with a `!`, has been thought of.
    """
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    for number, line in enumerate(map(str.strip, lines), start=1):
        classes = _CLASS.findall(line)
        if line.startswith(("#", "!")) or "\\" in line or not classes:
            continue
        escaped = re.sub(r"[\[\]]", r"\\\g<0>", line)
        named = _matcher([GitIgnoreSpecPattern(escaped)])
        for directory in context.directories():
            path = _as_gitignore_path(directory)
            is_alike = all(each in path for each in classes) and named(directory)
            if is_alike and spec.check_file(path, separators=()).index is None:
                raise MigratorError(
                    f"In {name}, line {number}: {line} leaves {directory} in, which has this very name; add the line "
                    f"{escaped} to leave it out, or !{escaped} to keep it in"
                )


def _patterns(name: str, lines: Iterable[str]) -> Iterator[GitIgnoreSpecPattern]:
    """Yield the pattern of each line of the file. Raises BadInput with the number of a malformed line."""
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    for number, line in enumerate(lines, start=1):
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
        f"In {name}, line {number}: {line.strip()} is no gitignore pattern; write \\[ or \\\\ for the characters"
    )


def _lines(name: str, context: SelectorContext) -> list[str]:
    """Return the lines of the file; its name is relative to the current directory, and `~/` is the home."""
    from migrator.text_input import read_lines, why_no_text

    path = expand_home(name, context.home)
    try:
        return read_lines(path if os.path.isabs(path) else os.path.join(context.cwd, path))
    except (OSError, ValueError) as error:
        raise BadInput(
            f"--exclude-from {name} can't be read: {why_no_text(error)}; name a file in gitignore syntax"
        ) from None
