"""Which Host and Origin headers are allowed, so that other people's web pages can't use this server."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from migrator.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, slots=True)
class Hosts:
    """The Host headers that this server answers to.

    By DNS rebinding, a page can make its own name point to 127.0.0.1; its requests then have that name in Host. So only
    names that nobody else can own are allowed. A literal address can't be rebound: unless the server is for this
    machine alone, any is allowed.
    """

    loopback: bool
    names: frozenset[str]

    @classmethod
    def of(cls, host: str, bound: str) -> Hosts:
        """Return the names of a server that listens at the address `bound`, which was given as `--host` `host`."""
        if is_loopback(bound):
            return cls(True, frozenset({"localhost"}))
        return cls(
            False, frozenset({"localhost", host.lower(), socket.gethostname().lower(), socket.getfqdn().lower()})
        )

    def allow(self, header: str) -> bool:
        """Tell whether a Host header names this server; its port may be that of a tunnel."""
        name = header.rpartition("]")[0].lstrip("[") if header.startswith("[") else header.partition(":")[0]
        if name.lower() in self.names:
            return True
        try:
            return ip_address(name).is_loopback or not self.loopback
        except ValueError:
            return False


def is_loopback(address: str) -> bool:
    """Tell whether only this machine can reach an address."""
    return ip_address(address.partition("%")[0]).is_loopback


@dataclass(frozen=True, slots=True)
class Origins:
    """Which web pages may use this server: only those allowed by name, such as `http://localhost:5173`."""

    allowed: Collection[str] = ()

    @classmethod
    def of(cls, typed: Collection[str]) -> Origins:
        """Return origins as browsers write them. Raises BadInput for one that no browser sends."""
        origins = [origin.lower().rstrip("/") for origin in typed]
        for origin in origins:
            if not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/?#@*\s]+", origin):
                raise BadInput(f"--allow-origin {origin}: that is no origin; write it as in http://localhost:5173.")
        return cls(origins)

    def allow(self, header: str | None) -> bool:
        """Tell whether a request with this Origin may pass; programs send none."""
        return header is None or header.lower().rstrip("/") in {origin.lower().rstrip("/") for origin in self.allowed}
