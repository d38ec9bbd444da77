"""A SelectorContext of a handful of sessions, and the table that they are in, to ask selectors about."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from migrator.errors import BadInput
from migrator.model import Binding, Passage, Session

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from migrator.choices import SearchedIn
    from migrator.model import Place, Project
    from migrator.selection import Clause, Selector, SelectorPlugin
    from migrator.workspaces.model import RepositorySessions


@dataclass
class FixedSelectorContext:
    """A SelectorContext without a database; `asked` has the questions about ids."""

    sessions: Sequence[Session] = ()
    cwd: str = "/lab/here"
    home: str = "/home/ada"
    project_rows: Sequence[Project] = ()
    places: dict[str, Place] = field(default_factory=dict)
    lines: Sequence[str] = ()
    asked: list[str] = field(default_factory=list)
    belongings: dict[str, RepositorySessions] = field(default_factory=dict)
    lost: dict[str, frozenset[str]] = field(default_factory=dict)

    def directories(self) -> Sequence[str]:
        return sorted({session.directory for session in self.sessions})

    def projects(self) -> Sequence[Project]:
        return self.project_rows

    def ids_starting_with(self, prefix: str) -> Sequence[str]:
        self.asked.append(prefix)
        return [session.id for session in self.sessions if session.id.startswith(prefix)]

    def existing_ids(self, ids: Sequence[str]) -> frozenset[str]:
        self.asked.append("existing")
        return frozenset(ids) & {session.id for session in self.sessions}

    def elsewhere(self, ids: Sequence[str]) -> str:
        del ids
        return ""

    def near_directories(self, path: str) -> str:
        del path
        return ""

    def place(self, directory: str) -> Place | None:
        return self.places.get(directory)

    def try_clause(self, clause: Clause) -> None:
        raise NotImplementedError  # it is asked for the selectors of others only

    def stdin_lines(self) -> Sequence[str]:
        return self.lines

    def workspaces(self, repository: str, option: str) -> RepositorySessions:
        del option
        return self.belongings[repository]

    def passages(self, text: str, where: Collection[SearchedIn]) -> dict[str, Passage]:
        """Say of each session that its title was all that was said in it."""
        del where
        said = ((session.id, session.title.casefold().partition(text.casefold())) for session in self.sessions)
        return {id_: Passage(*parts) for id_, parts in said if parts[1]}

    def orphans(self, rule: str | None = None) -> frozenset[str]:
        if rule is None:
            return frozenset().union(*self.lost.values())
        if rule not in self.lost:
            raise BadInput(f"There is no rule {rule}")
        return self.lost[rule]


def session(id_: str = "ses_1", directory: str = "/x", **more: Any) -> Session:
    """Return a session with these values and unremarkable others."""
    binding = Binding(more.pop("project", "prj_a"), directory, more.pop("path", None))
    values = {"parent_id": None, "title": "a title", "created": 0, "updated": 0} | more
    return Session(id=id_, binding=binding, **values)


def in_directories(*directories: str) -> list[Session]:
    """Return a session for each of the directories; its id is its directory."""
    return [session(directory, directory) for directory in directories]


def selected_ids(plugin: SelectorPlugin, facts: FixedSelectorContext, **values: Any) -> list[str]:
    """Return the ids that what was typed selects, by SQL, having seen that Python says the same."""
    selectors = plugin.build(values, facts)
    assert selectors
    combine = all if plugin.narrows else any
    by_python = [row.id for row in facts.sessions if combine(selector.match(row) for selector in selectors)]
    assert by_sql(selectors, facts.sessions, " AND " if plugin.narrows else " OR ") == by_python
    return by_python


def by_sql(selectors: Iterable[Selector], sessions: Iterable[Session], joined: str = " AND ") -> list[str]:
    """Return the ids, in the order of the rows, for which the clauses hold in a real table."""
    clauses = [clause for selector in selectors if (clause := selector.clause())]
    sql = joined.join(f"({clause.sql})" for clause in clauses)
    connection = sqlite3.connect(":memory:")
    connection.create_function("casefold", 1, str.casefold, deterministic=True)
    # without path and workspace_id: the oldest schema has neither
    connection.execute(
        "CREATE TABLE session (id text PRIMARY KEY, parent_id text, title text NOT NULL, project_id text NOT NULL, "
        "directory text NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL, time_archived integer)",
    )
    connection.executemany(
        "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(s.id, s.parent_id, s.title, s.project_id, s.directory, s.created, s.updated, s.archived) for s in sessions],
    )
    params = [param for clause in clauses for param in clause.params]
    rows = connection.execute(f"SELECT id FROM session WHERE {sql} ORDER BY rowid", params).fetchall()
    connection.close()
    return [id_ for (id_,) in rows]
