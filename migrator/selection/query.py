"""How selectors combine into a Selection of whole session trees."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from migrator.errors import NoSuchDirectory, NothingMatched
from migrator.model import PlanWarning, Selected, Selection, Session
from migrator.places.cwd import current_directory
from migrator.plugins import load_plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from migrator.model import Place, Project
    from migrator.orphans.rule import RuleContext
    from migrator.places import Places
    from migrator.selection import Clause, Selector, SelectorPlugin
    from migrator.store.reader import Store
    from migrator.workspaces.sessions import RepositorySessions

ENTRY_POINT_GROUP = "migrator.selectors"


def selector_plugins() -> list[SelectorPlugin]:
    """Return the built-in selector plugins and those that other distributions bring, in that order."""
    from migrator_selectors import BUILT_IN

    return [*BUILT_IN, *load_plugins(ENTRY_POINT_GROUP, "selector plugin")]


class DatabaseSelectorContext:
    """The Facts of one database and the surroundings; see `migrator.selection.Facts`."""

    def __init__(
        self, store: Store, places: Places, ground: Callable[[], RuleContext], home: str | None = None
    ) -> None:
        named = home or os.path.expanduser("~")
        self.home = named if named.startswith("/") else os.path.normpath(f"{self.cwd}/{named}")
        self._store = store
        self._places = places
        self._ground = ground
        self._belongings: dict[str, RepositorySessions] = {}

    @cached_property
    def cwd(self) -> str:
        """The current directory, absolute; NoSuchDirectory where it was deleted and nobody knows its name."""
        return current_directory()

    @cached_property
    def _directories(self) -> list[str]:
        return self._store.directories()

    @cached_property
    def _projects(self) -> list[Project]:
        return self._store.projects()

    @cached_property
    def _stdin_lines(self) -> list[str]:
        return [line.strip() for line in sys.stdin if line.strip()]

    def directories(self) -> Sequence[str]:
        """Every distinct directory that a session is bound to, as stored."""
        return self._directories

    def projects(self) -> Sequence[Project]:
        """Every project row."""
        return self._projects

    def ids_starting_with(self, prefix: str) -> Sequence[str]:
        """Return at most ten ids that start with `prefix`."""
        return self._store.ids_where("substr(id, 1, ?) = ? ", (len(prefix), prefix))[:10]

    def existing_ids(self, ids: Sequence[str]) -> frozenset[str]:
        """Return those of `ids` that are sessions."""
        return frozenset(self._store.parents(ids))

    def place(self, directory: str) -> Place | None:
        """Return what opencode makes of a directory today, or None."""
        try:
            return self._places.find(directory)
        except NoSuchDirectory:
            return None

    def expanded(self, path: str) -> str:
        """Return a path with a leading `~` written out."""
        return self.home + path[1:] if path == "~" or path.startswith("~/") else path

    def stdin_lines(self) -> Sequence[str]:
        """Return the non-empty lines of standard input, read once."""
        return self._stdin_lines

    def workspaces(self, repository: str, option: str) -> RepositorySessions:
        """Return the workspaces of a repository, and whose the sessions are; see `Facts`."""
        from migrator.store.remembering import project_directories, remembered_directories
        from migrator.workspaces.find_repository import find_repository
        from migrator.workspaces.sessions import DatabaseRecord, sessions_by_workspace

        found = find_repository(self._directory_of(repository, option))
        if found.home not in self._belongings:
            memory = DatabaseRecord(
                remembered_directories(self._store), self.projects(), project_directories(self._store)
            )
            self._belongings[found.home] = sessions_by_workspace(found, memory, self.place)
        return self._belongings[found.home]

    def _directory_of(self, repository: str, option: str) -> str:
        from migrator_selectors.from_project import find_project

        directory = os.path.join(self.cwd, self.expanded(repository))
        if os.path.isdir(directory) or "/" in repository:
            return directory
        return find_project(repository, self, option).worktree

    def orphans(self, rule: str | None = None) -> frozenset[str]:
        """Return the ids of the sessions that are lost, of those in the database."""
        from migrator.orphans.find import check_names, find_reasons, rules

        check_names([rule] if rule is not None else [], "--orphans")
        asked = [known for known in rules() if rule in {None, known.name}]
        ground = self._ground()
        return frozenset(find_reasons(ground, asked)).intersection(ground.by_id)


class Query:
    """What the user asked for: the selectors of every kind, ready to be combined."""

    def __init__(self, values: Mapping[str, Any], facts: DatabaseSelectorContext, match_any: bool = False) -> None:
        self.choosing: list[Sequence[Selector]] = []
        self.narrowing: list[Sequence[Selector]] = []
        for plugin in selector_plugins():
            if selectors := plugin.build(values, facts):
                (self.narrowing if plugin.narrows else self.choosing).append(selectors)
        self._match_any = match_any
        choosers = [selector for group in self.choosing for selector in group]
        self._only = choosers[0] if len(choosers) == 1 else None
        self._only_typed = (choosers[0].as_typed,) if choosers else ()

    @property
    def chooses(self) -> bool:
        """Whether the user said which sessions are meant, not only which aren't."""
        return bool(self.choosing)

    def matches(self, session: Session) -> bool:
        """Tell in Python whether a session is meant."""
        return all(any(s.match(session) for s in group) for group in self._groups())

    def conditions(self) -> list[tuple[str, tuple[Any, ...]]] | None:
        """Return the same as SQL conditions, all of which must hold; None where SQL can't answer."""
        conditions = []
        for group in self._groups():
            clauses = [selector.clause() for selector in group]
            if not all(clauses):
                return None
            conditions.append(_either([clause for clause in clauses if clause]))
        return conditions

    def sessions(self, store: Store) -> list[Session]:
        """Return the sessions that are meant, before trees are completed, by id."""
        conditions = self.conditions()
        if conditions is None:
            return [session for session in store.sessions_where("TRUE", (), "ORDER BY id") if self.matches(session)]
        sql = " AND ".join(f"({condition})" for condition, _ in conditions) or "TRUE"
        params = [param for _, some in conditions for param in some]
        # Sorting what the table yields in its own order is quicker than walking it by the index of ids.
        return sorted(store.sessions_where(sql, params), key=attrgetter("id"))

    def _groups(self) -> list[Sequence[Selector]]:
        choosing = self.choosing
        if self._match_any and choosing:
            choosing = [[selector for group in choosing for selector in group]]
        # Whoever narrows does so with each of its selectors: two --exclude-dir exclude both.
        return choosing + [[selector] for group in self.narrowing for selector in group]

    def reasons(self, session: Session) -> tuple[tuple[str, ...], str | None]:
        """Return what the user said that chose this session, and the outermost directory named for it."""
        if self._only is not None:  # the session is here because of it
            return self._only_typed, self._only.base(session)
        meant = [s for group in self.choosing for s in group if s.match(session)]
        bases = [base for s in meant if (base := s.base(session))]
        return tuple(s.as_typed for s in meant), min(bases, key=len, default=None)

    def base_for(self, session: Session) -> str | None:
        """Return the outermost directory named for a session that wasn't chosen itself."""
        bases = [base for group in self.choosing for s in group if s.match(session) and (base := s.base(session))]
        return min(bases, key=len, default=None)


