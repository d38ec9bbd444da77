"""Pairs of folders as they are typed: `OLD NEW`, any number of `OLD=NEW`, and files of such lines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from migrator.errors import BadInput
from migrator.paths import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

ESCAPES = "write \\= for a `=` that belongs to a path, and \\\\ for a backslash"


class Pair(NamedTuple):
    """An old and a new path as typed. `where` is a prefix for messages, the line of a file; "" on the command line."""

    old: str
    new: str
    where: str = ""


def typed_pairs(words: Sequence[str]) -> list[Pair]:
    """Read the arguments: two paths, or any number of `OLD=NEW`.

    Two words are two paths unless each of them is a pair. Raises BadInput.
    """
    if len(words) == 2 and not all(len(_split(word)) > 1 for word in words):  # noqa: PLR2004 - OLD and NEW
        return [Pair(*words)]
    return [_pair(word) for word in words]


def listed_pairs(lines: Iterable[str], name: str) -> list[Pair]:
    """Read one `OLD=NEW` a line, without empty lines and comments, which begin with `#`. Raises BadInput."""
    return [
        _pair(text, f"{name}, line {number}: ")
        for number, line in enumerate(lines, 1)
        if (text := line.strip()) and not text.startswith("#")
    ]


def absolute_pairs(pairs: Iterable[Pair], cwd: str, expand: Callable[[str], str]) -> Iterator[Pair]:
    """Yield the pairs with normal absolute paths. Raises BadInput for an empty path or an old folder named twice."""
    moves: dict[str, str] = {}
    for old, new, where in pairs:
        if not old or not new or "\0" in old + new:
            raise BadInput(f"{where}an empty path names no folder; say OLD=NEW")
        old, new = (normalise(os.path.join(cwd, expand(path))) for path in (old, new))  # noqa: PLW2901
        if old == new:
            raise BadInput(f"{where}{old} would move to itself")
        if old in moves:
            also = "again" if moves[old] == new else f"to {moves[old]} and to {new}"
            raise BadInput(f"{where}{old} moves {also}; name each old folder once")
        moves[old] = new
        yield Pair(old, new, where)


def _pair(word: str, where: str = "") -> Pair:
    parts = _split(word)
    if len(parts) != 2:  # noqa: PLR2004 - OLD and NEW
        what = "is no OLD=NEW" if len(parts) < 2 else "has several `=`"  # noqa: PLR2004 - as above
        raise BadInput(f"{where}{word!r} {what}; {ESCAPES}")
    return Pair(parts[0].strip(), parts[1].strip(), where)


def _split(word: str) -> list[str]:
    """Cut a word at each `=` without a backslash before it; a backslash escapes that and itself."""
    parts = [""]
    letters = iter(word)
    for letter in letters:
        if letter == "=":
            parts.append("")
        elif letter == "\\":
            after = next(letters, "")
            parts[-1] += after if after in {"=", "\\"} else letter + after
        else:
            parts[-1] += letter
    return parts
