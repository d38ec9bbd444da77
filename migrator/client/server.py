"""Where a server is and how it lets us in: its URL and its token."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from migrator.errors import BadInput, MigratorError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

URL = "http://127.0.0.1:4646"
"""Where `opencode-migrator serve` listens unless told otherwise."""

CONNECT_SECONDS = 5.0


def settings(
    url: str, token: str | None, token_file: str | os.PathLike[str] | None, timeout: float | None
) -> Mapping[str, Any]:
    """Return how httpx's clients are made.

    No proxy is asked, whatever the environment says: the token is for the server alone. `timeout` is how many seconds
    an answer may be silent; planning for many sessions takes some.
    """
    import httpx

    if token is None:
        token = _read(Path(token_file) if token_file is not None else _default_file(url))
    return {
        "base_url": url,
        "headers": {"Authorization": f"Bearer {token}"},
        "timeout": httpx.Timeout(timeout, connect=CONNECT_SECONDS),
        "trust_env": False,
    }


def _default_file(url: str) -> Path:
    """Return where a server of ours on this machine leaves its token."""
    from migrator.execution.journal import state_directory

    try:
        port = urlsplit(url).port
    except ValueError:
        port = None
    if port is None:
        raise BadInput(f"{url} names no port; write it as in {URL}, or give the token.")
    return state_directory() / "serve" / f"{port}.token"


def _read(file: Path) -> str:
    try:
        token = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise MigratorError(
            f"The token can't be read from {file}: {reason}; start `opencode-migrator serve`, or give its token."
        ) from error
    if not token or not token.isprintable() or " " in token:
        raise MigratorError(f"{file} holds no token; name the file that `opencode-migrator serve` wrote.")
    return token
