"""What the three selectors have in common that look at nothing but the stored directory of a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.selection import Selector
from migrator_selectors._text import among

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.model import Session
    from migrator.selection import Clause, SelectorContext


@dataclass(frozen=True)
class DirectorySelector(Selector):
    """The sessions in the directories that `covers` is true for, or all others if it `excludes` these.

    A stored directory need not exist. For SQL each is asked about once, however many sessions it has.
    """

    as_typed: str
    covers: Callable[[str], bool]
    context: SelectorContext
    excludes: bool = False
    advice: str = ""

    def clause(self) -> Clause:
        return among("directory", [each for each in self.context.directories() if self.covers(each) != self.excludes])

    def match(self, session: Session) -> bool:
        return self.covers(session.directory) != self.excludes
