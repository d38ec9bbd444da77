"""Pairs of folders as they are typed: `OLD NEW`, any number of `OLD=NEW`, and files of such lines.

A path may hold a `=` itself. Where that leaves several ways to read what was typed, what is on the disk and in the
database decides; and where that fits several, nobody can tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from migrator.disk.spelling import existing_directory
from migrator.errors import BadInput, CantTell, MigratorError, NothingMatched
from migrator.model import FolderState
from migrator.paths import comparable, in_full, is_windows, is_within
from migrator.text import shell_join, shell_quote

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

ESCAPES = "write \\= for a `=` that belongs to a path, and \\\\ for a backslash"


class Pair(NamedTuple):
    """An old and a new path as typed. `where` is a prefix for messages, the line of a file; "" on the command line."""

    old: str
    new: str
    where: str = ""

    @property
    def word(self) -> str:
        """The one word that can only mean this pair."""
        return "=".join(map(_escaped, (self.old, self.new)))


@dataclass(frozen=True)
class Evidence:
    """What speaks for a way to read pairs: the disk, and `bound`, the directories of sessions and projects."""

    state: FolderState
    bound: Callable[[], Collection[str]]
    cwd: str
    expand: Callable[[str], str]

    def weigh(self, pairs: Sequence[Pair]) -> int:
        """Return 2 if all the folders are where they should be, 1 if any is, 0 if none is, -1 if this can't be meant.

        A folder that can't be looked at may be there.
        """
        try:
            absolute = list(absolute_pairs(pairs, self.cwd, self.expand, self.state))
        except BadInput:
            return -1
        seen = [found for pair in absolute for found in self._seen(pair)]
        return 2 if all(seen) else int(any(seen))

    def _seen(self, pair: Pair) -> list[bool]:
        is_bound = any(is_within(comparable(directory), comparable(pair.old)) for directory in self.bound())
        if self.state is FolderState.FOREIGN:
            return [is_bound]
        if self.state is FolderState.WILL_MOVE:
            return [_may_be_there(pair.old)]
        return [is_bound or _may_be_there(pair.old), _may_be_there(pair.new)]


def typed_pairs(words: Sequence[str], evidence: Evidence) -> list[Pair]:
    """Read the arguments: two paths, or any number of `OLD=NEW`.

    Two words are two paths unless each of them can be a pair; then the evidence tells. Raises BadInput, MigratorError
    where both can be meant, and NothingMatched where nothing speaks for either.
    """
    if len(words) == 1 and "=" not in words[0]:
        raise BadInput(f"Say too where {words[0]} is now: relocate OLD NEW, or relocate OLD=NEW")
    if len(words) != 2:  # noqa: PLR2004 - OLD and NEW
        return [read_pair(word, evidence) for word in words]
    as_pairs = [list(pairs) for pairs in product(*map(_cuts, words))]
    as_paths = [Pair(*words)]
    if (unescaped := [Pair(*map(_unescaped, words))]) != as_paths:
        as_paths = max(as_paths, unescaped, key=evidence.weigh)
    if not as_pairs:
        return as_paths
    if chosen := _choose([*as_pairs, as_paths], evidence, shell_join(words)):
        return chosen
    if len(as_pairs) > 1:
        raise BadInput(f"One of {shell_join(words)} has several `=`; {ESCAPES}.")
    try:
        list(absolute_pairs(as_pairs[0], evidence.cwd, evidence.expand, evidence.state))
    except BadInput as error:
        raise BadInput(f"{error}; as two paths, neither {' nor '.join(words)} is there") from None
    raise NothingMatched(
        f"None of the folders in {shell_join(words)} is there, and nothing is bound to them: "
        + "; ".join(map(_spelled_out, (as_pairs[0], as_paths)))
    )


def listed_pairs(lines: Iterable[str], name: str, evidence: Evidence) -> list[Pair]:
    """Read one `OLD=NEW` a line, without empty lines and comments, which begin with `#`.

    Raises BadInput, or MigratorError where a line can be meant in several ways.
    """
    return [
        read_pair(text, evidence, f"In {name}, line {number}: ")
        for number, line in enumerate(lines, 1)
        if (text := line.strip()) and not text.startswith("#")
    ]


def absolute_pairs(
    pairs: Iterable[Pair], cwd: str, expand: Callable[[str], str], state: FolderState = FolderState.MOVED
) -> Iterator[Pair]:
    """Yield the pairs with normal absolute paths. Raises BadInput for an empty path or an old folder named twice."""
    moves: dict[str, str] = {}
    for old, new, where in pairs:
        if not old or not new or "\0" in old + new:
            raise BadInput(f"{where}an empty path names no folder; say OLD=NEW")
        old, new = (in_full(expand(path), cwd, shares=state is FolderState.FOREIGN) for path in (old, new))  # noqa: PLW2901
        if old == new:
            raise BadInput(f"{where}the folder {old} would move to itself; say where it is now")
        if old in moves:
            also = "again" if moves[old] == new else f"to {moves[old]} and to {new}"
            raise BadInput(f"{where}the folder {old} moves {also}; name each old folder once")
        moves[old] = new
        yield Pair(old, new, where)


def read_pair(word: str, evidence: Evidence, where: str = "") -> Pair:
    """Return the pair that one `OLD=NEW` means. Raises BadInput, or MigratorError where it can be meant in two ways."""
    cuts = _cuts(word, where)
    if len(cuts) == 1:
        return cuts[0]
    chosen = _choose([[cut] for cut in cuts], evidence, word, where)
    if not chosen:
        raise BadInput(
            f"{where}the argument {word!r} {'has several `=`' if cuts else 'is not of the form OLD=NEW'}; {ESCAPES}"
        )
    return chosen[0]


def _choose(readings: Iterable[list[Pair]], evidence: Evidence, typed: str, where: str = "") -> list[Pair] | None:
    """Return the reading for which most speaks; None if nothing speaks for any. Raises MigratorError for a tie."""
    weighed: dict[int, list[list[Pair]]] = {}
    for reading in readings:
        weighed.setdefault(evidence.weigh(reading), []).append(reading)
    most = max(weighed, default=0)
    if most <= 0:
        return None
    if len(weighed[most]) > 1:
        raise MigratorError(
            f"{where}the words {typed} can be read in several ways, and there are folders for each: "
            + "; ".join(map(_spelled_out, weighed[most]))
        )
    return weighed[most][0]


def _spelled_out(pairs: Sequence[Pair]) -> str:
    """Return what a reading means, and how to type it so that it can mean nothing else."""
    meaning = " and ".join(f"{old} to {new}" for old, new, _ in pairs)
    if len(pairs) == 1:
        return f"{meaning}, for which write {shell_quote(pairs[0].word)}"
    return f"{meaning}, for which write the lines {' and '.join(pair.word for pair in pairs)} into a FILE for --map"


def _cuts(word: str, where: str = "") -> list[Pair]:
    r"""Return the pairs that a word can be, cut at each of its `=` without a backslash before it.

    If each has one, a path of Windows may end in it, as in `C:\=/mnt/c`.
    """
    pieces = _split(word)
    if len(pieces) == 1 and is_windows(word.strip()):
        pieces = _split(word.replace("\\=", "\\\\="))
    ways = [("=".join(pieces[:at]), "=".join(pieces[at:])) for at in range(1, len(pieces))]
    return [Pair(old.strip(), new.strip(), where) for old, new in ways]


def _escaped(path: str) -> str:
    text = path.replace("\\", "\\\\").replace("=", "\\=")
    # A name that begins with a backslash would become a share of Windows, which is read as it is: `\\a\=` of `\a=`.
    return text if is_windows(path) or not is_windows(text) else text.removeprefix("\\")


def _unescaped(word: str) -> str:
    return "=".join(_split(word))


def _split(word: str) -> list[str]:
    """Cut a word at each `=` without a backslash before it; a backslash escapes that and, but on Windows, itself."""
    pieces = [""]
    letters = iter(word)
    for letter in letters:
        if letter == "=":
            pieces.append("")
        else:
            pieces[-1] += letter + (next(letters, "") if letter == "\\" else "")
    return [re.sub(r"\\(=)" if is_windows(piece.strip()) else r"\\([=\\])", r"\1", piece) for piece in pieces]


def _may_be_there(path: str) -> bool:
    """Tell whether there is a directory, or nobody can tell."""
    try:
        return existing_directory(path) is not None
    except CantTell:
        return True
