"""Sentences of a report, in which other people's names may be as long as a book."""

from __future__ import annotations

import re

from migrator.text import commands_in, shortened, shortened_path


def sentence_pieces(text: str, width: int, word_width: int) -> list[str]:
    """Return a sentence on one line, cut to `width` columns and each word to `word_width`; every second is a command.

    A word that is too long is a path, whose end tells more.
    """
    words = re.sub(
        rf"\S{{{word_width + 1},}}", lambda found: shortened_path(found[0], word_width), " ".join(text.split())
    )
    return commands_in(shortened(words, width))
