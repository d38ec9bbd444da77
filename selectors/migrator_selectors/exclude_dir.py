"""`--exclude-dir PATTERN`: leaves out the sessions in the directories that a pattern names, and below them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from migrator.selection import Selector, SelectorPlugin
from migrator_selectors._patterns import directory_pattern
from migrator_selectors._text import not_among, option_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import Session
    from migrator.selection import Clause, SelectorContext
    from migrator_selectors._patterns import DirectoryPattern


@dataclass(frozen=True)
class ExcludeDir(Selector):
    """The sessions whose directory `pattern` neither names nor is above."""

    as_typed: str
    pattern: DirectoryPattern
    context: SelectorContext

    def clause(self) -> Clause:
        """Return which of the stored directories are left out: each is matched once."""
        return not_among("directory", filter(self._covers, self.context.directories()))

    def match(self, session: Session) -> bool:
        """Match the stored directory, whether or not it still exists."""
        return not self._covers(session.directory)

    def _covers(self, directory: str) -> bool:
        return self.pattern.base(directory) is not None


class ExcludeDirPlugin(SelectorPlugin):
    """`--exclude-dir`. What is below is always left out too; `--exact` is about `--from-dir`."""

    kind = "exclude-dir"
    narrows = True

    def options(self) -> Sequence[click.Option]:
        """Return the option; its values arrive as `exclude_dir`."""
        return [
            click.Option(
                ["--exclude-dir", "exclude_dir"],
                multiple=True,
                metavar="PATTERN",
                help="Leave out sessions in the directories that PATTERN names, and below them.",
            ),
        ]

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Return a selector per pattern. Raises BadInput for a malformed one."""
        return [
            ExcludeDir(option_text("--exclude-dir", text), directory_pattern(text, context), context)
            for text in values.get("exclude_dir") or ()
        ]
