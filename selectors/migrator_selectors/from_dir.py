"""`--from-dir PATTERN`: the sessions in the directories that a pattern names, and below them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from migrator.errors import BadInput
from migrator.selection import Selector, SelectorPlugin
from migrator_selectors._patterns import directory_pattern
from migrator_selectors._text import among, option_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import Session
    from migrator.selection import Clause, SelectorContext
    from migrator_selectors._patterns import DirectoryPattern


@dataclass(frozen=True)
class FromDir(Selector):
    """The sessions whose directory `pattern` names or, unless `exact`, is above."""

    as_typed: str
    pattern: DirectoryPattern
    exact: bool
    context: SelectorContext

    def clause(self) -> Clause:
        """Return which of the stored directories are meant: each is matched once, however many sessions it has."""
        return among("directory", filter(self._means, self.context.directories()))

    def match(self, session: Session) -> bool:
        """Match the stored directory, whether or not it still exists."""
        return self._means(session.directory)

    def base(self, session: Session) -> str | None:
        """Return the outermost directory that the pattern names and the session is in or below."""
        if self.exact:
            return session.directory if self.match(session) else None
        return self.pattern.base(session.directory)

    def _means(self, directory: str) -> bool:
        return self.pattern.names(directory) if self.exact else self.pattern.base(directory) is not None


class FromDirPlugin(SelectorPlugin):
    """`--from-dir` and `--exact`."""

    kind = "from-dir"

    def options(self) -> Sequence[click.Option]:
        """Return both options; values arrive as `from_dir` and `exact`."""
        return [
            click.Option(
                ["--from-dir", "from_dir"],
                multiple=True,
                metavar="PATTERN",
                help="Sessions in the directories that PATTERN names, and below them: 'cwd', '~/src/opencode*', "
                "'/srv/**/api-{a,b}'. They need not exist any more.",
            ),
            click.Option(["--exact"], is_flag=True, help="With --from-dir: leave out what is below."),
        ]

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Return a selector per pattern. Raises BadInput for a malformed one and for `--exact` without any."""
        typed: Sequence[str] = values.get("from_dir") or ()
        exact = bool(values.get("exact"))
        if exact and not typed:
            raise BadInput("--exact says how --from-dir is meant; give one, or leave --exact out")
        suffix = " --exact" if exact else ""
        return [
            FromDir(option_text("--from-dir", text) + suffix, directory_pattern(text, context), exact, context)
            for text in typed
        ]
