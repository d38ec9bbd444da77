"""Directory patterns: which stored directories a person means by `~/src/opencode*`.

A pattern is matched with stored strings, so directories that no longer exist match like any other. The disk is asked
for one thing only: the real path of the literal beginning of a pattern.
"""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING

from migrator_selectors._pattern_syntax import expand, literals, normalised, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from migrator.selection import SelectorContext
    from migrator_selectors._pattern_syntax import Part


def directory_pattern(typed: str, context: SelectorContext) -> DirectoryPattern:
    """Compile a typed pattern for the surroundings of a command. Raises BadInput where the pattern can't be meant."""
    return DirectoryPattern(typed, cwd=lambda: context.cwd, home=context.home)


class DirectoryPattern:
    """One typed pattern, compiled.

    `*` and `?` stay inside a path component, `**` crosses; `{a,b}` and `[abc]` work and a backslash escapes. A first
    component `cwd` is the current directory, `~` is `home`; any other relative pattern starts at the current
    directory. `cwd` and `home` are absolute and are taken literally, whatever characters they hold; `cwd` is called
    for where the pattern needs one, since there may be none any more.

    Raises BadInput where the pattern can't be meant.
    """

    def __init__(self, typed: str, *, cwd: Callable[[], str], home: str) -> None:
        globs = {glob for pattern in expand(typed) for glob in _globs(pattern, typed, cwd, home)}
        self._regex = _compile(sorted(globs))
        self.names = cache(self._names)
        self.base = cache(self._base)  # asked once for each session

    def _names(self, directory: str) -> bool:
        """Tell whether the pattern names `directory` itself."""
        return self._regex.fullmatch(directory) is not None

    def _base(self, directory: str) -> str | None:
        """Return the outermost directory at or above `directory` that the pattern names, or None.

        For `~/src/opencode*` and `~/src/opencode-a/packages/x` that is `~/src/opencode-a`.
        """
        return next(filter(self.names, _down_to(directory)), None)

    def covers(self, directory: str) -> bool:
        """Tell whether the pattern names `directory` or one above it."""
        return self.base(directory) is not None


def _down_to(directory: str) -> Iterator[str]:
    """Yield the directories above `directory`, the outermost first, and then itself."""
    for slash in re.finditer("/", directory):
        yield directory[: slash.start()] or "/"
    yield directory


def _globs(pattern: str, typed: str, cwd: Callable[[], str], home: str) -> Iterator[str]:
    """Yield the absolute, brace-free globs that `pattern` stands for: as written, and with its beginning resolved."""
    for components in _absolute(parts(pattern, typed), pattern, cwd, home):
        kept = normalised(components, pattern, typed)
        yield _join(kept)
        wildcard = next((index for index, part in enumerate(kept) if part.name is None), len(kept))
        beginning = "/" + "/".join(part.name or "" for part in kept[:wildcard])
        yield _join([*literals(os.path.realpath(beginning)), *kept[wildcard:]])


def _absolute(components: list[Part], pattern: str, cwd: Callable[[], str], home: str) -> Iterator[list[Part]]:
    """Put the root, the home or the current directory in front, the latter under each name it goes by."""
    first = components[0].glob if components else ""
    if pattern.startswith(("/", "\\/")):
        yield components
    elif first == "~":
        yield [*literals(home), *components[1:]]
    else:
        rest = components[1:] if first == "cwd" else components
        # `..` has one meaning for a real path only, as for every program but the shell's own cd
        climbs = next((part.name for part in rest if part.name != "."), None) == ".."
        for root in [os.path.realpath(cwd())] if climbs else _names_of(cwd()):
            yield [*literals(root), *rest]


def _names_of(cwd: str) -> list[str]:
    """Return `cwd` and the shell's name for it: through a symlink, a session may be stored under either."""
    logical = os.environ.get("PWD", "")
    if logical.startswith("/") and os.path.realpath(logical) == os.path.realpath(cwd):
        return [cwd, logical]
    return [cwd]


def _join(components: list[Part]) -> str:
    return "/" + "/".join(part.glob for part in components)


def _compile(globs: list[str]) -> re.Pattern[str]:
    """Return one expression for all `globs`; only its `fullmatch` is right, as `$` lets a trailing newline pass."""
    from wcmatch import glob

    flags = glob.GLOBSTAR | glob.DOTGLOB | glob.FORCEUNIX
    included, _ = glob.translate(globs, flags=flags, limit=0)
    return re.compile("|".join(included))
