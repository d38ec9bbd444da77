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
    from collections.abc import Sequence

    from tests.screens.stories import Step, Story
    from tests.support.home import Home

WIDTHS = (80, 120)
_LINES = 2000
_SEEN_AS = "/home/somebody/a-home"
"""What a home is called in what is recorded: as long as its real path, so that each line is as wide."""
_SECOND = "20261129-120000-"
"""How the id of a run at NOW begins; four random digits follow."""


def recorded(name: str, columns: int) -> Path:
    """Return where a story is recorded."""
    return Path(__file__).parent / "recorded" / f"{name}-{columns}.txt"


def told(story: Story, columns: int) -> str:
    """Return what a terminal of so many columns shows of a story, colours left out, runs numbered as they were made."""
    home_path = Path(tempfile.mkdtemp(prefix="ocmg", dir="/tmp"))  # as long a name wherever tests run
    try:
        home, runs = story.build(home_path / "dev"), list[str]()
        home.environ |= {"TZ": "UTC"}
        return "\n".join(_tell(home, step, columns, runs) for step in story.steps)
    finally:
        shutil.rmtree(home_path)


def _tell(home: Home, step: Step, columns: int, runs: list[str]) -> str:
    """Return what is shown of one step; the runs that it makes are added to `runs`."""
    words = [word.replace("{run}", runs[-1]) if runs else word for word in step.words]
    with Terminal(home, *words, cwd=home.path / step.cwd, columns=columns, first=_stop_the_clock) as terminal:
        seen = 0
        for question, answer in step.answers:
            terminal.wait_for(question, after=seen)
            seen = len(terminal.text)
            terminal.type(answer)
        code = terminal.finish()
    runs += {run.stem for run in home.state.glob("runs/*.db")}.difference(runs)
    screen = pyte.Screen(columns, _LINES)
    pyte.Stream(screen).feed(_recordable(terminal.raw.replace(str(home.path), _SEEN_AS), runs))
    typed = " ".join(word if word.startswith("~/") else shell_quote(word) for word in words)
    lines = [f"~/{step.cwd}$ opencode-migrator {_recordable(typed, runs)}", *map(str.rstrip, screen.display)]
    ended = "" if code == 0 else f"\n(exit {code})"
    return "\n".join(lines).rstrip("\n") + ended + "\n"


def _recordable(text: str, runs: Sequence[str]) -> str:
    """Return text with 0001 for the random end of the id of the first run, and so on."""
    for number, run in enumerate(runs, start=1):
        text = re.sub(rf"\b({_SECOND})?{run.removeprefix(_SECOND)}\b", rf"\g<1>{number:04}", text)
        text = text.replace(f"(of {run.removeprefix(_SECOND)[:3]}…", f"(of {f'{number:04}'[:3]}…")  # cut at 80 columns
    return re.sub(r" on \w+, mounted at \S+", " on ext4, mounted at /", text)  # wherever the tests run


def _stop_the_clock() -> None:
    """Let it be noon, as when each story happens; what lasts is measured by another clock."""
    setattr(time, "time", lambda: float(NOW))  # noqa: B010 - mypy knows no other way
    setattr(time, "time_ns", lambda: NOW * 1_000_000_000)  # noqa: B010 - as above
