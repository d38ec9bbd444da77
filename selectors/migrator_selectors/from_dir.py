"""`--from-dir PATTERN`: the sessions in the directories that a pattern names, and below them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from migrator.errors import BadInput
from migrator.selection import SelectorPlugin, completes
from migrator_selectors._directory_selector import DirectorySelector
from migrator_selectors._text import option_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import Session
    from migrator.selection import Selector, SelectorContext
    from migrator_selectors._patterns import DirectoryPattern


@dataclass(frozen=True, kw_only=True)
class FromDir(DirectorySelector):
    """The sessions whose directory `pattern` names or, unless `exact`, is above."""

    pattern: DirectoryPattern
    exact: bool

    def base(self, session: Session) -> str | None:
        """Return the outermost directory that the pattern names and the session is in or below."""
        if self.exact:
            return session.directory if self.match(session) else None
        return self.pattern.base(session.directory)


class FromDirPlugin(SelectorPlugin):
    """`--from-dir` and `--exact`."""

    kind = "from-dir"

    def options(self) -> Sequence[click.Option]:
        return [
            click.Option(
                ["--from-dir", "from_dir"],
                multiple=True,
                shell_complete=completes("directory"),
                metavar="PATTERN",
                help="Sessions in the directories that PATTERN names, and below them: 'cwd', '~/src/opencode*', "
                "'/srv/**/api-{a,b}'. They need not exist any more.",
            ),
            click.Option(["--exact"], is_flag=True, help="With --from-dir: leave out what is below."),
        ]

    def build(self, values: Mapping[str, Any], context: SelectorContext) -> Sequence[Selector]:
        """Return a selector per pattern.

        Raises BadInput for a malformed one and for `--exact` without any, MigratorError for one that can be meant in
        two ways.
        """
        from migrator_selectors._patterns import directory_pattern

        typed: Sequence[str] = values.get("from_dir") or ()
        exact = bool(values.get("exact"))
        if exact and not typed:
            raise BadInput("--exact says how --from-dir is meant; give one, or leave --exact out")
        suffix = " --exact" if exact else ""
        selectors = []
        for text in typed:
            pattern = directory_pattern(text, context, "--from-dir")
            as_typed = option_text("--from-dir", text) + suffix
            covers = pattern.names if exact else pattern.covers
            advice = pattern.advice
            if (pattern.has_wildcards or not advice) and not any(map(pattern.covers, context.directories())):
                advice = context.near_directories(pattern.without_wildcards) or advice
            selectors.append(FromDir(as_typed, covers, context, advice=advice, pattern=pattern, exact=exact))
        return selectors
