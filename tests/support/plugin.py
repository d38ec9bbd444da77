"""A distribution of somebody else's, installed next to ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.home import Home


def install(home: Home, group: str, entry: str, source: str) -> None:
    """Put a distribution of one module where the command finds it, as pip leaves it."""
    site = home.path / "site"
    name, _, module = entry.partition(" = ")
    record = site / f"{name}-0.1.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
    (record / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")
    (site / f"{module.partition(':')[0]}.py").write_text(source)
    home.environ["PYTHONPATH"] = str(site)
