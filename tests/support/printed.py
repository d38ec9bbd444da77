"""What of a printed text would act on a terminal, or not be seen: an opinion that doesn't ask ours."""

from __future__ import annotations

import re
import unicodedata

IGNORED = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
"""Printable to Python, and shown as nothing."""
STYLE = re.compile(r"\x1b\[[0-9;]*m")
JOINING = re.compile(r"(?<=[^\x00-\x7f])[\u200c\u200d\ufe0e\ufe0f]|\ufe0f(?=\u20e3)")
"""A joiner or a variation selector where plain text can't be meant."""


def acts(text: str) -> set[str]:
    """Return the characters of a line that a terminal obeys or nobody sees."""
    text = JOINING.sub("", text)
    strange = {char for char in text if unicodedata.category(char)[0] in "CZ" and char not in " \u3000"}
    return strange | unseen(text)


def unseen(text: str) -> set[str]:
    """Return the characters that show nothing."""
    return {
        char
        for char in text
        if unicodedata.category(char) == "Cf"
        or char in IGNORED
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0000" <= char <= "\U000e0fff"
    }


def acting(printed: str) -> set[str]:
    """Return what acts in all that a command printed, but for its line ends and its colours."""
    return {char for line in STYLE.sub("", printed).split("\n") for char in acts(line)}
