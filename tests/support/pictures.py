"""`make pictures`: the picture of the terminal UI in docs/pictures/, of the demo's data."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import time
from pathlib import Path

from migrator.operations.demo import build
from tests.support.screen import shown

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SIZE = (110, 32)


async def picture(database: Path) -> str:
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
    with tempfile.TemporaryDirectory() as directory:
        demo = build(Path(directory).resolve())
        os.environ.clear()
        os.environ.update({**demo.environ, "TZ": "UTC"})
        time.tzset()
        os.chdir(demo.home)
        svg = asyncio.run(picture(demo.home / ".local" / "share" / "opencode" / "opencode.db"))
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / "ui.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
