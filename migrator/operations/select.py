"""Which sessions a request means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import BadInput
from migrator.model import Selection
from migrator.plugins import selector_plugins
from migrator.selection.query import Query
from migrator.selection.trees import select

if TYPE_CHECKING:
    from migrator.arguments import SelectRequest
    from migrator.operations.context import CommandContext


def make_query(context: CommandContext, request: SelectRequest) -> Query:
    """Return the query that the values of the selectors' options make."""
    return Query(request.options, context.selector_context, selector_plugins(), match_any=request.match_any)


def select_sessions(context: CommandContext, request: SelectRequest) -> Selection:
    """Return the sessions that were asked for, with their trees. Raises BadInput if no selector chooses any."""
    _check_forks(context, request)
    query = make_query(context, request)
    if not query.chooses:
        raise BadInput(
            "Say which sessions: --from-dir PATTERN, --from-project P, --from-id ID or --orphans; "
            "--from-dir '/**' takes every one.",
        )
    return select(context.store, query, with_forks=request.with_forks)


def select_if_any(context: CommandContext, request: SelectRequest) -> Selection | None:
    """Return the sessions that were asked for, with their trees; None if no selector was given."""
    _check_forks(context, request)
    query = make_query(context, request)
    return select(context.store, query, with_forks=request.with_forks) if query.selects else None


def select_or_take_all(context: CommandContext, request: SelectRequest) -> Selection:
    """Return the sessions that were asked for, with their trees; every session if no selector was given."""
    query = make_query(context, request)
    if not query.selects and not context.store.sessions_per_project():
        return Selection(())
    return select(context.store, query)


def _check_forks(context: CommandContext, request: SelectRequest) -> None:
    if request.with_forks and not context.store.schema.has_v2:
        raise BadInput(
            "--with-forks is for opencode 2: opencode 1 does not keep of which session one is a fork; select it with "
            "--from-id."
        )
