"""The code in a docstring: what is indented."""

from __future__ import annotations

from textwrap import dedent


def code_of(docstring: str) -> str:
    return dedent("\n".join(line for line in docstring.splitlines() if line.startswith("    ") or not line))
