"""`--containing TEXT`: the sessions in which this was said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import click

from migrator.choices import SearchedIn
from migrator.errors import BadInput
from migrator.selection import Clause, Selector, SelectorPlugin
from migrator_selectors._text import among, option_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import Passage, Session
    from migrator.selection import SelectorContext


@dataclass(frozen=True)
class Containing(Selector):
    """The sessions that have a passage, by their ids."""

    as_typed: str
    passages: Mapping[str, Passage]

    def clause(self) -> Clause:
        return among("id", self.passages)

    def match(self, session: Session) -> bool:
        return session.id in self.passages

    def passage(self, session: Session) -> Passage | None:
        return self.passages.get(session.id)


class ContainingPlugin(SelectorPlugin):
    """`--containing`, and `--in` for where to look."""

    kind = "containing"

    def options(self) -> Sequence[click.Option]:
        return [
            click.Option(
                ["--containing"],
                multiple=True,
                metavar="TEXT",
                help="Sessions in which you or the model said TEXT, upper or lower case.",
            ),
            click.Option(
                ["--in", "containing_in"],
                multiple=True,
                type=click.Choice(get_args(SearchedIn)),
                help="With --containing: search prompts and answers, or what tools were given and gave back; "
                "given twice, both.  [default: conversation]",
            ),
        ]

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Return a selector per text. Raises BadInput for an empty one, and for `--in` without any."""
        typed: Sequence[str] = values.get("containing") or ()
        where: tuple[SearchedIn, ...] = tuple(dict.fromkeys(values.get("containing_in") or ()))
        if "" in typed:
            raise BadInput("An empty --containing is in every conversation; give a text to look for, or leave it out")
        if where and not typed:
            raise BadInput("--in says where --containing TEXT looks, which is not given; give it, or leave --in out")
        more = "".join(f" --in {place}" for place in where)
        return [
            Containing(option_text("--containing", text) + more, context.passages(text, where or ("conversation",)))
            for text in typed
        ]
