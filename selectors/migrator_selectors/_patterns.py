"""Directory patterns: which stored directories a person means by `~/src/opencode*`.

A pattern is matched with stored strings, so directories that no longer exist match like any other. The disk is asked
for the real path of the literal beginning of a pattern; whether a directory has exactly the name that was typed; and
about a stored directory only where it has another spelling of the same name.
"""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from migrator.disk.spelling import directories_named, existing_directory, ignores_case, is_same_directory
from migrator.errors import BadInput, CantTell, MigratorError
from migrator.paths import comparable, composed, is_windows, normalise, on_windows, slashed, upwards
from migrator.places.small_files import real_path
from migrator.text import agree, and_more, shell_quote
from migrator_selectors._pattern_syntax import (
    ONLY_A_PATTERN,
    Part,
    as_typed,
    escaped,
    expand,
    literals,
    normalised,
    only_a_pattern,
    parts,
    special_characters,
    unescaped,
    upper_but_ascii,
    windows_literals,
    with_slashes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from migrator.selection import SelectorContext


def directory_pattern(typed: str, context: SelectorContext, option: str = "") -> DirectoryPattern:
    """Return what was meant by a pattern, or by the exact path of a directory, in the surroundings of a command.

    `option` is what it was typed with. Raises BadInput where it can't be meant, MigratorError where it can be meant in
    two ways.
    """

    def selected(pattern: DirectoryPattern) -> Collection[str]:
        return [directory for directory in context.directories() if pattern.covers(directory)]

    return meant(typed, context, selected, option)


def meant(
    typed: str,
    context: SelectorContext,
    selected: Callable[[DirectoryPattern], Collection[str]],
    option: str = "",
    root: str = "",
) -> DirectoryPattern:
    """Return what was meant by something that is a pattern, or the name of one thing with such characters in it.

    `selected` returns what a pattern selects. What has exactly that name is meant, if it is selected or there is a
    directory of that name. With `root`, "/", it is no directory but a name, which the pattern has after a slash.

    Raises MigratorError where both the name and the pattern select something, or nobody can tell whether the directory
    is there; and BadInput where there is none and no pattern can be meant. A directory without sessions is meant too,
    with a word of advice.
    """

    def compiled(text: str) -> DirectoryPattern:
        return DirectoryPattern(root + text, cwd=lambda: context.cwd, home=context.home, is_share=is_share)

    is_share = not root and _is_share(typed)
    typed = typed if root else as_typed(typed)
    characters = special_characters(typed)
    if not characters:
        return compiled(typed)
    name = compiled(escaped(typed))
    by_name = selected(name)
    is_there = not root and name.is_there()
    if isinstance(is_there, str) and typed.endswith(ONLY_A_PATTERN):
        is_there = False
    try:
        pattern = compiled(typed)
    except BadInput:
        if by_name or is_there is True:
            return name
        raise
    others = sorted({*selected(pattern)}.difference(by_name))
    as_name, as_pattern = shell_quote(escaped(typed)), shell_quote(only_a_pattern(typed))
    if others and (by_name or isinstance(is_there, str)):
        if by_name:
            fact = f"{min(by_name).removeprefix(root)} has this very name"
        else:
            fact = f"whether a directory has this very name can't be told ({is_there})"
        example = f"{others[0].removeprefix(root)}{and_more(len(others) - 1)}"
        how = f"write {as_name} for the one of this name, {as_pattern} for the pattern"
        shown = f"{option} {typed}".lstrip()
        raise MigratorError(f"{shown} has two meanings: {fact}, and as a pattern it means {example} too; {how}")
    if by_name or is_there is True:
        name.advice = f"there is a directory of this very name, so that is meant; the pattern is {as_pattern}"
        return name
    number = len(characters)
    pattern.advice = (
        f"{' and '.join(characters)} {agree(number, 'is')} special in a pattern; for {agree(number, 'it')} in a "
        f"name write {as_name}"
    )
    return pattern


def fits(
    directory: str,
    exactly: Callable[[str], bool],
    by_name: Callable[[str], bool],
    without_case: Callable[[str], bool],
    *,
    spelled: bool,
) -> bool:
    """Tell whether a stored directory is meant, by its own spelling or by another one of the same name.

    `exactly` is asked about paths as they are spelled, the others about their composed form. Another form is the same
    name; but if the form was `spelled` out, and the disk has two directories of that name, only that one is meant. Case
    counts, unless the disk ignores it where the directory is.
    """
    if exactly(directory):
        return True
    name = composed(directory)
    if not by_name(name):
        return without_case(name) and ignores_case(directory)
    listed = directories_named(directory) if spelled and not name.isascii() else []
    others = [other for other in listed if exactly(other) and not is_same_directory(other, directory)]
    return not (others and directory in listed)


class DirectoryPattern:
    """One typed pattern, compiled.

    `*` and `?` stay inside a path component, `**` crosses; `{a,b}` and `[abc]` work and a backslash escapes. A first
    component `cwd` is the current directory, `~` is `home`; any other relative pattern starts at the current
    directory. One that begins as a path of Windows does names directories there, in every spelling; `//server/share`
    may be one here too, unless it `is_share`. `cwd` and `home` are absolute and are taken literally, whatever
    characters they hold; `cwd` is called for where the pattern needs one, since there may be none any more. `advice` is
    what to try where nothing matches, `without_wildcards` a path that is spelled like the pattern.

    Raises BadInput where the pattern can't be meant.
    """

    def __init__(self, typed: str, *, cwd: Callable[[], str], home: str, is_share: bool = False) -> None:
        patterns = expand(with_slashes(typed))
        on_posix = [] if is_share or _is_share(typed) else patterns
        made = [each for pattern in on_posix for each in _parts(pattern, typed, cwd, home)]
        windows = [each for pattern in patterns for each in _windows_parts(pattern, typed, cwd, home)]
        globs = {"/" + "/".join(part.glob for part in each) for each in made}
        windows_globs = {"/".join(part.glob for part in each) for each in windows}
        self._paths = {"/" + "/".join(part.name or "" for part in each) for each in made}
        self._paths |= {"/".join(part.name or "" for part in each) for each in windows if on_windows()}
        self.has_wildcards = any(part.name is None for each in (*made, *windows) for part in each)
        self.without_wildcards = min(re.sub(r"[*?]", "", glob) for glob in globs | windows_globs)
        exactly = _compile(globs)
        as_windows = _compile([upper_but_ascii(composed(each)) for each in windows_globs], re.IGNORECASE | re.ASCII)
        by_name = _compile(map(composed, globs))
        without_case = re.compile(by_name.pattern, by_name.flags | re.IGNORECASE)
        predicates = [
            lambda path, regex=regex: regex.fullmatch(path) is not None for regex in (exactly, by_name, without_case)
        ]
        self.advice = ""
        spelled = not all(map(str.isascii, globs))

        def names(directory: str) -> bool:
            if is_windows(directory):
                return as_windows.fullmatch(_as_pattern(directory)) is not None
            return fits(directory, *predicates, spelled=spelled)

        self.names = cache(names)
        self.base = cache(self._base)  # asked once for each session

    def is_there(self) -> bool | str:
        """Tell whether a pattern without wildcards names a directory on the disk; if nobody can tell, return why."""
        why_not = ""
        for path in sorted(self._paths):
            try:
                if existing_directory(path):
                    return True
            except CantTell as error:
                if getattr(error.__cause__, "errno", None) != errno.ENAMETOOLONG:  # which no directory can have
                    why_not = str(error)
        return why_not or False

    def _base(self, directory: str) -> str | None:
        """Return the outermost directory at or above `directory` that the pattern names, or None.

        For `~/src/opencode*` and `~/src/opencode-a/packages/x` that is `~/src/opencode-a`. A row may hold a path with
        `..`, which may lead anywhere: it is where it leads.
        """
        real = normalise(directory) if "/.." in slashed(directory) else directory
        return next(filter(self.names, reversed([*upwards(real)])), None)

    def covers(self, directory: str) -> bool:
        """Tell whether the pattern names `directory` or one above it."""
        return self.base(directory) is not None


def _parts(pattern: str, typed: str, cwd: Callable[[], str], home: str) -> Iterator[list[Part]]:
    """Yield the components that `pattern`, without braces, stands for: as written, and with its beginning resolved."""
    for components in _absolute(parts(pattern, typed), pattern, cwd, home):
        kept = normalised(components, pattern, typed)
        yield kept
        names, rest = _literal_beginning(kept)
        yield [*literals(real_path(_in_its_form("/" + "/".join(names)))), *rest]


def _literal_beginning(components: list[Part]) -> tuple[list[str], list[Part]]:
    """Return the names with which components begin, and those from the first wildcard on."""
    wildcard = next((index for index, part in enumerate(components) if part.name is None), len(components))
    return [part.name or "" for part in components[:wildcard]], components[wildcard:]


def _is_share(typed: str) -> bool:
    """Tell whether a pattern can only mean a share of Windows, as it was typed."""
    return typed.startswith("\\\\") and is_windows(typed)


def _windows_parts(pattern: str, typed: str, cwd: Callable[[], str], home: str) -> Iterator[list[Part]]:
    """Yield the components of a `pattern` without braces that names directories on Windows; a share is the first.

    On Windows that is one that begins nowhere else, and its beginning is resolved too. They fit what `_as_pattern`
    makes of a directory.
    """
    components = parts(pattern, typed)
    if is_windows(unescaped(pattern)):
        found = [components]
        if pattern.startswith("//"):
            server, share, *rest = components
            name = f"//{server.name}/{share.name}" if server.name and share.name else None
            found = [[Part(f"/{server.glob}/{share.glob}", name, server.at), *rest]]
    elif on_windows() and not _begins_at_root(pattern):
        found = [[*windows_literals(root), *rest] for root, rest in _below(components, cwd, home)]
    else:
        return
    for first, *rest in found:
        kept = [first, *normalised(rest, pattern, typed)]
        yield kept
        names, wild = _literal_beginning(kept)
        if on_windows() and names:
            yield [*windows_literals(real_path("/".join(names) + "/" * (len(names) == 1))), *wild]


def _as_pattern(directory: str) -> str:
    """Return a directory on Windows as its pattern spells it."""
    return comparable(directory).removesuffix("/").replace("//", "/", 1)


def _in_its_form(path: str) -> str:
    """Return a path in the Unicode form that the disk has for it, if it has exactly one."""
    with suppress(CantTell):
        return path if path.isascii() else existing_directory(path) or path
    return path


def _absolute(components: list[Part], pattern: str, cwd: Callable[[], str], home: str) -> Iterator[list[Part]]:
    """Put the root, the home or the current directory in front, the latter under each name it goes by."""
    if _begins_at_root(pattern):
        yield components
    elif not is_windows(pattern) and not on_windows():
        yield from ([*literals(root), *rest] for root, rest in _below(components, cwd, home))


def _begins_at_root(pattern: str) -> bool:
    return pattern.startswith(("/", "\\/"))


def _below(components: list[Part], cwd: Callable[[], str], home: str) -> Iterator[tuple[str, list[Part]]]:
    """Yield the directory that a relative pattern begins in, by each name it goes by, and the components below it."""
    first = components[0].glob if components else ""
    if first == "~":
        yield home, components[1:]
        return
    rest = components[1:] if first == "cwd" else components
    # `..` has one meaning for a real path only, as for every program but the shell's own cd
    climbs = next((part.name for part in rest if part.name != "."), None) == ".."
    for root in [os.path.realpath(cwd())] if climbs else _names_of(cwd()):
        yield root, rest


def _names_of(cwd: str) -> list[str]:
    """Return `cwd` and the shell's name for it: through a symlink, a session may be stored under either."""
    logical = os.environ.get("PWD", "")
    if logical.startswith("/") and os.path.realpath(logical) == os.path.realpath(cwd):
        return [cwd, logical]
    return [cwd]


def _compile(globs: Iterable[str], extra: int = 0) -> re.Pattern[str]:
    """Return one expression for all `globs`; only its `fullmatch` is right, as `$` lets a trailing newline pass."""
    from wcmatch import glob

    flags = glob.GLOBSTAR | glob.DOTGLOB | glob.FORCEUNIX
    included, _ = glob.translate(sorted({*globs}), flags=flags, limit=0)
    return re.compile("|".join(included) or r"(?!)", extra)
