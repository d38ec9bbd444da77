"""`--from-id ID|PREFIX|-`: the sessions with these ids; `-` reads them from standard input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from migrator.errors import BadInput, NothingMatched
from migrator.selection import Selector, SelectorPlugin, completes
from migrator.text import whole_id
from migrator_selectors._text import among, option_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import Session
    from migrator.selection import Clause, SelectorContext

_NAMED = 10
"""How many unknown ids an error names."""

_FEW = 100
"""Up to so many values, each is a selector of its own, which a plan names; more are one, as on standard input."""


@dataclass(frozen=True)
class FromId(Selector):
    """The sessions with these ids, all of which exist."""

    as_typed: str
    ids: frozenset[str]

    def clause(self) -> Clause:
        return among("id", sorted(self.ids))

    def match(self, session: Session) -> bool:
        return session.id in self.ids


class FromIdPlugin(SelectorPlugin):
    """`--from-id`."""

    kind = "from-id"

    def options(self) -> Sequence[click.Option]:
        return [
            click.Option(
                ["--from-id", "from_id"],
                multiple=True,
                shell_complete=completes("session"),
                metavar="ID|PREFIX|-",
                help="The session with this id, or the only one whose id starts so; - reads ids from standard input, "
                "one a line.",
            ),
        ]

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Return a selector per value, the whole of standard input being one, and so are very many values.

        Raises NothingMatched naming ids that aren't there, MigratorError for a prefix of several, BadInput for "".
        """
        typed: Sequence[str] = values.get("from_id") or ()
        if not typed:
            return ()
        if "" in typed:
            raise BadInput("An empty --from-id would be the beginning of every id; give an id, a prefix, or -")
        wanted = {value: context.stdin_lines() if value == "-" else [value] for value in typed}
        if not all(wanted.values()):
            raise NothingMatched("There is no session id on standard input (--from-id -); write one a line")
        whole = _whole_ids({text for texts in wanted.values() for text in texts}, context)
        if len(wanted) > _FEW:
            return [FromId(f"--from-id ({len(wanted):,} of them)", frozenset(whole.values()))]
        return [
            FromId(option_text("--from-id", value), frozenset(whole[text] for text in wanted[value]))
            for value in wanted
        ]


def _whole_ids(texts: set[str], context: SelectorContext) -> dict[str, str]:
    """Return the session id that each text means: one query for all ids, one more for each that is a prefix."""
    existing = context.existing_ids(sorted(texts))
    whole = {text: text for text in existing}
    unknown: list[str] = []
    for text in sorted(texts - existing):
        if id_ := whole_id(text, context.ids_starting_with(text), "sessions"):
            whole[text] = id_
        else:
            unknown.append(text)
        if len(unknown) > _NAMED:
            break
    if unknown:
        more = " and more" if len(unknown) > _NAMED else ""
        named = ", ".join(unknown[:_NAMED])
        raise NothingMatched(f"no session has the id {named}{more}{context.elsewhere(unknown)}")
    return whole
