"""Every call of the API: what is sent, and how its answer is read. `transport` sends it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

from migrator.arguments import ListKeywords, WriteKeywords, plain_values
from migrator.choices import FileUndoPolicy, OnConflict, OnDuplicate, Subdirs, check_choice
from migrator.client import responses
from migrator.client.errors import refusal, unexpected_answer
from migrator.errors import BadInput
from migrator.paths import is_windows
from migrator.text_input import read_text, why_no_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Unpack

    import httpx

    from migrator.arguments import (
        ConsolidateKeywords,
        Folders,
        MergeKeywords,
        MoveKeywords,
        RelocateKeywords,
        RescueKeywords,
    )
    from migrator.client.responses import Page
    from migrator.model import Listed, LoggedRun, Orphan, Plan, Run, Session


T = TypeVar("T")

MAX_PAGE = 1000
"""The largest page that the server gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """What is sent. `writes` says whether it changes the database: then a lost answer leaves the outcome unknown."""

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
        """Return what an answer says, whose body was read; raises the error that it describes."""
        if not response.is_success:
            raise refusal(response)
        try:
            return self.read(response)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unexpected_answer(response) from error


class Pages(Generic[T]):
    """The pages of a list: builds the request for each from the cursor of the page before."""

    def __init__(
        self, path: str, read: Callable[[httpx.Response], Page[T]], limit: int | None, filters: Mapping[str, Any]
    ) -> None:
        self._path = path
        self._read = read
        self._left = limit
        self._params = _query(filters)
        self._done = False

    def next_call(self) -> Call[Page[T]] | None:
        """Return the request for the next page, or None after the last."""
        size = MAX_PAGE if self._left is None else min(MAX_PAGE, self._left)
        if self._done or size <= 0:
            return None
        params = {**self._params, "limit": str(size)}
        return Call(method="GET", path=self._path, params=params, read=self._read)

    def consume(self, page: Page[T]) -> list[T]:
        """Return the rows of a page, and remember its cursor for the next request."""
        self._done = page.next is None
        if page.next is not None:
            self._params["cursor"] = page.next
        self._left = None if self._left is None else self._left - len(page.rows)
        return page.rows


def history(**keywords: Unpack[ListKeywords]) -> Pages[Listed]:
    """Return the pages of the history."""
    _check_names(keywords, ListKeywords)
    return Pages("/session/history", responses.history, keywords.get("limit"), keywords)


def orphans(rule: str | None, limit: int | None, *, archived: bool) -> Pages[Orphan]:
    """Return the pages of lost sessions."""
    return Pages("/session/orphans", responses.orphans, limit, {"rule": rule, "archived": archived})


def migrate(session: str, directory: str | os.PathLike[str] | None, project: str | None) -> Call[Session]:
    """Return the call that moves one session and its tree; by default to the current directory."""
    if directory is None and project is None:
        directory = "."
    fields = {"directory": directory and _absolute(directory), "projectID": project}
    body = {name: value for name, value in fields.items() if value is not None}
    path = f"/session/{quote(session, safe='')}/migrate"
    return Call(method="POST", path=path, body=body, writes=True, read=responses.moved)


def plan(**keywords: Unpack[MoveKeywords]) -> Call[Plan]:
    """Return the call that plans a move."""
    check_choice("subdirs", keywords.get("subdirs", "nearest"), Subdirs)
    check_choice("undo_files", keywords.get("undo_files", "auto"), FileUndoPolicy)
    to_dir = keywords.get("to_dir")
    body = _named_as_fields({**keywords, "to_dir": None if to_dir is None else _absolute(to_dir)})
    return Call(method="POST", path="/plan", body=body, read=responses.plan)


def plan_rescue(**keywords: Unpack[RescueKeywords]) -> Call[Plan]:
    """Return the call that plans to bring lost sessions home."""
    check_choice("undo_files", keywords.get("undo_files", "auto"), FileUndoPolicy)
    body = {"command": "rescue", **_named_as_fields(keywords)}
    if "search" in body:
        body["search"] = [_absolute(directory) for directory in body["search"]]
    return Call(method="POST", path="/plan", body=body, read=responses.plan)


def plan_relocate(folders: Folders, **keywords: Unpack[RelocateKeywords]) -> Call[Plan]:
    """Return the call that plans to follow folders that moved."""
    check_choice("undo_files", keywords.get("undo_files", "auto"), FileUndoPolicy)
    named: dict[str, Any] = {**keywords}
    project = {"fromProject": named.pop("from_project")} if named.get("from_project") else {}  # one, not several
    body = {"command": "relocate", "folders": _pairs(folders), **project, **_named_as_fields(named)}
    return Call(method="POST", path="/plan", body=body, read=responses.plan)


