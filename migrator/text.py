"""Text for people: plurals, short lists, paths and lines, times, JSON, and what may be printed."""

from __future__ import annotations

import os
import re
import shlex
import unicodedata
from bisect import bisect_left
from datetime import datetime
from typing import TYPE_CHECKING, Any

from migrator.errors import MigratorError
from migrator.face import told_again
from migrator.paths import is_within, on_windows, path_below

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

PROGRAM = "opencode-migrator"

SHORT_ID = 12
"""How much of an id is shown at least: `ses_` and 8 digits, which tell apart what opencode made 16 ms apart."""


def count(number: int, noun: str, several: str = "") -> str:
    """Return `1 session`, `3,000 sessions`; `several` is the plural of a noun that takes more than an s."""
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"


def agree(number: int, word: str) -> str:
    """Return a verb or a pronoun as so many need it: `is`, `stays`, `its` for one, `are`, `stay`, `their` for more."""
    return word if number == 1 else _OF_SEVERAL.get(word, word.removesuffix("s"))


_OF_SEVERAL = {"is": "are", "was": "were", "has": "have", "does": "do", "it": "them", "its": "their"}


def and_more(number: int, noun: str = "", several: str = "") -> str:
    """Return ` and 3 more` or, with a noun, ` and 3 more sessions`; "" if there are no more."""
    if number <= 0:
        return ""
    return f" and {count(number, f'more {noun}', several and f'more {several}')}" if noun else f" and {number:,} more"


def size_text(number: int) -> str:
    """Return a size in bytes as people read it: `1 byte`, `34 kB`, `0.4 MB`, `3.2 GB`."""
    for unit, one, least in (("GB", 1e9, 1e9), ("MB", 1e6, 1e5)):
        if number >= least:
            return f"{number / one:,.1f} {unit}"
    return count(number, "byte") if number < 1000 else f"{number / 1000:.0f} kB"  # noqa: PLR2004 - what a kB is


def first_few(names: Sequence[str], number: int) -> str:
    """Return `a, b and 3 more`: the first `number` names, and how many others there are."""
    return ", ".join(names[:number]) + and_more(len(names) - number)


def as_many_as_fit(names: Iterable[str], total: int, width: int) -> str:
    """Return `a, b and 3 more`: the first of `total` names, and those that fit into `width` columns with it."""
    shown: list[str] = []
    for name in names:
        if shown and cells(", ".join([*shown, name])) + len(" and 99,999 more") > width:
            break
        shown.append(name)
    return ", ".join(shown) + and_more(total - len(shown))


def whole_id(text: str, ids: Iterable[str], of: str, *, or_end: bool = False) -> str | None:
    """Return the id that `text` is, or else the only one that starts with it; None if there is none.

    With `or_end`, one that ends with it will do, if none starts so. Raises MigratorError if there are several; `of` is
    the plural of what they are the ids of.
    """
    every, how = [*ids], "starts"
    found = sorted(id_ for id_ in every if text and id_.startswith(text))
    if or_end and not found:
        found, how = sorted(id_ for id_ in every if text and id_.endswith(text)), "ends"
    if text in found:
        return text
    if len(found) > 1:
        raise MigratorError(f"Several {of} have an id that {how} with {text}; give more of it: {first_few(found, 10)}.")
    return found[0] if found else None


_MANY = 5000
"""From so many names on, only those that begin like what was typed are compared: that takes seconds otherwise."""
_LONGEST_NAME = 200
"""Nothing is near what is longer: to compare 100 kB took 13 s."""


