"""Tell a story in a terminal, and write down what the screen shows."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pyte

from migrator.text import shell_quote
from tests.screens.stories import NOW
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from tests.screens.stories import Step, Story
    from tests.support.home import Home

WIDTHS = (80, 120)
_LINES = 2000
_SEEN_AS = "/home/somebody/a-home"
"""What a home is called in what is recorded: as long as its real path, so that each line is as wide."""
_SOME_RUN = "20261129-120000-0abc"
_RUN = re.compile(r"\b20261129-120000-[0-9a-f]{4}\b")


def recorded(name: str, columns: int) -> Path:
    """Return where a story is recorded."""
    return Path(__file__).parent / "recorded" / f"{name}-{columns}.txt"


def told(story: Story, columns: int) -> str:
    """Return what a terminal of so many columns shows of a story, colours left out."""
    home_path = Path(tempfile.mkdtemp(prefix="ocmg", dir="/tmp"))  # as long a name wherever tests run
    try:
        home = story.build(home_path / "dev")
        home.environ |= {"TZ": "UTC"}
        return "\n".join(_tell(home, step, columns) for step in story.steps)
    finally:
        shutil.rmtree(home_path)


def _tell(home: Home, step: Step, columns: int) -> str:
    words = [
        word.replace("{run}", max((run.stem for run in home.state.glob("runs/*.db")), default=""))
        for word in step.words
    ]
    screen = pyte.Screen(columns, _LINES)
    stream = pyte.Stream(screen)
    with Terminal(home, *words, cwd=home.path / step.cwd, columns=columns, first=_stop_the_clock) as terminal:
        seen = 0
        for question, answer in step.answers:
            terminal.wait_for(question, after=seen)
            seen = len(terminal.text)
            terminal.type(answer)
        code = terminal.finish()
    stream.feed(_RUN.sub(_SOME_RUN, terminal.raw.replace(str(home.path), _SEEN_AS)))
    typed = " ".join(word if word.startswith("~/") else shell_quote(word) for word in words)
    typed = _RUN.sub(_SOME_RUN, typed)
    lines = [f"~/{step.cwd}$ opencode-migrator {typed}", *map(str.rstrip, screen.display)]
    ended = "" if code == 0 else f"\n(exit {code})"
    return "\n".join(lines).rstrip("\n") + ended + "\n"


def _stop_the_clock() -> None:
    """Let it be noon, as when each story happens; what lasts is measured by another clock."""
    setattr(time, "time", lambda: float(NOW))  # noqa: B010 - mypy knows no other way
    setattr(time, "time_ns", lambda: NOW * 1_000_000_000)  # noqa: B010 - as above
