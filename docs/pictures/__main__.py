"""Make the pictures of README: `make pictures`, which needs a chromium."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.chromium import SCHEMES, screenshot
from tests.support.home import MOVE, Home, build_home

HERE = Path(__file__).parent


def picture_report(home: Home) -> None:
    """Make a picture of the upper half of the report of the demo's plan, in each colour scheme."""
    home.run(*MOVE[:3], "--to-dir", "~/src/shop", "--dry-run", "--html", "report.html")
    for scheme in SCHEMES:
        screenshot(home.path / "report.html", HERE / f"report-{scheme}.png", 1120, 920, scheme)


def main() -> None:
    """Make each picture from the sessions of the demo."""
    with TemporaryDirectory() as directory:
        home = build_home(Path(directory) / "home", "real-1.18.34")
        home.repository("shop", "sub/deep")
        picture_report(home)
    sys.stdout.write(f"Made {', '.join(sorted(path.name for path in HERE.glob('*.png')))}.\n")


if __name__ == "__main__":
    main()
