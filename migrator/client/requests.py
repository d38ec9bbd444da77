"""Every call of the API: what is sent, and how its answer is read. Sending alone is left to the two clients."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

from migrator.arguments import (
    FileUndoPolicy,
    ListKeywords,
    OnConflict,
    Subdirs,
    WriteKeywords,
    check_choice,
    plain_values,
)
from migrator.client import responses
from migrator.client.errors import check, foreign
from migrator.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Unpack

    import httpx

    from migrator.arguments import MoveKeywords
    from migrator.client.responses import Page
    from migrator.model import Listed, LoggedRun, Orphan, Plan, Run, Session

T = TypeVar("T")

MOST = 1000
"""The largest page that the server gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """What is sent. `writes`: where no answer comes, nobody knows whether something was written."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    writes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(HttpRequest, Generic[T]):
    """A request, and how its answer is read."""

    read: Callable[[httpx.Response], T]

    def answer(self, response: httpx.Response) -> T:
        """Return what a whole answer says; raises what it refuses."""
        check(response)
        try:
            return self.read(response)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise foreign(response) from error


class Pages(Generic[T]):
    """The pages of a list, one after the other: what to ask for next, given what came before."""

    def __init__(
        self, path: str, read: Callable[[httpx.Response], Page[T]], limit: int | None, said: Mapping[str, Any]
    ) -> None:
        self._path = path
        self._read = read
        self._left = limit
        self._params = _params(said)
        self._over = False

    def call(self) -> Call[Page[T]] | None:
        """Return the request for the next page; None where there is no more to come."""
        size = MOST if self._left is None else min(MOST, self._left)
        if self._over or size <= 0:
            return None
        params = {**self._params, "limit": str(size)}
        return Call(method="GET", path=self._path, params=params, read=self._read)

    def took(self, page: Page[T]) -> list[T]:
        """Return what is on a page, and know where to go on."""
        self._over = page.next is None
        if page.next is not None:
            self._params["cursor"] = page.next
        self._left = None if self._left is None else self._left - len(page.rows)
        return page.rows


def history(**said: Unpack[ListKeywords]) -> Pages[Listed]:
    """Return the pages of the history."""
    _check(said, ListKeywords)
    return Pages("/session/history", responses.history, said.get("limit"), said)


def orphans(rule: str | None, limit: int | None, *, archived: bool) -> Pages[Orphan]:
    """Return the pages of lost sessions."""
    return Pages("/session/orphans", responses.orphans, limit, {"rule": rule, "archived": archived})


def migrate(session: str, directory: str | os.PathLike[str] | None, project: str | None) -> Call[Session]:
    """Return the call that moves one session and its tree; to the current directory where nothing is said."""
    if directory is None and project is None:
        directory = "."
    said = {"directory": directory and _here(directory), "projectID": project}
    body = {name: value for name, value in said.items() if value is not None}
    path = f"/session/{quote(session, safe='')}/migrate"
    return Call(method="POST", path=path, body=body, writes=True, read=responses.moved)


def plan(**said: Unpack[MoveKeywords]) -> Call[Plan]:
    """Return the call that plans a move."""
    check_choice("subdirs", said.get("subdirs", "nearest"), Subdirs)
    check_choice("undo_files", said.get("undo_files", "auto"), FileUndoPolicy)
    to_dir = said.get("to_dir")
    body = _options({**said, "to_dir": None if to_dir is None else _here(to_dir)})
    return Call(method="POST", path="/plan", body=body, read=responses.plan)


def apply(plan: Plan, **how: Unpack[WriteKeywords]) -> HttpRequest:
    """Return the request that carries a plan out; its answer comes as events."""
    from migrator.documents.plan import plan_document

    body = {"plan": plan_document(plan), **_how(how)}
    return HttpRequest(method="POST", path="/apply", body=body, writes=True)


def runs() -> Call[tuple[LoggedRun, ...]]:
    """Return the call that lists the runs so far."""
    return Call(method="GET", path="/runs", read=responses.runs)


def undo(run: Run | LoggedRun | str, **how: Unpack[WriteKeywords]) -> HttpRequest:
    """Return the request that takes a run back; its answer comes as events."""
    wanted = run if isinstance(run, str) else run.id
    if not wanted:
        raise BadInput("This run wrote nothing, so there is nothing to take back.")
    path = f"/runs/{quote(wanted, safe='')}/undo"
    return HttpRequest(method="POST", path=path, body=_how(how), writes=True)


def _how(how: WriteKeywords) -> dict[str, Any]:
    _check(how, WriteKeywords)
    check_choice("on_conflict", how.get("on_conflict", "abort"), OnConflict)
    return _options(how)


def _options(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return keywords under the names of the options that they stand for."""
    return {name.replace("_", "-"): value for name, value in plain_values(said).items()}


def _check(said: Mapping[str, Any], known: type) -> None:
    """Raise TypeError for a keyword that isn't there, as Python would."""
    for name in said:
        if name not in known.__annotations__:
            raise TypeError(f"{name} is no keyword here; there are {', '.join(known.__annotations__)}")


def _here(directory: str | os.PathLike[str]) -> str:
    """Return a relative directory as one of the current directory, which is ours and not the server's."""
    text = os.fspath(directory)
    return text if text == "keep" or text.startswith("~") else os.path.abspath(text)


def _params(said: Mapping[str, Any]) -> dict[str, str]:
    """Return what was said as a query has it."""
    told = {name: value for name, value in said.items() if value is not None and value is not False}
    return {name: "true" if value is True else str(value) for name, value in told.items()}
