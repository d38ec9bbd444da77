"""Where a server is and how it lets us in: its URL and its token."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from migrator.errors import BadInput, MigratorError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
URL = "http://127.0.0.1:4646"
"""Where `opencode-migrator serve` listens unless told otherwise."""

CONNECT_SECONDS = 5.0
SILENCE = 300.0
"""Seconds without a word from the server after which it counts as gone; planning for 100,000 sessions takes some."""


def settings(
    url: str, token: str | None, token_file: str | os.PathLike[str] | None, timeout: float | None
) -> Mapping[str, Any]:
    """Return how httpx's clients are made.

    No proxy is asked, whatever the environment says: the token is for the server alone.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise BadInput(f"{url} is no address of a server; write it as in {URL}.")
    if token is None:
        token = _read(Path(token_file) if token_file is not None else _default_file(parsed))
    elif not _can_be(token):
        raise BadInput("The token given is none; give what `opencode-migrator serve` printed, or leave it out.")
    return {
        "base_url": url,
        "headers": {"Authorization": f"Bearer {token}"},
        "timeout": httpx.Timeout(timeout, connect=CONNECT_SECONDS),
        "trust_env": False,
    }


def _default_file(url: httpx.URL) -> Path:
    """Return where a server of ours on this machine leaves its token."""
    from migrator.state_dir import state_directory

    if url.port is None:
        raise BadInput(f"{url} names no port, which tells the file of the token; write it as in {URL}.")
    return state_directory() / "serve" / f"{url.port}.token"


def _read(file: Path) -> str:
    try:
        token = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise MigratorError(
            f"The token can't be read from {file}: {reason}; start `opencode-migrator serve`, or give its token."
        ) from error
    if not _can_be(token):
        raise MigratorError(f"{file} holds no token; name the file that `opencode-migrator serve` wrote.")
    return token


def _can_be(token: str) -> bool:
    """Tell whether it can be sent as a token: printable ASCII in one piece."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token
