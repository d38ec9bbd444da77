"""bash, zsh or fish with somebody at it, who has our completion script and presses Tab."""

from __future__ import annotations

import os
import re
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from tests.support.home import Home

INSTALLED = {name: path for name in ("bash", "zsh", "fish") if (path := shutil.which(name))}
_START = {
    "bash": (["--norc", "--noprofile", "-i"], "bind 'set bell-style none'; "),
    "zsh": (["-f", "-i"], "autoload -Uz compinit; compinit -D; unsetopt beep prompt_sp; "),
    "fish": (["--no-config", "-i"], ""),
}
_INSTALL = {
    "bash": 'eval "$(opencode-migrator completion bash)"',
    "zsh": 'eval "$(opencode-migrator completion zsh)"',
    "fish": "opencode-migrator completion fish | source",
}
_TO_START, _TO_END, _CLEAR = "\x01", "\x05", "\x15"


class InteractiveShell:
    """A shell in a terminal of 120 columns, for one test."""

    def __init__(self, shell: str, home: Home, cwd: Path | None = None) -> None:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        home.environ |= {"PATH": path, "PS1": "ready ", "LC_ALL": "C.UTF-8"}
        options, before = _START[shell]
        become = partial(os.execv, INSTALLED[shell], [INSTALLED[shell], *options])
        self.terminal = Terminal(home, cwd=cwd, columns=120, first=become)
        self._number = 0
        self.terminal.wait_for(" ~" if shell == "fish" else "ready ")  # what is typed before may be dropped
        self.run(before + _INSTALL[shell])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.terminal.__exit__(*_)

    def run(self, line: str) -> str:
        """Run a line; return what comes to the terminal."""
        self._number += 1
        end = f"end-of-{self._number}"
        start = len(self.terminal.raw)
        self.terminal.type(f"{line}; printf '%s\\n' {end[:3]}''{end[3:]}\r")
        self.terminal.wait_for(f"{end}\n")
        return self.terminal.raw[start:].replace("\r\n", "\n")

    def complete(self, line: str) -> list[str]:
        """Type a line, press Tab, and return the words that the shell takes the line for then."""
        self.terminal.type(f"{line}\t")
        self.terminal.type(f"{_TO_START}printf '[[%s]]\\n' {_TO_END}")
        return re.findall(r"\[\[((?:(?!\[\[).)*?)\]\]\n", self.run(""), re.DOTALL)

    def offered(self, line: str, word: str) -> str:
        """Type a line, press Tab twice, and return what comes to the terminal until the shell has listed this word."""
        start, begin = len(self.terminal.text), len(self.terminal.raw)
        self.terminal.type(f"{line}\t\t")
        self.terminal.wait_for(word, after=start + len(line))
        self.terminal.type(_CLEAR)
        return self.terminal.raw[begin:]
