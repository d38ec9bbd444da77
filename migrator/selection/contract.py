"""The selector contract: what a plugin brings so that a user can say "these sessions".

A plugin names its click options and turns their values into selectors. A selector can always answer in Python
(`match`) and says whether SQL can answer too (`clause`); `tests/selectors/test_selector_law.py` holds the two together.
Selectors never write and never print.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import click

    from migrator.choices import SearchedIn
    from migrator.model import Passage, Place, Project, Session
    from migrator.workspaces.model import RepositorySessions


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition over the columns of the table `session`, with `?` for each of `params`.

    Strings are never interpolated and LIKE is never used: `_` and `%` are ordinary characters in a directory.
    `casefold(text)` is available as an SQL function.
    """

    sql: str
    params: tuple[Any, ...] = ()


class SelectorContext(Protocol):
    """What a plugin may ask about the database and the surroundings. Each is read at most once."""

    home: str

    @property
    def cwd(self) -> str:
        """The current directory, absolute. Raises NoSuchDirectory if it was deleted and its name is not known."""

    def directories(self) -> Sequence[str]:
        """Every distinct directory that a session is bound to, as stored."""

    def projects(self) -> Sequence[Project]:
        """Every project row."""

    def ids_starting_with(self, prefix: str) -> Sequence[str]:
        """Return the ids of sessions that start with `prefix`."""

    def existing_ids(self, ids: Sequence[str]) -> frozenset[str]:
        """Return those of `ids` that are sessions."""

    def elsewhere(self, ids: Sequence[str]) -> str:
        """Return where else sessions with these ids are, as the end of an error, from its semicolon on."""

    def near_directories(self, path: str) -> str:
        """Return which directories with sessions are most like an absolute path; "" if none is like it."""

    def place(self, directory: str) -> Place | None:
        """Return what opencode makes of a directory today; None if it can't be resolved."""

    def stdin_lines(self) -> Sequence[str]:
        """Return the lines of standard input, stripped, without empty ones. Raises BadInput if it is no UTF-8 text."""

    def workspaces(self, repository: str, option: str) -> RepositorySessions:
        """Return the workspaces of a repository and whose the sessions are.

        `repository` is a directory in any of them, or the id or name of a project. Raises NothingMatched or
        MigratorError, naming `option`, if it is no repository.
        """

    def orphans(self, rule: str | None = None) -> frozenset[str]:
        """Return the ids of the sessions in the database that are lost, or those that this rule finds.

        Raises BadInput for a rule that isn't there.
        """

    def try_clause(self, clause: Clause) -> None:
        """Have SQLite read a condition without running it. Raises sqlite3.Error if it can't."""

    def passages(self, text: str, where: Collection[SearchedIn]) -> Mapping[str, Passage]:
        """Map the id of each session in which `text` was said, whatever the case, to the first passage with it."""


class Selector(ABC):
    """One condition of the user on which sessions are meant."""

    as_typed: str
    """How the user typed it, for the plan: `--from-dir ~/src/opencode*`."""
    advice: str = ""
    """What to say, without a full stop, where it selects or leaves out nothing: how it was understood, what to try."""
    excludes: bool = False
    """Whether the user named with it what to leave out: it warns if that is nothing."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> str:
            """Return `said`, the name of `as_typed` until 0.1, for selectors of third parties."""
            if name == "as_typed":
                return self.said
            raise AttributeError(name)

    def clause(self) -> Clause | None:
        """Return the condition of `match` as SQL, or None if SQL can't answer."""
        return None

    @abstractmethod
    def match(self, session: Session) -> bool:
        """Tell whether `session` is meant."""

    def passage(self, session: Session) -> Passage | None:
        """Return what of its conversation shows why `session` is meant; None if that is not why."""
        del session
        return None

    def base(self, session: Session) -> str | None:
        """Return the directory named by this selector that `session` is in or below; None if it names none."""
        del session
        return None


class SelectorPlugin(ABC):
    """One kind of selector and the click options that make it.

    Selectors of one kind add up (or), those of different kinds narrow each other (and). Where `narrows` is true the
    kind never chooses on its own: each of its selectors takes away the sessions that it doesn't match.

    Third parties name their subclass, which is called without arguments, in the entry-point group
    `migrator.selectors`.
    """

    kind: str
    narrows: bool = False

    @abstractmethod
    def options(self) -> Sequence[click.Option]:
        """Return fresh click options; their values come back in `build` under their Python names."""

    @abstractmethod
    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Turn the values of the options into selectors; none if none of them is given.

        Raises BadInput (a value that can't be meant), MigratorError (ambiguous) or NothingMatched (no such id).
        """


Facts = SelectorContext
"""The name until 0.1, for plug-ins."""