def plan_consolidate(repository: str | os.PathLike[str], **keywords: Unpack[ConsolidateKeywords]) -> Call[Plan]:
    """Return the call that plans to gather the sessions of a repository's workspaces."""
    check_choice("subdirs", keywords.get("subdirs", "nearest"), Subdirs)
    check_choice("undo_files", keywords.get("undo_files", "auto"), FileUndoPolicy)
    here = os.path.abspath(repository) if os.path.isdir(repository) else repository  # else a project
    named: dict[str, Any] = {**keywords, "repository": here}
    if named.get("to_dir") is not None:
        named["to_dir"] = _absolute(named["to_dir"])
    body = {"command": "consolidate", **_named_as_fields(named)}
    return Call(method="POST", path="/plan", body=body, read=responses.plan)


def plan_merge(other: str | os.PathLike[str] | None, **keywords: Unpack[MergeKeywords]) -> Call[Plan]:
    """Return the call that plans to bring in sessions of another database."""
    check_choice("subdirs", keywords.get("subdirs", "nearest"), Subdirs)
    check_choice("undo_files", keywords.get("undo_files", "auto"), FileUndoPolicy)
    check_choice("on_duplicate", keywords.get("on_duplicate", "longer"), OnDuplicate)
    named: dict[str, Any] = {**keywords, "other": None if other is None else _absolute(other)}
    if named.get("to_dir") is not None:
        named["to_dir"] = _absolute(named["to_dir"])
    folders = {"folders": _pairs(named.pop("folders"))} if named.get("folders") else {}
    body = {"command": "merge", **folders, **_named_as_fields(named)}
    return Call(method="POST", path="/plan", body=body, read=responses.plan)


def apply(plan: Plan, **keywords: Unpack[WriteKeywords]) -> HttpRequest:
    """Return the request that carries a plan out; its answer comes as events."""
    from migrator.documents.plan import plan_document

    body = {"plan": plan_document(plan), **_write_options(keywords)}
    return HttpRequest(method="POST", path="/apply", body=body, writes=True)


def runs() -> Call[tuple[LoggedRun, ...]]:
    """Return the call that lists the runs so far."""
    return Call(method="GET", path="/runs", read=responses.runs)


def undo(run: Run | LoggedRun | str, **keywords: Unpack[WriteKeywords]) -> HttpRequest:
    """Return the request that takes a run back; its answer comes as events."""
    id_ = run if isinstance(run, str) else run.id
    if not id_:
        raise BadInput("This run wrote nothing, so there is nothing to take back.")
    path = f"/runs/{quote(id_, safe='')}/undo"
    return HttpRequest(method="POST", path=path, body=_write_options(keywords), writes=True)


def _write_options(keywords: WriteKeywords) -> dict[str, Any]:
    _check_names(keywords, WriteKeywords)
    check_choice("on_conflict", keywords.get("on_conflict", "abort"), OnConflict)
    return _named_as_fields(keywords)


_RENAMED = {"containing_in": "in", "but": "except"}
"""Keywords whose options have names that are words of Python's own."""


def _named_as_fields(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return keywords under the names of the fields that they stand for: `from_dir` is `fromDir`."""
    values = {
        re.sub("_(.)", lambda found: found[1].upper(), _RENAMED.get(name, name)): value
        for name, value in plain_values(keywords).items()
    }
    if files := values.pop("excludeFrom", None):  # ours, which the server could not open
        values["excludeLines"] = [*map(_text_of, files)]
    return values


def _text_of(file: str) -> str:
    try:
        return read_text(file)
    except (OSError, ValueError) as error:
        raise BadInput(f"exclude_from {file} can't be read: {why_no_text(error)}") from None


def _check_names(keywords: Mapping[str, Any], known: type) -> None:
    """Raise TypeError for a keyword that isn't there, as Python would."""
    for name in keywords:
        if name not in known.__annotations__:
            raise TypeError(f"{name} is no keyword here; there are {', '.join(known.__annotations__)}")


def _pairs(folders: Folders) -> list[dict[str, str]]:
    return [{"old": _absolute(old), "new": _absolute(new)} for old, new in folders.items()]


def _absolute(directory: str | os.PathLike[str]) -> str:
    """Return a directory as an absolute path; a relative one is below our current directory, not the server's."""
    text = os.fspath(directory)
    return text if text == "keep" or text.startswith("~") or is_windows(text) else os.path.abspath(text)


def _query(filters: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters of a query: without those that are None or False, which is the default of each."""
    given = {name: value for name, value in filters.items() if value is not None and value is not False}
    return {name: "true" if value is True else str(value) for name, value in given.items()}
