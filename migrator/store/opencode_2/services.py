"""The background services of opencode 2 that run: found by the files in which they register, and by asking them.

Learnt from its source (service-config.ts, service-registration.ts, the client's service.ts): a service writes its pid,
address and password to `service.json` in opencode's state directory, or to `service-CHANNEL.json`, and removes that
when it ends in good order. So a file alone says nothing: the process must be alive, and answer as the one that wrote
it. Its clients and its running turns hold sessions in memory, which would overwrite what we write.
"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from migrator.disk.ownership import owner_of
from migrator.disk.status import content_of, is_file, names_in
from migrator.disk.system import is_alive
from migrator.errors import CantTell, Holder
from migrator.state_dir import home_of
from migrator.store.open_by import SERVICE, databases_open_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from migrator.disk.ownership import Owner

_SECONDS = 1.0
"""How long a service may take for each part of its answer: it is on this machine, and answers in milliseconds."""

_LIMIT, _FILE_LIMIT = 64 * 1024, 1 << 20
"""How many bytes an answer and a registration file may have. A longer file is not called "no registration"."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service that has registered; `password` is sent to nobody but itself, and shown to nobody."""

    pid: int
    url: str
    password: str | None = field(default=None, repr=False)


def named_services(found: Sequence[Holder], database: Path) -> tuple[Holder, ...]:
    """Return these processes; one that has registered as a service is named SERVICE."""
    try:
        services = {service.pid for service in registered_services(owner=owner_of(database))}
    except CantTell:
        return tuple(found)
    return tuple(Holder(holder.pid, SERVICE) if holder.pid in services else holder for holder in found)


def services_at(database: Path) -> tuple[Holder, ...]:
    """Return the services that run and don't have another one of opencode's databases open, by pid.

    Raises CantTell if nobody can tell which have registered.
    """
    running = running_services(owner=owner_of(database))
    pids = sorted(service.pid for service in running if not _is_elsewhere(service.pid, database))
    return tuple(Holder(pid, SERVICE) for pid in pids)


def running_services(environ: Mapping[str, str] = os.environ, owner: Owner | None = None) -> tuple[Service, ...]:
    """Return the registered services that are alive and answer; the arguments are those of `registered_services`."""
    return tuple(
        service for service in registered_services(environ, owner) if is_alive(service.pid) and _is_answering(service)
    )


def registered_services(environ: Mapping[str, str] = os.environ, owner: Owner | None = None) -> tuple[Service, ...]:
    """Return the services that have a registration file, by its name; an empty XDG_STATE_HOME counts as unset.

    `owner` is whose database it is, if we are root and they are somebody else. Raises CantTell if nobody can tell.
    """
    state = Path(environ.get("XDG_STATE_HOME") or f"{home_of(owner)}/.local/state", "opencode")
    names = [name for name in names_in(state) if fnmatchcase(name, "service-*.json")]
    found = (_read(state / name) for name in ("service.json", *names))
    return tuple({service.pid: service for service in found if service is not None}.values())


def _read(file: Path) -> Service | None:
    """Return the service that a file registers; None if opencode itself could not read it. Raises CantTell."""
    if not is_file(file):
        return None
    try:
        service = msgspec.json.decode(content_of(file, _FILE_LIMIT), type=Service)
    except ValueError:
        return None
    return service if service.pid > 0 else None


def _is_answering(service: Service) -> bool:
    """Tell whether the address answers as this process does.

    404 is an older service, which has no such route; whatever else answers there is none, or not this one.
    """
    headers = {"Connection": "close"}
    if service.password is not None:
        headers["Authorization"] = "Basic " + b64encode(f"opencode:{service.password}".encode()).decode()
    for host, port in _addresses(service.url):
        connection = HTTPConnection(host, port, timeout=_SECONDS)
        try:
            connection.request("GET", "/api/info", headers=headers)
            response = connection.getresponse()
            body = response.read(_LIMIT)
            if response.status == HTTPStatus.NOT_FOUND or json.loads(body)["pid"] == service.pid:
                return True
        except (OSError, HTTPException, ValueError, TypeError, LookupError):
            continue
        finally:
            connection.close()
    return False


def _addresses(url: str) -> Iterator[tuple[str, int]]:
    """Yield the addresses of this machine that a URL means; none where it means another, or isn't plain HTTP."""
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError:
        return
    if parts.scheme != "http" or not parts.hostname:
        return
    if parts.hostname == "localhost":
        yield from (("127.0.0.1", port), ("::1", port))
        return
    try:
        address = ip_address(parts.hostname)
    except ValueError:
        return
    if address.is_unspecified:  # it listens on every address, and so on this one too
        yield "127.0.0.1" if address.version == 4 else "::1", port  # noqa: PLR2004 - IPv4
    elif address.is_loopback:
        yield str(address), port


def _is_elsewhere(pid: int, database: Path) -> bool:
    """Tell whether a process has another one of opencode's databases open, and not this one."""
    opened = [Path(name) for name in databases_open_in(pid)]
    return database not in opened and any(path.name.startswith("opencode") for path in opened)
