r"""The syntax of typed directory patterns: braces, components, `.` and `..`.

A pattern that can't be meant is refused here. wcmatch takes an unclosed `[` or `{` as an ordinary character and a
backwards `[z-a]` as something that never matches; in a tool that moves what matches, a typing error must not pass as
a pattern that silently means something else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from migrator.errors import BadInput
from migrator.paths import check_drive, is_windows, names_of, on_windows, plain, upper

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BRACE_LIMIT = 1000
"""How many patterns the braces of one pattern may give; wcmatch's own limit."""

ONLY_A_PATTERN = "{,}"
"""What a person may put behind a pattern without a change to what it means, so that hardly anything has that name."""

_POSIX_CLASS = re.compile(r"\[:[a-z]+:\]")
_SPECIAL = re.compile(r"([\\*?\[\]{}])")
_PLAIN = re.compile(r"(?:\\\\[?.][\\/]|//[?.]/)(?:(?=[A-Za-z]:[\\/])|UNC(?=[\\/]))")


class Part(NamedTuple):
    """One component of a pattern.

    `glob` is what wcmatch takes; `name` what it means literally, None for a wildcard; `at` where it starts.
    """

    glob: str
    name: str | None
    at: int = 0


def with_slashes(typed: str) -> str:
    r"""Return a pattern with `/` between its components where it has the backslashes of Windows, and without `\\?\`.

    `C:\src\[ab]*` is `C:/src/[ab]*`. In the former nothing can be escaped; `[[]` is a bracket in both.
    """
    if not is_windows(typed):
        return typed
    has_backslashes = "\\" in typed[:3]
    typed = _PLAIN.sub(lambda found: "/" * found[0].endswith("C"), typed, count=1)
    return typed.replace("\\", "/") if has_backslashes else typed


def as_typed(typed: str) -> str:
    r"""Return a pattern with `/` for every backslash that a person types on Windows for it: `src\shop-*`.

    Before a bracket or a brace it escapes that, as everywhere; no name has `*` or `?` there. Raises BadInput for a
    drive without a slash.
    """
    check_drive(typed)
    if is_windows(typed) or not on_windows():
        return with_slashes(typed)
    return re.sub(r"\\(?![\[\]{}])", "/", typed)


def escaped(path: str) -> str:
    """Return the pattern that names exactly the directory at `path`."""
    return _SPECIAL.sub(r"\\\1", with_slashes(path))


def unescaped(pattern: str) -> str:
    r"""Return a pattern without what escapes if it may be a share: `//server/\*` is one too."""
    return pattern.replace("\\", "") if pattern.startswith("//") else pattern


def upper_but_ascii(glob: str) -> str:
    """Return a pattern with its letters in upper case as NTFS compares them; those of ASCII are left to `re`."""
    return glob if glob.isascii() else "".join(each if each.isascii() else upper(each) for each in glob)


def only_a_pattern(typed: str) -> str:
    """Return a pattern that means the same as `typed`, and is hardly the name of anything."""
    # bracex takes `${` for a variable of a shell, whose braces it leaves alone
    return re.sub(r"((?<!\\)(?:\\\\)*)\$\Z", r"\1\\$", typed) + ONLY_A_PATTERN


def special_characters(typed: str) -> list[str]:
    """Return which characters of `typed` are special in a pattern, each once."""
    found = list(dict.fromkeys(_SPECIAL.findall(typed)))
    return [char for char in found if char not in "]}" or {"]": "[", "}": "{"}[char] in found]


def literal(name: str) -> Part:
    """Return the component that matches exactly `name`."""
    return Part(escaped(name), name)


def literals(path: str) -> list[Part]:
    """Return the components of an absolute path, each of them literal."""
    return [literal(name) for name in path.split("/") if name not in {"", "."}]


def windows_literals(path: str) -> list[Part]:
    """Return the components of a path of Windows, each of them literal; the first is its drive or share."""
    names = names_of(path)
    root = plain(path).rstrip("/").removesuffix("/".join(names)).rstrip("/")
    return [Part(escaped(root.replace("//", "/", 1)), root), *map(literal, names)]


def expand(typed: str) -> list[str]:
    """Return the patterns that the braces of `typed` give, `typed` itself where it has none.

    Raises BadInput where the pattern is empty, holds NUL, ends in a lone backslash, leaves a `{` open, nests them too
    deep, or gives none or more than BRACE_LIMIT patterns.
    """
    import bracex

    if not typed:
        raise BadInput("A pattern is empty; write cwd for the current directory, / for every directory")
    if "\0" in typed:
        raise _bad(typed, typed, typed.index("\0"), "is NUL, which no directory can hold; leave it out")
    _check_braces(typed)
    try:
        patterns = list(bracex.iexpand(typed, keep_escapes=True, limit=BRACE_LIMIT))
    except bracex.ExpansionLimitException:
        raise BadInput(
            f"The braces of {typed} give more than {BRACE_LIMIT} patterns; use a wildcard, several patterns, or \\{{ "
            "for a brace that is part of a name",
        ) from None
    except RecursionError:
        raise BadInput(f"The braces of {typed} are nested too deep; use several patterns") from None
    if not patterns:
        raise BadInput(f"The braces of {typed} give nothing; write \\{{ for a brace that is part of a name")
    return patterns