def nearest(typed: str, names: Iterable[str], number: int = 4) -> list[str]:
    """Return the names that are most like `typed`, at most `number` of them, the likeliest first.

    First those that are made of its words (`--dir` for `--to-dir`, `--force-yes` for `--yes`), then those that are
    spelled much like it. Case doesn't count.
    """
    from difflib import get_close_matches

    if len(typed) > _LONGEST_NAME:
        return []
    by_name: dict[str, list[str]] = {}
    for name in names:
        by_name.setdefault(name.casefold(), []).append(name)
    wanted = typed.casefold()
    words = _words(wanted)
    having = [name for name in by_name if words <= (own := _words(name)) or (own and own <= words)] if words else []
    having.sort(key=lambda name: (not name.startswith(wanted), len(_words(name) ^ words)))
    compared = by_name if len(by_name) <= _MANY else [name for name in by_name if name[:2] == wanted[:2]]
    found = dict.fromkeys([*having, *get_close_matches(wanted, compared)])
    return [name for each in found for name in by_name[each]][:number]


def did_you_mean(names: Sequence[str]) -> str:
    """Return ` Did you mean 'a', 'b' or 'c'?`, as click says it; "" if there are no names."""
    *others, last = [f"'{name}'" for name in names] or [""]
    return f" Did you mean {', '.join(others)}{' or ' if others else ''}{last}?" if names else ""


def _words(name: str) -> set[str]:
    return {*re.findall(r"[^\W_]+", name)}


def short_ids(ids: Iterable[str], every: Iterable[str], least: int = SHORT_ID) -> dict[str, str]:
    """Return the shortest beginning of each of `ids` that no other id in `every` has, of at least `least` characters.

    An id that another one begins with stays whole.
    """
    ordered = sorted({*every, *ids})
    found = {}
    for id_ in ids:
        at = bisect_left(ordered, id_)
        beside = [*ordered[max(at - 1, 0) : at], *ordered[at + 1 : at + 2]]
        shared = max((len(os.path.commonprefix([id_, other])) for other in beside), default=0)  # noqa: RUF071 - no path
        found[id_] = id_[: max(least, shared + 1)]
    return found


def tilde(directory: str) -> str:
    """Write the home directory as `~`."""
    home = os.path.expanduser("~")
    if home == "/" or not is_within(directory, home):
        return directory
    if directory.startswith(home):
        return "~" + directory[len(home) :]
    return f"~/{path_below(directory, home)}".rstrip("/")


def tilde_in(sentence: str) -> str:
    """Write the home directory as `~` wherever a path in a sentence begins with it.

    A command is left as it is, and so is what is quoted: a shell takes `~` for a name there.
    """
    home = os.path.expanduser("~")
    if home == "/" or home not in sentence:
        return sentence
    path = re.compile(rf"""(?<![\w/.~'"-]){re.escape(home)}(?=[/\s,;:)]|\.?$|\.\s)""")
    pieces = commands_in(sentence)
    return "".join(f"`{piece}`" if at % 2 else path.sub("~", piece) for at, piece in enumerate(pieces))


def places(directories: Iterable[str]) -> str:
    """Return the directory that all of these are, or are below; how many they are if there is none among them."""
    every = {*directories}
    top = min(every, key=len, default="")
    return tilde(top) if all(is_within(each, top) for each in every) else count(len(every), "directory", "directories")


def printable(text: str) -> str:
    r"""Return text that is safe to print: what a terminal would obey, or a person would not see, is escaped as `\x1b`.

    Everything for which `str.isprintable` is false is escaped: control characters (line ends and C1 too), characters
    that change the direction of writing, invisible format characters, unusual spaces, lone surrogates and unassigned
    characters. So are marks and fillers that show nothing, with which one path could look like another. A byte that
    isn't UTF-8 becomes `\x9b`, a character of C1 `\u009b`. Printed as they are: the ideographic space, and joiners and
    variation selectors where emoji, Indic and Arabic writing need them. Text that was escaped once stays the same.
    """
    if text.isprintable() and (text.isascii() or not _SHOWS_NOTHING.search(text)):
        return text
    return _NO_PLAIN_CHARACTER.sub(_shown, text)


_NO_PLAIN_CHARACTER = re.compile("[^ -~]")
_SHOWS_NOTHING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters that Python calls printable and that Unicode lets programs ignore where they don't support them."""
_IDEOGRAPHIC_SPACE, _NON_JOINER, _JOINER, _KEYCAP = "\u3000", "\u200c", "\u200d", "\u20e3"
_VARIATIONS = ("\ufe0e", "\ufe0f")
_VIRAMA = 9
"""The combining class of the sign that joins two Indic letters."""


