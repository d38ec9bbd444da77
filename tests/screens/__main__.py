"""Record stories again: `python -m tests.screens [NAME]...`. Look at each line that changed before you commit it."""

from __future__ import annotations

import sys

from tests.screens.recorder import WIDTHS, recorded, told
from tests.screens.stories import STORIES
from tests.support.surroundings import leave_settings_behind

if __name__ == "__main__":
    leave_settings_behind()
    for name in sys.argv[1:] or STORIES:
        for columns in WIDTHS:
            recorded(name, columns).write_text(told(STORIES[name], columns), encoding="utf-8")
