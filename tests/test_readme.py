"""The README shows what the program does today."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUN = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")


def test_its_first_screen_is_what_the_demo_prints() -> None:
    readme = (ROOT / "README.md").read_text()
    shown = readme.split("```console\n")[1].split("```")[0]
    environ = {**os.environ, "NO_COLOR": "1", "COLUMNS": "80"}
    command = [sys.executable, "-m", "migrator", "demo"]
    demo = subprocess.run(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    rest = RUN.sub("RUN", demo.stdout)
    for piece in RUN.sub("RUN", shown).split("...\n"):
        assert piece in rest
        rest = rest.partition(piece)[2]


def test_every_command_in_it_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"opencode-migrator ([a-z]+)", readme))
    assert {"move", "undo", "doctor"} <= named
    for name in sorted(named):
        asked = subprocess.run([sys.executable, "-m", "migrator", name, "--help"], capture_output=True, check=False)
        assert asked.returncode == 0, name
