"""`orphans`: which sessions are lost, why, and where they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.orphans.homes import Homes
from migrator.orphans.search import Search
from migrator.orphans.walk import DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.arguments import SearchRequest
    from migrator.operations.context import CommandContext


def find_homes(
    context: CommandContext, request: SearchRequest | None = None, tick: Callable[[int], None] = lambda _: None
) -> Homes:
    """Return who knows where lost sessions belong; `tick` is told how many directories a search has looked at."""
    if request is None or not request.directories:
        return Homes(context.rule_context, None)
    depth = DEPTH if request.depth is None else request.depth
    return Homes(context.rule_context, Search(context.store, context.rule_context, request.directories, depth, tick))
