"""The extras of our distribution: what to do about a package that is missing without one."""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from urllib.parse import urlsplit
from urllib.request import url2pathname

from migrator.text import PROGRAM, shell_join

_PACKAGES = {"client": "httpx", "server": "starlette", "tui": "textual"}
"""A package of each extra."""


def missing(who: str, error: ImportError, extra: str, *words: str) -> str:
    """Return the sentence that says what `who` needs, and the command that adds the extra that brings it.

    `words` are those of the command that somebody wants to run.
    """
    return f"{who} needs {error.name}, which isn't installed: {' '.join(adding_command(extra, words))}."


def adding_command(extra: str, words: tuple[str, ...] = (), prefix: str = sys.prefix) -> list[str]:
    """Return the command that adds an extra to the installation at `prefix`, in which we run.

    pipx and `uv tool` keep each tool in an environment of its own, in which nobody calls pip, and know it by a file
    there. Both go back to what it was installed from, which may be a directory. uv takes away what isn't asked for
    again, and uvx has an environment for each command, in its cache (seen with pipx 1.18.4 and uv 0.13.9).
    """
    extras = sorted({extra, *(name for name, package in _PACKAGES.items() if find_spec(package))})
    if os.path.exists(os.path.join(prefix, "uv-receipt.toml")):
        return ["uv tool install", shell_join([_source(extras)])]
    if os.path.exists(os.path.join(prefix, "pipx_metadata.json")):
        return ["pipx install --force", shell_join([_source([extra])])]
    if os.path.basename(os.path.dirname(prefix)) == "archive-v0":
        return ["uvx --from", shell_join([_source([extra]), PROGRAM, *words])]
    return ["pip install", shell_join([f"{PROGRAM}[{extra}]"])]


def _source(extras: list[str]) -> str:
    """Return what we were installed from, with these extras."""
    name = f"{PROGRAM}[{','.join(extras)}]"
    try:
        origin = json.loads(distribution(PROGRAM).read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        origin = {}
    url = origin.get("url")
    if not url:
        return name
    if "dir_info" in origin:
        return url2pathname(urlsplit(url).path) + name.removeprefix(PROGRAM)
    system = origin.get("vcs_info")
    return f"{name} @ {system['vcs']}+{url}@{system['commit_id']}" if system else f"{name} @ {url}"
