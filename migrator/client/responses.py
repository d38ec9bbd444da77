"""Answers of the server as the nouns of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from migrator.model import (
    Binding,
    Certainty,
    Listed,
    Orphan,
    Project,
    Reason,
    Session,
    Suggestion,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from migrator.model import LoggedRun, Plan


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list; `next` is the cursor of the page after it, None on the last."""

    rows: list[T]
    next: str | None


def history(response: httpx.Response) -> Page[Listed]:
    """Read a page of the history."""
    return _page(response, _listed)


def orphans(response: httpx.Response) -> Page[Orphan]:
    """Read a page of lost sessions."""
    return _page(response, _orphan)


def _page(response: httpx.Response, read: Callable[[dict[str, Any]], T]) -> Page[T]:
    return Page([read(row) for row in response.json()], response.headers.get("x-next-cursor"))


def moved(response: httpx.Response) -> Session:
    """Read a session after it was moved."""
    return _session(response.json())


def _session(row: dict[str, Any]) -> Session:
    """Read a row as opencode's own API has it: a key without a value is absent."""
    time = row["time"]
    binding = Binding(row["projectID"], row["directory"], row.get("path"), row.get("workspaceID"))
    return Session(
        row["id"], row.get("parentID"), row["title"], binding, time["created"], time["updated"], time.get("archived")
    )


def _listed(row: dict[str, Any]) -> Listed:
    """Read a row of a list; of the project it has id, name and worktree."""
    project = row["project"]
    known = project and Project(project["id"], project["worktree"], name=project.get("name"))
    return Listed(_session(row), known, row["database"]["path"] if "database" in row else None)


def _orphan(row: dict[str, Any]) -> Orphan:
    found = row["suggestion"]
    reasons = [Reason(reason["rule"], reason["evidence"], Certainty(reason["certainty"])) for reason in row["reasons"]]
    home = found and Suggestion(found["directory"], found["projectId"], Certainty(found["certainty"]), found["because"])
    return Orphan(_session(row), tuple(reasons), home, tuple(row["rivals"]), tuple(row.get("commands", ())))


def plan(response: httpx.Response) -> Plan:
    """Read `plan@1`."""
    from migrator.documents.plan import read_plan_text

    return read_plan_text(response.text, "The server's answer")


def runs(response: httpx.Response) -> tuple[LoggedRun, ...]:
    """Read the log."""
    from migrator.documents.run import read_log_row

    return tuple(map(read_log_row, response.json()))
