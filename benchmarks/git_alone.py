"""The git processes that a look at many checkouts needs, and nothing else: `git_alone.py FOLDER`, of checkouts."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

AT_ONCE = 16
"""As many as `Places.prefetch` waits for at once."""

QUESTION = ("git", "remote", "-v")
"""What it takes where the repository keeps the project id."""


def ask(checkout: Path) -> None:
    """Ask git about one checkout."""
    subprocess.run(QUESTION, cwd=checkout, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def main() -> None:
    """Ask about all of them."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(ask, sorted(Path(sys.argv[1]).iterdir())))


main()
