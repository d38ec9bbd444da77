"""`--exclude-dir PATTERN`: leaves out the sessions in the directories that a pattern names, and below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.selection import SelectorPlugin, completes
from migrator_selectors._directory_selector import DirectorySelector
from migrator_selectors._text import option_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.selection import Selector, SelectorContext


class ExcludeDirPlugin(SelectorPlugin):
    """`--exclude-dir`. What is below is always left out too; `--exact` is about `--from-dir`."""

    kind = "exclude-dir"
    narrows = True

    def options(self) -> Sequence[click.Option]:
        return [
            click.Option(
                ["--exclude-dir", "exclude_dir"],
                multiple=True,
                shell_complete=completes("directory"),
                metavar="PATTERN",
                help="Leave out sessions in the directories that PATTERN names, and below them.",
            ),
        ]

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Return a selector per pattern.

        Raises BadInput for a malformed one, MigratorError for one that can be meant in two ways.
        """
        from migrator_selectors._patterns import directory_pattern

        selectors = []
        for text in values.get("exclude_dir") or ():
            pattern = directory_pattern(text, context, "--exclude-dir")
            as_typed = option_text("--exclude-dir", text)
            selectors.append(DirectorySelector(as_typed, pattern.covers, context, excludes=True, advice=pattern.advice))
        return selectors
