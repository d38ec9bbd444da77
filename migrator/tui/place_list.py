"""The projects and the directories that have sessions, with how many, and what of them is lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding

from migrator.arguments import ListRequest
from migrator.model import GLOBAL
from migrator.operations.projects import list_projects
from migrator.operations.ui import list_directories
from migrator.text import cells, printable, shortened, shortened_path, tilde
from migrator.tui.row_list import RowList

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from textual.binding import BindingType

    from migrator.model import ListedProject, Orphan, SessionDirectory
    from migrator.operations.context import CommandContext

_WITH_RULE = 44
"""From this width on a row says by which rule its sessions are lost."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: what it is called, how many sessions it has, and the request that lists them.

    `directory` is None for a project and for everything.
    """

    label: str
    sessions: int
    request: ListRequest
    directory: str | None = None


class PlaceList(RowList):
    """The first row is what was selected when the UI was started, or everything."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("a", "screen.mark_shown", "all")]

    def __init__(self, first: ListRequest, *, selected: bool, id: str | None = None) -> None:  # noqa: A002 - as textual
        super().__init__("Projects", id=id)
        self._everything = ListRequest(everywhere=True)
        self._rows = [Row("Selected", -1, first)] if selected else []
        self._rows.append(Row("All sessions", -1, self._everything))
        self._lost: Mapping[str, Counter[str]] = {}
        self.count = len(self._rows)

    @property
    def current(self) -> Row:
        """The row under the cursor."""
        return self._rows[self.cursor]

    def lost_here(self) -> str:
        """Return in words what is lost in the directory under the cursor."""
        rules = self._lost.get(self.current.directory or "", Counter())
        return ", ".join(f"{number:,} {rule}" for rule, number in rules.most_common())

    @staticmethod
    def read(context: CommandContext) -> tuple[Sequence[ListedProject], Sequence[SessionDirectory]]:
        """Read what the list shows."""
        return list_projects(context), list_directories(context)

    def show(self, projects: Sequence[ListedProject], directories: Iterable[SessionDirectory]) -> None:
        """Show these, the projects with the most sessions first."""
        before = self.current
        total = sum(project.sessions for project in projects)
        kept = [row for row in self._rows if row.label == "Selected"]
        self._rows = [*kept, Row("All sessions", total, self._everything), *_rows(projects, directories)]
        same = (index for index, row in enumerate(self._rows) if row.request == before.request)
        self.set_count(len(self._rows), cursor=next(same, 0))

    def show_lost(self, lost: Mapping[str, Counter[str]]) -> None:
        """Mark the directories of lost sessions; see `lost_by_directory`."""
        self._lost = lost
        self.refresh()

    def row(self, index: int, width: int) -> Text:
        """Return name, what is lost there, and how many sessions there are."""
        row = self._rows[index]
        number = f" {row.sessions:,}" if row.sessions >= 0 else ""
        rules = self._lost.get(row.directory or "", Counter())
        lost = f" ! {rules.most_common(1)[0][0]}" if rules and width >= _WITH_RULE else " !" if rules else ""
        room = max(width - cells(number) - cells(lost), 6)
        if row.directory is None:
            text = Text(shortened(row.label, room), style="bold", no_wrap=True)
        else:
            text = Text("  ", no_wrap=True)
            text.append(shortened_path(tilde(row.directory), room - 2), style="red" if rules else "")
        text.append(" " * max(width - text.cell_len - cells(number) - cells(lost), 0))
        text.append(lost, style="bold red")
        text.append(number, style="dim")
        return text


def lost_by_directory(orphans: Iterable[Orphan]) -> Mapping[str, Counter[str]]:
    """Count by rule what is lost in each directory."""
    found: dict[str, Counter[str]] = {}
    for orphan in orphans:
        found.setdefault(orphan.session.directory, Counter())[orphan.reasons[0].rule] += 1
    return found


def _rows(projects: Iterable[ListedProject], directories: Iterable[SessionDirectory]) -> Iterator[Row]:
    found: dict[str, Counter[str]] = {}
    for directory in directories:
        found.setdefault(directory.project_id, Counter())[directory.directory] += directory.sessions
    for id_, project, sessions, exists, *_ in sorted(projects, key=lambda each: (each.id == GLOBAL, -each.sessions)):
        if sessions:
            label = "no repository" if id_ == GLOBAL else project.label if project else f"{id_[:12]} (no row)"
            gone = " (gone)" if project and exists is False else ""
            yield Row(f"{printable(label)}{gone}", sessions, ListRequest(everywhere=True, project_id=id_))
            for where, number in sorted(found.get(id_, {}).items()):
                request = ListRequest(everywhere=True, project_id=id_, directory=where)
                yield Row(where, number, request, where)
