"""Every failure of a call as one of our errors: the one that the command line would have ended with."""

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
    """Return the error that a problem document (RFC 9457) of the server describes, with its rows or holders."""
    try:
        code = problem["code"]
        if code in _WITH_DATA:
            return _WITH_DATA[code](problem)
        return _BY_CODE.get(code, MigratorError)(problem["detail"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return MigratorError(f"The server refuses, in a way that this version can't read: {json.dumps(problem)[:300]}")


def is_event_stream(response: httpx.Response) -> bool:
    """Tell whether an answer comes as events."""
    return response.is_success and response.headers.get("content-type", "").startswith("text/event-stream")


def refusal(response: httpx.Response) -> MigratorError:
    """Return the error for an answer without success, whose body was read."""
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        try:
            return error_of(response.json())
        except ValueError:
            return unexpected_answer(response)
    return unexpected_answer(response)


def unexpected_answer(response: httpx.Response) -> MigratorError:
    """Return the error for an answer that `opencode-migrator serve` never gives."""
    return MigratorError(
        f"The server at {response.request.url.copy_with(query=None)} answered {response.status_code} with something "
        "that is not opencode-migrator's; see that `opencode-migrator serve` of the same version runs there.",
    )


@contextmanager
def translate_errors(url: str, *, writes: bool) -> Iterator[None]:
    """Raise Unreachable for what httpx raises; `writes` says whether the request may have changed something."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise Unreachable(
            f"No server can be reached at {url} ({_reason(error)}); start one with `opencode-migrator serve`, or name "
            "its URL.",
        ) from error
    except httpx.TransportError as error:
        if writes:
            raise died_during_run(url, error) from error
        raise Unreachable(
            f"The server at {url} went away before it had answered ({_reason(error)}); ask again."
        ) from error


def died_during_run(url: str, error: Exception | None = None) -> Unreachable:
    """Return the error for a server that didn't say how a run ended."""
    return Unreachable(
        f"The server at {url} went away in the middle of a run ({_reason(error)}); `opencode-migrator log` shows what "
        "became of it, and `opencode-migrator undo` takes back one that was cut off.",
    )


def _reason(error: Exception | None) -> str:
    return str(error) or type(error).__name__ if error else "its answer breaks off"
