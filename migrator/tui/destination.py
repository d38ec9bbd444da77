"""Where to: the homes that are suggested, the projects, their worktrees and workspaces, or a path that is typed."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.text import Text
from textual import on
from textual.binding import Binding
from textual.screen import Screen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from migrator.disk.status import is_directory
from migrator.errors import CantTell, MigratorError
from migrator.model import GLOBAL
from migrator.operations.projects import list_projects
from migrator.operations.ui import list_directories
from migrator.operations.workspaces import list_workspaces
from migrator.text import count, printable, shortened, shortened_path, tilde
from migrator.tui.background import begin
from migrator.tui.footer import KeyLine
from migrator.tui.header import Header
from migrator.tui.row_list import RowList
from migrator.workspaces.model import WorkspaceState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from migrator.model import Orphan
    from migrator.operations.context import CommandContext
    from migrator.tui.database import Database


_COMPLETIONS = 100
"""So many directories on the disk are offered for a path that was begun."""


class OfferedPlace(NamedTuple):
    """A directory that sessions may go to, and why it is in the list."""

    directory: str
    why: str


class PlacesToGo(RowList):
    """The places that fit what was typed."""

    def __init__(self) -> None:
        super().__init__("Where to", id="places-to-go")
        self._every: list[OfferedPlace] = []
        self._shown: list[OfferedPlace] = []
        self._typed = ""

    @property
    def current(self) -> OfferedPlace | None:
        """The place under the cursor."""
        return self._shown[self.cursor] if self._shown else None

    def add(self, places: Iterable[OfferedPlace]) -> None:
        """Add places at the end, those left out that are there already."""
        known = {place.directory for place in self._every}
        for place in places:
            if place.directory not in known:
                known.add(place.directory)
                self._every.append(place)

    def show(self, typed: str) -> None:
        """Show the places with this text in their names."""
        wanted = typed.casefold()
        if is_path(typed):
            asked = typed if typed == "/" else typed.rstrip("/")
            on_disk = [path.rstrip("/") for path in directories_like(typed)]
            self._shown = [OfferedPlace(asked, "as typed")]
            self._shown += (OfferedPlace(path, "on the disk") for path in on_disk if path != asked)
        else:
            self._shown = []
        self._shown += (
            place for place in self._every if wanted in tilde(place.directory).casefold() or wanted in place.why
        )
        self.border_subtitle = "" if self._shown else "nothing known is called so; type a path"
        self.set_count(len(self._shown), cursor=None if typed == self._typed else 0)
        self._typed = typed

    def row(self, index: int, width: int) -> Text:
        """Return the directory and why it is in the list."""
        directory, why = self._shown[index]
        text = Text(shortened_path(tilde(directory), width * 3 // 5), no_wrap=True)
        text.append(" " * max(width * 3 // 5 + 2 - text.cell_len, 2))
        text.append(shortened(why, max(width - text.cell_len, 4)), style="dim")
        return text


class Directories(Suggester):
    """Completes a path by the directories on the disk."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """Return the path of the first directory that begins so."""
        return next(iter(directories_like(value)), None)


def is_path(typed: str) -> bool:
    """Tell whether a path was typed, and not a part of a name."""
    return "/" in typed or typed in {".", "..", "~"}


def directories_like(typed: str) -> list[str]:
    """Return the directories on the disk whose path begins so, by name; those with hidden names if a dot was typed."""
    above, slash, begun = typed.rpartition("/")
    if not slash:
        return []
    try:
        names = [entry.name for entry in os.scandir(os.path.expanduser(f"{above}/")) if entry.is_dir()]
    except (OSError, ValueError):  # nothing there, or a NUL
        return []
    fitting = (name for name in sorted(names) if name.startswith(begun) and (begun or name[0] != "."))
    return [f"{above}/{name}/" for name in fitting if printable(name) == name][:_COMPLETIONS]


class PathInput(Input):
    """Where a path is typed. Its keys are its own, so that they are heard in the order in which they were pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "screen.go(1)", show=False),
        Binding("up", "screen.go(-1)", show=False),
        Binding("enter", "submit", "show the plan"),
        Binding("tab", "cursor_right", "complete"),
    ]


