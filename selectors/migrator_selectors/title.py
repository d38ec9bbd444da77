"""`--title TEXT`: only sessions with this text in their title."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from migrator.errors import BadInput
from migrator.selection import Clause, Selector, SelectorPlugin
from migrator_selectors._text import option_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import Session
    from migrator.selection import SelectorContext


@dataclass(frozen=True)
class Title(Selector):
    """The sessions whose title contains `text`, whatever the case; `text` is case-folded already."""

    as_typed: str
    text: str

    def clause(self) -> Clause:
        """Return the condition with the store's casefold(): SQLite's own lower() knows ASCII only."""
        return Clause("instr(casefold(title), ?) > 0", (self.text,))

    def match(self, session: Session) -> bool:
        return self.text in session.title.casefold()


class TitlePlugin(SelectorPlugin):
    """`--title`; given several times, a title must contain all of the texts."""

    kind = "title"
    narrows = True

    def options(self) -> Sequence[click.Option]:
        return [
            click.Option(
                ["--title"],
                multiple=True,
                metavar="TEXT",
                help="Only sessions with TEXT in their title, upper or lower case.",
            ),
        ]

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Return a selector per text. Raises BadInput for an empty one, which would be in every title."""
        del context
        typed: Sequence[str] = values.get("title") or ()
        if "" in typed:
            raise BadInput("An empty --title is in every title; give a text, or leave it out")
        return [Title(option_text("--title", text), text.casefold()) for text in typed]
