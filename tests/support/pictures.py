"""`make pictures`: the pictures in docs/pictures/, of the demo's data; a page is drawn by chromium."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import time
from pathlib import Path

from migrator.operations.demo import build
from tests.support.chromium import SCHEMES, screenshot
from tests.support.home import MOVE, build_home
from tests.support.screen import shown

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SIZE = (110, 32)


def picture_report(directory: Path) -> None:
    """Draw the upper half of the report of the demo's plan, in each colour scheme."""
    home = build_home(directory / "home", "real-1.18.34")
    home.repository("shop", "sub/deep")
    home.run(*MOVE[:3], "--to-dir", "~/src/shop", "--dry-run", "--html", "report.html")
    for scheme in SCHEMES:
        screenshot(home.path / "report.html", PICTURES / f"report-{scheme}.png", 1120, 920, scheme)


async def picture_ui(database: Path) -> str:
    """Mark what the demo moves, and draw it."""
    async with shown(database, SIZE) as ui:
        await ui.press("space", "space", "down", "space")
        await ui.settle()
        svg = ui.app.export_screenshot(title="opencode-migrator ui")
    # What names a font on another host, and what is new each time.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return re.sub(r"terminal-\d+", "terminal", svg)


def main() -> None:
    """Build the demo's home, live in it, and draw."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        picture_report(Path(directory) / "report")
        demo = build(Path(directory).resolve() / "demo")
        os.environ.clear()
        os.environ.update({**demo.environ, "TZ": "UTC"})
        time.tzset()
        os.chdir(demo.home)
        svg = asyncio.run(picture_ui(demo.home / ".local" / "share" / "opencode" / "opencode.db"))
    (PICTURES / "ui.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