class DestinationScreen(Screen[str]):
    """Returns the directory that was chosen."""

    CSS = """
    DestinationScreen RowList { border: round $accent; }
    DestinationScreen #question { padding: 0 1; }
    #typed { border: none; height: 1; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "back")]

    def __init__(self, database: Database, sessions: Sequence[str], lost: Sequence[Orphan]) -> None:
        super().__init__()
        self._database = database
        self._sessions = sessions
        self._lost = lost
        self._typed = PathInput(
            placeholder="type a path, or a part of a name below", id="typed", suggester=Directories(), compact=True
        )
        self._places = PlacesToGo()

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Header(self._database)
        yield Static(f"Move {count(len(self._sessions), 'session')} to:", id="question", markup=False)
        yield self._typed
        yield self._places
        yield KeyLine()

    def on_mount(self) -> None:
        """Show what is known at once; what is asked of git comes later."""
        self._typed.focus()
        self._places.can_focus = False
        self._places.add(suggested(self._lost))
        self._places.show("")
        begin(self, self._find_places)

    async def _find_places(self) -> None:
        projects = await self._database.look(lambda context: [*project_places(context)])
        self._show_more(projects)
        of_projects = [partial(workspace_places, project=place) for place in projects]
        finders: list[Callable[[CommandContext], Iterator[OfferedPlace]]] = [here, *of_projects, session_places]
        for find in finders:
            self._show_more(await self._database.plan(partial(_all, find)))
        if not self._places.count:
            self._places.border_subtitle = "no project is on this disk; type a path"

    def _show_more(self, places: Sequence[OfferedPlace]) -> None:
        self._places.add(places)
        self._places.show(self._typed.value)

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        self._places.show(event.value)

    def action_go(self, by: int) -> None:
        """Move the cursor of the list."""
        self._places.action_go(by)

    @on(Input.Submitted)
    def _take_typed(self, event: Input.Submitted) -> None:
        """Take the place under the cursor of what fits these very letters: the list may be behind."""
        self._places.show(event.value)
        self._take()

    @on(RowList.Chosen)
    def _take(self) -> None:
        if place := self._places.current:
            self.dismiss(place.directory)


def suggested(lost: Sequence[Orphan]) -> Iterator[OfferedPlace]:
    """Yield the homes of lost sessions, that of most sessions first; then those between which nothing tells."""
    homes = Counter(orphan.suggestion for orphan in lost if orphan.suggestion)
    for home, number in homes.most_common():
        yield OfferedPlace(home.directory, f"{home.certainty} home of {count(number, 'session')}")
    for rival, number in Counter(rival for orphan in lost for rival in orphan.rivals).most_common():
        yield OfferedPlace(rival, f"may be the home of {count(number, 'session')}")


def project_places(context: CommandContext) -> Iterator[OfferedPlace]:
    """Yield the worktrees of projects that are there."""
    for id_, project, sessions, exists, *_ in list_projects(context):
        if project and exists and id_ != GLOBAL:
            yield OfferedPlace(project.worktree, f"project {project.label}, {count(sessions, 'session')}")


def _all(find: Callable[[CommandContext], Iterator[OfferedPlace]], context: CommandContext) -> list[OfferedPlace]:
    return [*find(context)]


def here(context: CommandContext) -> Iterator[OfferedPlace]:
    """Yield the project root of the current directory, to which `move` goes by default."""
    try:
        place = context.places.find(".")
    except MigratorError:
        return
    yield OfferedPlace(place.directory if place.worktree == "/" else place.worktree, "where you are")


def session_places(context: CommandContext) -> Iterator[OfferedPlace]:
    """Yield the directories that sessions are bound to and that are there."""
    found = Counter[str]()
    for each in list_directories(context):
        found[each.directory] += each.sessions
    for directory, number in found.most_common():
        with suppress(CantTell):
            if is_directory(directory):
                yield OfferedPlace(directory, count(number, "session"))


def workspace_places(context: CommandContext, project: OfferedPlace) -> Iterator[OfferedPlace]:
    """Yield the workspaces of a project's repository that are there."""
    try:
        found = list_workspaces(context, project.directory)
    except MigratorError:
        return  # no repository with workspaces; the plan says what is wrong with a directory
    for workspace in found.repository.workspaces:
        if workspace.state in {WorkspaceState.ALIVE, WorkspaceState.MOVED}:
            yield OfferedPlace(workspace.path, f"{workspace.kind} workspace {workspace.name}")
