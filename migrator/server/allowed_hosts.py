"""Which Host and Origin headers may ask: what keeps other people's web pages out."""

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
    """The names of this server.

    A page whose name somebody lets point to 127.0.0.1 (DNS rebinding) asks with that name in Host: only names that
    nobody else can give are answered. A literal address is no name, so where other machines may ask, any will do.
    """

    loopback: bool
    names: frozenset[str]

    @classmethod
    def of(cls, said: str, bound: str) -> Hosts:
        """Return the names of a server that listens at the address `bound`, which `--host` called `said`."""
        if is_loopback(bound):
            return cls(True, frozenset({"localhost"}))
        return cls(
            False, frozenset({"localhost", said.lower(), socket.gethostname().lower(), socket.getfqdn().lower()})
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
    """Tell whether an address is one that only this machine reaches."""
    return ip_address(address.partition("%")[0]).is_loopback


@dataclass(frozen=True, slots=True)
class Origins:
    """Which web pages may ask: none, but for those that were allowed by name, such as `http://localhost:5173`."""

    allowed: Collection[str] = ()

    @classmethod
    def of(cls, said: Collection[str]) -> Origins:
        """Return those that were said, as browsers write them; BadInput where one is what no browser sends."""
        origins = [origin.lower().rstrip("/") for origin in said]
        for origin in origins:
            if not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/?#@*\s]+", origin):
                raise BadInput(f"--allow-origin {origin}: that is no origin; write it as in http://localhost:5173.")
        return cls(origins)

    def allow(self, header: str | None) -> bool:
        """Tell whether a request with this Origin may pass; programs send none."""
        return header is None or header.lower().rstrip("/") in {origin.lower().rstrip("/") for origin in self.allowed}
