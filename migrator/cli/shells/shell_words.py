r"""The words of a line that is being typed into a shell, and how to go on with the last one of them.

What a shell would expand stays as it is typed, and only what is added to it is quoted: `~/my\ dir` stays `~/my\ dir`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from migrator.text import printable, shell_quote

_PIECE = re.compile(
    r"""(?P<between>\s+|[<>])
    | (?P<ansi>\$'(?P<in_ansi>(?:[^'\\]|\\.)*)(?P<end_ansi>'?))
    | (?P<single>'(?P<in_single>[^']*)(?P<end_single>'?))
    | (?P<double>"(?P<in_double>(?:[^"\\]|\\.)*)(?P<end_double>"?))
    | (?P<escape>\\(?P<in_escape>.))
    | (?P<half>\\\Z)
    | (?P<plain>(?P<in_plain>[^\s<>'"\\$]+|\$))
    """,
    re.DOTALL | re.VERBOSE,
)
_OPEN = {"ansi": "$'", "single": "'", "double": '"'}
_BREAKS = re.compile("[=|&(:;]")
"""Where bash begins a new word when it completes, besides at white space and quotes, unless it is told others."""

_ANSI = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_ANSI_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"e": b"\x1b"}
_BARE = re.compile(r"[\w@%+,./:=-]|[^\x00-\x7f]", re.ASCII)
_BARE_IN = {"'": re.compile("[^']"), '"': re.compile(r'[^"$`\\!]'), "$'": re.compile(r"[^'\\]"), "": _BARE}


class TypedWord(NamedTuple):
    """A word up to the cursor: `raw` as it was typed, `text` what it means, `quote` the one that is still open.

    `replaced` is the part of `raw` that bash replaces; a word that `redirects` is the name of the file behind `>`.
    """

    raw: str
    text: str
    quote: str
    replaced: str
    redirects: bool

    def extended(self, text: str) -> str:
        """Return the word as it is typed when it means `text`; what was typed stays, if `text` begins so."""
        if text.startswith(self.text):
            return self.raw + _quoted(text[len(self.text) :], self.quote)
        return _quoted(text, "")


def typed_words(line: str) -> tuple[list[str], TypedWord]:
    """Return the words of a line before the one that the cursor is in, which is at its end; and that one."""
    words: list[str] = []
    texts: list[str] = []
    quote, start, breaks, end, redirects = "", 0, 0, len(line), False
    for piece in _PIECE.finditer(line):
        kind = str(piece.lastgroup)
        if kind == "between":
            if texts and not redirects:
                words.append("".join(texts))
            redirects = piece[0] in "<>" or (redirects and not texts)
            texts, start, breaks = [], piece.end(), piece.end()
        elif kind == "half":  # a shell has completed half of an escape: what several values have in common
            end = piece.start()
        else:
            texts.append(_meant(kind, piece[f"in_{kind}"]))
            if kind in _OPEN:
                quote = "" if piece[f"end_{kind}"] else _OPEN[kind]
                breaks = piece.start() + len(quote) if quote else piece.end()
            elif kind == "plain":
                breaks = max([breaks, *(found.end() for found in _BREAKS.finditer(line, piece.start(), piece.end()))])
    return words, TypedWord(line[start:end], "".join(texts), quote, line[breaks:end], redirects)


def _meant(kind: str, text: str) -> str:
    if kind == "double":
        return re.sub(r'\\(["\\$`])', r"\1", text)
    if kind == "ansi":
        meant = _ANSI.sub(_unescaped, text.encode(errors="surrogateescape"))
        return meant.decode(errors="surrogateescape")
    return text


def _unescaped(found: re.Match[bytes]) -> bytes:
    escape = found[1]
    return bytes([int(escape, 8) & 255]) if escape.isdigit() else _ANSI_LETTERS.get(escape, escape)


def _quoted(text: str, quote: str) -> str:
    """Quote text for bash or zsh where this quote is open; the quote is left open."""
    return "".join(_quoted_char(char, quote) for char in text)


def _quoted_char(char: str, quote: str) -> str:
    if printable(char) != char:
        special = shell_quote(char)
        return special[2:-1] if quote == "$'" else quote[-1:] + special + quote
    if _BARE_IN[quote].match(char):
        return char
    if quote == "'" or (quote == '"' and char == "!"):  # which no backslash quotes there
        return f"{quote}\\{char}{quote}"
    return f"\\{char}"
