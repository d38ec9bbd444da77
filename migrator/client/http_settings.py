"""How to reach a server: its URL and its token."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from migrator.disk.bounded import read_given
from migrator.errors import BadInput, MigratorError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

URL = "http://127.0.0.1:4646"
"""Where `opencode-migrator serve` listens unless told otherwise."""

_TOKEN_LIMIT = 64 * 1024
CONNECT_SECONDS = 5.0
TIMEOUT_SECONDS = 300.0
"""Seconds of silence after which the server counts as gone; to plan for 100,000 sessions takes some of them."""


def http_settings(
    url: str, token: str | None, token_file: str | os.PathLike[str] | None, timeout: float | None
) -> Mapping[str, Any]:
    """Return the arguments for httpx's clients.

    No proxy is used, whatever the environment says: the token is for the server alone.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise BadInput(f"The URL {url} is no address of a server; write it as in {URL}.")
    if token is None:
        token = _read_token(Path(token_file) if token_file is not None else _default_token_file(parsed))
    elif not _is_valid(token):
        raise BadInput("The token given is not a token; give what `opencode-migrator serve` printed, or leave it out.")
    return {
        "base_url": url,
        "headers": {"Authorization": f"Bearer {token}"},
        "timeout": httpx.Timeout(timeout, connect=CONNECT_SECONDS),
        "trust_env": False,
    }


def _default_token_file(url: httpx.URL) -> Path:
    """Return the file to which a server on this machine writes its token."""
    from migrator.state_dir import state_directory

    if url.port is None:
        raise BadInput(f"The URL {url} names no port, which tells the file of the token; write it as in {URL}.")
    return state_directory() / "serve" / f"{url.port}.token"


def _read_token(file: Path) -> str:
    try:
        token = read_given(str(file), _TOKEN_LIMIT).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise MigratorError(
            f"The token can't be read from {file}: {reason}; start `opencode-migrator serve`, or give its token."
        ) from error
    if not _is_valid(token):
        raise MigratorError(f"The file {file} holds no token; name the file that `opencode-migrator serve` wrote.")
    return token


def _is_valid(token: str) -> bool:
    """Tell whether a token can be sent in a header: printable ASCII without spaces."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token
