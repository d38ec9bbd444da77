"""Every name that a command may print is hostile text, made up anew: none of it acts on a terminal or hides."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.support.hostile_text import EVIL, commands, hostile_home, run_clean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    from tests.torture.frame import Try

SLICE = 1
_PIECES = (
    *EVIL,
    *"'\"\\\\$`%*?[]{}~!#&;|<>=",
    "\u200d",
    "\ufe0f",
    "\U0001f98a",
    "\u754c",
    "e\u0301",
    " ",
    "-n",
    "..",
    "a",
)
_LONGEST = 80
"""In bytes: names on the disk are made of it."""


def tries(random: Random) -> Iterator[Try]:
    """Yield homes with one text in all names, and some commands about them."""
    while True:
        text = "".join(random.choice((random.choice(_PIECES), _any(random))) for _ in range(random.randint(1, 12)))
        while len(text.encode()) > _LONGEST:
            text = text[:-1]
        yield partial(_print, text, [random.random() for _ in range(3)])


def _any(random: Random) -> str:
    """Return any character that a name on the disk can have."""
    while (char := chr(random.choice((random.randrange(0x300), random.randrange(0x110000))))) in "\0/" or (
        "\ud800" <= char <= "\udfff"
    ):
        pass
    return char


def _print(text: str, which: list[float], directory: Path) -> None:
    home = hostile_home(directory / "home", text)
    every = commands(home, text)
    for share in which:
        run_clean(home, every[int(share * len(every))])