def _either(clauses: Sequence[Clause]) -> tuple[str, tuple[Any, ...]]:
    sql = " OR ".join(f"({clause.sql})" for clause in clauses)
    return sql, tuple(param for clause in clauses for param in clause.params)


def select(store: Store, query: Query, *, with_forks: bool = False) -> Selection:
    """Resolve a query to whole trees; NothingMatched where there are none.

    A selected session takes its descendants along, a selected child takes its root's whole tree: left behind, a
    child opens and runs in its old directory (seen with opencode 1.18.34). `with_forks` takes their forks' trees along.
    """
    chosen = {session.id: session for session in query.sessions(store)}
    if not chosen:
        raise NothingMatched("No session matches; `opencode-migrator list --all` shows what there is.")
    others = relatives(store, chosen)
    forked = _forked(store, chosen | others) if with_forks else {}
    others |= {id_: fork for id_, (fork, _) in forked.items()}
    others |= relatives(store, chosen | others) if forked else {}
    selected: list[Selected] = []
    led: dict[str, str] = {}
    for tree in trees(chosen | others):
        root = tree[0]
        fork, origin = forked.get(root.id, (None, root))
        for session in tree:
            why, base = ((f"tree of {root.id}",), None) if session.id in others else query.reasons(session)
            why = (f"fork of {origin.id}",) if session is fork and session.id in others else why
            selected.append(Selected(session, root.id, why, base or _inherited_base(query, origin, session)))
        if root.id in others:
            led |= {session.id: root.id for session in tree if session.id in chosen}
    return Selection(tuple(selected), tuple(_whole_tree(id_, root) for id_, root in sorted(led.items())))