def parts(pattern: str, typed: str) -> list[Part]:
    """Split `pattern`, one of those that `expand` made of `typed`, into its components; empty ones are left out.

    Raises BadInput where a `[` is never closed or holds a backwards range.
    """
    return [
        Part("".join(tokens), None if any(map(_is_wildcard, tokens)) else "".join(t[-1] for t in tokens), at)
        for at, tokens in _components(_tokens(pattern, typed))
    ]


def normalised(components: Iterable[Part], pattern: str, typed: str) -> list[Part]:
    """Take out `.` and `..` as written; a `..` at the root stays there.

    Raises BadInput where `..` follows a wildcard: which directory is above `**` is not a question with one answer.
    """
    kept: list[Part] = []
    for part in components:
        if part.name == ".":
            continue
        if part.name != "..":
            kept.append(part)
        elif kept and kept.pop().name is None:
            what = "begins a .. that follows a wildcard, and what is above that can't be told; leave the .. out"
            raise _bad(typed, pattern, part.at, what)
    return kept


def _check_braces(typed: str) -> None:
    """Refuse a lone backslash at the end and a `{` that is never closed; in `[{]` it is a character."""
    opened: list[tuple[int, bool]] = []  # where, and whether in a class
    index = class_end = unclosed_until = 0
    while index < len(typed):
        char = typed[index]
        if char == "\\":
            index += 1
            if index == len(typed):
                raise _bad(typed, typed, index - 1, r"escapes nothing; write \\ for the character itself")
        elif char == "{":
            opened.append((index, index < class_end))
        elif char == "}" and opened:
            opened.pop()
        elif char == "[" and index >= unclosed_until:
            if end := _class_end(typed, index):
                class_end = max(class_end, end)
            else:  # nor does anything close another one in this component
                slash = typed.find("/", index)
                unclosed_until = len(typed) if slash < 0 else slash
        index += 1
    for index, is_in_class in opened:
        if not is_in_class:
            raise _bad(typed, typed, index, r"is never closed; write \{ for the character itself")


def _tokens(pattern: str, typed: str) -> Iterator[str]:
    r"""Cut into the smallest pieces with a meaning: `a`, `\a`, `*`, `[abc]`, `/`."""
    index = 0
    while index < len(pattern):
        end = index + 1
        if pattern[index] == "\\":
            end = index + 2
        elif pattern[index] == "[":
            end = _class_end(pattern, index)
            if not end:
                raise _bad(typed, pattern, index, r"is never closed; write \[ for the character itself")
            _check_ranges(pattern, index, end, typed)
        yield pattern[index:end]
        index = end


def _components(tokens: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    r"""Gather tokens between slashes, with the index of the first; `\/` is a slash too."""
    at = index = 0
    component: list[str] = []
    for token in [*tokens, "/"]:
        index += len(token)
        if token not in {"/", "\\/"}:
            component.append(token)
            continue
        if component:
            yield at, component
        at, component = index, []


def _is_wildcard(token: str) -> bool:
    return token in {"*", "?"} or (len(token) > 1 and token[0] == "[")


def _class_end(text: str, start: int) -> int:
    """Return the index after the `]` of the class that opens at `start`, 0 where none closes it in its component.

    The rules are wcmatch's: a `]` in first place is a character, and no class holds a slash.
    """
    index = start + 1
    if text[index : index + 1] in {"!", "^"}:
        index += 1
    first = index
    while index < len(text) and text[index] != "/":
        if text[index] == "]" and index > first:
            return index + 1
        if text[index] == "\\":
            index += 1
            if text[index : index + 1] == "/":
                return 0
        elif named := _POSIX_CLASS.match(text, index):
            index = named.end() - 1
        index += 1
    return 0


def _check_ranges(pattern: str, start: int, end: int, typed: str) -> None:
    """Refuse `[z-a]`."""
    members = re.findall(r"\[:[a-z]+:\]|\\.|.", pattern[start + 1 : end - 1].lstrip("!^"), re.DOTALL)
    index = 0
    while index + 2 < len(members):
        if members[index + 1] != "-" or members[index].startswith("[:") or members[index + 2].startswith("[:"):
            index += 1
            continue
        if members[index][-1] > members[index + 2][-1]:
            backwards = "".join(members[index : index + 3])
            raise _bad(typed, pattern, start, rf"holds the backwards range {backwards}; write \- for the character -")
        index += 3


def _bad(typed: str, pattern: str, index: int, what: str) -> BadInput:
    """Return the refusal of the character at `index` of `pattern`, counted from 1 as people do."""
    where = f"character {index + 1}"
    if pattern != typed:
        where += f" of {pattern}, which its braces give,"
    shown = typed.replace("\0", "\\0")
    char = pattern[index].replace("\0", "\\0")
    return BadInput(f"Can't read the pattern {shown}: the {char} at {where} {what}.")