def _shown(match: re.Match[str]) -> str:
    char, code = match[0], ord(match[0])
    if char == _IDEOGRAPHIC_SPACE or (char.isprintable() and not _SHOWS_NOTHING.match(char)):
        return char
    if char in {_NON_JOINER, _JOINER, *_VARIATIONS} and _is_needed(match.string, match.start()):
        return char
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 - how Python writes a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if 0x80 <= code <= 0xFF else char.encode("unicode_escape").decode()  # noqa: PLR2004


def _is_needed(text: str, at: int) -> bool:
    """Tell whether the joiner or variation selector at this index does what it is for, with what is around it."""
    before, char, after = text[at - 1 : at], text[at], text[at + 1 : at + 2]
    if char in _VARIATIONS:
        return _is_symbol(before) or (after == _KEYCAP and before.isascii())
    if before and unicodedata.combining(before) == _VIRAMA:
        return True
    if char == _NON_JOINER:
        return all("\u0620" <= letter <= "\u08ff" and letter.isalpha() for letter in (before, after))
    before = text[at - 2 : at - 1] if before in _VARIATIONS else before
    return _is_symbol(before) and _is_symbol(after)


def _is_symbol(char: str) -> bool:
    """Tell whether a character may be an emoji."""
    return not char.isascii() and unicodedata.category(char) in {"So", "Sk", "Sm", "Po", "Pd"}


def without_long_values(message: str) -> str:
    """Return a message in which values that somebody typed, of 5,000 characters and more, are cut.

    A path and a command line are shorter: people still have to copy them.
    """
    return _LONG_VALUE.sub(lambda found: f"{found[0][:100]}… ({len(found[0]):,} characters)", message)


_LONG_VALUE = re.compile(r"'[^'`]{5000,}'?|\"[^\"`]{5000,}\"?|[^\s`]{5000,}")


def sentence(message: str) -> str:
    """Return an error as people are told it: it begins with a capital letter and ends with a full stop.

    What begins it and can't be capitalised, as a path, gets a noun: an error may be part of another one, as it is.
    """
    noun = next((noun for start, noun in _NOUNS.items() if message.startswith(start)), "")
    first = message[:1].upper() if _PLAIN_WORD.match(message) else message[:1]
    return f"{noun}{first}{message[1:]}{'' if message.endswith(('.', '?', '!')) else '.'}"