def _forked(store: Store, family: Mapping[str, Session]) -> dict[str, tuple[Session, Session]]:
    """Return the forks of these sessions, and forks of those, which aren't among them: (fork, what it is a fork of).

    What a fork of a fork is of is the session it all began with.
    """
    from migrator.store.opencode_2.forks import forks

    found: dict[str, tuple[Session, Session]] = {}
    known = dict(family)
    generation: Collection[str] = family.keys()
    while links := {id_: origin for id_, origin in forks(store, generation).items() if id_ not in known}:
        for fork in store.sessions(links):
            origin = links[fork.id]
            found[fork.id] = (fork, found[origin][1] if origin in found else known[origin])
            known[fork.id] = fork
        generation = links
    return found


def _whole_tree(session: str, root: str) -> PlanWarning:
    return PlanWarning("whole-tree", f"{session} is part of the tree of {root}, which moves as a whole.", session)


def _inherited_base(query: Query, root: Session, session: Session) -> str:
    """Let a session that only its tree brought in keep its place below the root's base, if it is there."""
    base = query.base_for(root) or root.directory
    below = session.directory == base or session.directory.startswith(base.rstrip("/") + "/")
    return base if below else session.directory


def relatives(store: Store, chosen: Mapping[str, Session]) -> dict[str, Session]:
    """Return the ancestors of these sessions and every descendant of both, but for those that are chosen themselves.

    Two queries for each generation that isn't chosen.
    """
    found: dict[str, Session] = {}
    if len(chosen) == store.count():
        return found
    generation: Collection[str] = {session.parent_id for session in chosen.values() if session.parent_id}
    while generation := [id_ for id_ in generation if id_ not in chosen and id_ not in found]:
        above = store.sessions(generation)
        found.update((session.id, session) for session in above)
        generation = {session.parent_id for session in above if session.parent_id}
    generation = [*chosen, *found]
    while generation := [id_ for id_ in store.children(generation) if id_ not in chosen and id_ not in found]:
        found.update((session.id, session) for session in store.sessions(generation))
    return found


def trees(family: Mapping[str, Session]) -> Iterator[list[Session]]:
    """Yield whole trees, parents before children, a generation after the other.

    A tree begins at the topmost ancestor that exists; a cycle of parents has none and begins at the first of them.
    Parents and children were made one after the other, so what is written together lies together in the file.
    """
    below: dict[str, list[Session]] = {}
    tops = []
    for session in family.values():
        parent = session.parent_id
        if parent is not None and parent in family:
            below.setdefault(parent, []).append(session)
        else:
            tops.append(session)
    for top in tops:
        yield _tree(top, below)
    for session in family.values() if below else ():
        if session.parent_id in below:
            below[session.parent_id].remove(session)
            yield _tree(session, below)


def _tree(top: Session, below: dict[str, list[Session]]) -> list[Session]:
    """Return a session and its descendants, which are taken out of `below`."""
    tree = [top]
    for session in tree:  # it grows meanwhile
        tree += below.pop(session.id, ())
    return tree
