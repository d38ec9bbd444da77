"""`selectors` is also the name of a module of Python, so that folder must stay a mere folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_no_module_lies_directly_in_selectors() -> None:
    assert not list((ROOT / "selectors").glob("*.py"))
    assert (ROOT / "selectors" / "migrator_selectors" / "__init__.py").is_file()


def test_python_finds_its_own_selectors_from_here() -> None:
    code = "import asyncio, selectors, subprocess; print(selectors.DefaultSelector.__name__)"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip().endswith("Selector")


def test_both_packages_are_typed() -> None:
    for package in ("migrator", "selectors/migrator_selectors"):
        assert (ROOT / package / "py.typed").is_file()