_NOUNS = {"/": "The path ", "~": "The path ", "ses_": "Session ", "--": "The option ", "`": "The command "}
_PLAIN_WORD = re.compile(r"[a-z]+(?=[ ,;:'])")


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, which may end as on Windows.

    `splitlines` would end them at other characters too, which a name may hold.
    """
    return [line.removesuffix("\r") for line in text.split("\n")]


def one_line(text: str) -> str:
    """Return prose as it may be printed (`printable`), its line ends and other white space as single spaces."""
    if text.isascii() and text.isprintable():
        return text
    return printable(" ".join(text.split()) if _LINE_END_OR_SPACE.search(text) else text)


def title_text(title: str) -> str:
    """Return the title of a session on one line, and where it has none, that."""
    return one_line(title).strip() or "(no title)"


_LINE_END_OR_SPACE = re.compile(f"[^\\S {_IDEOGRAPHIC_SPACE}]")


def printable_json(text: str, *, ascii_only: bool = False) -> str:
    r"""Return JSON in which what a terminal would obey is escaped, as `\u202e`: whoever parses it gets the same value.

    JSON itself escapes the control characters of ASCII only, and not DEL. With `ascii_only` all but ASCII is escaped.
    """
    if "\x7f" not in text and (text.isascii() or not (ascii_only or not text.replace("\n", " ").isprintable())):
        return text
    return _NO_PLAIN_CHARACTER.sub(_json_escape if ascii_only else _json_escape_unless_printable, text)


def _json_escape_unless_printable(match: re.Match[str]) -> str:
    return match[0] if match[0].isprintable() else _json_escape(match)


def _json_escape(match: re.Match[str]) -> str:
    char = match[0]
    if char == "\n":
        return char
    return "".join(f"\\u{unit}" for unit in _utf_16(char))


def _utf_16(char: str) -> Iterator[str]:
    """Yield the units of a character in UTF-16: one, or two of a pair; of four hexadecimal digits each."""
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return (units[at : at + 4] for at in range(0, len(units), 4))


def shell_quote(word: str) -> str:
    r"""Quote a word for a shell, so that a printed command does what it says: `$'\033'` for what isn't `printable`.

    On Windows it is quoted for cmd and for PowerShell at once. Where they differ, in `$`, a backtick, a curly quote and
    what isn't printable, it is right in PowerShell, and another word to cmd. cmd replaces `%NAME%` in quotes too, and
    Windows PowerShell 5 loses a quote inside a word.
    """
    if on_windows():
        return _windows_quote(word)
    if printable(word) == word:
        return shlex.quote(word)
    return f"$'{''.join(map(_for_shell, word))}'"


_BARE_ON_WINDOWS = re.compile(r"(?!-.*[.:])[\w./:\\~+-]+", re.ASCII)
"""What no shell of Windows reads anything into; PowerShell splits `-a.b`."""


def _windows_quote(word: str) -> str:
    if _BARE_ON_WINDOWS.fullmatch(word):
        return word
    # A program takes a backslash before a quote for its escape. `""` is a quote to it and leaves both shells in quotes,
    # so that they never see a `&` outside of them.
    doubled = re.sub(r'(\\*)("|\Z)', lambda end: end[1] * 2 + end[2] * 2, word)
    return f'"{"".join(map(_for_powershell, doubled))}"'


def _for_powershell(char: str) -> str:
    if char in "$`\u201c\u201d\u201e":
        return f"`{char}"
    if printable(char) == char:
        return char
    return "".join(f"$([char]0x{unit})" for unit in _utf_16(char))


def in_directory(directory: str, command: str) -> str:
    """Return the command that runs a command in a directory; `cd` of cmd stays on its drive."""
    return f"{'pushd' if on_windows() else 'cd'} {shell_quote(directory)} && {command}"


def with_variables(variables: Mapping[str, str], command: str) -> str:
    """Return the command that runs a command with these variables; on Windows, one of PowerShell, which keeps them."""
    if on_windows():
        values = {name: "".join(map(_for_powershell, value.replace('"', '""'))) for name, value in variables.items()}
        return "".join(f'$env:{name}="{value}"; ' for name, value in values.items()) + command
    return "".join(f"{name}={shell_quote(value) if value else ''} " for name, value in variables.items()) + command


def _for_shell(char: str) -> str:
    if char in "'\\":
        return f"\\{char}"
    if " " <= char <= "~" or printable(char) == char:
        return char
    a_byte = "\udc80" <= char <= "\udcff"
    return "".join(f"\\{byte:03o}" for byte in char.encode(errors="surrogateescape" if a_byte else "surrogatepass"))


def shell_join(words: Iterable[str]) -> str:
    """Quote each word of a command for a shell; see `shell_quote`."""
    return " ".join(map(shell_quote, words))


def our_command(*words: str, db: str | Path | None = None) -> str:
    """Return the command line of `opencode-migrator WORDS`, on the database at `db` if it has to be named."""
    return shell_join([PROGRAM, *told_again(words), *([] if db is None else ["--db", str(db)])])


def cells(text: str) -> int:
    """Count the columns that a text takes on a terminal: East Asian characters and emoji two, accents none."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth

    return max(wcswidth(text), 0)


def shortened(text: str, width: int) -> str:
    """Cut a text to one line of at most `width` columns."""
    line = printable(text)
    return line if cells(line) <= width else _head(line, max(width - 1, 1)) + "…"


