"""What went wrong, as the error that the command line would have ended with."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from migrator.errors import (
    BadInput,
    DatabaseInUse,
    Holder,
    Interrupted,
    MigratorError,
    NoSuchDirectory,
    NoSuchRun,
    NothingMatched,
    StalePlan,
    Unusable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from migrator.client.requests import HttpRequest


class Unreachable(MigratorError):
    """No server answers, or it went away in the middle of an answer."""


class Unauthorized(MigratorError):
    """The server wants another token."""

    code = "unauthorized"


def _in_use(problem: Mapping[str, Any]) -> MigratorError:
    holders = problem.get("holders", ())
    return DatabaseInUse(problem["detail"], [Holder(int(holder["pid"]), str(holder["name"])) for holder in holders])


def _stale(problem: Mapping[str, Any]) -> MigratorError:
    return StalePlan(problem["detail"], problem.get("rows", ()))


_WITH_DATA: dict[str, Callable[[Mapping[str, Any]], MigratorError]] = {
    DatabaseInUse.code: _in_use,
    "busy": _in_use,
    StalePlan.code: _stale,
}

_BY_CODE: dict[str, type[MigratorError]] = {
    kind.code: kind
    for kind in (BadInput, Interrupted, NoSuchDirectory, NoSuchRun, NothingMatched, Unauthorized, Unusable)
}


def error_of(problem: Any) -> MigratorError:
    """Return the error that a problem document (RFC 9457) of the server tells of, with what it carries."""
    try:
        code = problem["code"]
        if code in _WITH_DATA:
            return _WITH_DATA[code](problem)
        return _BY_CODE.get(code, MigratorError)(problem["detail"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return MigratorError(f"The server refuses, in a way that this version can't read: {json.dumps(problem)[:300]}")


def check(response: httpx.Response) -> None:
    """Raise what an answer that was read whole tells of, unless all is well."""
    if not response.is_success:
        raise refusal(response)


def streams(response: httpx.Response) -> bool:
    """Tell whether an answer comes as events."""
    return response.is_success and response.headers.get("content-type", "").startswith("text/event-stream")


def refusal(response: httpx.Response) -> MigratorError:
    """Return the error that an answer, read whole, tells of."""
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        try:
            return error_of(response.json())
        except ValueError:
            return foreign(response)
    return foreign(response)


def foreign(response: httpx.Response) -> MigratorError:
    """Return the error for an answer that no server of ours gives."""
    return MigratorError(
        f"{response.request.url.copy_with(query=None)} answered {response.status_code} with something that is not "
        "opencode-migrator's; see that `opencode-migrator serve` of the same version runs there.",
    )


@contextmanager
def explained(url: str, request: HttpRequest) -> Iterator[None]:
    """Turn what httpx raises into one of our errors: a server can't be asked, or went away before it had answered."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise Unreachable(
            f"No server can be reached at {url} ({_words(error)}); start one with `opencode-migrator serve`, or name "
            "its URL.",
        ) from error
    except httpx.TransportError as error:
        if request.writes:
            raise gone(url, error) from error
        raise Unreachable(
            f"The server at {url} went away before it had answered ({_words(error)}); ask again."
        ) from error


def gone(url: str, error: Exception | None = None) -> Unreachable:
    """Return the error for a server that doesn't say how a run ended."""
    return Unreachable(
        f"The server at {url} went away in the middle of a run ({_words(error)}); `opencode-migrator log` shows what "
        "became of it, and `opencode-migrator undo` takes back one that was cut off.",
    )


def _words(error: Exception | None) -> str:
    return str(error) or type(error).__name__ if error else "its answer breaks off"
