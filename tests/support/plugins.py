"""Plug-ins of other distributions, put where a command finds them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.home import Home

TESTS = Path(__file__).parents[1]


def pip_install(example: str, site: Path) -> Path:
    """Install tests/EXAMPLE into a directory with pip, which downloads nothing for it; return the directory."""
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "--isolated", "install", "--quiet", *options, "--target", str(site)]
    subprocess.run([*command, str(TESTS / example)], check=True)
    return site


def install(home: Home, group: str, entry: str, source: str) -> None:
    """Put a distribution of one module, which ENTRY names, where the command finds it, as pip leaves it."""
    site = home.path / "site"
    name, _, module = entry.partition(" = ")
    record = site / f"{name}-0.1.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
    (record / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")
    (site / f"{module.partition(':')[0]}.py").write_text(source)
    home.site = site