def shortened_path(path: str, width: int) -> str:
    """Cut a path to at most `width` columns from the left: its end tells more."""
    line = printable(path)
    return line if cells(line) <= width else "…" + _head(line[::-1], max(width - 1, 1))[::-1]


def _head(line: str, width: int) -> str:
    end = min(len(line), 4 * width)  # a title may be as long as a book
    while cells(line[:end]) > width:
        end -= 1
    return line[:end]


_PROGRAMS = f"{PROGRAM}|opencode|git|hg|jj|sqlite3|sudo|chmod|mv|cd|move|log|gc|serve|GET|POST"
_COMMAND = re.compile(
    rf"""(?<![^\s(])`((?:{_PROGRAMS})(?![^\s`])(?:\$'(?:[^'\\]|\\.)*'|'[^']*'|"[^"]*"|[^`'"])*)`(?![^\s.,;:)?])"""
)
"""A command in a sentence; whatever else stands between backticks may be the name of a file, which has them."""


def commands_in(text: str) -> list[str]:
    """Split a sentence at its commands: every second piece is one, without its backticks."""
    return _COMMAND.split(text)


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Return text, as it may be printed, in lines of at most `width` columns, each after the first with `indent`.

    A word that is longer stays whole, and so does a command between backticks, so that it can be copied; writing
    without spaces is broken.
    """
    text = printable(text)
    held = "\0" if text.isascii() else "\ue000"  # neither is printable, so no text has it; the latter has a width
    text = _COMMAND.sub(lambda command: command[0].replace(" ", held), text)
    if text.isascii():
        from textwrap import wrap

        lines = wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    else:
        from wcwidth import wrap as wrap_cells

        lines = wrap_cells(
            text,
            width,
            subsequent_indent=indent,
            break_long_words=cells(text) > len(text),
            break_on_hyphens=False,
            propagate_sgr=False,
        )
    return [line.replace(held, " ") for line in lines]


def relative_time(milliseconds: int, now: int) -> str:
    """Return a time as people say it, seen from `now`: `2 days ago`; as `local_time` if it is no time of the past."""
    try:
        seconds = (now - milliseconds) // 1000
    except TypeError:  # somebody's UPDATE may have left text
        return str(milliseconds)
    if seconds < 0 or milliseconds <= 0:
        return local_time(milliseconds)
    if seconds < _UNITS[-1][0]:
        return "just now"
    length, unit = next((length, unit) for length, unit in _UNITS if seconds >= length)
    number = seconds // length
    return f"{number} min ago" if unit == "min" else f"{count(number, unit)} ago"


_DAY = 86400
_UNITS = ((365 * _DAY, "year"), (30 * _DAY, "month"), (7 * _DAY, "week"), (_DAY, "day"), (3600, "hour"), (60, "min"))
"""How many seconds each unit has, the longest first."""


def iso_time(milliseconds: int) -> str:
    """Return a time in ISO 8601 with its zone, to the millisecond; the stored value if it is no time."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000).astimezone().isoformat(timespec="milliseconds")
    except (TypeError, ValueError, OverflowError, OSError):
        return str(milliseconds)


def local_time(milliseconds: int, *, seconds: bool = False) -> str:
    """Return a time as people read it, in the local time zone; the stored value if it is no time of any calendar."""
    form = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    try:
        return datetime.fromtimestamp(milliseconds / 1000).astimezone().strftime(form)
    except (TypeError, ValueError, OverflowError, OSError):  # somebody's UPDATE may have left text
        return str(milliseconds)


def is_utf_8(text: str) -> bool:
    """Tell whether a text can be written in UTF-8: what was typed in another encoding can't (PEP 383)."""
    return text.isascii() or text == text.encode(errors="replace").decode()


def valid_text(text: str) -> str:
    """Return a text that can be written in UTF-8: what was no UTF-8 in a path or argument is written as an escape."""
    return text.encode(errors="backslashreplace").decode()


def json_text(value: Any, indent: int | None = None) -> str:
    """Return JSON for people to read, and for a terminal to print."""
    import json

    return printable_json(json.dumps(value, indent=indent, ensure_ascii=False))
